//! The agent everybody writes first: it asks, calls, and believes that all will be well. To compare with.
//!
//! It has the face of the engine's [`Run`](steadfast::run::Run), so that the same world drives both.

use crate::world::Agent;
use std::collections::VecDeque;
use steadfast::call::Attempt;
use steadfast::effect::Effect;
use steadfast::event::Event;
use steadfast::failure::Failure;
use steadfast::id::{AttemptId, CallId, Key, RunId};
use steadfast::outcome::{StopReason, WaitReason};
use steadfast::policy::RunPolicy;
use steadfast::run::{Input, Message, ModelReply, Output, Role, RunResult, ToolCall, ToolSpec};
use steadfast::time::Instant;
use steadfast::trace::Trace;

#[derive(Debug)]
pub(crate) struct NaiveAgent {
    messages: Vec<Message>,
    trace: Trace,
    steps: u32,
    calls: u64,
    began: Instant,
    under_way: Option<(AttemptId, Option<ToolCall>)>,
    to_call: VecDeque<ToolCall>,
    outputs: VecDeque<Output>,
    result: Option<RunResult>,
    crashed: Option<Failure>,
}

impl Agent for NaiveAgent {
    fn handle(&mut self, now: Instant, input: Input) {
        match input {
            Input::Start => self.think(now),
            Input::ModelReplied(id, reply) if self.awaits(id) => self.thought(now, reply),
            Input::ToolReplied(id, output) if self.awaits(id) => self.acted(now, output),
            // The error nobody thought of.
            Input::Failed(id, failure) if self.awaits(id) => {
                self.record(now, Some(id), Event::AttemptFailed { failure: failure.clone(), after: now - self.began });
                self.under_way = None;
                self.crashed = Some(failure);
            }
            _ => {}
        }
    }

    fn poll(&mut self) -> Output {
        match self.outputs.pop_front() {
            Some(output) => output,
            None if self.result.is_some() || self.crashed.is_some() => Output::Finished,
            None => Output::Wait { until: None, why: WaitReason::AttemptUnderWay },
        }
    }

    fn messages(&self) -> &[Message] {
        &self.messages
    }

    fn trace(&self) -> &Trace {
        &self.trace
    }

    fn result(&self) -> Option<&RunResult> {
        self.result.as_ref()
    }

    fn wreck(&self) -> Option<(String, u32)> {
        self.crashed.as_ref().map(|failure| (failure.to_string(), self.steps))
    }

    fn steps(&self) -> u32 {
        self.steps
    }

    fn has_cap(&self) -> bool {
        false
    }

    fn set_policy(&mut self, _: RunPolicy, _: Vec<ToolSpec>, _: &str) {}
}

impl NaiveAgent {
    pub(crate) fn new(task: &str, trace: Trace) -> Self {
        Self {
            messages: vec![message(Role::User, task.into())],
            trace,
            steps: 0,
            calls: 0,
            began: Instant::ORIGIN,
            under_way: None,
            to_call: VecDeque::new(),
            outputs: VecDeque::new(),
            result: None,
            crashed: None,
        }
    }

    fn awaits(&self, id: AttemptId) -> bool {
        self.under_way.as_ref().is_some_and(|(under_way, _)| *under_way == id)
    }

    fn begin(&mut self, now: Instant, tool: Option<ToolCall>) -> Attempt {
        let id = AttemptId { call: CallId(self.calls), attempt: 1 };
        self.began = now;
        self.under_way = Some((id, tool));
        let scope = steadfast::deadline::Scope::Attempt;
        self.record(now, Some(id), Event::AttemptStarted { option: 0, until: None, scope });
        Attempt { id, option: 0, key: Key { run: RunId(0), call: id.call }, until: None, deadline: None }
    }

    fn think(&mut self, now: Instant) {
        self.steps += 1;
        self.calls += 1;
        self.trace.begin_step(self.steps);
        let messages = u32::try_from(self.messages.len()).unwrap_or(u32::MAX);
        let call = CallId(self.calls);
        self.trace.record(now, Some(call), None, || Event::ModelCalled { messages, options: 1 });
        let attempt = self.begin(now, None);
        self.outputs.push_back(Output::Think(attempt));
    }

    fn thought(&mut self, now: Instant, reply: ModelReply) {
        self.succeed(now);
        let (text, tools) = (reply.text.clone(), reply.tool_calls.iter().map(|call| call.tool.clone()).collect());
        let call = CallId(self.calls);
        self.trace.record(now, Some(call), None, || Event::ModelReplied { text, tools });
        let mut said = message(Role::Assistant, reply.text.clone());
        said.tool_calls.clone_from(&reply.tool_calls);
        self.messages.push(said);
        if reply.tool_calls.is_empty() {
            let stop = StopReason::Answered;
            let (answer, steps) = (reply.text, self.steps);
            let (blocked, pending) = (Vec::new(), Vec::new());
            self.result = Some(RunResult { answer: answer.clone(), steps, blocked, degraded: false, stop, pending });
            let finished = Event::RunFinished { stop, degraded: false, steps, blocked: Vec::new(), answer };
            return self.record(now, None, finished);
        }
        self.to_call = reply.tool_calls.into();
        self.act(now);
    }

    /// One tool after the other, whatever it does.
    fn act(&mut self, now: Instant) {
        let Some(call) = self.to_call.pop_front() else { return self.think(now) };
        self.calls += 1;
        let (tool, args) = (call.tool.clone(), call.args.clone());
        let event = Event::ToolCalled { tool: tool.clone(), args: args.clone(), effect: Effect::None };
        self.trace.record(now, Some(CallId(self.calls)), None, || event);
        let attempt = self.begin(now, Some(call));
        self.outputs.push_back(Output::Act { attempt, tool, args });
    }

    fn acted(&mut self, now: Instant, output: String) {
        let called = self.under_way.as_ref().and_then(|(_, tool)| tool.clone());
        self.succeed(now);
        if let Some(call) = called {
            let (tool, text) = (call.tool, output.clone());
            self.trace.record(now, Some(CallId(self.calls)), None, || Event::ToolReplied { tool, output: text });
            let mut told = message(Role::Tool, output);
            told.tool_call_id = Some(call.id);
            self.messages.push(told);
        }
        self.act(now);
    }

    fn succeed(&mut self, now: Instant) {
        let after = now - self.began;
        if let Some((id, _)) = self.under_way.take() {
            self.record(now, Some(id), Event::AttemptSucceeded { after });
        }
    }

    fn record(&mut self, now: Instant, id: Option<AttemptId>, event: Event) {
        self.trace.record(now, id.map(|id| id.call), id.map(|id| id.attempt), || event);
    }
}

fn message(role: Role, content: String) -> Message {
    Message { role, content, tool_calls: Vec::new(), tool_call_id: None }
}
