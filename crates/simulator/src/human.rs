//! Who approves, as text: `nobody`, `approves`, `denies`, `silent`, or what was decided on the first questions.

use steadfast::approval::Decision;
use steadfast_sim::{Human, Reaction};

/// Decisions are pairs, each part ended by NUL: what it is (`yes`, `no`, `edited`) and its message or its arguments.
pub(crate) fn read(text: &str) -> Human {
    match text {
        "nobody" => Human::Nobody,
        "approves" => Human::Approves,
        "denies" => Human::Denies,
        "silent" => Human::Silent,
        decided => Human::Decided(decisions(decided).into_iter().map(Reaction::Decides).collect()),
    }
}

fn decisions(text: &str) -> Vec<Decision> {
    let mut parts = text.split_terminator('\0');
    let mut decisions = Vec::new();
    while let (Some(what), Some(words)) = (parts.next(), parts.next()) {
        decisions.push(match what {
            "yes" => Decision::Approve,
            "edited" => Decision::ApproveEdited { args: words.to_owned() },
            _ => Decision::Deny { message: words.to_owned() },
        });
    }
    decisions
}

#[cfg(test)]
mod tests {
    use super::read;
    use steadfast::approval::Decision;
    use steadfast_sim::{Human, Reaction};

    #[test]
    fn decisions_come_in_order_and_nothing_said_is_none_decided() {
        assert_eq!(read(""), Human::Decided(Vec::new()));
        let decided = vec![
            Decision::Approve,
            Decision::Deny { message: "not today".into() },
            Decision::ApproveEdited { args: "{}".into() },
        ];
        assert_eq!(
            read("yes\0\0no\0not today\0edited\0{}\0"),
            Human::Decided(decided.into_iter().map(Reaction::Decides).collect())
        );
        assert_eq!(read("silent"), Human::Silent);
    }
}
