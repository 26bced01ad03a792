use super::*;
use crate::{Action, State, update};
use steadfast_sim::{Scenario, default_policy, tools};

#[test]
fn numbers_and_texts_are_written_as_both_languages_take_them() {
    assert_eq!(
        ["0", "999", "1_000", "60_000", "1_234_567"],
        [0, 999, 1_000, 60_000, 1_234_567].map(apart).each_ref().map(String::as_str)
    );
    assert_eq!(["0.5", "2", "0.001"], [500, 2_000, 1].map(decimal).each_ref().map(String::as_str));
    assert_eq!(quoted("say \"no\" \\ \n\u{2028}</script>"), r#""say \"no\" \\ \n </script>""#);
}

#[test]
fn line_that_decided_is_found_in_both_languages() {
    let (policy, tools) = (default_policy(), tools());
    let of_model = |name| Setting { name, of: Subject::Model, value: steadfast::explain::Value::Nothing };
    for (name, javascript, rust) in [
        ("retry.attempts", "      attempts: 4,", "            .with_attempts(4)?"),
        ("timeout", "    timeout: 4_000,", "        .with_timeout(Some(Duration::from_secs(4)))?"),
        ("breaker.consecutive", "      consecutive: 3,", "            .with_consecutive(3)"),
        ("retry", "    retry: {", "        .with_retry(Some(RetryPolicy::default()"),
    ] {
        for (language, expected) in [(Language::JavaScript, javascript), (Language::Rust, rust)] {
            let lines = code(language, &policy, &tools);
            let line = line_of(&lines, &of_model(name)).unwrap();
            assert_eq!(lines[line].text, expected, "{name} in {}", language.as_str());
        }
    }
    let lines = code(Language::JavaScript, &policy, &tools);
    let of_tool = Setting { of: Subject::Tool("send_email".into()), ..of_model("timeout") };
    let line = line_of(&lines, &of_tool).unwrap();
    assert!(lines[line - 1].text.contains("send_email") && lines[line].text.contains("10_000"), "a tool's own timeout");
    assert_eq!(line_of(&lines, &Setting { of: Subject::Run, ..of_model("no such setting") }), None);
}

#[test]
fn every_setting_that_decides_something_has_its_line() {
    for scenario in Scenario::ALL.into_iter().filter(|scenario| *scenario != Scenario::Naive) {
        for seed in 0..40 {
            let mut state = State::default();
            update(&mut state, Action::OpenLink(format!("v=1&scenario={scenario}&seed={seed}")));
            let recording = state.recording();
            let (policy, tools) = (recording.policy().unwrap(), tools());
            for language in Language::ALL {
                let lines = code(language, policy, &tools);
                for line in 0..state.length() {
                    let Some(setting) = recording.explain(line).and_then(|why| why.setting) else { continue };
                    let found = line_of(&lines, &setting);
                    assert!(found.is_some(), "{} of {:?} in {}", setting.name, setting.of, language.as_str());
                }
            }
        }
    }
}
