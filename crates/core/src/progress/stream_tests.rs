//! Random streams of turns: what is progress is never stopped, and what repeats always is.

use super::*;
use crate::rng::{Seed, Stream};
use alloc::string::ToString;
use alloc::vec::Vec;

/// A call, its result, and whether that is an error.
type Call = (u64, u64, String, bool);

/// Judges a turn, and observes it if it runs. The answer is the judgement, and whether the turn brought news.
fn take(detector: &mut ProgressDetector, turn: &[Call]) -> (Judgement, bool) {
    let texts: Vec<_> = turn.iter().map(|(tool, args, ..)| (tool.to_string(), args.to_string())).collect();
    let wanted: Vec<_> = texts.iter().map(|(tool, args)| Wanted { tool, args }).collect();
    let seen: Vec<_> = wanted
        .iter()
        .zip(turn)
        .map(|(call, (_, _, result, failed))| Seen { tool: call.tool, args: call.args, result, failed: *failed })
        .collect();
    let judgement = detector.judge(&wanted);
    let news = judgement.runs() && detector.observe(&seen);
    (judgement, news)
}

/// One to three calls, of few tools and arguments, so that they meet again. `results` are few, too.
fn random_turn(draw: &mut Stream, results: u64) -> Vec<Call> {
    let one = |draw: &mut Stream| {
        (draw.up_to(2), draw.up_to(2), alloc::format!("result {}", draw.up_to(results)), draw.happens(300))
    };
    (0..=draw.up_to(2)).map(|_| one(draw)).collect()
}

#[test]
fn a_stream_in_which_every_turn_brings_something_new_is_never_refused() {
    for seed in 0..300 / crate::rng::FEWER {
        let mut draw = Seed(seed).stream(1, 0);
        let mut detector = ProgressDetector::new(ProgressPolicy::default());
        for turn in 0..200 {
            let mut calls = random_turn(&mut draw, 2);
            let new = usize::try_from(draw.up_to(calls.len() as u64 - 1)).unwrap();
            calls[new].2 = alloc::format!("news {turn}");
            let (judgement, news) = take(&mut detector, &calls);
            assert!(judgement.runs(), "seed {seed}, turn {turn}: {judgement:?}");
            assert!(news, "seed {seed}, turn {turn}");
        }
    }
}

/// In which turn of its periodic part a stream meets the last turn, and which of them brought news last.
fn stopped(detector: &mut ProgressDetector, period: &[Vec<Call>]) -> (usize, usize) {
    let mut last_news = 0;
    for (number, turn) in (1..=100).zip(period.iter().cycle()) {
        let (judgement, news) = take(detector, turn);
        if judgement.rung >= Some(Rung::LastTurn) {
            return (number, last_news);
        }
        last_news = if news { number } else { last_news };
    }
    panic!("never stopped: {period:?}")
}

#[test]
fn a_stream_that_becomes_periodic_is_stopped_within_three_repeats_of_its_period() {
    for seed in 0..3_000 / crate::rng::FEWER {
        let mut draw = Seed(seed).stream(2, 0);
        let mut detector = ProgressDetector::new(ProgressPolicy::default());
        // The world answers the same call with the same result, so that turns can repeat before the period begins.
        let world: Vec<Call> = (0..9).map(|_| random_turn(&mut draw, 5).swap_remove(0)).collect();
        let answered = |mut calls: Vec<Call>| {
            for call in &mut calls {
                let (_, _, result, failed) = &world[usize::try_from(call.0 * 3 + call.1).unwrap()];
                (call.2, call.3) = (result.clone(), *failed);
            }
            calls
        };
        for _ in 0..draw.up_to(12) {
            take(&mut detector, &answered(random_turn(&mut draw, 5)));
        }
        let length = 1 + usize::try_from(draw.up_to(3)).unwrap();
        let period: Vec<_> = (0..length).map(|_| answered(random_turn(&mut draw, 5))).collect();
        let (turn, _) = stopped(&mut detector, &period);
        assert!(turn <= 4 * length, "seed {seed}: a period of {length} is stopped in its turn {turn}");
    }
}

#[test]
fn a_world_that_changes_its_answers_delays_the_stop_by_no_more_than_its_news() {
    for seed in 0..3_000 / crate::rng::FEWER {
        let mut draw = Seed(seed).stream(3, 0);
        let mut detector = ProgressDetector::new(ProgressPolicy::default());
        for _ in 0..draw.up_to(12) {
            take(&mut detector, &random_turn(&mut draw, 3));
        }
        let length = 1 + usize::try_from(draw.up_to(3)).unwrap();
        let period: Vec<_> = (0..length).map(|_| random_turn(&mut draw, 3)).collect();
        let (turn, last_news) = stopped(&mut detector, &period);
        let bound = last_news.max(length) + 2 * length + 1;
        assert!(turn <= bound, "seed {seed}: a period of {length} with news in {last_news} is stopped in {turn}");
    }
}

#[test]
fn a_fresh_cycle_runs_exactly_twice() {
    for length in 1..=4_u64 {
        let mut detector = ProgressDetector::new(ProgressPolicy::default());
        let turn = |number: u64| [(number % length, 0, alloc::format!("{}", number % length), false)];
        let ran = (0..100).filter(|number| take(&mut detector, &turn(*number)).0.runs()).count();
        assert_eq!(ran as u64, 2 * length);
    }
}

#[test]
fn equal_streams_are_judged_alike_in_any_order_of_their_calls() {
    for seed in 0..200 / crate::rng::FEWER {
        let mut draw = Seed(seed).stream(4, 0);
        let [mut one, mut other] = [(); 2].map(|()| ProgressDetector::new(ProgressPolicy::default()));
        for _ in 0..60 {
            let calls = random_turn(&mut draw, 1);
            let mut turned = calls.clone();
            turned.reverse();
            assert_eq!(take(&mut one, &calls), take(&mut other, &turned), "seed {seed}");
        }
    }
}
