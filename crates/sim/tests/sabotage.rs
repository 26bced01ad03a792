//! The proof that the swarm's checkers see what they are there to see: an engine broken on purpose, in each of many ways, is
//! caught by the rule that the way breaks, and the engine as it is by none.
//!
//! Not provable here: that a call's cost does not grow with its history. A sabotage that kept history would change nothing
//! that a world can see; the breaker's and the budget's own tests hold their sizes.

use steadfast::sabotage::{Sabotage, set};
use steadfast_sim::swarm::{Rule, swarm};

/// Within so many worlds each must be caught.
const WORLDS: u64 = 8_192;

/// The rule that each breaks.
fn broken_by(sabotage: Sabotage) -> Rule {
    use Sabotage as S;
    match sabotage {
        S::OneAttemptTooMany
        | S::OneOptionTooMany
        | S::AttemptsShareANumber
        | S::TimeoutIsDoubled
        | S::RetriesBeyondTheirShare
        | S::AttemptsAreNotCounted
        | S::StepsAreNotCounted
        | S::TokensAreNotCounted
        | S::MoneyIsNotCounted
        | S::OneStepTooMany
        | S::StepsAreNotRestored
        | S::SpendIsNotRestored
        | S::AttemptsAreNotRestored => Rule::WithinLimits,
        S::BudgetHasNoDeadline
        | S::RunHasNoDeadline
        | S::CallHasNoDeadline
        | S::CommitIsForgotten
        | S::CancelIsNotHeard
        | S::LooksUpAfterTheEnd
        | S::SpeaksAfterTheEnd
        | S::DeadlineIsNotRestored => Rule::NothingAfterTheEnd,
        S::AttemptNeverTimesOut | S::WaitNeverEnds | S::EndsTwice | S::NoAnswer | S::SnapshotIsDamaged => {
            Rule::EndsWithAnAnswer
        }
        S::LateReplyCounts | S::AnyAttemptWillDo | S::ArgumentsAreMadeUp | S::WishIsGrantedTwice => {
            Rule::NothingUnasked
        }
        S::WaitEndsEarly
        | S::WaitIsHalved
        | S::ServerIsNotHeard
        | S::ServerIsForgotten
        | S::ServersWordIsTheCallsOwn
        | S::CapIsForgotten
        | S::NoJitterAtTheCap => Rule::WaitsAsAsked,
        S::ChanceFromOutside => Rule::SameTwice,
        S::OpenBreakerAdmits | S::HalfOpenBreakerAdmitsAll => Rule::NothingWhileOpen,
        S::NobodyIsAsked
        | S::NobodyIsThereToAsk
        | S::RiskyArgumentsAreNotAskedAbout
        | S::OneYesForAll
        | S::EditIsForgotten
        | S::NoIsAYes
        | S::SilenceIsAYes
        | S::QuestionIsOpenTooLong
        | S::AnyDigestWillDo
        | S::AnyQuestionWillDo
        | S::HumanIsShownSomethingElse
        | S::AgainIsNotSaid
        | S::LateWordIsNotTold
        | S::OnceIsRetried
        | S::UnknownRunsAgain
        | S::InterruptedRunsAgain
        | S::LedgerIsNotHeard
        | S::LedgerGrantsAll
        | S::ResumeDoesNotClaim
        | S::QuestionsDoNotAge => Rule::EffectsWithinApprovals,
        S::ResultIsLost | S::ResultComesTwice => Rule::OneResultEach,
    }
}

/// The first world in which that rule is seen broken. A few worlds first: most are caught there.
fn first_seed(rule: Rule) -> Option<u64> {
    let mut first = 0;
    for until in [16, 128, 1_024, WORLDS] {
        let report = swarm(first, until - first);
        let caught = report.violations.iter().find(|violation| violation.rule == rule);
        if let Some(violation) = caught {
            return Some(violation.seed);
        }
        first = until;
    }
    None
}

#[test]
fn every_sabotage_is_caught_by_the_rule_it_breaks_and_none_is_seen_where_there_is_none() {
    let report = swarm(0, WORLDS);
    assert!(report.violations.is_empty(), "{:#?}", report.violations);
    let mut missed = Vec::new();
    println!("{:<32} {:<24} first seed", "sabotage", "rule");
    for sabotage in Sabotage::ALL {
        set(Some(sabotage));
        let rule = broken_by(sabotage);
        let seed = first_seed(rule);
        set(None);
        let when = seed.map_or("never".to_owned(), |seed| seed.to_string());
        println!("{:<32} {:<24} {when:>10}", format!("{sabotage:?}"), format!("{rule:?}"));
        if seed.is_none() {
            missed.push(sabotage);
        }
    }
    assert!(missed.is_empty(), "not caught within {WORLDS} worlds: {missed:?}");
}
