//! The world of one run: models, tools and an approver that are JavaScript functions.
//!
//! A function is called when its future is first polled, not when it is made: a run that is cancelled before that has then
//! called nothing.

use crate::agent::Definition;
use crate::cancel::Cancellation;
use crate::context::{AttemptSignal, of_attempt};
use crate::promise::settled;
use crate::property::{object, set};
use crate::{approver, classify, json, message};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use steadfast::approval::{ApprovalRequest, Decision};
use steadfast::call::Attempt;
use steadfast::clock::Clock;
use steadfast::drive::{self, Pending};
use steadfast::failure::{Failure, FailureClass};
use steadfast::run::{Message, ModelReply};
use wasm_bindgen::JsValue;

/// The world of one run.
#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) agent: Rc<Definition>,
    pub(crate) cancellation: Cancellation,
}

impl drive::Host for Host {
    fn think(&self, attempt: Attempt, messages: &[Message]) -> Pending<'_, ModelReply> {
        let messages = message::to_js(messages);
        Box::pin(async move {
            let Some(model) = self.agent.models.get(attempt.option as usize) else {
                return Err(Failure::new(FailureClass::Bug, "there is no such model"));
            };
            let signal = AttemptSignal::new(&self.cancellation);
            let context = of_attempt(&attempt, self.agent.timer.now(), &signal);
            set(&context, "tools", &self.agent.tools_by_name);
            let outcome = settled(model.call2(&JsValue::UNDEFINED, &messages, &context)).await;
            signal.finish();
            let value = outcome.map_err(|error| classify::thrown(&error))?;
            message::reply(&value, attempt.key, |tool, args| self.agent.tool(tool)?.is_risky(args))
        })
    }

    fn act(&self, attempt: Attempt, tool: &str, args: &str) -> Pending<'_, String> {
        let (tool, args) = (self.agent.tool(tool), args.to_owned());
        Box::pin(async move {
            let Some(tool) = tool else { return Err(Failure::new(FailureClass::ToolUnknown, "there is no such tool")) };
            let signal = AttemptSignal::new(&self.cancellation);
            let context = of_attempt(&attempt, self.agent.timer.now(), &signal);
            let outcome = settled(tool.run.call2(&tool.holder, &json::parse(&args), &context)).await;
            signal.finish();
            match outcome {
                // It ran: that its result cannot be told does not undo what it did.
                Ok(value) => Ok(json::for_model(&value).unwrap_or_else(|error| {
                    format!("It ran, but its result cannot be told as JSON: {}", classify::message_of(&error))
                })),
                Err(error) if tool.spec.effect().may_repeat() => Err(classify::thrown(&error)),
                Err(error) => Err(classify::thrown_by_effect(&error)),
            }
        })
    }

    fn approve(&self, request: &ApprovalRequest) -> Pin<Box<dyn Future<Output = Decision> + '_>> {
        let (again, request) = (request.again, approver::request(request));
        Box::pin(async move {
            let Some(approver) = &self.agent.approver else { return Decision::Deny { message: String::new() } };
            let signal = AttemptSignal::new(&self.cancellation);
            let context = object(&[]);
            signal.define_on(&context);
            let answer = settled(approver.call2(&JsValue::UNDEFINED, &request, &context)).await;
            signal.finish();
            approver::decided(answer, again)
        })
    }

    fn cancelled(&self) -> Pin<Box<dyn Future<Output = ()> + '_>> {
        Box::pin(self.cancellation.requested())
    }
}
