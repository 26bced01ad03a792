//! Calls and runs, told and read one line an instant. Times in words are in milliseconds.

use steadfast::approval::{ApprovalRequest, Decision};
use steadfast::breaker::{CircuitBreaker, State};
use steadfast::call::{self, Call, Endpoint, Resources, Shared};
use steadfast::deadline::Deadline;
use steadfast::effect::{Claim, LedgerEntry};
use steadfast::event::Event;
use steadfast::failure::Failure;
use steadfast::id::{AttemptId, CallId, Key, RunId};
use steadfast::policy::{CallPolicy, RunPolicy};
use steadfast::rng::Seed;
use steadfast::run::{Input, ModelReply, Output, Role, Run, RunResult, ToolCall, ToolSpec};
use steadfast::time::{Duration, Instant};
use steadfast::trace::Trace;

pub(crate) fn ms(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

pub(crate) fn us(micros: u64) -> Instant {
    Instant::from_micros(micros)
}

pub(crate) fn lasting(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// The last instant at which what is promised for `at` may not have happened.
pub(crate) fn before(at: Instant) -> Instant {
    us(at.as_micros() - 1)
}

/// `until 600`, `until 600.001`, or `wait` for what only an event can end.
pub(crate) fn until(at: Option<Instant>) -> String {
    match at.map(Instant::as_micros) {
        None => "wait".into(),
        Some(us) if us % 1_000 == 0 => format!("until {}", us / 1_000),
        Some(us) => format!("until {}.{:03}", us / 1_000, us % 1_000),
    }
}

/// Calls to the same endpoints, numbered from 0 in the order in which they are started.
pub(crate) struct Calls {
    policy: CallPolicy,
    options: u32,
    parent: Deadline,
    pub(crate) seed: Seed,
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) started: Vec<Call>,
    pub(crate) trace: Trace,
}

impl Calls {
    pub(crate) fn new(policy: &CallPolicy) -> Self {
        Self::within(policy, 1, Deadline::NEVER)
    }

    pub(crate) fn within(policy: &CallPolicy, options: u32, parent: Deadline) -> Self {
        let endpoints = (0..options).map(|option| Endpoint::new(policy, Seed(u64::from(option)))).collect();
        let (seed, started, trace) = (Seed(1), Vec::new(), Trace::on());
        Self { policy: *policy, options, parent, seed, endpoints, started, trace }
    }

    /// Starts the next call.
    pub(crate) fn start(&mut self, at: Instant) -> String {
        let key = Key { run: RunId(1), call: CallId(self.started.len() as u64 + 1) };
        self.started.push(Call::new(key, &self.policy, self.options, self.seed, self.parent));
        self.tell(at, self.started.len() - 1, call::Input::Start)
    }

    /// Tells a call something, and what it then wants done.
    pub(crate) fn tell(&mut self, at: Instant, call: usize, input: call::Input) -> String {
        let shared = &mut Resources { endpoints: &mut self.endpoints, retries: None, budget: None };
        told(&mut self.started[call], at, input, shared, &mut self.trace)
    }

    pub(crate) fn tick(&mut self, at: Instant, call: usize) -> String {
        self.tell(at, call, call::Input::Tick)
    }

    pub(crate) fn fail(&mut self, at: Instant, call: usize, attempt: u32) -> String {
        self.tell(at, call, call::Input::Failed(attempt, Failure::transient("503")))
    }

    pub(crate) fn breaker(&mut self) -> &mut CircuitBreaker {
        self.endpoints[0].breaker.as_mut().unwrap()
    }

    pub(crate) fn state(&mut self) -> State {
        self.breaker().state()
    }

    /// Every wait between attempts that was begun, in microseconds.
    pub(crate) fn waits(&self) -> Vec<u64> {
        let wait = |event: &Event| match event {
            Event::BackingOff { delay, .. } => Some(steadfast::time::micros(delay.delay)),
            _ => None,
        };
        self.trace.entries().iter().filter_map(|entry| wait(&entry.event)).collect()
    }
}

/// Handles and drains.
pub(crate) fn told<S: Shared>(
    call: &mut Call,
    at: Instant,
    input: call::Input,
    shared: &mut S,
    trace: &mut Trace,
) -> String {
    call.handle(at, input, shared, trace);
    let mut said = Vec::new();
    loop {
        match call.poll() {
            call::Output::Start(attempt) if attempt.option == 0 => said.push(format!("start {}", attempt.id.attempt)),
            call::Output::Start(attempt) => {
                said.push(format!("start {} of option {}", attempt.id.attempt, attempt.option));
            }
            call::Output::Abandon(id) => said.push(format!("abandon {}", id.attempt)),
            call::Output::Wait { until: at, .. } => {
                return said.into_iter().chain([until(at)]).collect::<Vec<_>>().join(", ");
            }
            call::Output::Finished(result) => {
                said.push(result.map_or_else(|error| error.to_string(), |attempt| format!("ok by {attempt}")));
                return said.join(", ");
            }
        }
    }
}

/// A run, and what it asked its host for.
pub(crate) struct Agent {
    pub(crate) run: Run,
    /// The attempts of models and tools that it wanted started, in order.
    pub(crate) thinking: Vec<AttemptId>,
    pub(crate) acting: Vec<AttemptId>,
    pub(crate) looking: Vec<AttemptId>,
    pub(crate) asked: Vec<ApprovalRequest>,
    pub(crate) claims: Vec<Claim>,
    pub(crate) records: Vec<LedgerEntry>,
}

impl Agent {
    pub(crate) fn new(policy: RunPolicy, tools: Vec<ToolSpec>) -> Self {
        Self::of(Run::new(RunId(1), "Tell Ana.", policy, 1, tools, Seed(1)).unwrap())
    }

    pub(crate) fn of(run: Run) -> Self {
        let (thinking, acting, looking, asked) = (vec![], vec![], vec![], vec![]);
        Self { run, thinking, acting, looking, asked, claims: vec![], records: vec![] }
    }

    pub(crate) fn start(&mut self, at: Instant) -> String {
        self.tell(at, Input::Start)
    }

    pub(crate) fn tick(&mut self, at: Instant) -> String {
        self.tell(at, Input::Tick)
    }

    /// Tells the run something, and what it then wants done.
    pub(crate) fn tell(&mut self, at: Instant, input: Input) -> String {
        self.run.handle(at, input);
        let mut said = Vec::new();
        loop {
            said.push(match self.run.poll() {
                Output::Think(attempt) => {
                    self.thinking.push(attempt.id);
                    if attempt.option == 0 { "think".into() } else { format!("think with model {}", attempt.option) }
                }
                Output::Act { attempt, tool, args } => {
                    self.acting.push(attempt.id);
                    format!("act {tool} {args}")
                }
                Output::Reconcile { attempt, tool, .. } => {
                    self.looking.push(attempt.id);
                    format!("look up {tool}")
                }
                Output::Ask(request) => {
                    let again = if request.again { " again" } else { "" };
                    let said = format!("ask{again} {} {}", request.tool, request.args);
                    self.asked.push(request);
                    said
                }
                Output::Claim(claim) => {
                    let said = format!("claim {} {}", claim.entry.tool, claim.entry.state.as_str());
                    self.claims.push(claim);
                    said
                }
                Output::Record(entry) => {
                    let said = format!("record {} {}", entry.tool, entry.state.as_str());
                    self.records.push(entry);
                    said
                }
                Output::Withdraw(id) => format!("withdraw {}", id.0),
                Output::Abandon(id) => format!("abandon {}.{}", id.call.0, id.attempt),
                Output::Wait { until: at, .. } => {
                    return said.into_iter().chain([until(at)]).collect::<Vec<_>>().join(", ");
                }
                Output::Finished => {
                    said.push(format!("finished: {}", self.result().stop.as_str()));
                    return said.join(", ");
                }
            });
        }
    }

    /// The latest model attempt answers.
    pub(crate) fn replies(&self, reply: ModelReply) -> Input {
        Input::ModelReplied(*self.thinking.last().unwrap(), reply)
    }

    /// The latest model attempt wants these tools: `(id, tool, args)`.
    pub(crate) fn wants(&self, calls: &[(&str, &str, &str)]) -> Input {
        let call = |(id, tool, args): &(&str, &str, &str)| ToolCall {
            id: (*id).into(),
            tool: (*tool).into(),
            args: (*args).into(),
            risky: None,
        };
        let tool_calls = calls.iter().map(call).collect();
        self.replies(ModelReply { text: String::new(), tool_calls, usage: None })
    }

    /// The `index`-th tool attempt answers.
    pub(crate) fn acted(&self, index: usize, output: &str) -> Input {
        Input::ToolReplied(self.acting[index], output.into())
    }

    /// A human says yes to the `index`-th question.
    pub(crate) fn yes(&self, index: usize) -> Input {
        Input::Decided(self.asked[index].id, Decision::Approve)
    }

    /// A human says no to the `index`-th question.
    pub(crate) fn no(&self, index: usize) -> Input {
        Input::Decided(self.asked[index].id, Decision::Deny { message: String::new() })
    }

    pub(crate) fn result(&self) -> &RunResult {
        self.run.result().unwrap()
    }

    /// What the model was told of its tool calls: `id: content`.
    pub(crate) fn told(&self) -> Vec<String> {
        let of_tools = self.run.messages().iter().filter(|message| message.role == Role::Tool);
        of_tools.map(|message| format!("{}: {}", message.tool_call_id.as_ref().unwrap(), message.content)).collect()
    }

    pub(crate) fn traced(&self, event: impl Fn(&Event) -> bool) -> usize {
        self.run.trace().entries().iter().filter(|entry| event(&entry.event)).count()
    }
}
