//! Ways to break the engine on purpose: for the proof that the checkers of the simulator see what they are there to see,
//! and for nothing else.
//!
//! Only there with the feature `sabotage`, which no release has. The switch is one for the whole process.
//!
//! ```
//! use steadfast::sabotage::{Sabotage, is, set};
//!
//! set(Some(Sabotage::CancelIsNotHeard));
//! assert!(is(Sabotage::CancelIsNotHeard) && !is(Sabotage::EndsTwice));
//! set(None);
//! assert!(!Sabotage::ALL.into_iter().any(is));
//! ```

use core::sync::atomic::{AtomicU8, AtomicU64, Ordering};

/// The number of the one that is on, from 1; 0 if none is.
static ON: AtomicU8 = AtomicU8::new(0);

static DRAWN: AtomicU64 = AtomicU64::new(0);

/// Turns one on, or with `None` all off, in the whole process.
pub fn set(sabotage: Option<Sabotage>) {
    ON.store(sabotage.map_or(0, Sabotage::number), Ordering::Relaxed);
}

/// Whether that one is on.
#[must_use]
pub fn is(sabotage: Sabotage) -> bool {
    ON.load(Ordering::Relaxed) == sabotage.number()
}

/// Another number each time: what an engine must never draw from.
pub(crate) fn count() -> u64 {
    DRAWN.fetch_add(1, Ordering::Relaxed)
}

macro_rules! sabotages {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// A way to break the engine.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Sabotage {
            $($(#[$doc])* $name,)*
        }

        impl Sabotage {
            /// Every one.
            pub const ALL: [Self; [$(stringify!($name)),*].len()] = [$(Self::$name),*];

            const fn number(self) -> u8 {
                self as u8 + 1
            }
        }
    };
}

sabotages! {
    /// An attempt of an option more than the policy allows.
    OneAttemptTooMany,
    /// An option more than there are.
    OneOptionTooMany,
    /// Attempts of one call with the same number.
    AttemptsShareANumber,
    /// An attempt may take twice its timeout.
    TimeoutIsDoubled,
    /// The retry budget refuses nothing.
    RetriesBeyondTheirShare,
    /// The budget does not count attempts.
    AttemptsAreNotCounted,
    /// The budget does not count steps.
    StepsAreNotCounted,
    /// The budget does not count tokens.
    TokensAreNotCounted,
    /// The budget does not count money.
    MoneyIsNotCounted,
    /// The budget has all the time in the world.
    BudgetHasNoDeadline,
    /// A step more than allowed.
    OneStepTooMany,
    /// The run has no deadline.
    RunHasNoDeadline,
    /// Calls have no deadline.
    CallHasNoDeadline,
    /// An attempt is never given up.
    AttemptNeverTimesOut,
    /// A wait between attempts is never over.
    WaitNeverEnds,
    /// A model's reply counts although its time was up.
    LateReplyCounts,
    /// An outcome counts for whichever attempt is under way.
    AnyAttemptWillDo,
    /// What was shown to somebody is tried again.
    CommitIsForgotten,
    /// A wait ends with whatever comes first.
    WaitEndsEarly,
    /// A wait is half of what was drawn.
    WaitIsHalved,
    /// What a server asked for is not heard.
    ServerIsNotHeard,
    /// What a server asked for is forgotten when a process ends.
    ServerIsForgotten,
    /// What a server asked for holds only for the call that was told.
    ServersWordIsTheCallsOwn,
    /// Waits grow beyond their cap.
    CapIsForgotten,
    /// At the cap all waits are alike.
    NoJitterAtTheCap,
    /// Draws depend on more than the seed.
    ChanceFromOutside,
    /// An open breaker lets everything through.
    OpenBreakerAdmits,
    /// A half-open breaker lets everything through.
    HalfOpenBreakerAdmitsAll,
    /// A tool runs with other arguments than the model asked for.
    ArgumentsAreMadeUp,
    /// A tool that was asked for once runs twice.
    WishIsGrantedTwice,
    /// A risky tool runs, and nobody is asked.
    NobodyIsAsked,
    /// A risky tool runs where there is nobody to ask.
    NobodyIsThereToAsk,
    /// Arguments that the host called risky are not asked about.
    RiskyArgumentsAreNotAskedAbout,
    /// After one yes a tool runs without another.
    OneYesForAll,
    /// What a human changed is not what runs.
    EditIsForgotten,
    /// A no is a yes.
    NoIsAYes,
    /// Silence is a yes.
    SilenceIsAYes,
    /// A question is open for twice its time.
    QuestionIsOpenTooLong,
    /// A decision on another call counts.
    AnyDigestWillDo,
    /// A decision counts for whichever question is open.
    AnyQuestionWillDo,
    /// A human is shown other arguments than those that run.
    HumanIsShownSomethingElse,
    /// A late word that something happened after all is not passed on.
    LateWordIsNotTold,
    /// A human is not told that it may have happened already.
    AgainIsNotSaid,
    /// What must not happen twice is tried again like anything else.
    OnceIsRetried,
    /// What may have happened runs again, and nobody is asked.
    UnknownRunsAgain,
    /// What was under way when its process ended runs again.
    InterruptedRunsAgain,
    /// A resume runs whatever the shared ledger says.
    LedgerIsNotHeard,
    /// The shared ledger grants every claim.
    LedgerGrantsAll,
    /// A resume does not ask the shared ledger.
    ResumeDoesNotClaim,
    /// A cancellation is not heard.
    CancelIsNotHeard,
    /// After a cancellation it is looked up what happened.
    LooksUpAfterTheEnd,
    /// After its end a run still has something to say.
    SpeaksAfterTheEnd,
    /// A run that is over ends again.
    EndsTwice,
    /// A degraded run has no answer.
    NoAnswer,
    /// The last result of a turn is lost.
    ResultIsLost,
    /// The last result of a turn comes twice.
    ResultComesTwice,
    /// A snapshot is damaged.
    SnapshotIsDamaged,
    /// A restored run has no deadline.
    DeadlineIsNotRestored,
    /// A restored run begins to count its steps.
    StepsAreNotRestored,
    /// A restored run has spent nothing.
    SpendIsNotRestored,
    /// A restored call begins to count its attempts.
    AttemptsAreNotRestored,
    /// Open questions do not age while a run is away.
    QuestionsDoNotAge,
}
