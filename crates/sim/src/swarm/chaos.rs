//! A world that does everything a world can do to an agent.

use super::check::Checker;
use super::plan::{Plan, TOOLS, millis, number};
use super::{Rule, Watched};
use std::collections::BTreeMap;
use steadfast::approval::{ApprovalRequest, Decision};
use steadfast::call::Attempt;
use steadfast::failure::{Failure, FailureClass};
use steadfast::id::{ApprovalId, AttemptId, CallId, RunId};
use steadfast::rng::{Seed, Stream};
use steadfast::run::{Input, ModelReply, Output, Run, ToolCall};
use steadfast::time::{Duration, Instant};

/// No run needs more turns of the loop than this; one that does would never end.
const TURNS: u32 = 20_000;

struct Chaos {
    plan: Plan,
    luck: Stream,
    now: Instant,
    coming: BTreeMap<(Instant, u64), Input>,
    scheduled: u64,
    calls_wanted: u64,
}

/// Makes one run and watches it.
pub(super) fn watch(seed: u64) -> Watched {
    let plan = Plan::of(seed);
    let mut checker = Checker::new(seed, &plan);
    // Plans name each tool once and have a model.
    let mut run = Run::new(RunId(seed), "task", plan.policy.clone(), plan.models, plan.tools.clone(), Seed(seed))
        .unwrap_or_else(|invalid| unreachable!("{invalid}"));
    let mut world = Chaos {
        plan,
        luck: Plan::luck(seed),
        now: Instant::from_micros(seed % 1_000_000_007),
        coming: BTreeMap::new(),
        scheduled: 0,
        calls_wanted: 0,
    };
    if let Some(after) = world.plan.cancel_at {
        world.schedule(after, Input::Cancel);
    }
    checker.tell(&mut run, world.now, Input::Start);
    for _ in 0..TURNS {
        match run.poll() {
            Output::Think(attempt) => {
                checker.attempted(attempt, None);
                world.think(attempt);
            }
            Output::Act { attempt, tool, args } => {
                checker.attempted(attempt, Some((&tool, &args)));
                world.act(attempt);
            }
            Output::Ask(request) => {
                checker.asked(&request);
                world.ask(&request);
            }
            Output::Withdraw(_) | Output::Abandon(_) => {}
            Output::Finished => {
                world.disturb_after_the_end(&mut run, &mut checker);
                return checker.watched(&run);
            }
            Output::Wait { until, .. } => {
                let Some((now, input)) = world.next(until) else {
                    checker.violated(Rule::EndsWithAnAnswer, "it waits for something that never comes".into());
                    return checker.watched(&run);
                };
                checker.tell(&mut run, now, input);
            }
        }
    }
    checker.violated(Rule::EndsWithAnAnswer, format!("it has not ended after {TURNS} turns"));
    checker.watched(&run)
}

impl Chaos {
    fn schedule(&mut self, after: Duration, input: Input) {
        self.scheduled += 1;
        self.coming.insert((self.now + after, self.scheduled), input);
    }

    /// What comes next, and what the agent is told the time is.
    fn next(&mut self, until: Option<Instant>) -> Option<(Instant, Input)> {
        let first = self.coming.first_key_value().map(|((at, _), _)| *at);
        let input = match (first, until) {
            (Some(at), until) if until.is_none_or(|until| at <= until) => {
                self.now = self.now.max(at);
                self.coming.pop_first().map(|(_, input)| input)?
            }
            (_, Some(until)) => {
                let late = if self.plan.bad_clock { millis(&mut self.luck, 0, 500) } else { Duration::ZERO };
                self.now = self.now.max(until) + late;
                Input::Tick
            }
            _ => return None,
        };
        let told = if self.plan.bad_clock && self.luck.happens(50) {
            Instant::from_micros(self.now.as_micros() / 2)
        } else {
            self.now
        };
        Some((told, input))
    }

    fn think(&mut self, attempt: Attempt) {
        let reply = self.reply();
        self.outcome(attempt.id, Input::ModelReplied(attempt.id, reply));
    }

    fn act(&mut self, attempt: Attempt) {
        self.outcome(attempt.id, Input::ToolReplied(attempt.id, "done".into()));
    }

    /// An attempt's outcome: in time, late, twice, a failure, or never; sometimes with a stranger's besides.
    fn outcome(&mut self, id: AttemptId, good: Input) {
        if self.luck.happens(20) {
            let stranger = AttemptId { call: CallId(self.luck.up_to(50)), attempt: number(&mut self.luck, 5) };
            let after = millis(&mut self.luck, 0, 5_000);
            self.schedule(after, Input::Failed(stranger, Failure::transient("a stranger's")));
        }
        if self.luck.happens(self.plan.hangs) {
            return;
        }
        let input = if self.luck.happens(self.plan.fails) { Input::Failed(id, self.failure()) } else { good };
        let after = millis(&mut self.luck, 0, 6_000);
        if self.luck.happens(self.plan.repeats) {
            let again = millis(&mut self.luck, 0, 6_000);
            self.schedule(again, input.clone());
        }
        self.schedule(after, input);
    }

    fn failure(&mut self) -> Failure {
        let class = FailureClass::ALL[number(&mut self.luck, 17) as usize];
        let failure = Failure::new(class, "drawn");
        match number(&mut self.luck, 9) {
            0 => failure.with_retry_after(millis(&mut self.luck, 0, 30_000)),
            1 => failure.with_transient(true),
            2 => failure.with_transient(false),
            _ => failure,
        }
    }

    fn reply(&mut self) -> ModelReply {
        if self.luck.happens(self.plan.answers) {
            return ModelReply::answer("the answer");
        }
        let wanted = number(&mut self.luck, 4);
        let tool_calls = (0..wanted).map(|_| self.wish()).collect();
        ModelReply { text: String::new(), tool_calls }
    }

    fn wish(&mut self) -> ToolCall {
        self.calls_wanted += 1;
        let tool = TOOLS.get(number(&mut self.luck, 4) as usize).copied().unwrap_or("no such tool");
        let risky = self.luck.happens(50).then_some(true);
        let args = format!("[{}]", self.luck.up_to(2));
        ToolCall { id: format!("c{}", self.calls_wanted), tool: tool.into(), args, risky }
    }

    /// A human who says yes, no, something else, too late, twice, to the wrong question, or nothing.
    fn ask(&mut self, request: &ApprovalRequest) {
        for _ in 0..number(&mut self.luck, 2) {
            let id = if self.luck.happens(100) { ApprovalId(self.luck.up_to(9)) } else { request.id };
            let decision = match number(&mut self.luck, 4) {
                0 | 1 => Decision::Approve,
                2 => Decision::ApproveEdited { args: format!("[{}]", self.luck.up_to(9)) },
                _ => Decision::Deny { message: "no".into() },
            };
            let after = millis(&mut self.luck, 0, 20_000);
            self.schedule(after, Input::Decided(id, decision));
        }
    }

    /// Whatever still comes after the end must change nothing.
    fn disturb_after_the_end(&mut self, run: &mut Run, checker: &mut Checker) {
        for _ in 0..20 {
            let Some(((at, _), input)) = self.coming.pop_first() else { break };
            self.now = self.now.max(at);
            checker.tell(run, self.now, input);
            let said = run.poll();
            if said != Output::Finished {
                checker.violated(Rule::NothingAfterTheEnd, format!("after the end it says {said:?}"));
            }
        }
    }
}
