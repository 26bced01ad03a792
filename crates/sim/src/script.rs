//! The scripted model and its tools. The model reads the conversation and really looks at what it is told; the tools
//! really do what they say, as far as a simulated world goes.

use crate::fault::{FaultPlan, Reply};
use steadfast::failure::{Failure, FailureClass};
use steadfast::policy::CallPolicy;
use steadfast::run::{Message, ModelReply, Role, ToolSpec};
use steadfast::time::Duration;

/// The task.
pub const QUESTION: &str = "What is 17 * 23?";
/// The task where the world has a risky tool.
pub const QUESTION_WITH_MAIL: &str = "What is 17 * 23? Mail the result to ana@example.com.";
/// Whom the risky tool writes to.
pub const MAIL_TO: &str = "ana@example.com";
/// The answer to the task.
pub const ANSWER: &str = "17 * 23 = 391.";

/// What the risky tool answers.
pub(crate) const SENT: &str = "sent";
/// What stands before its arguments where they are not the model's.
const SENT_OTHERWISE: &str = "sent with ";

/// How long a tool may take.
const TOOL_TIMEOUT: Duration = Duration::from_secs(10);

/// What a model's reply says of arguments that broke off, so that it asks again.
const BROKE_OFF: &str = "its arguments are no JSON: ask again with whole ones";
/// The arguments of a tool call that breaks off.
const BROKEN: &str = r#"{"a":17,"b":"#;

pub(crate) fn task(faults: &FaultPlan) -> &'static str {
    if faults.wants_mail() { QUESTION_WITH_MAIL } else { QUESTION }
}

/// The tools of simulated agents: `multiply`, and `send_email`, which is risky. Each of their attempts may take 10 s.
#[must_use]
pub fn tools() -> Vec<ToolSpec> {
    let limit = CallPolicy::for_tool().with_timeout(Some(TOOL_TIMEOUT)).unwrap_or(CallPolicy::for_tool());
    vec![ToolSpec::new("multiply").with_policy(limit), ToolSpec::new("send_email").risky().with_policy(limit)]
}

/// What the model says to a conversation.
pub(crate) fn model(messages: &[Message], mind: Reply) -> ModelReply {
    let mut reply = says(messages, mind);
    let call = reply.tool_calls.first_mut().filter(|_| mind.breaks_off);
    if let Some(call) = call {
        call.args = BROKEN.into();
        // What cannot run needs nobody's yes.
        call.risky = Some(false);
    }
    reply
}

fn says(messages: &[Message], mind: Reply) -> ModelReply {
    let turn = messages.iter().filter(|message| message.role == Role::Assistant).count() + 1;
    let multiply = || ModelReply::tool(format!("call_{turn}"), "multiply", r#"{"a":17,"b":23}"#);
    if mind.loops {
        return multiply();
    }
    let Some(product) = result_of(messages, "multiply") else { return multiply() };
    if product.contains(BROKE_OFF) {
        return multiply();
    }
    if product.parse::<i64>().is_err() {
        return ModelReply::answer(format!("I could not compute it: {product}"));
    }
    if !mind.mails {
        return ModelReply::answer(format!("17 * 23 = {product}."));
    }
    let sent = result_of(messages, "send_email").filter(|sent| !sent.contains(BROKE_OFF));
    let Some(sent) = sent else {
        // In canonical form; `product` is a number, so nothing in it needs escaping.
        let mail = format!(r#"{{"body":"17 * 23 = {product}","to":"{MAIL_TO}"}}"#);
        return ModelReply::tool(format!("call_{turn}"), "send_email", mail);
    };
    ModelReply::answer(if sent == SENT {
        format!("17 * 23 = {product}. The mail to {MAIL_TO} is sent.")
    } else if let Some(args) = sent.strip_prefix(SENT_OTHERWISE) {
        format!("17 * 23 = {product}. A mail is sent, as a human wanted it: {args}")
    } else if sent.contains("may have") {
        format!("17 * 23 = {product}. Whether the mail to {MAIL_TO} went out, nobody knows. {sent}")
    } else {
        format!("17 * 23 = {product}. The mail to {MAIL_TO} was not sent. {sent}")
    })
}

/// What the model was told of its last call of that tool.
fn result_of<'a>(messages: &'a [Message], tool: &str) -> Option<&'a str> {
    let calls = messages.iter().flat_map(|message| &message.tool_calls);
    let id = &calls.rev().find(|call| call.tool == tool)?.id;
    let answers = |message: &&Message| message.tool_call_id.as_ref() == Some(id);
    messages.iter().find(answers).map(|message| message.content.as_str())
}

/// How long a tool takes, and what it answers. Whether something happens in the world, the caller sees to.
pub(crate) fn tool(name: &str, args: &str) -> (Duration, Result<String, Failure>) {
    if args == BROKEN {
        // As the npm package does it: refused before anything runs, and the model is told what was wrong.
        return (Duration::ZERO, Err(Failure::new(FailureClass::InvalidRequest, BROKE_OFF)));
    }
    match name {
        "multiply" => {
            let product = number(args, "a").zip(number(args, "b")).and_then(|(a, b)| a.checked_mul(b));
            let wrong = || Failure::new(FailureClass::ToolFailed, "multiply takes two whole numbers, a and b");
            (Duration::from_millis(40), product.map(|product| product.to_string()).ok_or_else(wrong))
        }
        "send_email" if args.contains(MAIL_TO) => (Duration::from_millis(300), Ok(SENT.into())),
        // A human has changed it: the model is told what really went out.
        "send_email" => (Duration::from_millis(300), Ok(format!("{SENT_OTHERWISE}{args}"))),
        _ => (Duration::ZERO, Err(Failure::new(FailureClass::ToolUnknown, format!("there is no tool {name}")))),
    }
}

/// The whole number of that name in a flat object of numbers, which is all that `multiply` takes. A JSON library would read
/// the same and make the page heavier for every visitor.
fn number(args: &str, name: &str) -> Option<i64> {
    let object = args.trim().strip_prefix('{')?.strip_suffix('}')?;
    let mut pairs = object.split(',').filter_map(|pair| pair.split_once(':'));
    let (_, value) = pairs.find(|(key, _)| key.trim().trim_matches('"') == name)?;
    value.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_that_break_off_are_refused_and_asked_for_again_by_a_model_that_is_told() {
        let refused = tool("send_email", BROKEN).1.unwrap_err();
        assert_eq!((refused.class, refused.transient), (FailureClass::InvalidRequest, false));
        let mind = Reply { loops: false, mails: false, breaks_off: true };
        let broken = model(&[], mind);
        assert_eq!((broken.tool_calls[0].args.as_str(), broken.tool_calls[0].risky), (BROKEN, Some(false)));
        let asked = Message {
            role: Role::Assistant,
            content: String::new(),
            tool_calls: broken.tool_calls,
            tool_call_id: None,
        };
        let told = Message {
            role: Role::Tool,
            content: format!("multiply failed: {refused}."),
            tool_calls: Vec::new(),
            tool_call_id: Some(asked.tool_calls[0].id.clone()),
        };
        let again = model(&[asked, told], Reply { breaks_off: false, ..mind });
        assert_eq!(again.tool_calls[0].args, r#"{"a":17,"b":23}"#);
    }

    #[test]
    fn multiply_takes_two_whole_numbers_and_says_so() {
        let product = |args: &str| tool("multiply", args).1.map_err(|failure| failure.message);
        assert_eq!(product(r#"{"a":17,"b":23}"#), Ok("391".into()));
        assert_eq!(product(r#" { "b" : 23 , "a" : -17 } "#), Ok("-391".into()));
        for args in ["", "{}", "[17,23]", r#"{"a":17}"#, r#"{"a":17,"b":"23"}"#, r#"{"a":9223372036854775807,"b":2}"#] {
            assert_eq!(product(args), Err("multiply takes two whole numbers, a and b".into()), "{args}");
        }
    }
}
