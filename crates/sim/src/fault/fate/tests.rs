use super::*;
use crate::fault::{Faults, Occurrence, Window};
use steadfast::id::{AttemptId, CallId, Key};

fn attempt(call: u64, number: u32) -> Attempt {
    let id = AttemptId { call: CallId(call), attempt: number };
    Attempt { id, option: 0, key: Key::default(), until: None, deadline: None }
}

fn only(fault: Fault) -> FaultPlan {
    Faults::NONE.with(fault, true).into()
}

fn at_rate(fault: Fault, rate: u32) -> FaultPlan {
    FaultPlan::default().with(fault, Some(Occurrence::default().with_rate(Some(rate)).unwrap()))
}

fn fate(plan: &FaultPlan, call: u64, number: u32, seed: u64) -> Fate {
    plan.of_model(&attempt(call, number), Instant::ORIGIN, Seed(seed)).0
}

/// Whether a fault meddles with that attempt, whatever it meddles with.
fn meddles(plan: &FaultPlan, fault: Fault, attempt: &Attempt, at: Instant, seed: u64) -> bool {
    let seed = Seed(seed);
    match fault {
        Fault::RunawayLoop => plan.of_reply(attempt, at, seed).loops,
        Fault::RiskyTool => plan.of_reply(attempt, at, seed).mails,
        Fault::MalformedArguments => plan.of_reply(attempt, at, seed).breaks_off,
        Fault::LostAcknowledgement => plan.loses_acknowledgement(attempt, at, seed),
        _ => plan.of_model(attempt, at, seed).1 == Some(fault),
    }
}

#[test]
fn a_flaky_model_fails_twice_at_first_and_never_three_times_in_a_row() {
    let plan = only(Fault::FlakyModel);
    for seed in 0..500 {
        let failed = |call, number| matches!(fate(&plan, call, number, seed), Fate::Fails(..));
        assert!(failed(1, 1) && failed(1, 2) && !failed(1, 3), "seed {seed}");
        for call in 2..5 {
            assert!(!(failed(call, 1) && failed(call, 2) && failed(call, 3)), "seed {seed} call {call}");
        }
    }
}

#[test]
fn a_flaky_model_fails_about_as_often_as_it_says() {
    let plan = only(Fault::FlakyModel);
    let failed = (0..2_000).filter(|seed| matches!(fate(&plan, 2, 1, *seed), Fate::Fails(..))).count();
    assert!((720..880).contains(&failed), "{failed} of 2,000 at 40 %");
}

#[test]
fn without_faults_everything_answers() {
    let none = FaultPlan::default();
    for seed in 0..100 {
        assert!(matches!(none.of_model(&attempt(1, 1), Instant::ORIGIN, Seed(seed)), (Fate::Answers(_), None)));
        let quiet = Reply { loops: false, mails: false, breaks_off: false };
        assert_eq!(none.of_reply(&attempt(1, 1), Instant::ORIGIN, Seed(seed)), quiet);
        assert!(!none.loses_acknowledgement(&attempt(1, 1), Instant::ORIGIN, Seed(seed)));
    }
}

#[test]
fn each_fault_meets_the_first_attempt_unless_its_rate_says_otherwise() {
    for fault in Fault::ALL {
        for seed in 0..100 {
            let first = |plan: &FaultPlan| meddles(plan, fault, &attempt(1, 1), Instant::ORIGIN, seed);
            assert!(first(&only(fault)), "{fault:?} {seed}");
            assert!(first(&at_rate(fault, 1_000)) && !first(&at_rate(fault, 0)), "{fault:?} {seed}");
        }
    }
}

#[test]
fn a_rate_is_about_as_often_as_it_says_and_a_higher_one_only_adds() {
    for fault in Fault::ALL {
        let hit = |rate| {
            let plan = at_rate(fault, rate);
            let hit = |seed: &u64| meddles(&plan, fault, &attempt(3, 2), Instant::ORIGIN, *seed);
            (0..2_000).filter(hit).collect::<std::collections::BTreeSet<u64>>()
        };
        let (few, many) = (hit(300), hit(700));
        assert!((520..680).contains(&few.len()), "{fault:?}: {} of 2,000 at 30 %", few.len());
        assert!((1_320..1_480).contains(&many.len()), "{fault:?}: {} of 2,000 at 70 %", many.len());
        assert!(few.is_subset(&many), "{fault:?}");
    }
}

#[test]
fn faults_have_dice_of_their_own() {
    let hit =
        |fault| (0..64).map(move |seed| meddles(&at_rate(fault, 500), fault, &attempt(2, 1), Instant::ORIGIN, seed));
    let patterns: std::collections::BTreeSet<Vec<bool>> = Fault::ALL.map(|fault| hit(fault).collect()).into();
    assert_eq!(patterns.len(), Fault::ALL.len());
}

#[test]
fn outside_of_its_windows_a_fault_does_nothing() {
    let window = Window::new(Instant::from_millis(1_000), Instant::from_millis(2_000)).unwrap();
    for fault in Fault::ALL {
        for rate in [None, Some(1_000)] {
            let occurrence = Occurrence::default().with_rate(rate).unwrap().with_windows(vec![window]).unwrap();
            let plan = FaultPlan::default().with(fault, Some(occurrence));
            let met = [0, 999, 1_000, 1_999, 2_000]
                .map(|at| meddles(&plan, fault, &attempt(1, 1), Instant::from_millis(at), 7));
            assert_eq!(met, [false, false, true, true, false], "{fault:?} {rate:?}");
        }
    }
}

#[test]
fn whom_a_call_falls_back_on_has_none_of_the_faults_of_the_first_model() {
    let all =
        Fault::ALL.into_iter().fold(FaultPlan::default(), |plan, fault| plan.with(fault, Some(Occurrence::default())));
    let other = Attempt { option: 1, ..attempt(1, 1) };
    assert!(matches!(all.of_model(&other, Instant::ORIGIN, Seed(7)), (Fate::Answers(_), None)));
}
