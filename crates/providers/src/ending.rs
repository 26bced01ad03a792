//! How a reply ends: what its `finish_reason` or `stop_reason` means, and when a stream has ended without one.

use core::fmt;
use steadfast::failure::FailureClass;

/// What the reason for the end of a reply means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ending {
    /// The model said what it had to say.
    Complete,
    /// It asks for tools.
    RunsTools,
    /// It was cut off at the limit of the output. The last tool call in it may be half a call.
    CutOff,
    /// It was cut off because the context window is full.
    ContextFull,
    /// It was filtered, or the model refused.
    Blocked,
    /// The provider paused a long turn: send the reply back for it to go on.
    Paused,
    /// The provider failed on the way.
    Failed(FailureClass),
    /// The stream ended without an end.
    Incomplete,
    /// It ended for a reason that is not known here. What was said counts; tools do not run.
    Unknown,
}

impl Ending {
    /// What a reason means, in the words of both formats: `finish_reason` (chat completions), the `reason` of
    /// `incomplete_details` and the `status` (responses), `stop_reason` (Anthropic messages).
    ///
    /// ```
    /// use steadfast_providers::Ending;
    ///
    /// assert_eq!(Ending::of("tool_use"), Ending::RunsTools);
    /// assert!(!Ending::of("max_tokens").may_run_tools());
    /// ```
    #[must_use]
    pub fn of(reason: &str) -> Self {
        match reason {
            "stop" | "end_turn" | "stop_sequence" | "completed" => Self::Complete,
            "tool_calls" | "function_call" | "tool_use" => Self::RunsTools,
            "length" | "max_tokens" | "max_output_tokens" => Self::CutOff,
            "model_context_window_exceeded" => Self::ContextFull,
            "content_filter" | "refusal" => Self::Blocked,
            "pause_turn" => Self::Paused,
            // OpenRouter and others, where the model behind them failed in the middle; DeepSeek's lack of machines.
            "error" | "failed" => Self::Failed(FailureClass::ServerError),
            "insufficient_system_resource" => Self::Failed(FailureClass::Overloaded),
            "incomplete" => Self::Incomplete,
            _ => Self::Unknown,
        }
    }

    /// Whether the tools asked for in the reply may run: only if it ended in order to run them.
    ///
    /// The `OpenAI` formats have two exceptions, which a host that speaks them knows: a request that names the function to
    /// call ends with `stop`, and a whole response is `completed` with calls or without. After [`Ending::Complete`] calls
    /// in these formats are as good.
    #[must_use]
    pub const fn may_run_tools(self) -> bool {
        matches!(self, Self::RunsTools)
    }

    /// The class of it as a failure, if it is one. A reply that was cut off counts as one that has no end.
    #[must_use]
    pub const fn failure_class(self) -> Option<FailureClass> {
        match self {
            Self::Complete | Self::RunsTools | Self::Paused | Self::Unknown => None,
            Self::CutOff | Self::Incomplete => Some(FailureClass::Incomplete),
            Self::ContextFull => Some(FailureClass::TooLarge),
            Self::Blocked => Some(FailureClass::Blocked),
            Self::Failed(class) => Some(class),
        }
    }

    /// Whether the same request may end otherwise. What was cut off at a limit would be cut off there again.
    #[must_use]
    pub const fn is_transient(self) -> bool {
        match (self, self.failure_class()) {
            (Self::CutOff, _) | (_, None) => false,
            (_, Some(class)) => class.is_transient(),
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Complete => f.write_str("the reply is complete"),
            Self::RunsTools => f.write_str("the reply asks for tools"),
            Self::CutOff => f.write_str("the reply was cut off at the limit of the output"),
            Self::ContextFull => f.write_str("the reply was cut off because the context window is full"),
            Self::Blocked => f.write_str("the reply was filtered or refused"),
            Self::Paused => f.write_str("the provider paused the turn"),
            Self::Failed(class) => write!(f, "the provider failed during the reply: {class}"),
            Self::Incomplete => f.write_str("the stream ended without an end"),
            Self::Unknown => f.write_str("the reply ended for an unknown reason"),
        }
    }
}

/// What was heard of a stream whose connection closed without an error.
///
/// ```
/// use steadfast_providers::{Ending, StreamEnd};
///
/// let cut = StreamEnd { any_output: true, ..StreamEnd::default() };
/// assert_eq!(cut.ending(), Ending::Incomplete);
/// let local = StreamEnd { null_reason_is_complete: true, ..cut };
/// assert_eq!(local.ending(), Ending::Complete);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StreamEnd<'a> {
    /// The last `finish_reason` or `stop_reason` that was not null.
    pub reason: Option<&'a str>,
    /// Whether the format's last event came: `[DONE]`, `message_stop`, `response.completed`.
    pub terminal_event: bool,
    /// Whether there was any output.
    pub any_output: bool,
    /// A setting of the endpoint, off by default: it ends complete replies with a null reason and no last event, as some
    /// local servers do. Nothing tells such a reply from one that was cut off.
    pub null_reason_is_complete: bool,
}

impl StreamEnd<'_> {
    /// What it means: the reason if there was one, complete after a last event, else incomplete.
    #[must_use]
    pub fn ending(&self) -> Ending {
        match self.reason {
            Some(reason) => Ending::of(reason),
            None if self.terminal_event || (self.null_reason_is_complete && self.any_output) => Ending::Complete,
            None => Ending::Incomplete,
        }
    }
}
