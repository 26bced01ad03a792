//! The conversation between agent and model, as far as the journal tells it.

use steadfast::event::Event;
use steadfast_sim::{Line, What};

/// Who said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    /// The model.
    Model,
    /// A tool, or what the engine told the model in its place.
    Tool,
    /// The answer that the run ends with.
    Answer,
}

impl Voice {
    /// How it reads.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Model => "Model",
            Self::Tool => "Tool",
            Self::Answer => "Answer",
        }
    }
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Who said it.
    pub by: Voice,
    /// What.
    pub text: String,
    /// The line that tells it.
    pub line: usize,
}

/// The last so many messages among these lines, in order.
pub(crate) fn read(shown: &[Line], last: usize) -> Vec<Said> {
    let lines = shown.iter().enumerate().rev();
    let mut said: Vec<_> = lines
        .filter_map(|(line, told)| {
            let What::Decision(entry) = &told.what else { return None };
            let (by, text) = match &entry.event {
                Event::ModelReplied { text, tools } if tools.is_empty() => (Voice::Model, text.clone()),
                Event::ModelReplied { text, tools } => {
                    let gap = if text.is_empty() { "" } else { " " };
                    (Voice::Model, format!("{text}{gap}Wants {}.", tools.join(", ")))
                }
                Event::ToolReplied { tool, output } => (Voice::Tool, format!("{tool}: {output}")),
                Event::ToolUnknown { .. } | Event::ToolBlocked { .. } | Event::EffectTaken { .. } => {
                    (Voice::Tool, entry.event.to_string())
                }
                Event::RunFinished { answer, .. } => (Voice::Answer, answer.clone()),
                _ => return None,
            };
            Some(Said { by, text, line })
        })
        .take(last)
        .collect();
    said.reverse();
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use steadfast_sim::{Human, Scenario, Setup, simulate};

    #[test]
    fn conversation_is_what_was_said_and_its_end_the_answer() {
        let journal = simulate(&Setup { human: Human::Denies, ..Scenario::Risky.setup(7) }).journal;
        let all = read(journal.lines(), usize::MAX);
        let told: Vec<_> = all.iter().map(|said| (said.by.as_str(), said.text.as_str())).collect();
        assert_eq!(told[0], ("Model", "Wants multiply."));
        assert_eq!(told[1], ("Tool", "multiply: 391"));
        assert_eq!(told[2], ("Model", "Wants send_email."));
        assert_eq!(told[3], ("Tool", "send_email does not run: a human said no."));
        assert_eq!(told.last().unwrap().0, "Answer");
        assert_eq!(read(journal.lines(), 2), all[all.len() - 2..]);
    }
}
