//! Why a command ended early, and the exit code that says so.

use core::fmt;

/// The only error type of `xtask`. Every variant carries the sentence a person reads.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The command line makes no sense: exit code 2, as `cargo` and `clap` do it.
    Usage(String),
    /// Something that had to work did not: exit code 1.
    Failed(String),
    /// A stage that this machine has not what it takes for, and that can be done without.
    Skipped(String),
    /// A program that was run in our place ended with this code, and has said itself why.
    Code(u8),
    /// A person pressed Ctrl-C, or the system asked us to end: 128 + SIGINT, as shells do it.
    Interrupted,
}

impl Stop {
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Failed(_) => 1,
            Self::Skipped(_) => 0,
            Self::Code(code) => *code,
            Self::Interrupted => 130,
        }
    }

    /// A failure with advice after it; what is no failure stays as it is.
    pub(crate) fn with(self, advice: &str) -> Self {
        match self {
            Self::Failed(sentence) => Self::Failed(format!("{sentence}\n{advice}")),
            other => other,
        }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(sentence) | Self::Failed(sentence) | Self::Skipped(sentence) => f.write_str(sentence),
            Self::Code(code) => write!(f, "Ended with exit code {code}."),
            Self::Interrupted => f.write_str("Interrupted."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_is_for_failures_only() {
        let failed = Stop::Failed("It broke.".to_owned()).with("Mend it.");
        assert_eq!(failed.to_string(), "It broke.\nMend it.");
        assert_eq!(Stop::Interrupted.with("Mend it."), Stop::Interrupted);
    }

    #[test]
    fn exit_codes_tell_misuse_from_failure() {
        assert_eq!(Stop::Usage(String::new()).exit_code(), 2);
        assert_eq!(Stop::Failed(String::new()).exit_code(), 1);
        assert_eq!(Stop::Code(7).exit_code(), 7);
        assert_eq!(Stop::Interrupted.exit_code(), 130);
    }
}
