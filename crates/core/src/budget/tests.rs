//! The budget: what is given, what is refused, and what is known of it afterwards.

use super::*;
use alloc::string::ToString;

const T0: Instant = Instant::from_millis(1_000);

fn at(ms: u64) -> Instant {
    Instant::from_millis(ms)
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn attempts(attempts: u64) -> Spend {
    Spend { attempts, ..Spend::NONE }
}

fn tokens(tokens: u64) -> Spend {
    Spend { tokens, ..Spend::NONE }
}

fn of_attempts(limit: u64) -> Limits {
    Limits::none().with_attempts(limit).unwrap()
}

fn of_tokens(limit: u64) -> Limits {
    Limits::none().with_tokens(limit).unwrap()
}

fn within(limit: u64) -> Limits {
    Limits::none().with_deadline(ms(limit)).unwrap()
}

fn exceeded(what: Resource, limit: u64, left: u64, asked: u64) -> BudgetExceeded {
    BudgetExceeded { what, limit, left, asked }
}

#[test]
fn what_a_child_reserves_counts_in_all_envelopes_around_it() {
    let mut budget = Budget::new(of_attempts(10), T0);
    let child = budget.child(budget.root(), of_attempts(5), T0).unwrap();
    let grandchild = budget.child(child, Limits::none(), T0).unwrap();
    let reservation = budget.reserve(grandchild, T0, attempts(3)).unwrap();
    assert_eq!((reservation.envelope(), reservation.estimate()), (grandchild, attempts(3)));
    for (envelope, left) in [(grandchild, 2), (child, 2), (budget.root(), 7)] {
        assert_eq!(budget.left(envelope, T0).attempts, Some(left));
        assert_eq!((budget.reserved(envelope), budget.spent(envelope)), (attempts(3), Spend::NONE));
    }
    budget.settle(reservation, attempts(1));
    for (envelope, left) in [(grandchild, 4), (child, 4), (budget.root(), 9)] {
        assert_eq!(budget.left(envelope, T0).attempts, Some(left));
        assert_eq!((budget.reserved(envelope), budget.spent(envelope)), (Spend::NONE, attempts(1)));
    }
}

#[test]
fn a_refusal_anywhere_reserves_nothing_anywhere() {
    let mut budget = Budget::new(of_attempts(2), T0);
    let child = budget.child(budget.root(), of_tokens(100), T0).unwrap();
    let greedy = Spend { attempts: 3, tokens: 50, ..Spend::NONE };
    assert_eq!(budget.reserve(child, T0, greedy), Err(exceeded(Resource::Attempts, 2, 2, 3)));
    assert_eq!((budget.reserved(child), budget.reserved(budget.root())), (Spend::NONE, Spend::NONE));
}

#[test]
fn a_child_can_only_narrow() {
    let mut budget = Budget::new(of_attempts(3).with_deadline(ms(500)).unwrap(), T0);
    let wide = of_attempts(1_000).with_deadline(ms(60_000)).unwrap().with_money(7).unwrap();
    let child = budget.child(budget.root(), wide, at(1_100)).unwrap();
    assert_eq!(budget.deadline(child).at(), Some(at(1_500)));
    assert_eq!(budget.deadline(child).scope(), Scope::Run);
    let left = Left { time: Some(ms(400)), attempts: Some(3), steps: None, tokens: None, money: Some(7) };
    assert_eq!(budget.left(child, at(1_100)), left);
    assert_eq!(budget.left(budget.root(), at(1_100)).money, None);

    let narrow = budget.child(child, within(100), at(1_100)).unwrap();
    assert_eq!(budget.deadline(narrow).at(), Some(at(1_200)));
}

#[test]
fn siblings_share_what_their_parent_has() {
    let mut budget = Budget::new(of_tokens(100), T0);
    let one = budget.child(budget.root(), of_tokens(80), T0).unwrap();
    let other = budget.child(budget.root(), of_tokens(80), T0).unwrap();
    let _held = budget.reserve(one, T0, tokens(80)).unwrap();
    assert_eq!(budget.left(other, T0).tokens, Some(20));
    assert_eq!(budget.reserve(other, T0, tokens(21)), Err(exceeded(Resource::Tokens, 100, 20, 21)));
    assert!(budget.reserve(other, T0, tokens(20)).is_ok());
}

#[test]
fn time_is_over_at_the_instant_of_the_deadline() {
    let mut budget = Budget::new(within(500), T0);
    let child = budget.child(budget.root(), within(300), at(1_100)).unwrap();
    let over = |limit_us| Err(exceeded(Resource::Time, limit_us, 0, 0));
    let just_before = |ms| Instant::from_micros(at(ms).as_micros() - 1);
    assert!(budget.reserve(child, just_before(1_400), Spend::NONE).is_ok());
    assert_eq!(budget.reserve(child, at(1_400), Spend::NONE), over(300_000));
    assert!(budget.reserve(budget.root(), just_before(1_500), Spend::NONE).is_ok());
    assert_eq!(budget.reserve(budget.root(), at(1_500), Spend::NONE), over(500_000));
    assert_eq!(budget.reserve(child, at(1_500), Spend::NONE), over(500_000), "both are over: the outer limit speaks");
    assert_eq!(budget.left(child, at(1_500)).time, Some(Duration::ZERO));
}

#[test]
fn a_child_opened_after_the_deadline_has_no_time() {
    let mut budget = Budget::new(within(500), T0);
    let child = budget.child(budget.root(), within(300), at(9_000)).unwrap();
    assert_eq!(budget.deadline(child).at(), Some(at(1_500)));
    assert_eq!(budget.reserve(child, at(9_000), Spend::NONE), Err(exceeded(Resource::Time, 500_000, 0, 0)));
}

#[test]
fn a_clock_that_goes_back_gives_no_time_back() {
    let mut budget = Budget::new(within(500), T0);
    assert!(budget.reserve(budget.root(), at(1_500), Spend::NONE).is_err());
    assert!(budget.reserve(budget.root(), at(1_100), Spend::NONE).is_err());
    assert_eq!(budget.left(budget.root(), at(1_100)).time, Some(Duration::ZERO));
    let child = budget.child(budget.root(), within(300), at(1_100)).unwrap();
    assert_eq!(budget.left(child, T0).time, Some(Duration::ZERO));
}

#[test]
fn an_overdraft_is_counted_and_bars_everything_until_it_is_made_up() {
    let mut budget = Budget::new(of_tokens(100), T0);
    let root = budget.root();
    let child = budget.child(root, Limits::none(), T0).unwrap();
    let held = budget.reserve(root, T0, tokens(40)).unwrap();
    let reservation = budget.reserve(child, T0, tokens(60)).unwrap();
    budget.settle(reservation, tokens(90));
    assert_eq!(budget.spent(root), tokens(90));
    assert_eq!(budget.left(root, T0).tokens, Some(0), "30 over");
    for estimate in [attempts(1), Spend::NONE] {
        assert_eq!(budget.reserve(child, T0, estimate), Err(exceeded(Resource::Tokens, 100, 0, 0)));
    }
    budget.cancel(held);
    assert_eq!(budget.left(root, T0).tokens, Some(10));
    assert!(budget.reserve(child, T0, tokens(10)).is_ok());
}

#[test]
fn of_tokens_and_money_used_up_to_the_last_piece_no_attempt_is_made() {
    let of = |what, amount| match what {
        Resource::Tokens => Spend { tokens: amount, ..Spend::NONE },
        _ => Spend { money: amount, ..Spend::NONE },
    };
    for (what, limits) in
        [(Resource::Tokens, of_tokens(100)), (Resource::Money, Limits::none().with_money(100).unwrap())]
    {
        let mut budget = Budget::new(limits, T0);
        let child = budget.child(budget.root(), Limits::none(), T0).unwrap();
        let all = budget.reserve(child, T0, of(what, 99)).unwrap();
        budget.settle(all, of(what, 99));
        let last = budget.reserve(child, T0, attempts(1)).expect("one is left");
        budget.settle(last, of(what, 1));
        for envelope in [budget.root(), child] {
            assert_eq!(budget.reserve(envelope, T0, attempts(1)), Err(exceeded(what, 100, 0, 0)));
            assert_eq!(budget.reserve(envelope, T0, of(what, 1)), Err(exceeded(what, 100, 0, 1)));
            let other = Spend { steps: 1, ..Spend::NONE };
            assert!(budget.reserve(envelope, T0, other).is_ok(), "what costs none of it may begin");
        }
    }
}

#[test]
fn attempts_and_steps_used_up_to_the_last_piece_bar_only_more_of_them() {
    let mut budget = Budget::new(of_attempts(1).with_steps(1).unwrap(), T0);
    let all = budget.reserve(budget.root(), T0, Spend { steps: 1, ..attempts(1) }).unwrap();
    budget.settle(all, Spend { steps: 1, ..attempts(1) });
    assert!(budget.reserve(budget.root(), T0, tokens(1)).is_ok());
    assert_eq!(budget.reserve(budget.root(), T0, attempts(1)), Err(exceeded(Resource::Attempts, 1, 0, 1)));
    let step = Spend { steps: 1, ..Spend::NONE };
    assert_eq!(budget.reserve(budget.root(), T0, step), Err(exceeded(Resource::Steps, 1, 0, 1)));
}

#[test]
fn what_is_not_limited_is_never_used_up() {
    let mut budget = Budget::new(of_attempts(9), T0);
    budget.spend(budget.root(), Spend { tokens: u64::MAX, money: u64::MAX, ..Spend::NONE });
    assert!(budget.allows(budget.root(), T0, &attempts(1)));
    assert!(budget.reserve(budget.root(), T0, attempts(1)).is_ok());
}

#[test]
fn whether_it_allows_something_is_what_reserving_it_would_say() {
    let mut budget = Budget::new(of_tokens(10).with_deadline(ms(50)).unwrap(), T0);
    let child = budget.child(budget.root(), of_attempts(1), T0).unwrap();
    for (envelope, now, estimate, allows) in [
        (child, 0, attempts(1), true),
        (child, 0, attempts(2), false),
        (budget.root(), 0, attempts(2), true),
        (child, 0, tokens(11), false),
        (child, 50, attempts(1), false),
    ] {
        let now = T0 + ms(now);
        assert_eq!(budget.allows(envelope, now, &estimate), allows, "{estimate:?} at {now}");
        assert_eq!(budget.reserve(envelope, now, estimate).map(|held| budget.cancel(held)).is_ok(), allows);
    }
    budget.close(child).unwrap();
    assert!(!budget.allows(child, T0, &attempts(1)), "a closed one allows nothing");
    assert!(!budget.allows(budget.root(), T0, &attempts(1)), "its clock never goes back");
}

#[test]
fn nothing_wraps_at_the_greatest_number() {
    let mut budget = Budget::new(of_attempts(u64::MAX), T0);
    let root = budget.root();
    let most = Spend { attempts: u64::MAX, steps: u64::MAX, tokens: u64::MAX, money: u64::MAX };
    let all = budget.reserve(root, T0, most).unwrap();
    // Without a limit it is refused too: what cannot be counted could not be given back exactly.
    assert_eq!(budget.reserve(root, T0, tokens(1)), Err(exceeded(Resource::Tokens, u64::MAX, 0, 1)));
    budget.cancel(all);
    assert_eq!((budget.reserved(root), budget.spent(root)), (Spend::NONE, Spend::NONE));
    for _ in 0..2 {
        let none = budget.reserve(root, T0, Spend::NONE).unwrap();
        budget.settle(none, most);
    }
    assert_eq!(budget.spent(root), most);
    assert_eq!((budget.left(root, T0).attempts, budget.left(root, T0).tokens), (Some(0), None));
    assert_eq!(budget.reserve(root, T0, attempts(1)), Err(exceeded(Resource::Attempts, u64::MAX, 0, 1)));
    let child = budget.child(root, of_tokens(5), T0).unwrap();
    assert_eq!(budget.left(child, T0).tokens, Some(0), "nothing around it can count one more");
}

#[test]
fn deadlines_beyond_the_end_of_time_are_none() {
    let mut budget = Budget::new(Limits::none().with_deadline(Duration::MAX).unwrap(), T0);
    let child = budget.child(budget.root(), Limits::none(), T0).unwrap();
    assert_eq!((budget.deadline(child).at(), budget.left(child, Instant::MAX).time), (None, None));
    assert!(budget.reserve(child, Instant::MAX, Spend::NONE).is_ok());
}

#[test]
fn closing_gives_back_what_is_reserved_and_keeps_what_is_spent() {
    let mut budget = Budget::new(of_attempts(10), T0);
    let child = budget.child(budget.root(), Limits::none(), T0).unwrap();
    let grandchild = budget.child(child, Limits::none(), T0).unwrap();
    let done = budget.reserve(grandchild, T0, attempts(2)).unwrap();
    budget.settle(done, attempts(2));
    let _open = (budget.reserve(child, T0, attempts(1)), budget.reserve(grandchild, T0, attempts(3)));
    let _own = budget.reserve(budget.root(), T0, attempts(1)).unwrap();
    assert_eq!(budget.close(child), Ok(attempts(4)));
    assert_eq!((budget.spent(budget.root()), budget.reserved(budget.root())), (attempts(2), attempts(1)));
}

#[test]
fn a_closed_envelope_is_known_as_closed_even_when_another_has_its_place() {
    let mut budget = Budget::new(of_attempts(10), T0);
    let child = budget.child(budget.root(), Limits::none(), T0).unwrap();
    let grandchild = budget.child(child, Limits::none(), T0).unwrap();
    let late = budget.reserve(child, T0, attempts(2)).unwrap();
    budget.close(child).unwrap();
    let next = budget.child(budget.root(), Limits::none(), T0).unwrap();
    assert_eq!(next.index, child.index, "the place is used again");
    for closed in [child, grandchild] {
        assert_eq!(budget.close(closed), Err(EnvelopeError::Closed));
        assert_eq!(budget.child(closed, Limits::none(), T0), Err(EnvelopeError::Closed));
        assert_eq!(budget.reserve(closed, T0, Spend::NONE), Err(exceeded(Resource::Time, 0, 0, 0)));
        assert_eq!(budget.left(closed, T0), Left::NOTHING);
        assert_eq!((budget.spent(closed), budget.reserved(closed)), (Spend::NONE, Spend::NONE));
        assert!(budget.deadline(closed).has_passed(Instant::ORIGIN));
    }
    budget.settle(late, attempts(1));
    assert_eq!(budget.spent(next), Spend::NONE, "it was none of the new envelope's business");
    assert_eq!(budget.spent(budget.root()), attempts(1), "but it was spent");
}

#[test]
fn cancelling_after_the_envelope_was_closed_gives_nothing_back_twice() {
    let mut budget = Budget::new(of_attempts(10), T0);
    let child = budget.child(budget.root(), Limits::none(), T0).unwrap();
    let late = budget.reserve(child, T0, attempts(2)).unwrap();
    let _own = budget.reserve(budget.root(), T0, attempts(3)).unwrap();
    budget.close(child).unwrap();
    budget.cancel(late);
    assert_eq!(budget.reserved(budget.root()), attempts(3));
}

#[test]
fn the_root_stays_open() {
    let mut budget = Budget::new(Limits::none(), T0);
    assert_eq!(budget.close(budget.root()), Err(EnvelopeError::Root));
    assert!(budget.reserve(budget.root(), T0, attempts(1)).is_ok());
}

#[test]
fn envelopes_and_reservations_of_another_budget_do_no_harm() {
    let mut other = Budget::new(Limits::none(), T0);
    let foreign = other.child(other.root(), Limits::none(), T0).unwrap();
    let much = other.reserve(other.root(), T0, attempts(9)).unwrap();
    let mut budget = Budget::new(of_attempts(5), T0);
    assert_eq!(budget.close(foreign), Err(EnvelopeError::Closed));
    let _own = budget.reserve(budget.root(), T0, attempts(2)).unwrap();
    budget.settle(much, attempts(u64::MAX));
    assert_eq!((budget.reserved(budget.root()), budget.spent(budget.root())), (Spend::NONE, attempts(u64::MAX)));
}

#[test]
fn a_reservation_of_another_budget_frees_nothing_outside_its_envelope() {
    let mut other = Budget::new(Limits::none(), T0);
    let same_place = other.child(other.root(), Limits::none(), T0).unwrap();
    let much = other.reserve(same_place, T0, attempts(9)).unwrap();
    let mut budget = Budget::new(of_attempts(10), T0);
    let child = budget.child(budget.root(), Limits::none(), T0).unwrap();
    let _held = (budget.reserve(child, T0, attempts(2)), budget.reserve(budget.root(), T0, attempts(3)));
    budget.cancel(much);
    assert_eq!((budget.reserved(child), budget.reserved(budget.root())), (Spend::NONE, attempts(3)));
}

#[test]
fn a_refusal_names_the_tightest_limit_and_of_equals_the_outermost() {
    let mut budget = Budget::new(of_attempts(4), T0);
    let middle = budget.child(budget.root(), of_attempts(3), T0).unwrap();
    let inner = budget.child(middle, of_attempts(3), T0).unwrap();
    assert_eq!(budget.reserve(inner, T0, attempts(9)), Err(exceeded(Resource::Attempts, 3, 3, 9)));
    let _held = budget.reserve(budget.root(), T0, attempts(1)).unwrap();
    assert_eq!(budget.reserve(inner, T0, attempts(9)), Err(exceeded(Resource::Attempts, 4, 3, 9)));
}

#[test]
fn of_several_resources_the_first_in_order_is_named() {
    let limits = within(500).with_attempts(1).unwrap().with_steps(1).unwrap();
    let mut budget = Budget::new(limits.with_tokens(1).unwrap().with_money(1).unwrap(), T0);
    let root = budget.root();
    let mut ask = Spend { attempts: 2, steps: 2, tokens: 2, money: 2 };
    let mut named = |now, ask| budget.reserve(root, now, ask).unwrap_err().what.as_str();
    assert_eq!(named(at(1_500), ask), "time");
    let mut budget = Budget::new(limits.with_tokens(1).unwrap().with_money(1).unwrap(), T0);
    let mut named = |ask| budget.reserve(root, T0, ask).unwrap_err().what.as_str();
    assert_eq!(named(ask), "attempts");
    ask.attempts = 0;
    assert_eq!(named(ask), "steps");
    ask.steps = 0;
    assert_eq!(named(ask), "tokens");
    ask.tokens = 0;
    assert_eq!(named(ask), "money");
}

#[test]
fn a_limit_of_nothing_is_refused_by_its_name() {
    let none = Limits::none();
    let errors = [
        none.with_deadline(Duration::ZERO),
        none.with_deadline(Duration::from_nanos(999)),
        none.with_attempts(0),
        none.with_steps(0),
        none.with_tokens(0),
        none.with_money(0),
    ];
    let expected =
        ["budget.deadline", "budget.deadline", "budget.attempts", "budget.steps", "budget.tokens", "budget.money"];
    assert_eq!(errors.map(|error| error.unwrap_err().name), expected);
    assert!(none.with_deadline(Duration::from_micros(1)).is_ok());
    assert!(none.with_money(u64::MAX).is_ok());
}

#[test]
fn limits_tell_what_they_allow() {
    let limits = within(500).with_attempts(5).unwrap().with_steps(4).unwrap();
    let limits = limits.with_tokens(3).unwrap().with_money(2).unwrap();
    assert_eq!(limits.deadline(), Some(ms(500)));
    assert_eq!((limits.attempts(), limits.steps()), (Some(5), Some(4)));
    assert_eq!((limits.tokens(), limits.money()), (Some(3), Some(2)));
    let none = Limits::none();
    assert_eq!((none.deadline(), none.attempts(), none.steps()), (None, None, None));
    assert_eq!((none.tokens(), none.money()), (None, None));
}

#[test]
fn refusals_say_what_to_do() {
    for (refusal, sentence) in [
        (
            exceeded(Resource::Tokens, 10_000, 900, 4_000),
            "tokens: 4000 asked for, 900 left of 10000; ask for less, or raise budget.tokens",
        ),
        (
            exceeded(Resource::Money, 100, 0, 0),
            "money: nothing is left of 100; end with what there is, or raise budget.money",
        ),
        (
            exceeded(Resource::Time, 30_000_000, 0, 0),
            "time: the limit of 30 s is over; end with what there is, or raise budget.deadline",
        ),
        (exceeded(Resource::Time, 0, 0, 0), "this envelope is closed; open another with Budget::child"),
    ] {
        assert_eq!(refusal.to_string(), sentence);
    }
    assert_eq!(EnvelopeError::Closed.to_string(), "this envelope is closed; open another with Budget::child");
}

#[cfg(feature = "serde")]
#[test]
fn refusals_and_what_is_left_leave_as_data() {
    let refusal = serde_json::to_string(&exceeded(Resource::Tokens, 100, 9, 40)).unwrap();
    assert_eq!(refusal, r#"{"what":"tokens","limit":100,"left":9,"asked":40}"#);
    let budget = Budget::new(of_attempts(2).with_deadline(ms(1_500)).unwrap(), T0);
    let left = serde_json::to_string(&budget.left(budget.root(), T0)).unwrap();
    assert_eq!(left, r#"{"time":1500.0,"attempts":2,"steps":null,"tokens":null,"money":null}"#);
}

#[test]
fn a_narrowed_envelope_has_what_was_said_is_left_and_so_has_all_within_it() {
    let mut budget = Budget::new(of_attempts(10).with_tokens(50).unwrap(), T0);
    let child = budget.child(budget.root(), of_attempts(4), T0).unwrap();
    let held = budget.reserve(child, T0, attempts(1)).unwrap();
    budget.spend(budget.root(), attempts(2));
    let left = Left { time: Some(ms(500)), attempts: Some(3), steps: Some(1), tokens: Some(900), money: None };
    budget.narrow(budget.root(), left, at(1_100));
    for envelope in [budget.root(), child] {
        let left = Left { time: Some(ms(500)), attempts: Some(3), steps: Some(1), tokens: Some(50), money: None };
        assert_eq!(budget.left(envelope, at(1_100)), left);
    }
    budget.narrow(budget.root(), Left { attempts: Some(9), ..Left::default() }, at(1_200));
    assert_eq!(budget.left(child, at(1_200)).attempts, Some(3), "an envelope only narrows");
    assert_eq!(budget.deadline(child).at(), Some(at(1_600)));
    budget.cancel(held);
    budget.narrow(child, Left { attempts: Some(0), ..Left::default() }, at(1_200));
    assert_eq!((budget.left(child, T0).attempts, budget.left(budget.root(), T0).attempts), (Some(0), Some(4)));
    let refusal = budget.reserve(child, at(1_600), attempts(1)).unwrap_err();
    assert_eq!((refusal.what, refusal.limit), (Resource::Time, 500_000));

    // Down to nothing, and through a snapshot.
    budget.narrow(budget.root(), Left::NOTHING, at(1_200));
    let restored = Budget::restore(&budget.snapshot(at(1_200)), at(0), Duration::ZERO).unwrap();
    assert_eq!(restored.left(restored.root(), at(0)), Left::NOTHING);
    assert_eq!(restored.left(child, at(0)), Left::NOTHING);
}

#[test]
fn what_a_closed_envelope_spends_counts_against_the_root() {
    let mut budget = Budget::new(of_attempts(10), T0);
    let child = budget.child(budget.root(), Limits::none(), T0).unwrap();
    budget.spend(child, attempts(1));
    assert_eq!((budget.spent(child), budget.spent(budget.root())), (attempts(1), attempts(1)));
    budget.close(child).unwrap();
    budget.narrow(child, Left::NOTHING, T0);
    budget.spend(child, attempts(2));
    assert_eq!(budget.left(budget.root(), T0).attempts, Some(7));
}
