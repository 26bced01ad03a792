//! The same seed and the same inputs give the same trace, byte for byte; another seed gives other luck.

use std::collections::BTreeSet;

use steadfast::event::Event;
use steadfast::trace::Entry;
use steadfast_sim::{Ending, What};
use steadfast_sim::{Fault, FaultPlan, Faults, Human, Setup, WorldEvent, simulate};

/// Every combination of faults, or one in so many, protected and not, with every kind of human.
fn setups(seed: u64, step: usize) -> impl Iterator<Item = Setup> {
    let humans = [Human::Nobody, Human::Approves, Human::Denies, Human::Silent];
    (0..512_u32).step_by(step).flat_map(move |bits| {
        let faults: FaultPlan = Fault::ALL
            .into_iter()
            .enumerate()
            .fold(Faults::NONE, |faults, (index, fault)| faults.with(fault, bits >> index & 1 == 1))
            .into();
        humans.clone().into_iter().flat_map(move |human| {
            [true, false].map(|protection| Setup {
                faults: faults.clone(),
                protection,
                human: human.clone(),
                seed,
                ..Setup::default()
            })
        })
    })
}

#[test]
fn the_same_seed_twice_gives_the_same_bytes() {
    for seed in [0, 1, 7, u64::MAX] {
        for setup in setups(seed, 7) {
            let (first, second) = (simulate(&setup), simulate(&setup));
            assert_eq!(first.journal.to_string(), second.journal.to_string());
            assert_eq!(first.journal.hash(), second.journal.hash());
            assert_eq!(first.result, second.result);
        }
    }
}

#[test]
fn other_seeds_give_other_traces() {
    let faults = Faults::NONE.with(Fault::FlakyModel, true);
    let hash = |seed| simulate(&Setup { faults: faults.into(), seed, ..Setup::default() }).journal.hash();
    assert_eq!((0..100).map(hash).collect::<BTreeSet<_>>().len(), 100);
}

#[test]
fn a_protected_agent_always_ends_with_an_answer_within_its_limits() {
    for seed in 0..40 {
        for setup in setups(seed, if seed == 7 { 1 } else { 13 }).filter(|setup| setup.protection) {
            let outcome = simulate(&setup);
            let result = outcome.result.expect("it ends");
            assert!(!result.answer.is_empty() && result.steps <= 8, "{setup:?}");
            assert!(matches!(result.stop, Ending::Stopped(_)), "{setup:?}");
        }
    }
}

#[test]
fn no_mail_goes_out_without_a_yes_of_its_own() {
    for seed in 0..40 {
        for setup in setups(seed, if seed == 7 { 1 } else { 13 }).filter(|setup| setup.protection) {
            let outcome = simulate(&setup);
            let mails = outcome.journal.lines().iter().filter(|line| {
                matches!(&line.what, What::World(WorldEvent::EffectHappened { tool, .. }) if tool == "send_email")
            });
            let yes = |entry: &&Entry| matches!(entry.event, Event::ApprovalGranted { .. });
            let allowed = outcome.journal.decisions().filter(yes).count();
            let again = usize::from(setup.faults.has(Fault::LostAcknowledgement));
            assert!(allowed <= 1 + again, "{setup:?}\n{}", outcome.journal);
            assert!(mails.count() <= allowed, "{setup:?}\n{}", outcome.journal);
        }
    }
}

#[test]
fn what_is_merely_flaky_does_not_stop_a_protected_agent() {
    for others in [vec![], vec![Fault::RiskyTool], vec![Fault::HungCall], vec![Fault::HungCall, Fault::RiskyTool]] {
        let flaky = Faults::NONE.with(Fault::FlakyModel, true);
        let faults = others.iter().fold(flaky, |faults, fault| faults.with(*fault, true));
        for seed in 0..500 {
            let outcome = simulate(&Setup { faults: faults.into(), human: Human::Approves, seed, ..Setup::default() });
            let result = outcome.result.unwrap();
            assert!(!result.degraded, "seed {seed}, {others:?}\n{}", outcome.journal);
        }
    }
}
