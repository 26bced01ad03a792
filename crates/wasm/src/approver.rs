//! The human: a request out, a decision in. Whatever is not clearly a yes is a no.

use crate::classify::message_of;
use crate::json;
use crate::misuse::shown;
use crate::property::{get, object};
use crate::timer::in_milliseconds;
use js_sys::Object;
use steadfast::approval::{ApprovalRequest, Decision};
use wasm_bindgen::JsValue;

/// A request as a fresh JavaScript value. Its arguments are a copy: what runs is what was shown, whatever becomes of it.
pub(crate) fn request(request: &ApprovalRequest) -> Object {
    object(&[
        ("id", request.id.0.to_string().into()),
        ("tool", request.tool.as_str().into()),
        ("args", json::parse(&request.args)),
        ("digest", request.digest.to_string().into()),
        ("again", request.again.into()),
        ("expiresAt", in_milliseconds(request.expires_at).into()),
        ("why", request.why.as_str().into()),
    ])
}

/// The decision in what an approver answered, or threw. A yes to a call that may have happened already counts only with
/// `again: true` in it: an approver that does not know of that case has not said yes to it.
pub(crate) fn decided(answer: Result<JsValue, JsValue>, again: bool) -> Decision {
    let knows = |answer: &JsValue| get(answer, "again").is_ok_and(|again| again.as_bool() == Some(true));
    let decision = match answer {
        Ok(answer) if again && !knows(&answer) => Ok(Decision::Deny { message: String::new() }),
        Ok(answer) => decision(&answer),
        Err(error) => Err(format!("the approver failed, and that is no yes: {}", message_of(&error))),
    };
    decision.unwrap_or_else(|message| Decision::Deny { message })
}

/// The decision that a value stands for, or why it stands for none.
pub(crate) fn decision(answer: &JsValue) -> Result<Decision, String> {
    let read = |name| get(answer, name).map_err(|_| unclear(answer));
    let approve = match answer.as_bool() {
        Some(true) => return Ok(Decision::Approve),
        Some(false) => return Ok(Decision::Deny { message: String::new() }),
        None => read("approve")?,
    };
    match approve.as_bool() {
        Some(true) => {
            let args = read("args")?;
            if args.is_undefined() {
                return Ok(Decision::Approve);
            }
            let args = json::canonical(&args);
            let args =
                args.map_err(|why| format!("the approver's arguments are not JSON, and that is no yes: {why}"))?;
            Ok(Decision::ApproveEdited { args })
        }
        Some(false) => Ok(Decision::Deny { message: read("message")?.as_string().unwrap_or_default() }),
        None => Err(unclear(answer)),
    }
}

fn unclear(answer: &JsValue) -> String {
    format!("the approver answered {}, and only true or {{ approve: true }} is a yes", shown(answer))
}
