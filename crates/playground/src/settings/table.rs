//! The table of every setting of an agent: its name, its place, its unit, its default and what it is for. Whatever shows, reads,
//! writes or links a setting reads this.

use super::unit::{Most, Unit};
use steadfast::explain::Subject;

/// A pattern, under which its settings stand together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// Trying again, and how long after.
    Retry,
    /// How long anything may take.
    Timeout,
    /// Leaving alone what keeps failing.
    Breaker,
    /// Whom else to ask.
    Fallback,
    /// What a run may spend.
    Budget,
    /// Ending what goes in circles.
    Progress,
    /// Whom to ask before something risky runs.
    Approval,
    /// The tools.
    Tools,
}

impl Group {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 8] = [
        Self::Retry,
        Self::Timeout,
        Self::Breaker,
        Self::Fallback,
        Self::Budget,
        Self::Progress,
        Self::Approval,
        Self::Tools,
    ];

    /// Its name for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Retry => "Retry and backoff",
            Self::Timeout => "Timeouts and deadlines",
            Self::Breaker => "Circuit breaker",
            Self::Fallback => "Fallback",
            Self::Budget => "Budget",
            Self::Progress => "Step limit and progress",
            Self::Approval => "Approval",
            Self::Tools => "Tools and effects",
        }
    }

    /// Its settings, in the order in which they are shown.
    pub fn keys(self) -> impl Iterator<Item = Key> {
        Key::ALL.into_iter().filter(move |key| key.group() == self)
    }
}

/// Whose policy a setting stands in, as explanations say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    Model,
    Run,
    Multiply,
    Mail,
}

impl Owner {
    /// What stands before the names of its settings in paths: tools have settings of the same names.
    const fn prefix(self) -> &'static str {
        match self {
            Self::Model | Self::Run => "",
            Self::Multiply => "multiply.",
            Self::Mail => "send_email.",
        }
    }

    fn is(self, subject: &Subject) -> bool {
        match (self, subject) {
            (Self::Model, Subject::Model) | (Self::Run, Subject::Run) => true,
            (Self::Multiply, Subject::Tool(name)) => name == "multiply",
            (Self::Mail, Subject::Tool(name)) => name == "send_email",
            _ => false,
        }
    }
}

struct Row {
    code: &'static str,
    path: &'static str,
    owner: Owner,
    group: Group,
    unit: Unit,
    default: Option<u64>,
    title: &'static str,
    about: &'static str,
}

macro_rules! table {
    ($($key:ident $code:literal $owner:ident $path:literal $group:ident $unit:expr, $default:expr, $title:literal, $about:literal;)*) => {
        /// A setting of an agent. Its path is the very name that explanations use; those of tools begin with the tool's name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "each is told in the table")]
        pub enum Key { $($key),* }

        const ROWS: &[Row] = &[$(Row {
            code: $code, path: $path, owner: Owner::$owner, group: Group::$group, unit: $unit, default: $default, title: $title,
            about: $about,
        }),*];

        impl Key {
            /// All of them, in the order in which they are shown.
            pub const ALL: [Self; ROWS.len()] = [$(Self::$key),*];
        }
    };
}

const JITTERS: Unit = Unit::Choice(&["full", "equal", "decorrelated", "none"]);
const EFFECTS: Unit = Unit::Choice(&["none", "idempotent", "once"]);
const OFF: Option<u64> = Some(0);
const ON: Option<u64> = Some(1);
const FEW: Unit = Unit::Count(Most::Hundred);
const SOME: Unit = Unit::Count(Most::Thousand);
const MANY: Unit = Unit::Count(Most::Million);

/// So many milliseconds, as they are kept.
const fn ms(millis: u64) -> u64 {
    millis * 1_000
}

table! {
    Retry "rt" Model "retry" Retry Unit::Switch, ON, "Retry", "Whether a failed attempt at the model is followed by another.";
    RetryAttempts "ra" Model "retry.attempts" Retry FEW, Some(4), "Attempts", "How many attempts a call may make in all, the first included.";
    BackoffBase "bb" Model "backoff.base" Retry Unit::TIME, Some(ms(500)), "First wait", "The ceiling of the wait before the second attempt.";
    BackoffCap "bc" Model "backoff.cap" Retry Unit::TIME, Some(ms(20_000)), "Longest wait", "No wait is drawn longer than this.";
    BackoffFactor "bf" Model "backoff.factor" Retry Unit::Factor, Some(2_000), "Growth", "How the ceiling grows from wait to wait; 2 doubles it.";
    BackoffJitter "bj" Model "backoff.jitter" Retry JITTERS, Some(0), "Jitter", "How a wait is drawn below its ceiling, so that many callers do not come back at once.";
    LongestPause "lp" Model "longest_pause" Retry Unit::LIMIT, Some(ms(300_000)), "Longest pause", "A server that asks for a longer pause than this is not waited for.";
    Throttle "th" Model "throttle" Retry Unit::Switch, OFF, "Throttle", "Whether retries stop while most attempts fail.";
    ThrottleTokens "tt" Model "throttle.tokens" Retry SOME, Some(10), "Throttle tokens", "A failure takes one; at half of them nothing is retried.";
    ThrottleRatio "tr" Model "throttle.ratio" Retry Unit::Factor, Some(100), "Throttle ratio", "How much of a token a success gives back.";
    RetryBudget "rb" Run "retry_budget" Retry Unit::Switch, ON, "Retry budget", "Whether the run's retries are limited to a share of its calls.";
    RetryBudgetRate "rr" Run "retry_budget.rate" Retry Unit::Percent, Some(200), "Share of retries", "How many retries there may be to a hundred calls.";
    RetryBudgetAtLeast "rl" Run "retry_budget.at_least" Retry SOME, Some(20), "Retries at least", "So many retries are allowed however few the calls are.";

    Timeout "to" Model "timeout" Timeout Unit::LIMIT, Some(ms(4_000)), "Attempt timeout", "What takes longer is abandoned, so that a fresh attempt can begin.";
    Deadline "dl" Model "deadline" Timeout Unit::LIMIT, Some(ms(30_000)), "Call deadline", "Attempts, waits and fallbacks of a call together may take so long.";
    FirstOutput "fo" Model "first_output" Timeout Unit::LIMIT, None, "First output", "How long the first part of a streamed answer may take.";
    Idle "id" Model "idle" Timeout Unit::LIMIT, None, "Idle", "How long each further part of a streamed answer may take.";
    RunDeadline "rd" Run "run.deadline" Timeout Unit::LIMIT, None, "Run deadline", "The whole run may take so long.";

    Breaker "br" Model "breaker" Breaker Unit::Switch, ON, "Breaker", "Whether a model that keeps failing is left alone for a while.";
    BreakerConsecutive "bn" Model "breaker.consecutive" Breaker SOME, Some(3), "Failures in a row", "It opens after so many; 0 switches this rule off.";
    BreakerWindow "bw" Model "breaker.window" Breaker Unit::Switch, ON, "Window rule", "Whether it opens by the share of failures among recent calls.";
    BreakerWindowRate "wr" Model "breaker.window.rate" Breaker Unit::Percent, Some(500), "Failures in the window", "The share of failures at which it opens.";
    BreakerWindowCalls "wc" Model "breaker.window.calls" Breaker SOME, Some(20), "Calls in the window", "How many of the last calls it looks at.";
    BreakerWindowMs "wm" Model "breaker.window.ms" Breaker Unit::TIME, Some(ms(60_000)), "Window length", "How far back it looks.";
    BreakerWindowMinimum "wn" Model "breaker.window.minimum" Breaker SOME, Some(10), "Calls before it judges", "With fewer calls in the window it does not judge.";
    BreakerSlow "bs" Model "breaker.slow" Breaker Unit::Switch, OFF, "Slow rule", "Whether it opens by the share of slow calls among recent ones.";
    BreakerSlowMs "sm" Model "breaker.slow.ms" Breaker Unit::TIME, Some(ms(2_000)), "Slow from", "A call that takes so long is slow.";
    BreakerSlowRate "sr" Model "breaker.slow.rate" Breaker Unit::Percent, Some(500), "Slow calls", "The share of slow calls at which it opens.";
    BreakerOpenFor "of" Model "breaker.open_for" Breaker Unit::TIME, Some(ms(30_000)), "Open for", "How long it stays open the first time, at most; each further time twice as long.";
    BreakerOpenForMax "om" Model "breaker.open_for_max" Breaker Unit::TIME, Some(ms(300_000)), "Open at most", "It never stays open longer.";
    BreakerProbes "bp" Model "breaker.probes" Breaker FEW, Some(1), "Probes", "How many attempts it lets through at once to see whether the model is back.";
    BreakerSuccesses "bu" Model "breaker.successes" Breaker FEW, Some(1), "Successes to close", "How many probes must succeed before it closes.";
    BreakerLease "bl" Model "breaker.lease" Breaker Unit::LIMIT, None, "Probe lease", "A probe unheard of for so long counts as failed; none means the attempt timeout.";

    Models "mo" Run "model" Fallback FEW, Some(1), "Models", "How many models there are; the next is asked where the one before cannot be had.";

    BudgetDeadline "ud" Run "budget.deadline" Budget Unit::LIMIT, None, "Time", "Nothing is begun later than this.";
    BudgetAttempts "ua" Run "budget.attempts" Budget Unit::Limit(Most::Million), None, "Attempts", "How many attempts a run may make in all, tools included.";
    BudgetSteps "us" Run "budget.steps" Budget Unit::Limit(Most::Million), None, "Steps", "How many turns of the loop it may make.";
    BudgetTokens "ut" Run "budget.tokens" Budget Unit::Limit(Most::Million), None, "Tokens", "How many tokens its models may read and write.";
    BudgetMoney "um" Run "budget.money" Budget Unit::Money, None, "Money", "What its models may cost.";
    EstimateTokens "et" Model "estimate.tokens" Budget MANY, Some(0), "Tokens reserved", "How many are reserved before each attempt, and counted where nobody says how many there were.";
    EstimateMoney "em" Model "estimate.money" Budget Unit::Price, Some(0), "Money reserved", "What is reserved before each attempt, and counted where nobody says what it cost.";

    MaxSteps "ms" Run "max_steps" Progress SOME, Some(8), "Step limit", "After so many turns of the loop the run is over.";
    Progress "pr" Run "progress" Progress Unit::Switch, ON, "Progress detector", "Whether an agent that repeats itself is told, refused, and stopped.";
    ProgressRepeats "pn" Run "progress.repeats" Progress FEW, Some(1), "Repeats", "So many repeats of a turn, or of a cycle, bring the first hint.";
    ProgressCycle "pc" Run "progress.longest_cycle" Progress FEW, Some(4), "Longest cycle", "Cycles of up to so many turns are seen.";
    ProgressErrors "pe" Run "progress.errors" Progress FEW, Some(3), "Same error", "The same error in so many turns in a row brings a hint; 0 switches this rule off.";
    ProgressNothingNew "po" Run "progress.nothing_new" Progress FEW, Some(6), "Nothing new", "So many turns in a row without news bring a hint; 0 switches this rule off.";
    ProgressPolling "pp" Run "progress.polling" Progress Unit::Choice(&["none", "multiply"]), Some(0), "May poll", "The tool that may honestly be asked the same again.";

    Approver "ap" Run "approver" Approval Unit::Switch, ON, "Approver", "Whether there is a human to ask; without one, risky calls are blocked.";
    ApprovalExpiresAfter "ax" Run "approval.expires_after" Approval Unit::TIME, Some(ms(600_000)), "Expires after", "Silence for so long is a no.";

    MultiplyTimeout "xt" Multiply "timeout" Tools Unit::LIMIT, Some(ms(10_000)), "multiply: timeout", "How long an attempt at it may take.";
    MultiplyAttempts "xa" Multiply "retry.attempts" Tools FEW, Some(3), "multiply: attempts", "How many attempts a call of it may make.";
    MailRisky "yr" Mail "risky" Tools Unit::Switch, ON, "send_email: asks", "Whether each call of it needs a human's yes.";
    MailEffect "ye" Mail "effect" Tools EFFECTS, Some(2), "send_email: effect", "What it does to the world; once means that it is never tried again by itself.";
    MailReconcile "yc" Mail "reconcile" Tools Unit::Switch, OFF, "send_email: looked up", "Whether somebody can tell afterwards if a mail went out.";
    MailTimeout "yt" Mail "timeout" Tools Unit::LIMIT, Some(ms(10_000)), "send_email: timeout", "How long an attempt at it may take.";
    MailAttempts "ya" Mail "retry.attempts" Tools FEW, Some(3), "send_email: attempts", "How many attempts a call of it may make, unless its effect is once.";
}

impl Key {
    fn row(self) -> &'static Row {
        &ROWS[self as usize]
    }

    /// Its stable name: as explanations say it, with the tool's name before it where it is a tool's.
    #[must_use]
    pub fn path(self) -> String {
        format!("{}{}", self.row().owner.prefix(), self.row().path)
    }

    /// Its name in explanations and in what constructors refuse: without the tool.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().path
    }

    /// Its two letters in links.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.row().code
    }

    /// The pattern it belongs to.
    #[must_use]
    pub fn group(self) -> Group {
        self.row().group
    }

    /// What it is counted in.
    #[must_use]
    pub fn unit(self) -> Unit {
        self.row().unit
    }

    /// What it is unless somebody sets it, in the smallest part of its unit.
    #[must_use]
    pub fn default_value(self) -> Option<u64> {
        self.row().default
    }

    /// Its name for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        self.row().title
    }

    /// What it is for, in a sentence.
    #[must_use]
    pub fn about(self) -> &'static str {
        self.row().about
    }

    /// The setting that an explanation names.
    ///
    /// ```
    /// use steadfast::explain::Subject;
    /// use steadfast_playground::Key;
    ///
    /// assert_eq!(Key::named(&Subject::Model, "timeout"), Some(Key::Timeout));
    /// assert_eq!(Key::named(&Subject::Tool("send_email".into()), "timeout"), Some(Key::MailTimeout));
    /// assert_eq!(Key::named(&Subject::Call, "timeout"), None);
    /// ```
    #[must_use]
    pub fn named(of: &Subject, name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.row().path == name && key.row().owner.is(of))
    }

    /// The setting of that path.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| {
            let row = key.row();
            path.strip_prefix(row.owner.prefix()) == Some(row.path)
        })
    }

    /// The setting of those two letters.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_setting_has_a_path_and_a_code_of_its_own() {
        let paths: BTreeSet<_> = Key::ALL.iter().map(|key| key.path()).collect();
        let codes: BTreeSet<_> = Key::ALL.iter().map(|key| key.code()).collect();
        assert_eq!((paths.len(), codes.len()), (Key::ALL.len(), Key::ALL.len()));
        for key in Key::ALL {
            assert_eq!(Key::parse(&key.path()), Some(key));
            assert_eq!(Key::of_code(key.code()), Some(key));
            assert!(key.code().len() == 2 && key.code().bytes().all(|byte| byte.is_ascii_lowercase()), "{key:?}");
        }
    }

    #[test]
    fn every_setting_says_what_it_is_for_in_a_sentence_and_stands_in_one_group() {
        for key in Key::ALL {
            assert!(key.about().ends_with('.') && key.about().len() > 15, "{key:?}");
            assert!(!key.title().is_empty(), "{key:?}");
        }
        assert_eq!(Group::ALL.into_iter().flat_map(Group::keys).collect::<Vec<_>>(), Key::ALL);
    }

    #[test]
    fn every_default_reads_as_itself() {
        for key in Key::ALL {
            let text = key.unit().write(key.default_value());
            assert_eq!(key.unit().read(key.name(), &text), Ok(key.default_value()), "{key:?}: {text}");
        }
    }
}
