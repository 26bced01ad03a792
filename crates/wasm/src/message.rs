//! What passes between a run and its models: the conversation out, a reply in.

use crate::json;
use crate::misuse::shown;
use crate::property::{array, get, is_array, items, object, set};
use steadfast::failure::{Failure, FailureClass};
use steadfast::id::Key;
use steadfast::run::{Message, ModelReply, Role, ToolCall};
use wasm_bindgen::JsValue;

/// The conversation as fresh JavaScript values.
pub(crate) fn to_js(messages: &[Message]) -> JsValue {
    array(messages.iter().map(|message| {
        let role = match message.role {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
            Role::Tool => "tool",
        };
        let value = object(&[("role", role.into()), ("content", message.content.as_str().into())]);
        if !message.tool_calls.is_empty() {
            set(&value, "toolCalls", &array(message.tool_calls.iter().map(call_to_js)));
        }
        if let Some(id) = &message.tool_call_id {
            set(&value, "toolCallId", &id.into());
        }
        value.into()
    }))
}

fn call_to_js(call: &ToolCall) -> JsValue {
    object(&[("id", call.id.as_str().into()), ("tool", call.tool.as_str().into()), ("args", json::parse(&call.args))])
        .into()
}

/// A model's reply. What does not have the shape of one is a failure of the model, and says what is wrong with it.
///
/// `risky` tells of a tool and its arguments whether they need a human's yes, where the tool alone does not.
pub(crate) fn reply(
    value: &JsValue,
    key: Key,
    risky: impl Fn(&str, &str) -> Option<bool>,
) -> Result<ModelReply, Failure> {
    read_reply(value, key, risky).map_err(|what| Failure::new(FailureClass::MalformedOutput, what))
}

fn read_reply(value: &JsValue, key: Key, risky: impl Fn(&str, &str) -> Option<bool>) -> Result<ModelReply, String> {
    if !value.is_object() || is_array(value) {
        return Err(format!("the model returned {}, not an object {{ text?, toolCalls? }}", shown(value)));
    }
    let text = read(value, "text")?;
    let text = match text.as_string() {
        Some(text) => text,
        None if is_nothing(&text) => String::new(),
        None => return Err(format!("the reply's text is {}, not a string", shown(&text))),
    };
    let calls = read(value, "toolCalls")?;
    if is_nothing(&calls) {
        return Ok(ModelReply::answer(text));
    }
    if !is_array(&calls) {
        return Err(format!("the reply's toolCalls is {}, not an array", shown(&calls)));
    }
    let calls = items(&calls).map_err(|_| "the reply's toolCalls cannot be read".to_owned())?;
    let tool_calls =
        (0..).zip(&calls).map(|(index, call)| read_call(call, index, key, &risky)).collect::<Result<_, _>>()?;
    Ok(ModelReply { text, tool_calls, usage: None })
}

fn read_call(
    value: &JsValue,
    index: usize,
    key: Key,
    risky: impl Fn(&str, &str) -> Option<bool>,
) -> Result<ToolCall, String> {
    if !value.is_object() {
        return Err(format!("toolCalls[{index}] is {}, not an object {{ id, tool, args }}", shown(value)));
    }
    let tool = read(value, "tool")?;
    let Some(tool) = tool.as_string().filter(|name| !name.is_empty()) else {
        return Err(format!("toolCalls[{index}].tool is {}, not the name of a tool", shown(&tool)));
    };
    let id = read(value, "id")?;
    let id = match id.as_string() {
        Some(id) if !id.is_empty() => id,
        None if !is_nothing(&id) => return Err(format!("toolCalls[{index}].id is {}, not a string", shown(&id))),
        _ => format!("{key}-{index}"),
    };
    let args = read(value, "args")?;
    let args = if args.is_undefined() { Ok("{}".to_owned()) } else { json::canonical(&args) };
    let args = args.map_err(|why| format!("toolCalls[{index}].args is not JSON: {why}"))?;
    let risky = risky(&tool, &args);
    Ok(ToolCall { id, tool, args, risky })
}

fn read(value: &JsValue, name: &str) -> Result<JsValue, String> {
    get(value, name)
        .map_err(|error| format!("reading {name} of the reply failed: {}", crate::classify::message_of(&error)))
}

fn is_nothing(value: &JsValue) -> bool {
    value.is_undefined() || value.is_null()
}
