use super::*;
use steadfast::explain::{Explainer, Subject, Value};
use steadfast_sim::{Occurrence, simulate};

#[test]
fn every_scenario_is_recognised_by_its_settings() {
    for scenario in Scenario::ALL {
        assert_eq!(Settings::of(scenario, 3).scenario(), Some(scenario));
    }
    let faults = Settings::default().faults.switched(Fault::RiskyTool, true);
    assert_eq!(Settings { faults, ..Settings::default() }.scenario(), None);
}

#[test]
fn a_scenario_s_settings_give_its_very_run() {
    for scenario in Scenario::ALL {
        let hash = |setup: &Setup| simulate(setup).journal.hash();
        let human = Human::Approves;
        let theirs = Setup { human: human.clone(), ..scenario.setup(3) };
        assert_eq!(hash(&Settings::of(scenario, 3).setup(human)), hash(&theirs), "{scenario}");
    }
}

#[test]
fn a_seed_is_a_whole_number() {
    assert_eq!(parse_seed("18446744073709551615"), Ok(u64::MAX));
    for text in ["", "  ", "+7", "-7", "7.5", "0x7", "seven", "18446744073709551616"] {
        assert!(parse_seed(text).is_err(), "{text:?}");
    }
}

#[test]
fn without_an_approver_a_risky_call_is_blocked() {
    let mut settings = Settings::of(Scenario::Risky, 7);
    settings.policy.set(Key::Approver, "off").unwrap();
    let result = simulate(&settings.setup(Human::Approves)).result.unwrap();
    assert_eq!(result.blocked, ["send_email"]);
}

#[test]
fn the_nearest_change_of_an_explanation_can_be_made() {
    let settings = Settings::of(Scenario::Down, 7);
    let setup = settings.setup(Human::Nobody);
    let trace: Vec<_> = simulate(&setup).journal.decisions().cloned().collect();
    let why = Explainer::new(&setup.policy, &setup.tools, &trace);
    let mut nearest = why.decisions().filter_map(|(_, why)| why.otherwise);
    let nearest = nearest.find(|nearest| nearest.setting.name == "breaker.consecutive").unwrap();
    assert_eq!(nearest.setting.of, Subject::Model);
    let changed = settings.with_nearest(&nearest).unwrap();
    assert_eq!(changed.changes_from(&settings), ["breaker.consecutive 4 instead of 3"]);
    let strange = Nearest { to: Value::Number(0), ..nearest };
    assert!(settings.with_nearest(&strange).is_ok(), "0 switches the rule off");
}

#[test]
fn changes_are_told_in_a_phrase_each() {
    let mut settings = Settings { seed: 8, protection: false, ..Settings::default() };
    settings.faults = settings.faults.switched(Fault::Outage, true);
    settings.policy.set(Key::Timeout, "none").unwrap();
    settings.policy.set(Key::MailTimeout, "2 s").unwrap();
    let rate =
        Occurrence::default().with_rate(Some(250)).unwrap().with_windows(parse_windows("0-2.5").unwrap()).unwrap();
    settings.faults = settings.faults.with(Fault::FlakyModel, Some(rate));
    assert_eq!(
        settings.changes_from(&Settings::default()),
        [
            "protection off",
            "timeout none instead of 4000 ms",
            "send_email.timeout 2000 ms instead of 10000 ms",
            "Flaky model on, 25 %, 0-2.5 s",
            "Outage on",
            "seed 8 instead of 7",
        ]
    );
}
