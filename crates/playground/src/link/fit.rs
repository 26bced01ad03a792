//! What of a state a link has room for. The run itself is worth more than its branches, and those that were forked first more than
//! what was forked from them; only a run whose answers are long has to do without the last of them.

use super::{MAX_LENGTH, VERSION, branches, write_settings};
use crate::parting::{parting, twin};
use crate::state::State;

/// So many branches, and so many answers of the run itself, each from the first on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Part {
    branches: usize,
    answers: usize,
}

impl Part {
    fn all(state: &State) -> Self {
        let answers = state.branches().first().map_or(0, |run| run.answers().len());
        Self { branches: state.branches().len().saturating_sub(1), answers }
    }

    /// As much as there is room for.
    fn fitting(state: &State) -> (Self, String) {
        let all = Self::all(state);
        let fewer_branches = (0..=all.branches).rev().map(|branches| Self { branches, ..all });
        let fewer_answers = (0..all.answers).rev().map(|answers| Self { branches: 0, answers });
        let mut parts = fewer_branches.chain(fewer_answers).map(|part| (part, part.write(state)));
        // A test holds that settings alone always fit.
        parts.find(|(_, link)| link.len() <= MAX_LENGTH).unwrap_or((all, String::new()))
    }

    fn write(self, state: &State) -> String {
        let mut link = format!("v={VERSION}");
        let mut add = |name: &str, value: &str| {
            for part in ["&", name, value] {
                link.push_str(part);
            }
        };
        let Some(run) = state.branches().first() else { return link };
        // Of the run itself; branches say what is otherwise.
        let settings = write_settings(&run.base);
        if !settings.is_empty() {
            add("", &settings);
        }
        let answers = run.answers().get(..self.answers).unwrap_or_default();
        if !answers.is_empty() {
            add("decisions=", &branches::letters(answers));
        }
        let (selected, position) = self.place(state);
        add("at=", &position.to_string());
        link + &branches::write(state, self.branches, selected)
    }

    /// Which branch a link looks at that has only these, and how many of its lines are shown at this moment.
    fn place(self, state: &State) -> (usize, usize) {
        let mut nearest = state.selected_branch();
        while nearest > self.branches {
            let origin = state.branches().get(nearest).and_then(crate::Branch::origin);
            nearest = origin.map_or(0, |origin| origin.of);
        }
        match state.branches().get(nearest) {
            Some(there) if nearest != state.selected_branch() => {
                let parted = parting(state.lines(), there.lines());
                (nearest, twin(state.lines(), there.lines(), parted, state.position(), state.instant()))
            }
            _ => (nearest, state.position()),
        }
    }
}

/// The link to a state, without `#`.
#[must_use]
pub fn write(state: &State) -> String {
    Part::fitting(state).1
}

/// The same with everything, however long it is: files have the room.
#[must_use]
pub fn write_whole(state: &State) -> String {
    Part::all(state).write(state)
}

/// What the link to a state has to leave out, in a sentence; nothing if it holds everything.
#[must_use]
pub fn left_out(state: &State) -> Option<String> {
    let all = Part::all(state);
    // Settings always fit: whoever moves through a long run need not have them written for each of its lines.
    if (all.branches, all.answers) == (0, 0) {
        return None;
    }
    let (fits, _) = Part::fitting(state);
    let names = state.branches().iter().skip(1 + fits.branches).map(|branch| format!("\"{}\"", branch.name()));
    let branches = match names.collect::<Vec<_>>().as_slice() {
        [] => None,
        [one] => Some(format!("the branch {one}")),
        [others @ .., last] => Some(format!("the branches {} and {last}", others.join(", "))),
    };
    let answers = match all.answers - fits.answers {
        0 => None,
        1 => Some("the answer to the last question".to_owned()),
        more => Some(format!("the answers to the last {more} questions")),
    };
    let what: Vec<_> = branches.into_iter().chain(answers).collect();
    let what = (!what.is_empty()).then(|| what.join(" and "))?;
    Some(format!("The link has no room for {what}: save the run as a file to keep everything."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Action, Answer, Change, Origin, file, update};
    use steadfast_sim::Fault;

    fn open(link: &str) -> State {
        let mut state = State::default();
        update(&mut state, Action::OpenLink(link.into()));
        assert_eq!(state.notice(), None, "{link}");
        state
    }

    /// Arguments whose letters in a link are about three times as many.
    fn long(letter: &str) -> String {
        format!(r#"{{"body":"{}","to":"ana@example.com"}}"#, letter.repeat(330))
    }

    /// A run that asks, and branches of it in which the answer was another.
    fn forked(edits: &[&str]) -> State {
        let mut state = open("v=1&scenario=risky&decisions=a&at=20");
        for edit in edits {
            let change = Change::Answer(Answer::edit(&long(edit)).unwrap());
            update(&mut state, Action::Fork { at: 17, change });
            assert_eq!(state.fork_error(), None);
            update(&mut state, Action::SelectBranch(0));
        }
        state
    }

    fn opened(file: &str) -> State {
        let mut state = State::default();
        update(&mut state, Action::OpenFile(file.as_bytes().to_vec()));
        assert_eq!(state.notice(), None);
        state
    }

    #[test]
    fn a_link_that_holds_everything_leaves_nothing_out() {
        let state = forked(&["x", "y"]);
        assert_eq!((left_out(&state), write(&state)), (None, write_whole(&state)));
    }

    #[test]
    fn branches_that_a_link_has_no_room_for_are_named() {
        let mut state = forked(&["x", "*", "+"]);
        let says = |what: &str| format!("The link has no room for {what}: save the run as a file to keep everything.");
        assert_eq!(left_out(&state), Some(says("the branch \"Branch 3\"")));
        assert_eq!(open(&write(&state)).branches().len(), 3);
        update(&mut state, Action::SelectBranch(3));
        update(&mut state, Action::Seek(usize::MAX));
        let copy = open(&write(&state));
        assert_eq!((write(&copy), left_out(&copy)), (write(&state), None));
        assert_eq!(
            (copy.selected_branch(), copy.instant()),
            (0, copy.end()),
            "what it was forked from, at the same moment"
        );
        let mut state = forked(&["*", "+", ","]);
        assert_eq!(left_out(&state), Some(says("the branches \"Branch 2\" and \"Branch 3\"")));
        update(&mut state, Action::RenameBranch(3, "<b>".into()));
        update(&mut state, Action::DeleteBranch(1));
        assert_eq!(left_out(&state), Some(says("the branch \"<b>\"")));
    }

    #[test]
    fn a_run_whose_answer_is_too_long_for_a_link_stops_at_its_question_there() {
        let mut state = open("v=1&scenario=risky&at=17");
        let letter = "\u{1f600}".repeat(300);
        update(&mut state, Action::ApproveEdited(format!(r#"{{"body":"{letter}","to":"ana@example.com"}}"#)));
        update(&mut state, Action::Seek(usize::MAX));
        let link = write(&state);
        assert!(link.len() <= MAX_LENGTH);
        assert!(left_out(&state).unwrap().contains("has no room for the answer to the last question"));
        assert!(open(&link).asked().is_some());
        assert_eq!(opened(&file::write(&state)).lines(), state.lines());
    }

    #[test]
    fn a_file_brings_back_what_no_link_holds() {
        let mut state = forked(&["*", "+", ","]);
        update(&mut state, Action::SelectBranch(2));
        update(&mut state, Action::Fork { at: 18, change: Change::Fault(Fault::Outage, true) });
        assert!(state.fork_error().is_some(), "three are the most");
        update(&mut state, Action::RenameBranch(2, "B\u{f6}, 50 %".into()));
        assert!(write_whole(&state).len() > MAX_LENGTH);
        let again = opened(&file::write(&state));
        assert_eq!((again.selected_branch(), again.position()), (2, state.position()));
        assert_eq!(again.branches()[3].origin(), Some(Origin { of: 0, at: 17 }));
        for (one, other) in state.branches().iter().zip(again.branches()) {
            assert_eq!((one.name(), one.lines(), one.answers()), (other.name(), other.lines(), other.answers()));
        }
        assert_eq!(again.branches().len(), 4);
        assert_eq!(file::write(&again), file::write(&state));
    }
}
