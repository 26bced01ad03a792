//! Models and tools as agents meet them: quota, long pauses, silent and cut streams, loops, malformed words, money.

use steadfast::approval::ApprovalGate;
use steadfast::backoff::{Backoff, Jitter};
use steadfast::budget::{Limits, Spend};
use steadfast::call;
use steadfast::deadline::{Deadline, Scope};
use steadfast::effect::{Effect, EffectState};
use steadfast::event::Event;
use steadfast::failure::{Failure, FailureClass};
use steadfast::outcome::StopReason;
use steadfast::policy::{CallPolicy, RunPolicy};
use steadfast::retry::RetryPolicy;
use steadfast::run::{Input, ModelReply, ToolSpec};

use crate::timeline::{Agent, Calls, lasting, ms, us};

/// Three attempts, waits of exactly 500 and 1,000 ms.
fn retrying() -> CallPolicy {
    let backoff = Backoff::default().with_jitter(Jitter::None);
    CallPolicy::unguarded().with_retry(Some(RetryPolicy::default().with_backoff(backoff)))
}

/// The default retries, jitter included.
fn spread() -> CallPolicy {
    CallPolicy::unguarded().with_retry(Some(RetryPolicy::default()))
}

fn policy() -> RunPolicy {
    RunPolicy::default().with_model(retrying())
}

fn multiply() -> Vec<ToolSpec> {
    vec![ToolSpec::new("multiply").with_policy(CallPolicy::unguarded())]
}

/// Not risky, but not to happen twice; 2 s for an answer.
fn mail() -> ToolSpec {
    let limit = CallPolicy::for_tool().with_timeout(Some(lasting(2_000))).unwrap();
    ToolSpec::new("send_email").with_effect(Effect::Once).with_policy(limit)
}

#[test]
fn agents_a_once_tool_that_timed_out_is_not_called_again_by_itself() {
    let mut agent = Agent::new(policy(), vec![mail()]);
    agent.start(ms(0));
    assert_eq!(agent.tell(ms(0), agent.wants(&[("a", "send_email", "ana")])), "act send_email ana, until 2000");
    assert_eq!(agent.tick(us(1_999_999)), "until 2000");
    assert_eq!(agent.tick(ms(2_000)), "abandon 2.1, think, wait");
    assert_eq!(agent.run.ledger().entries()[0].state, EffectState::Unknown);
    assert!(agent.told()[0].ends_with("It may have happened. Do not call it again; say so."), "{:?}", agent.told());
    for at in [us(2_049_999), ms(2_050), ms(60_000)] {
        assert_eq!(agent.tick(at), "wait", "no second mail at {at}");
    }
}

#[test]
fn agents_a_once_tool_of_unknown_outcome_is_looked_up_then_a_human_is_asked() {
    let asking = policy().with_approval(ApprovalGate::default().with_approver(true));
    let mut agent = Agent::new(asking, vec![mail().with_reconcile()]);
    agent.start(ms(0));
    agent.tell(ms(0), agent.wants(&[("a", "send_email", "ana")]));
    assert_eq!(agent.tick(ms(2_000)), "abandon 2.1, look up send_email, until 4000");
    let unknown = Input::Reconciled(agent.looking[0], steadfast::effect::Reconciliation::Unknown);
    assert_eq!(agent.tell(ms(2_500), unknown), "ask again send_email ana, until 602500");
    assert_eq!(agent.tell(ms(3_000), agent.yes(0)), "act send_email ana, until 5000", "only after a second yes");
}

#[test]
fn agents_a_model_that_asks_again_for_a_mail_of_unknown_outcome_does_not_get_it_sent_twice() {
    for approver in [false, true] {
        let gate = ApprovalGate::default().with_approver(approver);
        let mut agent = Agent::new(policy().with_approval(gate), vec![mail()]);
        agent.start(ms(0));
        agent.tell(ms(0), agent.wants(&[("a", "send_email", "ana")]));
        agent.tick(ms(2_000));
        if approver {
            assert!(agent.asked[0].again);
            agent.tell(ms(2_100), agent.no(0));
        }
        let said = agent.tell(ms(2_200), agent.wants(&[("b", "send_email", "ana")]));
        if approver {
            assert_eq!(said, "ask again send_email ana, until 602200", "a human is told that it may have happened");
        } else {
            assert_eq!(said, "think, wait", "nobody can be asked, so it does not run");
            assert!(agent.told()[1].contains("It may have happened. Do not call it again"), "{:?}", agent.told());
        }
        assert_eq!(agent.acting.len(), 1, "one mail");
    }
}

#[test]
fn agents_quota_is_never_retried() {
    let quota = || Failure::new(FailureClass::QuotaExhausted, "402").with_retry_after(lasting(1_000));
    let mut calls = Calls::new(&CallPolicy::default());
    calls.start(ms(0));
    let said = calls.tell(ms(100), 0, call::Input::Failed(1, quota()));
    assert_eq!(said, "quota_exhausted: 402; another try cannot mend that");
    for at in [us(1_099_999), ms(1_100), ms(60_000)] {
        assert_eq!(calls.tick(at, 0), said, "at {at}");
    }
    let stats = calls.breaker().stats();
    assert_eq!((stats.failures, stats.ignored), (0, 1), "the account's trouble is not the service's");

    let mut with_fallback = Calls::within(&CallPolicy::default(), 2, Deadline::NEVER);
    with_fallback.start(ms(0));
    let said = with_fallback.tell(ms(100), 0, call::Input::Failed(1, quota()));
    assert_eq!(said, "start 2 of option 1, until 60100", "another account may have some, at once");
    // The other side: a rate limit with the same words waits and comes back.
    let mut limited = Calls::new(&retrying());
    limited.start(ms(0));
    let rate = Failure::new(FailureClass::RateLimited, "429").with_retry_after(lasting(1_000));
    assert_eq!(limited.tell(ms(100), 0, call::Input::Failed(1, rate)), "until 1100");
}

fn asked_for(seconds: u64) -> call::Input {
    call::Input::Failed(1, Failure::new(FailureClass::RateLimited, "429").with_retry_after(lasting(seconds * 1_000)))
}

#[test]
fn agents_retry_after_120_s_is_never_early() {
    let mut exact = Calls::new(&retrying());
    exact.start(ms(0));
    assert_eq!(exact.tell(ms(400), 0, asked_for(120)), "until 120400");
    assert_eq!(exact.tick(ms(800), 0), "until 120400");
    assert_eq!(exact.tick(us(120_399_999), 0), "until 120400");
    assert_eq!(exact.tick(ms(120_400), 0), "start 2, wait");

    let mut together = std::collections::BTreeSet::new();
    for seed in 0..200 {
        let mut calls = Calls::new(&spread());
        calls.seed = steadfast::rng::Seed(seed);
        calls.start(ms(0));
        calls.tell(ms(0), 0, asked_for(120));
        let wait = calls.waits()[0];
        assert!((120_000_000..=121_000_000).contains(&wait), "{wait}: a little later, never earlier");
        together.insert(wait);
    }
    assert!(together.len() >= 195, "and not all together: {}", together.len());
}

#[test]
fn agents_retry_after_beyond_the_deadline_falls_back_or_stops_at_once() {
    for seconds in [120, 3_600] {
        for (deadline, waits) in [(60_000, false), (seconds * 1_000 + 400, false), (seconds * 1_000 + 401, true)] {
            let within = |options| {
                let mut calls = Calls::within(&retrying(), options, Deadline::until(ms(deadline), Scope::Run));
                calls.start(ms(0));
                calls.tell(ms(400), 0, asked_for(seconds))
            };
            if waits {
                assert_eq!(within(1), format!("until {}", seconds * 1_000 + 400));
                // Whoever has another option does not sit out more than it would ever wait by itself.
                assert_eq!(within(2), format!("start 2 of option 1, until {deadline}"));
                continue;
            }
            let stopped = "the run's time leaves no room for another try after rate_limited: 429";
            assert_eq!(within(1), stopped, "{seconds} s asked for, until {deadline}");
            assert_eq!(within(2), format!("start 2 of option 1, until {deadline}"));
        }
    }
}

#[test]
fn agents_a_stalled_stream_is_cut_by_its_first_output_idle_and_total_limits() {
    let limits = retrying().with_timeout(Some(lasting(5_000))).unwrap();
    let model = limits.with_stream(Some(lasting(2_000)), Some(lasting(500))).unwrap();
    let mut agent = Agent::new(RunPolicy::default().with_model(model), vec![]);
    assert_eq!(agent.start(ms(0)), "think, until 2000");
    assert_eq!(agent.tick(us(1_999_999)), "until 2000");
    assert_eq!(agent.tick(ms(2_000)), "abandon 1.1, until 2500", "no first output");
    assert_eq!(agent.tick(ms(2_500)), "think, until 4500");
    assert_eq!(agent.tell(ms(3_000), Input::Output(agent.thinking[1])), "until 3500");
    assert_eq!(agent.tick(us(3_499_999)), "until 3500");
    assert_eq!(agent.tick(ms(3_500)), "abandon 1.2, until 4500", "silence after it");
    assert_eq!(agent.tick(ms(4_500)), "think, until 6500");
    for at in (4_900..9_400).step_by(400) {
        agent.tell(ms(at), Input::Output(agent.thinking[2]));
    }
    assert_eq!(agent.tick(us(9_499_999)), "until 9500");
    assert_eq!(agent.tick(ms(9_500)), "abandon 1.3, finished: model_unavailable", "words without end");
}

#[test]
fn agents_a_cut_stream_s_tool_calls_never_run() {
    let mut agent = Agent::new(policy(), multiply());
    agent.start(ms(0));
    agent.tell(ms(100), Input::Output(agent.thinking[0]));
    let cut = Failure::new(FailureClass::Incomplete, "the stream ended without its end");
    assert_eq!(agent.tell(ms(200), Input::Failed(agent.thinking[0], cut)), "until 700", "tried again");
    let parts = agent.wants(&[("a", "multiply", "[17,2")]);
    assert_eq!(agent.tell(ms(201), parts.clone()), "until 700", "what had come of it does not run");
    assert_eq!(agent.tick(ms(700)), "think, wait");
    assert_eq!(agent.tell(ms(701), parts), "wait", "nor does it while the next attempt is under way");
    assert_eq!(agent.tell(ms(800), agent.wants(&[("a", "multiply", "[17,23]")])), "act multiply [17,23], wait");
    assert_eq!(agent.acting.len(), 1);
}

/// Twenty turns at most, in which the model wants what `wants` says; tools answer what `result` says. Tells how often they ran.
fn loops(wants: impl Fn(usize) -> String, result: impl Fn(usize) -> Result<String, Failure>) -> (Agent, usize) {
    let mut agent = Agent::new(policy().with_max_steps(30).unwrap(), multiply());
    agent.start(ms(0));
    for turn in 0..20 {
        if agent.run.result().is_some() {
            break;
        }
        let ran = agent.acting.len();
        let args = wants(turn);
        agent.tell(ms(1), agent.wants(&[("a", "multiply", &args)]));
        if agent.acting.len() > ran {
            let id = agent.acting[ran];
            let input =
                result(turn).map_or_else(|failure| Input::Failed(id, failure), |text| Input::ToolReplied(id, text));
            agent.tell(ms(2), input);
        }
    }
    let ran = agent.acting.len();
    (agent, ran)
}

#[test]
fn agents_twenty_identical_tool_calls() {
    let (agent, ran) = loops(|_| "[17,23]".into(), |_| Ok("391".into()));
    assert_eq!(ran, 2);
    let told = agent.told();
    assert_eq!(told[0], "a: 391");
    assert!(told[1].starts_with("a: 391\n\nYou repeat yourself"), "first a hint: {}", told[1]);
    assert!(told[2].starts_with("a: multiply was not run again"), "then a synthetic result: {}", told[2]);
    assert!(told[3].contains("No tool runs any more"), "then a last turn without tools: {}", told[3]);
    let result = agent.result();
    assert_eq!((result.stop, result.degraded, result.steps), (StopReason::NoProgress, true, 5));
    assert_eq!(result.answer, RunPolicy::SAFE_MESSAGE, "then an honest answer, not an empty one");
}

#[test]
fn agents_cycles_and_the_same_error_again_are_loops_too() {
    let (cycle, ran) = loops(|turn| format!("[{}]", turn % 2), |turn| Ok(format!("{}", turn % 2)));
    assert_eq!((cycle.result().stop, ran, cycle.result().steps), (StopReason::NoProgress, 4, 8));
    let failed = |_| Err(Failure::new(FailureClass::ToolFailed, "no such table"));
    let (errors, ran) = loops(|turn| format!("[{turn}]"), failed);
    assert_eq!((errors.result().stop, ran, errors.result().steps), (StopReason::NoProgress, 4, 7));
    // The other side: twenty calls that each bring news are no loop.
    let (honest, ran) = loops(|turn| format!("[{turn}]"), |turn| Ok(format!("page {turn}")));
    assert_eq!((honest.run.result(), ran), (None, 20));
}

#[test]
fn agents_malformed_arguments_are_refused_within_the_budget() {
    let limited = policy().with_budget(Limits::none().with_attempts(2).unwrap());
    for (policy, attempts, stop) in [(policy(), 3, StopReason::ModelUnavailable), (limited, 2, StopReason::Budget)] {
        let mut agent = Agent::new(policy, multiply());
        agent.start(ms(0));
        let mut now = ms(0);
        while agent.run.result().is_none() {
            let malformed = Failure::new(FailureClass::MalformedOutput, "arguments of multiply: no JSON at 5");
            agent.tell(now, Input::Failed(*agent.thinking.last().unwrap(), malformed));
            now = now + lasting(1_000);
            agent.tick(now);
        }
        assert_eq!((agent.thinking.len(), agent.acting.len()), (attempts, 0), "nothing ever ran with them");
        assert_eq!((agent.result().stop, agent.run.spent().attempts), (stop, attempts as u64));
    }
}

#[test]
fn agents_a_tool_that_refuses_its_arguments_says_so_to_the_model_and_is_not_tried_again() {
    let mut agent = Agent::new(policy(), vec![mail()]);
    agent.start(ms(0));
    agent.tell(ms(0), agent.wants(&[("a", "send_email", "{\"to\":7}")]));
    let wrong = Failure::new(FailureClass::InvalidRequest, "`to` is 7, not an address");
    assert_eq!(agent.tell(ms(1), Input::Failed(agent.acting[0], wrong)), "think, wait");
    assert_eq!(
        agent.told(),
        ["a: send_email failed: invalid_request: `to` is 7, not an address; another try cannot mend that."]
    );
    assert_eq!(agent.run.ledger().entries()[0].state, EffectState::Failed, "it certainly did not happen");
    assert_eq!(agent.traced(|event| matches!(event, Event::EffectUnknown { .. })), 0);
}

#[test]
fn agents_spend_is_reserved_before_and_settled_after_and_every_attempt_counts() {
    let tokens = |tokens| Spend { tokens, ..Spend::NONE };
    let model = retrying().with_estimate(tokens(1_000));
    let limits = Limits::none().with_tokens(3_000).unwrap();
    let mut agent = Agent::new(RunPolicy::default().with_model(model).with_budget(limits), multiply());
    let left = |agent: &Agent| agent.run.left().tokens.unwrap();
    agent.start(ms(0));
    assert_eq!(left(&agent), 2_000, "reserved before it is known");
    assert_eq!(agent.tell(ms(1), Input::Failed(agent.thinking[0], Failure::transient("503"))), "until 501");
    assert_eq!((left(&agent), agent.run.spent().tokens), (2_000, 1_000), "nobody said what it cost: the estimate");
    agent.tick(ms(501));
    assert_eq!(left(&agent), 1_000);
    agent.tell(ms(502), Input::Spent(agent.thinking[1], tokens(150)));
    assert_eq!(left(&agent), 1_000, "settled with its outcome");
    agent.tell(ms(503), agent.wants(&[("a", "multiply", "[]")]));
    assert_eq!(left(&agent), 1_850);
    agent.tell(ms(504), agent.acted(0, "391"));
    assert_eq!(left(&agent), 850, "and the next reserved");
    let used = Some(tokens(900));
    let tool = ModelReply { usage: used, ..ModelReply::tool("b", "multiply", "[1]") };
    agent.tell(ms(505), agent.replies(tool));
    assert_eq!(left(&agent), 950);
    assert_eq!(agent.tell(ms(506), agent.acted(1, "1")), "finished: budget", "1,000 do not fit into 950: not begun");
    let spent = agent.run.spent();
    assert_eq!((spent.tokens, spent.attempts, spent.steps), (2_050, 5, 3), "three of the model, two of the tool");
}
