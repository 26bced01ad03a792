//! How replies and streams end, one row a case.

use steadfast::failure::FailureClass;
use steadfast_providers::{Ending, StreamEnd};

#[test]
fn every_reason_of_both_formats_means_one_thing() {
    for (reason, ending, class, transient) in [
        // OpenAI-compatible: `finish_reason`.
        ("stop", Ending::Complete, None, false),
        ("length", Ending::CutOff, Some(FailureClass::Incomplete), false),
        ("tool_calls", Ending::RunsTools, None, false),
        ("function_call", Ending::RunsTools, None, false),
        ("content_filter", Ending::Blocked, Some(FailureClass::Blocked), false),
        // Responses: `incomplete_details.reason` and `status`.
        ("max_output_tokens", Ending::CutOff, Some(FailureClass::Incomplete), false),
        ("completed", Ending::Complete, None, false),
        ("failed", Ending::Failed(FailureClass::ServerError), Some(FailureClass::ServerError), true),
        ("incomplete", Ending::Incomplete, Some(FailureClass::Incomplete), true),
        // Anthropic: `stop_reason`.
        ("end_turn", Ending::Complete, None, false),
        ("max_tokens", Ending::CutOff, Some(FailureClass::Incomplete), false),
        ("stop_sequence", Ending::Complete, None, false),
        ("tool_use", Ending::RunsTools, None, false),
        ("pause_turn", Ending::Paused, None, false),
        ("refusal", Ending::Blocked, Some(FailureClass::Blocked), false),
        ("model_context_window_exceeded", Ending::ContextFull, Some(FailureClass::TooLarge), false),
        // Gateways and others.
        ("error", Ending::Failed(FailureClass::ServerError), Some(FailureClass::ServerError), true),
        (
            "insufficient_system_resource",
            Ending::Failed(FailureClass::Overloaded),
            Some(FailureClass::Overloaded),
            true,
        ),
        ("something_new", Ending::Unknown, None, false),
        ("", Ending::Unknown, None, false),
    ] {
        let found = Ending::of(reason);
        assert_eq!((found, found.failure_class(), found.is_transient()), (ending, class, transient), "{reason}");
        assert_eq!(found.may_run_tools(), matches!(reason, "tool_calls" | "function_call" | "tool_use"), "{reason}");
        assert!(!found.to_string().is_empty());
    }
}

#[test]
fn a_stream_without_an_end_is_incomplete_unless_its_endpoint_is_known_to_have_none() {
    for (reason, terminal_event, any_output, null_reason_is_complete, ending) in [
        (None, false, true, false, Ending::Incomplete),
        (None, false, false, false, Ending::Incomplete),
        (None, true, true, false, Ending::Complete),
        (None, false, true, true, Ending::Complete),
        (None, false, false, true, Ending::Incomplete),
        (Some("stop"), false, true, false, Ending::Complete),
        (Some("tool_use"), true, true, false, Ending::RunsTools),
        (Some("length"), true, true, true, Ending::CutOff),
    ] {
        let end = StreamEnd { reason, terminal_event, any_output, null_reason_is_complete };
        assert_eq!(end.ending(), ending, "{end:?}");
    }
}
