//! A human's yes and no: used once, before it expires, for exactly what was shown; and for each call on its own.

use steadfast::approval::{ApprovalGate, Decision, DecisionRejected};
use steadfast::effect::{Claimed, EffectState, Ledger};
use steadfast::event::{BlockReason, Event};
use steadfast::id::{ApprovalId, RunId};
use steadfast::policy::{CallPolicy, RunPolicy};
use steadfast::run::{Input, ModelReply, Run, ToolSpec};
use steadfast::snapshot::SnapshotError;
use steadfast::time::Duration;

use crate::timeline::{Agent, lasting, ms, us};

/// Somebody to ask, who has a minute.
fn policy() -> RunPolicy {
    let gate = ApprovalGate::default().with_approver(true).with_expires_after(lasting(60_000)).unwrap();
    RunPolicy::default().with_model(CallPolicy::unguarded()).with_approval(gate)
}

fn tools() -> Vec<ToolSpec> {
    let unlimited = CallPolicy::unguarded();
    vec![ToolSpec::new("multiply").with_policy(unlimited), ToolSpec::new("send_email").risky().with_policy(unlimited)]
}

/// Asked about one mail to Ana at 0.
fn asked() -> Agent {
    let mut agent = Agent::new(policy(), tools());
    assert_eq!(agent.start(ms(0)), "think, wait");
    assert_eq!(agent.tell(ms(0), agent.wants(&[("a", "send_email", "ana")])), "ask send_email ana, until 60000");
    agent
}

/// Suspended at 0: `a` is safe and done, `b` and `c` wait for a human.
fn suspended() -> Agent {
    let mut agent = Agent::new(policy(), tools());
    agent.tell(ms(0), Input::Suspend);
    agent.start(ms(0));
    let three = agent.wants(&[("a", "multiply", "6*7"), ("b", "send_email", "ana"), ("c", "send_email", "ben")]);
    assert_eq!(agent.tell(ms(0), three), "act multiply 6*7, until 60000");
    let said = agent.tell(ms(0), agent.acted(0, "42"));
    assert_eq!(said, "withdraw 1, withdraw 2, finished: suspended");
    agent.asked.clone_from(&agent.result().pending.clone());
    agent
}

fn restored(snapshot: &[u8]) -> Result<Agent, SnapshotError> {
    Run::restore(snapshot, RunId(1), policy(), 1, tools(), ms(0), Duration::ZERO).map(Agent::of)
}

fn ignored(agent: &Agent, reason: DecisionRejected) -> usize {
    agent.traced(|event| matches!(event, Event::DecisionIgnored { reason: why, .. } if *why == reason))
}

#[test]
fn trap_23_an_approval_answered_twice() {
    let mut agent = asked();
    assert_eq!(agent.tell(ms(1_000), agent.yes(0)), "act send_email ana, wait");
    assert_eq!(agent.tell(ms(1_001), agent.yes(0)), "wait", "while it runs");
    assert_eq!(agent.tell(ms(1_002), agent.no(0)), "wait", "a no comes too late as well");
    assert_eq!(agent.tell(ms(2_000), agent.acted(0, "sent")), "think, wait");
    assert_eq!(agent.tell(ms(2_001), agent.yes(0)), "wait", "after it has run");
    assert_eq!((agent.acting.len(), ignored(&agent, DecisionRejected::AlreadyDecided)), (1, 3));

    let mut denied = asked();
    assert_eq!(denied.tell(ms(1_000), denied.no(0)), "think, wait");
    assert_eq!(denied.tell(ms(1_001), denied.yes(0)), "wait", "no yes after a no");
    assert_eq!(denied.told(), ["a: send_email did not run: a human said no."]);
}

#[test]
fn trap_23_an_approval_answered_after_it_expired() {
    let mut in_time = asked();
    assert_eq!(in_time.tell(us(59_999_999), in_time.yes(0)), "act send_email ana, wait");

    for late in [ms(60_000), us(60_000_001), ms(3_600_000)] {
        let mut agent = asked();
        assert_eq!(agent.tell(late, agent.yes(0)), "withdraw 1, think, wait", "at {late}");
        assert_eq!(agent.told(), ["a: send_email did not run: nobody answered in time."]);
        assert_eq!(ignored(&agent, DecisionRejected::Expired), 1);
    }
}

#[test]
fn trap_23_an_approval_for_other_arguments() {
    let mut agent = asked();
    let mut other = Agent::new(policy(), tools());
    other.start(ms(0));
    other.tell(ms(0), other.wants(&[("a", "send_email", "eve")]));
    let of = |agent: &Agent, digest| Input::DecidedOn(agent.asked[0].id, digest, Decision::Approve);
    assert_eq!(agent.tell(ms(1), of(&agent, other.asked[0].digest)), "until 60000", "shown eve, would run ana");
    assert_eq!(agent.tell(ms(1), Input::Decided(ApprovalId(2), Decision::Approve)), "until 60000", "never asked");
    assert_eq!(ignored(&agent, DecisionRejected::OtherCall), 1);
    assert_eq!(ignored(&agent, DecisionRejected::Unknown), 1);
    assert_eq!(agent.tell(ms(2), of(&agent, agent.asked[0].digest)), "act send_email ana, wait");
}

#[test]
fn agents_one_approval_posted_three_times_sends_one_mail_and_the_first_result_comes_back() {
    let snapshot = suspended().run.snapshot();
    let mut shared = Ledger::default();
    let mut mails = Vec::new();
    for post in 1..=3 {
        let mut agent = restored(&snapshot).unwrap();
        assert_eq!(agent.start(ms(0)), "ask send_email ana, ask send_email ben, until 60000");
        agent.tell(ms(1), agent.no(1));
        let said = agent.tell(ms(1), agent.yes(0));
        assert!(said.contains("claim send_email started"), "{said}");
        for claim in agent.claims.clone() {
            let key = claim.entry.key;
            agent.tell(ms(2), Input::Claimed(key, shared.claim(claim)));
        }
        if let Some(sending) = agent.acting.first() {
            mails.push(post);
            agent.tell(ms(3), Input::ToolReplied(*sending, format!("sent by post {post}")));
        }
        agent.records.drain(..).for_each(|entry| shared.write(entry));
        assert_eq!(agent.told()[1], "b: sent by post 1", "post {post}");
    }
    assert_eq!(mails, [1]);
}

#[test]
fn agents_the_same_state_resumed_twice_at_once_sends_one_mail() {
    let snapshot = suspended().run.snapshot();
    let mut shared = Ledger::default();
    let mut both = [restored(&snapshot).unwrap(), restored(&snapshot).unwrap()];
    for agent in &mut both {
        agent.start(ms(0));
        agent.tell(ms(1), agent.no(1));
        agent.tell(ms(1), agent.yes(0));
        assert!(agent.acting.is_empty(), "nothing before the ledger that both share was asked");
    }
    let [first, second] = &mut both;
    let (of_first, of_second) = (first.claims.clone(), second.claims.clone());
    let answer = |shared: &mut Ledger, agent: &mut Agent, claims: &[steadfast::effect::Claim]| {
        for claim in claims {
            let claimed = shared.claim(claim.clone());
            agent.tell(ms(2), Input::Claimed(claim.entry.key, claimed));
        }
    };
    answer(&mut shared, first, &of_first);
    answer(&mut shared, second, &of_second);
    assert_eq!((first.acting.len(), second.acting.len()), (1, 0));
    assert!(second.told()[1].contains("It may have happened"), "the first is still at it: {:?}", second.told());
}

#[test]
fn agents_a_recipient_edited_in_the_snapshot_is_refused() {
    let intact = asked().run.snapshot();
    assert!(restored(&intact).is_ok());
    let places: Vec<_> = (0..intact.len() - 3).filter(|at| &intact[*at..at + 3] == b"ana").collect();
    assert!(!places.is_empty());
    for edited in
        (1_u32..1 << places.len()).map(|choice| places.iter().enumerate().filter(move |(n, _)| choice >> n & 1 == 1))
    {
        let mut forged = intact.clone();
        edited.for_each(|(_, at)| forged[*at..at + 3].copy_from_slice(b"eve"));
        assert_eq!(restored(&forged).err(), Some(SnapshotError::Damaged));
        // FNV-1a: with a checksum that fits, as who edits on purpose would give it.
        let content = forged.len() - 8;
        let sum = forged[..content]
            .iter()
            .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
        forged[content..].copy_from_slice(&sum.to_le_bytes());
        if let Ok(mut agent) = restored(&forged) {
            // What was shown to the human was left as it was, and that is what runs.
            agent.start(ms(0));
            agent.tell(ms(1), agent.yes(0));
            assert_eq!(agent.claims[0].entry.args, "ana");
            let granted = Input::Claimed(agent.claims[0].entry.key, Claimed::Granted);
            assert_eq!(agent.tell(ms(2), granted), "act send_email ana, wait");
        }
    }
}

#[test]
fn agents_of_a_safe_an_approved_a_denied_and_an_unanswered_call_each_gets_its_own_result() {
    let mut agent = Agent::new(policy(), tools());
    agent.start(ms(0));
    let four =
        [("a", "multiply", "6*7"), ("b", "send_email", "ana"), ("c", "send_email", "ben"), ("d", "send_email", "cleo")];
    assert_eq!(
        agent.tell(ms(0), agent.wants(&four)),
        "ask send_email ana, ask send_email ben, ask send_email cleo, act multiply 6*7, until 60000"
    );
    assert_eq!(agent.tell(ms(10), agent.acted(0, "42")), "until 60000");
    assert_eq!(agent.tell(ms(20), agent.no(1)), "until 60000");
    assert_eq!(agent.tell(ms(30), agent.yes(0)), "act send_email ana, until 60000");
    assert_eq!(agent.tell(ms(40), agent.acted(1, "sent")), "until 60000", "one is unanswered: it stays pending");
    assert_eq!(agent.told(), Vec::<String>::new(), "and the model is not asked on with a call left dangling");
    assert_eq!(agent.tick(us(59_999_999)), "until 60000");
    assert_eq!(agent.tick(ms(60_000)), "withdraw 3, think, wait");
    assert_eq!(
        agent.told(),
        [
            "a: 42",
            "b: sent",
            "c: send_email did not run: a human said no.",
            "d: send_email did not run: nobody answered in time."
        ]
    );
}

#[test]
fn agents_an_unanswered_call_of_a_suspended_run_stays_pending() {
    let mut agent = restored(&suspended().run.snapshot()).unwrap();
    agent.start(ms(0));
    agent.tell(ms(1), agent.no(0));
    agent.tell(ms(1), Input::Claimed(agent.claims[0].entry.key, Claimed::Granted));
    assert_eq!(agent.tell(ms(2), Input::Suspend), "withdraw 2, finished: suspended");
    let pending: Vec<_> = agent.result().pending.iter().map(|request| request.args.as_str()).collect();
    assert_eq!(pending, ["ben"]);
}

#[test]
fn agents_a_result_is_recorded_before_the_run_goes_on() {
    let run = Run::new(RunId(1), "Tell both.", policy(), 1, tools(), steadfast::rng::Seed(1)).unwrap();
    let mut agent = Agent::of(run.with_claims());
    agent.start(ms(0));
    agent.tell(ms(0), agent.wants(&[("a", "send_email", "ana"), ("b", "send_email", "ben")]));
    assert_eq!(agent.tell(ms(1), agent.yes(0)), "claim send_email started, until 60000");
    let granted = |agent: &Agent| Input::Claimed(agent.claims.last().unwrap().entry.key, Claimed::Granted);
    assert_eq!(agent.tell(ms(2), granted(&agent)), "act send_email ana, until 60000");
    let said = agent.tell(ms(3), agent.acted(0, "sent"));
    assert_eq!(said, "record send_email done, until 60000", "at once, although the other one is not answered");
    assert_eq!((agent.records[0].state, agent.records[0].output.as_str()), (EffectState::Done, "sent"));
    agent.tell(ms(4), agent.yes(1));
    agent.tell(ms(5), granted(&agent));
    let said = agent.tell(ms(6), agent.acted(1, "sent too"));
    assert_eq!(said, "record send_email done, think, wait", "and before the model is asked");
}

#[test]
fn agents_resuming_replays_decisions_and_not_effects() {
    let mut first = restored(&suspended().run.snapshot()).unwrap();
    first.start(ms(0));
    first.tell(ms(1), first.yes(0));
    first.tell(ms(2), Input::Claimed(first.claims[0].entry.key, Claimed::Granted));
    first.tell(ms(3), first.acted(0, "sent"));
    assert_eq!(first.tell(ms(4), Input::Suspend), "withdraw 2, finished: suspended");
    for resume in 1..=2 {
        let mut agent = restored(&first.run.snapshot()).unwrap();
        let said = agent.start(ms(0));
        assert_eq!(said, "ask send_email ben, until 59996", "resume {resume}: neither what ran nor what was decided");
        agent.tell(ms(1), agent.no(0));
        let granted = Input::Claimed(agent.claims[0].entry.key, Claimed::Granted);
        assert_eq!(agent.tell(ms(2), granted), "think, wait");
        assert_eq!(agent.told(), ["a: 42", "b: sent", "c: send_email did not run: a human said no."]);
        assert!(agent.acting.is_empty());
        let end = agent.tell(ms(3), agent.replies(ModelReply::answer("Done.")));
        assert_eq!(end, "finished: answered");
    }
}

#[test]
fn agents_an_expired_approval_is_neither_a_yes_nor_a_human_s_no() {
    let mut agent = asked();
    assert_eq!(agent.tick(us(59_999_999)), "until 60000");
    assert_eq!(agent.tick(ms(60_000)), "withdraw 1, think, wait");
    assert_eq!(agent.traced(|event| matches!(event, Event::ApprovalExpired { .. })), 1);
    let decided = |event: &Event| matches!(event, Event::ApprovalGranted { .. } | Event::ApprovalDenied { .. });
    assert_eq!((agent.traced(decided), agent.acting.len()), (0, 0));
    let blocked = |event: &Event| matches!(event, Event::ToolBlocked { reason: BlockReason::Expired, .. });
    assert_eq!(agent.traced(blocked), 1);
    assert_eq!(agent.told(), ["a: send_email did not run: nobody answered in time."]);
    agent.tell(ms(61_000), agent.replies(ModelReply::answer("Not sent.")));
    assert_eq!(agent.result().blocked, ["send_email"]);
}
