//! Incidents: runs that were recorded elsewhere, told again by the engine, and what they would have been under other settings.

use std::sync::Arc;

use crate::recording::Recording;
use steadfast::event::Event;
use steadfast::policy::RunPolicy;
use steadfast::replay::{Incident, Turn};
use steadfast_sim::Outcome;

/// An incident that is open.
#[derive(Debug, Clone)]
pub struct Replayed {
    incident: Incident,
    /// The run as it was, told again once.
    recorded: Arc<Recording>,
}

/// A run of an incident: as it was, or as it would have been.
#[derive(Debug, Clone)]
pub struct Told {
    /// What is shown.
    pub run: Arc<Recording>,
    /// What to tell a person about it.
    pub about: String,
    /// The first line that is another decision than the recorded one; of the recorded run itself, none.
    pub differs_at: Option<usize>,
    /// The line that tells that the settings change here; nothing where they held from the beginning.
    pub changed_at: Option<usize>,
}

impl Replayed {
    /// Opens an incident, if the engine decides now as it did then.
    pub fn open(incident: Incident) -> Result<Self, String> {
        let run = incident.replay();
        let run = run.map_err(|error| format!("This recording could not be opened: {error}. Nothing has changed."))?;
        let (policy, tools) = (incident.policy().clone(), incident.tools().to_vec());
        let recorded = Arc::new(Recording::of(Outcome::of_run(&run), Some(policy), tools));
        Ok(Self { incident, recorded })
    }

    /// The recording itself.
    #[must_use]
    pub fn incident(&self) -> &Incident {
        &self.incident
    }

    /// The run as it was.
    #[must_use]
    pub fn as_recorded(&self) -> Told {
        let about =
            "This run was recorded elsewhere. The engine was told it all again, and decides what it decided then.";
        Told { run: Arc::clone(&self.recorded), about: about.into(), differs_at: None, changed_at: None }
    }

    /// The run as it would have been under that policy after so many of its lines, with the tools as they were.
    pub fn under(&self, policy: &RunPolicy, entries: usize) -> Result<Told, String> {
        let gate = policy.approval().with_approver(self.incident.policy().approval().has_approver());
        let policy = policy.clone().with_approval(gate);
        let tools = self.incident.tools().to_vec();
        let what_if = if entries == 0 {
            self.incident.what_if(policy.clone(), tools.clone())
        } else {
            let reason = String::from("the settings here");
            self.incident.fork(Turn { entries, policy: policy.clone(), tools: tools.clone(), reason })
        };
        let what_if = what_if.map_err(|error| format!("These settings do not fit the recorded run: {error}."))?;
        let changed =
            what_if.run.trace().entries().iter().position(|entry| matches!(entry.event, Event::PolicyChanged { .. }));
        // What tells of the change is a line of its own.
        let differs_at =
            what_if.first_difference.map(|at| at + usize::from(changed.is_some_and(|changed| changed <= at)));
        let since = changed.map(|at| format!(" after event {at}")).unwrap_or_default();
        let mut about = match differs_at {
            Some(at) => format!("By the settings here{since} it is another run from event {} on.", at + 1),
            None => format!("By the settings here{since} the run is the same, to the last decision."),
        };
        if let Some(beyond) = what_if.beyond {
            about.push_str(" It ends where the recording does not go on: it wanted ");
            about.push_str(&beyond.what);
            about.push('.');
        }
        let run = Arc::new(Recording::of(Outcome::of_run(&what_if.run), Some(policy), tools));
        Ok(Told { run, about, differs_at, changed_at: changed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::branch::Origin;
    use crate::settings::Key;
    use crate::{Action, State, file, update};
    use steadfast::failure::Failure;
    use steadfast::id::RunId;
    use steadfast::rng::Seed;
    use steadfast::run::{Input, ModelReply, Output, Run};
    use steadfast::time::{Duration, Instant};

    /// A model that fails so often and then answers.
    fn recorded(failures: u32) -> Vec<u8> {
        let mut run =
            Run::new(RunId(3), "<b>task</b>", RunPolicy::default(), 1, vec![], Seed(7)).unwrap().with_recording();
        run.handle(Instant::ORIGIN, Input::Start);
        let mut asked = 0;
        loop {
            match run.poll() {
                Output::Think(attempt) => {
                    asked += 1;
                    let at = run.now() + Duration::from_millis(90);
                    let reply = || Input::ModelReplied(attempt.id, ModelReply::answer("<i>391</i>"));
                    let failed = || Input::Failed(attempt.id, Failure::transient("<script>503</script>"));
                    run.handle(at, if asked > failures { reply() } else { failed() });
                }
                Output::Wait { until: Some(until), .. } => run.handle(until, Input::Tick),
                Output::Finished => return Incident::of(&run).unwrap().to_bytes(),
                _ => {}
            }
        }
    }

    fn opened(bytes: Vec<u8>) -> State {
        let mut state = State::default();
        update(&mut state, Action::OpenFile(bytes));
        assert_eq!(state.notice(), None);
        state
    }

    fn last(state: &State) -> String {
        state.lines().last().unwrap().to_string()
    }

    #[test]
    fn a_recording_opens_at_its_end_and_can_be_walked_through() {
        let mut state = opened(recorded(1));
        assert!(state.is_at_end() && state.incident().is_some());
        assert!(last(&state).ends_with("The run ends: the model answered."), "{}", last(&state));
        assert!(state.told().unwrap().0.starts_with("This run was recorded elsewhere."));
        let length = state.length();
        update(&mut state, Action::StepBack);
        assert_eq!(state.position(), length - 1);
        update(&mut state, Action::Reset);
        assert_eq!((state.position(), state.length()), (0, length));
        update(&mut state, Action::Play);
        assert!(state.is_playing());
    }

    #[test]
    fn it_opens_from_bytes_from_text_and_from_the_file_that_keeps_it() {
        let state = opened(recorded(1));
        let kept = file::write(&state);
        for bytes in [kept.clone().into_bytes(), format!("\u{feff}{kept}\n").into_bytes()] {
            assert_eq!(opened(bytes).lines(), state.lines());
        }
        let text = kept.split('"').find(|part| part.starts_with("c3RlYWRmYXN0")).unwrap();
        for text in
            [text.to_owned(), format!("{text}\n"), format!("\"{text}\""), format!("{{\"recording\": \"{text}\"}}")]
        {
            assert_eq!(opened(text.into_bytes()).lines(), state.lines());
        }
    }

    #[test]
    fn its_file_holds_what_was_tried_on_it_too() {
        let mut state = opened(recorded(2));
        update(&mut state, Action::TypeSetting(Key::RetryAttempts, "2".into()));
        update(&mut state, Action::SelectBranch(0));
        update(&mut state, Action::Seek(6));
        update(&mut state, Action::OpenFork);
        let kept = file::write(&state);
        let again = opened(kept.clone().into_bytes());
        assert_eq!((again.branches().len(), again.lines()), (2, state.lines()));
        assert_eq!((again.settings(), again.told()), (state.settings(), state.told()));
        assert_eq!(file::write(&again), kept);
        for (spoilt, by) in [("\"from\": 6", "\"from\": \"6\""), ("policy=ra2", "policy=zz2")] {
            assert!(kept.contains(spoilt), "{kept}");
            let mut state = State::default();
            update(&mut state, Action::OpenFile(kept.replace(spoilt, by).into_bytes()));
            assert!(state.notice().unwrap().contains("what it says was tried is nothing that this page knows"));
            assert!(state.incident().is_none());
        }
    }

    #[test]
    fn the_settings_here_are_tried_on_it_and_the_first_difference_is_shown() {
        let mut state = opened(recorded(2));
        let as_recorded = state.lines().to_vec();
        update(&mut state, Action::SetProtection(false));
        assert!(state.is_what_if(), "whoever changes the agent wants to see what comes of it");
        update(&mut state, Action::WhatIf(true));
        let (about, differs_at) = state.told().unwrap();
        let differs_at = differs_at.unwrap();
        assert_eq!(about, format!("By the settings here it is another run from event {} on.", differs_at + 1));
        assert_eq!(state.position(), differs_at + 1);
        assert_eq!(state.lines()[..differs_at].len(), differs_at);
        assert!(last(&state).contains("The run ends, degraded"), "{}", last(&state));
        update(&mut state, Action::WhatIf(false));
        assert_eq!(state.lines(), as_recorded);
    }

    #[test]
    fn it_is_forked_at_the_event_that_is_looked_at_and_stands_beside_what_was() {
        let mut state = opened(recorded(2));
        let as_recorded = state.lines().to_vec();
        let failed = as_recorded.iter().position(|line| line.to_string().contains("failed")).unwrap();
        update(&mut state, Action::TypeSetting(Key::RetryAttempts, "2".into()));
        assert_eq!(state.branches().len(), 2, "what is set is tried on it from its beginning");
        update(&mut state, Action::SelectBranch(0));
        assert_eq!(state.lines(), as_recorded);
        update(&mut state, Action::Seek(usize::MAX));
        update(&mut state, Action::Select(Some(failed)));
        update(&mut state, Action::OpenFork);
        let at = state.branches()[1].origin().unwrap().at;
        assert!(at > failed, "{at} {failed}");
        assert_eq!(
            state.branches()[1].origin(),
            Some(Origin { of: 0, at }),
            "one input led to the failure and to what was decided at once"
        );
        assert_eq!(state.lines()[..at], as_recorded[..at]);
        assert!(state.lines()[at].to_string().contains("The policy changes here"), "{}", state.lines()[at]);
        assert_eq!(state.position(), at + 1);
        let (about, differs_at) = state.told().unwrap();
        let differs_at = differs_at.unwrap();
        assert!(
            differs_at > at
                && about.contains(&format!("after event {at} it is another run from event {} on.", differs_at + 1)),
            "{about}"
        );
        assert!(last(&state).contains("The run ends, degraded"), "{}", last(&state));

        update(&mut state, Action::Seek(usize::MAX));
        update(&mut state, Action::OpenFork);
        assert!(state.notice().unwrap().contains("choose the branch \"As recorded\""));
        assert!(!crate::link::write(&state).contains("b1="), "no link holds a recording");
        update(&mut state, Action::DeleteBranch(1));
        assert_eq!((state.branches().len(), state.is_what_if()), (1, false));
        assert_eq!(state.lines(), as_recorded);
        update(&mut state, Action::Select(None));
        update(&mut state, Action::Seek(0));
        update(&mut state, Action::OpenFork);
        assert!(state.is_what_if() && state.position() == 0);
    }

    #[test]
    fn where_the_recording_does_not_go_on_the_run_says_what_it_wanted() {
        let state = opened(recorded(9));
        let unprotected = RunPolicy::default();
        let more = steadfast::retry::RetryPolicy::default().with_attempts(5).unwrap();
        let policy = unprotected.clone().with_model(unprotected.model().with_retry(Some(more)));
        let told = state.incident().unwrap().under(&policy, 0).unwrap();
        assert!(
            told.about.ends_with(
                "It ends where the recording does not go on: it wanted another attempt at the model in step 1."
            ),
            "{}",
            told.about
        );
    }

    #[test]
    fn closing_it_leads_back_to_what_is_simulated() {
        let mut state = opened(recorded(1));
        update(&mut state, Action::CloseIncident);
        assert_eq!((state.incident().is_none(), state.told(), state.is_what_if()), (true, None, false));
        assert_eq!(state.lines(), State::default().lines());
        assert_eq!(state.position(), 0);
    }

    #[test]
    fn one_that_was_cut_is_refused_and_changes_nothing() {
        let bytes = recorded(1);
        let mut state = State::default();
        let before = state.version();
        let mut cut = bytes.clone();
        cut.truncate(bytes.len() / 2);
        update(&mut state, Action::OpenFile(cut));
        assert!(state.notice().unwrap().contains("it was cut short or changed"), "{:?}", state.notice());
        assert_eq!(state.version(), before);
    }
}
