use super::*;
use crate::settings::Settings;
use crate::{Action, State, ending, update};
use proptest_free::{Dice, shuffled};
use steadfast_sim::{Fault, Faults, Scenario, Setup};

/// Chance for properties, from the engine's own generator.
mod proptest_free {
    use steadfast::rng::{Seed, Stream};

    pub(super) struct Dice(Stream);

    impl Dice {
        pub(super) fn of(seed: u64) -> Self {
            Self(Seed(seed).stream(0, 0))
        }

        /// From 0 to below `end`.
        pub(super) fn below(&mut self, end: usize) -> usize {
            usize::try_from(self.0.up_to(end as u64 - 1)).unwrap()
        }
    }

    pub(super) fn shuffled<T>(mut things: Vec<T>, dice: &mut Dice) -> Vec<T> {
        for end in (1..things.len()).rev() {
            things.swap(end, dice.below(end + 1));
        }
        things
    }
}

fn settings(faults: &[Fault], protection: bool) -> Settings {
    let faults = faults.iter().fold(Faults::NONE, |faults, fault| faults.with(*fault, true)).into();
    Settings { faults, protection, ..Settings::default() }
}

fn plan(settings: Settings, runs: u64) -> OddsPlan {
    let sides = vec![Side { name: "Present settings".into(), settings }];
    OddsPlan { job: 1, sides, approver: Approver::Approves, runs }
}

fn tally(plan: &OddsPlan) -> Tally {
    plan.chunks(PORTION).map(|chunk| Tally::of(Batch::of(&chunk).samples)).fold(Tally::default(), Tally::merge)
}

fn odds_action(state: &mut State, action: OddsAction) {
    update(state, Action::Odds(action));
}

/// The odds of a state, found out at once, over fewer seeds than a person would.
fn find_out(state: &mut State) {
    odds_action(state, OddsAction::Start);
    if let Stage::Running { plan, .. } = &mut state.odds.stage {
        plan.runs = 400;
    }
    let plan = state.odds().running().unwrap().clone();
    let batches = plan.chunks(PORTION).map(|chunk| Batch::of(&chunk)).collect();
    odds_action(state, OddsAction::Progress(batches));
}

fn sample_ended(seed: u64, ended: u64) -> Sample {
    let counts = (5, 3, 900);
    Sample {
        seed,
        ended,
        attempts: counts.0,
        calls: counts.1,
        money: counts.2,
        harmful: 0,
        duplicates: 0,
        ended_well: ended != Sample::NEVER,
        degraded: false,
        blocked: false,
    }
}

#[test]
fn any_split_in_any_order_gives_the_same_tally() {
    let plan = plan(settings(&[Fault::FlakyModel, Fault::HungCall], true), 600);
    let whole = tally(&plan);
    assert_eq!(whole.runs(), 600);
    let samples = whole.samples().to_vec();
    for seed in 0..200 {
        let dice = &mut Dice::of(seed);
        // Cut at random, put out of order, some handed in twice, merged from a random side.
        let mut parts: Vec<Vec<Sample>> = Vec::new();
        let mut rest = &samples[..];
        while !rest.is_empty() {
            let (part, others) = rest.split_at(dice.below(rest.len().min(90)) + 1);
            parts.push(shuffled(part.to_vec(), dice));
            if dice.below(10) == 0 {
                parts.push(part.to_vec());
            }
            rest = others;
        }
        let parts = shuffled(parts, dice).into_iter().map(Tally::of);
        let merged = parts.fold(
            Tally::default(),
            |all, part| {
                if dice.below(2) == 0 { all.merge(part) } else { part.merge(all) }
            },
        );
        assert_eq!(merged, whole, "seed {seed}");
    }
}

#[test]
fn merging_is_associative() {
    let parts: Vec<Tally> =
        [3_u64, 1, 4, 2].map(|of| Tally::of((0..40).map(|n| sample_ended(n * of % 61, n)).collect())).into();
    let [a, b, c, _] = &parts[..] else { unreachable!() };
    let (a, b, c) = (|| a.clone(), || b.clone(), || c.clone());
    let seeds = |tally: &Tally| tally.samples().iter().map(|sample| sample.seed).collect::<Vec<_>>();
    let (left, right) = (a().merge(b()).merge(c()), a().merge(b().merge(c())));
    assert_eq!(seeds(&left), seeds(&right));
    assert!(seeds(&left).is_sorted());
}

#[test]
fn portions_cover_every_seed_of_every_side_once() {
    let mut plan = plan(settings(&[], true), 1_003);
    plan.sides.push(Side { name: "Other".into(), settings: settings(&[], false) });
    for portion in [1, 7, PORTION, 5_000] {
        for side in 0..2 {
            let chunks = plan.chunks(portion).filter(|chunk| chunk.side == side);
            let seeds: Vec<u64> = chunks.flat_map(|chunk| chunk.first..chunk.first + chunk.runs).collect();
            assert_eq!(seeds, (0..1_003).collect::<Vec<_>>(), "portions of {portion}");
        }
    }
    assert_eq!((plan.total(), plan.chunks(1_000).count()), (2_006, 4));
}

#[test]
fn quantiles_are_exact_and_runs_that_never_end_are_the_last() {
    let times = |never: u64| {
        let ended = |n: u64| if n < never { Sample::NEVER } else { n * 1_000 };
        Tally::of((0..100).map(|n| sample_ended(n, ended(n))).collect())
    };
    assert_eq!(times(0).time(500), Some(Quantile { value: 49_000, low: 39_000, high: 60_000 }));
    assert_eq!(times(0).time(950).map(|time| time.value), Some(94_000));
    assert_eq!(times(5).time(950).map(|time| (time.value, time.high)), Some((99_000, Sample::NEVER)));
    assert_eq!(times(6).time(950).map(|time| time.value), Some(Sample::NEVER));
    assert_eq!(Tally::default().time(500), None);
}

#[test]
fn a_sample_is_what_the_traced_run_says() {
    for scenario in Scenario::ALL {
        for seed in 0..20 {
            let setup = Setup { human: steadfast_sim::Human::Approves, ..scenario.setup(seed) };
            let told = steadfast_sim::simulate(&setup);
            let end = ending(told.journal.lines()).unwrap();
            let sample = Sample::of(seed, &steadfast_sim::simulate(&Setup { trace: false, ..setup }));
            assert_eq!(sample, Sample::of(seed, &told));
            assert_eq!((sample.degraded || !sample.ended_well), end.degraded, "{scenario} {seed}");
            assert_eq!(sample.blocked, !end.blocked.is_empty(), "{scenario} {seed}");
        }
    }
}

#[test]
fn naive_agent_does_harm_and_the_protected_one_asks() {
    let share = |protection, is_so: fn(&Sample) -> bool| {
        tally(&plan(settings(&[Fault::RiskyTool], protection), 100)).count(is_so)
    };
    assert_eq!(share(false, |sample| sample.harmful > 0), 100);
    assert_eq!(share(true, |sample| sample.harmful > 0), 0);
    assert_eq!((share(true, Sample::is_success), share(false, Sample::is_success)), (100, 0));
}

#[test]
fn a_batch_travels_as_numbers_and_comes_back_whole() {
    let plan = plan(settings(&[Fault::FlakyModel, Fault::RiskyTool, Fault::HungCall], false), 300);
    for chunk in plan.chunks(100) {
        let chunk = Chunk { job: 9, side: 1, ..chunk };
        assert_eq!(Chunk::read(&chunk.write()), Ok(chunk.clone()));
        let batch = Batch::of(&chunk);
        assert!(batch.samples.iter().any(|sample| sample.ended == Sample::NEVER));
        assert_eq!(Batch::read(&batch.write()), Ok(batch));
    }
}

#[test]
fn messages_that_make_no_sense_are_refused_in_a_sentence() {
    let good = Batch { job: 1, side: 0, samples: vec![sample_ended(3, 7)] }.write();
    for (place, number) in [(1, -1.0), (2, 0.5), (3, f64::NAN), (4, f64::INFINITY), (5, -1.0), (6, 1.5), (10, 1e300)] {
        let mut bad = good.clone();
        bad[place] = number;
        assert_eq!(Batch::read(&bad), Err("a worker's answer makes no sense".into()), "{number} at {place}");
    }
    assert!(Batch::read(&good[..good.len() - 1]).is_err() && Batch::read(&[1.0]).is_err() && Batch::read(&[]).is_err());
    let mut newer = good.clone();
    newer[0] = 2.0;
    assert!(Batch::read(&newer).unwrap_err().contains("another version"));
    for line in [
        "",
        "odds",
        "odds 1 1 0 0 10 approves",
        "odds 1 1 0 0 10 shrugs seed=1",
        "odds 1 1 0 18446744073709551615 9 denies seed=1",
        "odds 1 1 0 0 99999999 denies seed=1",
        "odds 1 1 0 0 10 denies policy=zz9",
    ] {
        assert!(Chunk::read(line).is_err(), "{line}");
    }
    assert!(Chunk::read("odds 2 1 0 0 10 approves seed=1").unwrap_err().contains("another version"));
}

#[test]
fn bars_hold_every_run_once_and_open_their_worst() {
    let tally = tally(&plan(settings(&[Fault::FlakyModel, Fault::HungCall], true), 2_000));
    let bars = histogram(std::slice::from_ref(&tally)).remove(0);
    assert!((5..=20).contains(&bars.len()), "{bars:#?}");
    assert_eq!(bars.iter().map(|bar| bar.runs).sum::<u64>(), 2_000);
    assert_eq!(bars.iter().map(|bar| bar.successes).sum::<u64>(), tally.count(Sample::is_success));
    for bar in bars.iter().filter(|bar| bar.runs > 0) {
        let opens = tally.samples()[usize::try_from(bar.seed.unwrap()).unwrap()];
        assert!((bar.from..bar.to).contains(&opens.ended));
    }
    assert!(bars.windows(2).all(|two| two[0].to == two[1].from));
}

#[test]
fn bars_of_any_times_are_few_and_hold_them_all() {
    for seed in 0..300 {
        let dice = &mut Dice::of(seed);
        let scale = [1, 1_000, 1_000_000, 60_000_000, 1_000_000_000_000][dice.below(5)];
        let end = |dice: &mut Dice| if dice.below(20) == 0 { Sample::NEVER } else { dice.below(1_000) as u64 * scale };
        let samples: Vec<Sample> = (0..=dice.below(50) as u64).map(|seed| sample_ended(seed, end(dice))).collect();
        let runs = samples.len() as u64;
        let bars = histogram(&[Tally::of(samples)]).remove(0);
        assert!(bars.len() <= 21, "seed {seed}: {} bars", bars.len());
        assert_eq!(bars.iter().map(|bar| bar.runs).sum::<u64>(), runs, "seed {seed}");
    }
    assert_eq!(histogram(&[Tally::default()]), [[]]);
}

#[test]
fn pairs_tell_a_difference_of_policies_from_that_of_luck() {
    let (bare, held) = (settings(&[Fault::FlakyModel], false), settings(&[Fault::FlakyModel], true));
    let (bare, held) = (tally(&plan(bare, 500)), tally(&plan(held, 500)));
    let pairs = Pairs::of(&bare, &held);
    assert_eq!(pairs.runs(), 500);
    let success = pairs.share(Sample::is_success);
    assert!((success.value - 1.0).abs() < 1e-12 && success.low > 0.98, "{success:?}");
    assert!(pairs.attempts_per_call().excludes_zero() && pairs.time().unwrap().low > 0);
    let same = Pairs::of(&held, &held);
    assert_eq!(same.time(), Some(Shift { value: 0, low: 0, high: 0 }));
    assert!(!same.attempts_per_call().excludes_zero() && !same.money().excludes_zero());
    let few = Tally::of(held.samples()[100..120].to_vec());
    assert_eq!((Pairs::of(&few, &held).runs(), Pairs::of(&held, &few).runs()), (20, 20));
}

#[test]
fn a_time_that_never_comes_is_later_than_any_other() {
    let never = Tally::of((0..50).map(|seed| sample_ended(seed, Sample::NEVER)).collect());
    let ends = Tally::of((0..50).map(|seed| sample_ended(seed, 1)).collect());
    let value = |one, other| Pairs::of(one, other).time().unwrap().value;
    assert_eq!((value(&ends, &never), value(&never, &ends), value(&never, &never)), (i64::MAX, i64::MIN, 0));
}

#[test]
fn odds_go_from_start_to_results() {
    let mut state = State::default();
    odds_action(&mut state, OddsAction::Start);
    let plan = state.odds().running().unwrap().clone();
    assert_eq!(odds(&state).progress, Some((0, 10_000)));
    let mut chunks: Vec<Chunk> = plan.chunks(PORTION).collect();
    let last = chunks.pop().unwrap();
    let batches = chunks.iter().map(Batch::of).collect();
    odds_action(&mut state, OddsAction::Progress(batches));
    assert_eq!(odds(&state).progress_text, "9,875 of 10,000 runs");
    assert_eq!(state.odds().results(), None);
    let stray = Batch { job: plan.job + 1, ..Batch::of(&last) };
    let nobody = Batch { side: 7, ..Batch::of(&last) };
    let beyond = Batch { samples: vec![sample_ended(10_000, 1)], ..Batch::of(&last) };
    odds_action(&mut state, OddsAction::Progress(vec![stray, nobody, beyond, Batch::of(&chunks[0])]));
    assert_eq!(odds(&state).progress, Some((9_875, 10_000)), "what nobody asked for changes nothing");
    odds_action(&mut state, OddsAction::Progress(vec![Batch::of(&last)]));
    let drawn = odds(&state);
    assert_eq!((drawn.progress, drawn.is_stale), (None, false));
    let results = drawn.results.unwrap();
    assert_eq!(
        results.rows[0].figures[0],
        Figure { value: "100.00 %".into(), interval: "10,000 runs; 99.96 to 100.00 %".into() }
    );
    assert_eq!(results.rows.len(), 10);
}

#[test]
fn cancelling_leaves_nothing_behind() {
    let mut state = State::default();
    let before = odds(&state);
    odds_action(&mut state, OddsAction::Start);
    let chunk = state.odds().running().unwrap().chunks(PORTION).next().unwrap();
    odds_action(&mut state, OddsAction::Progress(vec![Batch::of(&chunk)]));
    odds_action(&mut state, OddsAction::Cancel);
    odds_action(&mut state, OddsAction::Progress(vec![Batch::of(&chunk)]));
    assert_eq!(odds(&state), before);
}

#[test]
fn what_broke_is_told_and_can_be_tried_on_the_page() {
    let mut state = State::default();
    odds_action(&mut state, OddsAction::Broke("nobody asked".into()));
    assert_eq!(odds(&state).problem, None);
    odds_action(&mut state, OddsAction::Start);
    odds_action(&mut state, OddsAction::Broke("The worker does not answer.".into()));
    assert_eq!(odds(&state).problem.as_deref(), Some("The worker does not answer."));
    odds_action(&mut state, OddsAction::StartHere);
    assert!(state.odds().runs_here() && odds(&state).problem.is_none());
}

#[test]
fn results_are_stale_once_something_else_is_set_and_not_for_another_seed() {
    let mut state = State::default();
    find_out(&mut state);
    update(&mut state, Action::SetSeed(99));
    assert!(!odds(&state).is_stale);
    update(&mut state, Action::ToggleFault(Fault::HungCall));
    assert!(odds(&state).is_stale);
    update(&mut state, Action::ToggleFault(Fault::HungCall));
    assert!(!odds(&state).is_stale);
    odds_action(&mut state, OddsAction::SetApprover(Approver::Denies));
    assert!(odds(&state).is_stale);
}

#[test]
fn every_bar_opens_the_run_it_names() {
    for (faults, protection) in [
        (&[Fault::FlakyModel, Fault::HungCall][..], true),
        (&[Fault::FlakyModel, Fault::HungCall, Fault::RiskyTool], false),
        (&[Fault::RiskyTool, Fault::FlakyModel], true),
        (&[Fault::Outage], true),
    ] {
        let mut state = State::default();
        state.begin(settings(faults, protection), Vec::new());
        find_out(&mut state);
        let results = Arc::clone(state.odds.found.as_ref().unwrap());
        let seeds = results.sides[0].bars.iter().filter_map(|bar| bar.seed);
        for seed in seeds.chain(results.sides[0].worst.as_ref().map(|(seed, _)| *seed)) {
            odds_action(&mut state, OddsAction::OpenSeed(0, seed));
            let sample = results.run(0, seed).unwrap().1;
            assert_eq!(Sample::of(seed, state.run.outcome()), sample, "seed {seed}");
            assert_eq!((state.settings().seed, state.position() > 0), (seed, true));
            assert!(!odds(&state).is_stale, "it is one of them");
        }
    }
}

#[test]
fn the_worst_run_opens_at_its_guilty_line() {
    let guilty = |faults: &[Fault], protection| {
        let mut state = State::default();
        state.begin(settings(faults, protection), Vec::new());
        find_out(&mut state);
        let (seed, why) = state.odds().results().unwrap().sides[0].worst.clone().unwrap();
        odds_action(&mut state, OddsAction::OpenSeed(0, seed));
        let sentence = crate::row(state.shown().last().unwrap()).sentence;
        (why, sentence)
    };
    let (why, sentence) = guilty(&[Fault::RiskyTool], false);
    assert_eq!(why, "did what no human had agreed to");
    assert!(sentence.starts_with("In the world: send_email took effect"), "{sentence}");
    let (why, sentence) = guilty(&[Fault::Outage], true);
    assert!(why.starts_with("ended degraded after "), "{why}");
    assert!(sentence.starts_with("The call gives up"), "{sentence}");
    let (why, sentence) = guilty(&[Fault::HungCall], false);
    assert_eq!((why.as_str(), sentence.contains("never come")), ("never ended", true), "{sentence}");
    let (why, sentence) = guilty(&[Fault::FlakyModel], true);
    assert!(why.starts_with("succeeded, but only after ") && sentence.starts_with("Waits "), "{why}: {sentence}");
}

#[test]
fn a_seed_that_is_not_there_opens_nothing() {
    let mut state = State::default();
    let version = state.version();
    odds_action(&mut state, OddsAction::OpenSeed(0, 3));
    find_out(&mut state);
    odds_action(&mut state, OddsAction::OpenSeed(0, 10_000));
    odds_action(&mut state, OddsAction::OpenSeed(1, 3));
    assert_eq!(state.version(), version);
}

#[test]
fn two_policies_stand_side_by_side_over_the_same_seeds() {
    let mut state = State::default();
    odds_action(&mut state, OddsAction::SetRival(1));
    find_out(&mut state);
    let results = state.odds().results().unwrap();
    let success = &results.rows[0];
    let values: Vec<_> = success.figures.iter().map(|figure| figure.value.as_str()).collect();
    assert_eq!(values, ["100.00 %", "0.00 %"]);
    let difference = success.difference.as_ref().unwrap();
    assert_eq!((difference.value.as_str(), success.verdict), ("\u{2212}100.00 points", "worse"));
    assert_eq!(results.sides[0].bars.len(), results.sides[1].bars.len());
    assert_eq!(results.sides.iter().map(|side| side.name.as_str()).collect::<Vec<_>>(), ["Present settings", "Naive"]);
    assert!(results.summary.starts_with("400 seeds each: 100.00 % succeed;"), "{}", results.summary);
    odds_action(&mut state, OddsAction::SetRival(9));
    assert_eq!(odds(&state).rival, 0);
}

#[test]
fn a_branch_can_be_compared_with_and_its_settings_hold_from_the_start() {
    let mut state = State::default();
    assert_eq!(odds(&state).rivals.len(), 6);
    let change = crate::Change::Settings(Box::new(settings(&[Fault::Outage], true)));
    update(&mut state, Action::Fork { at: 5, change });
    assert_eq!(odds(&state).rivals.len(), 8, "the run itself, and its branch");
    update(&mut state, Action::SelectBranch(0));
    odds_action(&mut state, OddsAction::SetRival(8));
    find_out(&mut state);
    let success = &state.odds().results().unwrap().rows[0];
    assert_eq!((success.figures[1].value.as_str(), success.verdict), ("0.00 %", "worse"));
}

#[test]
fn a_silent_human_is_silent_in_the_run_that_is_opened_too() {
    let mut state = State::default();
    state.begin(settings(&[Fault::RiskyTool], true), Vec::new());
    odds_action(&mut state, OddsAction::SetApprover(Approver::Silent));
    find_out(&mut state);
    odds_action(&mut state, OddsAction::OpenSeed(0, 3));
    let sample = state.odds.found.as_ref().unwrap().run(0, 3).unwrap().1;
    assert_eq!((Sample::of(3, state.run.outcome()), sample.blocked), (sample, true));
}

#[test]
fn a_bar_has_a_full_name() {
    let mut state = State::default();
    find_out(&mut state);
    let results = state.odds().results().unwrap();
    let names: Vec<&str> = results.sides[0].bars.iter().map(|bar| bar.name.as_str()).collect();
    let first = names[0];
    assert!(first.contains(" ended after ") && first.contains("; open seed "), "{names:#?}");
    assert!(results.sides[0].bars.iter().any(|bar| bar.height == 1_000 && bar.good == 1_000));
}
