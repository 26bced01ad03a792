//! A world that does everything a world can do to an agent.

use super::check::Checker;
use super::plan::{Plan, TOOLS, millis, number};
use super::{Rule, Watched};
use std::collections::BTreeMap;
use steadfast::approval::{ApprovalRequest, Decision, Digest};
use steadfast::budget::Spend;
use steadfast::call::Attempt;
use steadfast::effect::{Ledger, Reconciliation};
use steadfast::failure::{Failure, FailureClass};
use steadfast::id::{ApprovalId, AttemptId, CallId, RunId};
use steadfast::outcome::StopReason;
use steadfast::rng::{Seed, Stream};
use steadfast::run::{Input, ModelReply, Output, Run, ToolCall};
use steadfast::snapshot::SnapshotError;
use steadfast::time::{Duration, Instant};

/// No run needs more turns of the loop than this; one that does would never end.
const TURNS: u32 = 20_000;

/// A process that ends whenever it has begun would never end its run either.
const MOST_CRASHES: u32 = 20;

struct Chaos {
    plan: Plan,
    luck: Stream,
    now: Instant,
    coming: BTreeMap<(Instant, u64), Input>,
    scheduled: u64,
    calls_wanted: u64,
    crashed: u32,
    /// What the model asked for last: one that loops asks for it again.
    last_wish: Option<Vec<ToolCall>>,
    /// What all resumes of the run share.
    ledger: Ledger,
}

/// Makes one run and watches it, with all the resumes of it.
pub(super) fn watch(seed: u64) -> Watched {
    let plan = Plan::of(seed);
    let mut checker = Checker::new(seed, &plan);
    // Plans name each tool once and have a model.
    let mut run = Run::new(RunId(seed), "task", plan.policy.clone(), plan.models, plan.tools.clone(), Seed(seed))
        .unwrap_or_else(|invalid| unreachable!("{invalid}"));
    if plan.crashes > 0 {
        run = run.with_claims();
    }
    let mut world = Chaos {
        plan,
        luck: Plan::luck(seed),
        now: Instant::from_micros(seed % 1_000_000_007),
        coming: BTreeMap::new(),
        scheduled: 0,
        calls_wanted: 0,
        crashed: 0,
        last_wish: None,
        ledger: Ledger::default(),
    };
    if let Some(after) = world.plan.cancel_at {
        world.schedule(after, Input::Cancel);
    }
    if world.plan.resumes > 0 {
        checker.tell(&mut run, world.now, Input::Suspend);
    }
    checker.tell(&mut run, world.now, Input::Start);
    world.drive(&mut run, &mut checker);
    world.resume(&run, &mut checker, 0);
    checker.watched(&run)
}

impl Chaos {
    /// Drives a run to its end.
    fn drive(&mut self, run: &mut Run, checker: &mut Checker) {
        for _ in 0..TURNS {
            match run.poll() {
                Output::Think(attempt) => {
                    checker.thinks(attempt);
                    self.think(attempt);
                }
                Output::Act { attempt, tool, args } => {
                    checker.acts(attempt, &tool, &args);
                    self.act(attempt, &tool);
                }
                Output::Reconcile { attempt, key, tool, .. } => {
                    checker.looks_up(attempt, key, &tool);
                    self.look_up(attempt);
                }
                Output::Ask(request) => {
                    checker.asked(&request);
                    self.ask(&request);
                }
                Output::Claim(claim) => {
                    let key = claim.entry.key;
                    let claimed = self.ledger.claim(claim);
                    let after = millis(&mut self.luck, 0, 50);
                    self.schedule(after, Input::Claimed(key, claimed));
                }
                Output::Record(entry) => self.ledger.write(entry),
                Output::Withdraw(_) | Output::Abandon(_) => {}
                Output::Finished => return self.disturb_after_the_end(run, checker),
                Output::Wait { until, .. } => {
                    if self.crashed < MOST_CRASHES && self.luck.happens(self.plan.crashes) {
                        self.crash(run, checker);
                        continue;
                    }
                    let Some((now, input)) = self.next(until) else {
                        return checker
                            .violated(Rule::EndsWithAnAnswer, "it waits for something that never comes".into());
                    };
                    checker.tell(run, now, input);
                }
            }
        }
        checker.violated(Rule::EndsWithAnAnswer, format!("it has not ended after {TURNS} turns"));
    }

    fn restored(&self, snapshot: &[u8], away: Duration) -> Result<Run, SnapshotError> {
        let Plan { policy, models, tools, .. } = &self.plan;
        let id = RunId(self.plan.seed);
        Run::restore(snapshot, id, policy.clone(), *models, tools.clone(), self.now, away)
    }

    /// The process ends; another goes on from the snapshot. What was under way may still come, and comes late.
    fn crash(&mut self, run: &mut Run, checker: &mut Checker) {
        self.crashed += 1;
        let away = millis(&mut self.luck, 0, 20_000);
        let snapshot = run.snapshot();
        self.now = self.now.max(checker.now()) + away;
        let away = self.now - checker.now();
        // What the host was asked to claim died with it; what it had written stays.
        self.coming.retain(|_, input| !matches!(input, Input::Claimed(..)));
        match self.restored(&snapshot, away) {
            Ok(restored) => {
                checker.restarted(run);
                *run = restored;
                checker.tell(run, self.now, Input::Start);
            }
            Err(error) => checker.violated(Rule::EndsWithAnAnswer, format!("a snapshot does not come back: {error}")),
        }
    }

    /// Resumes a suspended run several times, with decisions of every kind: no effect happens twice.
    fn resume(&mut self, run: &Run, checker: &mut Checker, depth: u32) {
        let Some(result) = run.result().filter(|result| result.stop == StopReason::Suspended && depth < 2) else {
            return;
        };
        let (snapshot, suspended_at) = (run.snapshot(), checker.now());
        for _ in 0..self.plan.resumes {
            self.coming.clear();
            let away = millis(&mut self.luck, 0, 120_000);
            self.now = self.now.max(suspended_at) + away;
            let away = self.now - suspended_at;
            let mut resumed = match self.restored(&snapshot, away) {
                Ok(run) => run,
                Err(error) => {
                    return checker.violated(Rule::EndsWithAnAnswer, format!("a snapshot does not come back: {error}"));
                }
            };
            let mut own = checker.of_resume(&result.pending);
            own.tell(&mut resumed, self.now, Input::Start);
            for request in &result.pending {
                if self.luck.happens(800) {
                    self.ask(request);
                }
            }
            let patience = millis(&mut self.luck, 0, 30_000);
            self.schedule(patience, Input::Suspend);
            self.drive(&mut resumed, &mut own);
            self.resume(&resumed, &mut own, depth + 1);
            own.look_back(&resumed);
            checker.take_over(own, &resumed);
        }
    }

    fn schedule(&mut self, after: Duration, input: Input) {
        self.scheduled += 1;
        self.coming.insert((self.now + after, self.scheduled), input);
    }

    /// What comes next, and what the agent is told the time is.
    fn next(&mut self, until: Option<Instant>) -> Option<(Instant, Input)> {
        // A tick that is late lets what comes meanwhile come first.
        let late = if self.plan.bad_clock { millis(&mut self.luck, 0, 500) } else { Duration::ZERO };
        let until = until.map(|until| until + late);
        let first = self.coming.first_key_value().map(|((at, _), _)| *at);
        let input = match (first, until) {
            (Some(at), until) if until.is_none_or(|until| at <= until) => {
                self.now = self.now.max(at);
                self.coming.pop_first().map(|(_, input)| input)?
            }
            (_, Some(until)) => {
                self.now = self.now.max(until);
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

    fn act(&mut self, attempt: Attempt, tool: &str) {
        let once = self.plan.tools.iter().any(|known| known.name() == tool && !known.effect().may_repeat());
        let AttemptId { call, attempt: number } = attempt.id;
        // By what must not happen twice it can be told which try did it; anything else gives nothing new to know.
        let output = if once { format!("done by attempt {number} of call {}", call.0) } else { "done".into() };
        self.outcome(attempt.id, Input::ToolReplied(attempt.id, output));
    }

    fn look_up(&mut self, attempt: Attempt) {
        let found = match number(&mut self.luck, 2) {
            0 => Reconciliation::Done { output: "found".into() },
            1 => Reconciliation::NotDone,
            _ => Reconciliation::Unknown,
        };
        self.outcome(attempt.id, Input::Reconciled(attempt.id, found));
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
        if self.luck.happens(self.plan.streams) {
            self.stream(id, after);
        }
        if self.luck.happens(self.plan.repeats) {
            let again = millis(&mut self.luck, 0, 6_000);
            self.schedule(again, input.clone());
        }
        self.schedule(after, input);
    }

    /// Parts of the output on the way, some of them shown to somebody, and the bill before the end.
    fn stream(&mut self, id: AttemptId, over: Duration) {
        for part in 1..=number(&mut self.luck, 4) {
            let input = if self.luck.happens(300) { Input::Commit(id) } else { Input::Output(id) };
            self.schedule(over * part / 5, input);
        }
        let spend = Spend { tokens: self.luck.up_to(5_000), money: self.luck.up_to(9_000), ..Spend::NONE };
        self.schedule(over * 9 / 10, Input::Spent(id, spend));
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
        if let Some(again) = self.last_wish.clone().filter(|_| self.luck.happens(self.plan.loops)) {
            let renamed = again.into_iter().map(|call| ToolCall { id: self.next_wish(), ..call });
            return ModelReply { text: String::new(), tool_calls: renamed.collect(), usage: None };
        }
        let wanted = number(&mut self.luck, 4);
        let tool_calls: Vec<_> = (0..wanted).map(|_| self.wish()).collect();
        self.last_wish = Some(tool_calls.clone()).filter(|calls| !calls.is_empty());
        ModelReply { text: String::new(), tool_calls, usage: None }
    }

    fn next_wish(&mut self) -> String {
        self.calls_wanted += 1;
        format!("c{}", self.calls_wanted)
    }

    fn wish(&mut self) -> ToolCall {
        let tool = TOOLS.get(number(&mut self.luck, 4) as usize).copied().unwrap_or("no such tool");
        let risky = self.luck.happens(50).then_some(true);
        let args = format!("[{}]", self.luck.up_to(2));
        ToolCall { id: self.next_wish(), tool: tool.into(), args, risky }
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
            let input = match number(&mut self.luck, 5) {
                0..=2 => Input::Decided(id, decision),
                3 | 4 => Input::DecidedOn(id, request.digest, decision),
                _ => Input::DecidedOn(id, Digest([7; 32]), decision),
            };
            self.schedule(after, input);
        }
    }

    /// Whatever still comes after the end must change nothing.
    fn disturb_after_the_end(&mut self, run: &mut Run, checker: &mut Checker) {
        for _ in 0..20 {
            let Some(((at, _), input)) = self.coming.pop_first() else { break };
            self.now = self.now.max(at);
            checker.tell(run, self.now, input);
            let mut said = run.poll();
            // A late word on an effect still settles the ledger.
            while let Output::Record(entry) = said {
                self.ledger.write(entry);
                said = run.poll();
            }
            if said != Output::Finished {
                checker.violated(Rule::NothingAfterTheEnd, format!("after the end it says {said:?}"));
            }
        }
    }
}
