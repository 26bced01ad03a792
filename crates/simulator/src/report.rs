//! What came of a simulation, as JSON.

use serde::Serialize;
use steadfast::approval::ApprovalRequest;
use steadfast::time::Instant;
use steadfast_sim::{Journal, Outcome, SimulatedResult};

#[derive(Serialize)]
struct Report<'a> {
    answer: &'a str,
    steps: u32,
    blocked: &'a [String],
    degraded: bool,
    stop: &'static str,
    trace: &'a Journal,
    hash: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pending: Option<[Pending<'a>; 1]>,
}

/// A question that waits for a human.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Pending<'a> {
    id: String,
    tool: &'a str,
    /// JSON, as text.
    args: &'a str,
    digest: String,
    expires_at: Instant,
    why: &'a str,
}

pub(crate) fn text(outcome: &Outcome) -> String {
    let Outcome { result, pending, journal, .. } = outcome;
    let waiting: Vec<_> = pending.iter().map(|request| request.tool.clone()).collect();
    let mut report = Report {
        answer: "",
        steps: journal.decisions().filter_map(|entry| entry.step).max().unwrap_or(0),
        blocked: &waiting,
        degraded: false,
        stop: "suspended",
        trace: journal,
        hash: journal.hash(),
        pending: pending.as_ref().map(|request| [question(request)]),
    };
    if let Some(SimulatedResult { answer, steps, blocked, degraded, stop }) = result {
        report = Report { answer, steps: *steps, blocked, degraded: *degraded, stop: stop.as_str(), ..report };
    }
    // Writing plain data into memory cannot fail.
    serde_json::to_string(&report).unwrap_or_default()
}

fn question(request: &ApprovalRequest) -> Pending<'_> {
    let ApprovalRequest { id, tool, args, digest, expires_at, why, .. } = request;
    Pending { id: id.0.to_string(), tool, args, digest: digest.to_string(), expires_at: *expires_at, why }
}

#[cfg(test)]
mod tests {
    use super::text;
    use steadfast_sim::{Human, Scenario, Setup, simulate};

    #[test]
    fn an_open_question_is_told_with_what_it_is_about() {
        let setup = Setup { human: Human::Decided(Vec::new()), ..Scenario::Risky.setup(7) };
        let report: serde_json::Value = serde_json::from_str(&text(&simulate(&setup))).unwrap();
        assert_eq!((&report["stop"], &report["blocked"][0]), (&"suspended".into(), &"send_email".into()));
        assert_eq!(report["pending"][0]["tool"], "send_email");
        assert_eq!(report["pending"][0]["args"], r#"{"body":"17 * 23 = 391","to":"ana@example.com"}"#);
        assert_eq!(report["hash"].as_str().unwrap().len(), 64);
    }
}
