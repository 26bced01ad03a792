//! Budgets: what a tree of work may still spend, and how much of it may be retries.
//!
//! A run calls models and tools, these are retried and fall back, and some of them are agents with runs of their own. Only
//! a limit around the whole tree holds: ten workers that may each make ten attempts are a hundred attempts. What is
//! counted is therefore reserved before the work and settled after it, in each envelope from the innermost to the root.
//!
//! [`Budget`] limits the whole; [`RetryBudget`] limits the share of retries in a run; [`RetryThrottle`] stops retries
//! against an endpoint that mostly fails.

mod limits;
mod report;
mod retry_budget;
mod stored;
mod throttle;

pub use limits::Limits;
pub use report::{BudgetExceeded, EnvelopeError, Left, Resource, Spend};
pub use retry_budget::{RetryBudget, RetryBudgetPolicy, RetryBudgetSpent};
pub use throttle::{RetryThrottle, ThrottlePolicy};

use crate::deadline::{Deadline, Scope};
use crate::time::{Duration, Instant};
use alloc::vec::Vec;

/// What a tree of work may spend: time, physical attempts, steps, tokens and money.
///
/// Everything is counted in whole pieces; money in millionths (micro-units) of whatever currency the host counts in, so a
/// price of 3.00 for a million tokens is 3 a token. Nothing is limited unless [`Limits`] says so.
///
/// How to drive it: begin with its [`root`](Self::root) envelope and open a [`child`](Self::child) for each part of the
/// work that has limits of its own. Before each piece of work [`reserve`](Self::reserve) what it may cost; afterwards
/// [`settle`](Self::settle) with what it did cost, or [`cancel`](Self::cancel) if it never began. When a part is over,
/// [`close`](Self::close) its envelope. The cost of each is that of the envelopes that are open, whatever came before.
///
/// A reservation counts in its envelope and in all around it, in all of them or in none. A child only narrows: its limits
/// are the least over itself and those around it, its deadline is no later than theirs, and at the instant of the
/// deadline time is over. What was really spent may be more than was reserved; it is counted all the same, and as long as
/// more is spent and reserved than allowed, no reservation is given, whatever it asks for. Nor is one for an attempt where
/// nothing is left of the tokens or of the money, however little of them it was expected to take.
///
/// A closed envelope is recognised by its generation, also when its place is taken by another. It allows nothing, has
/// nothing left and has spent nothing. Envelopes and reservations of one budget mean nothing to another.
///
/// ```
/// use steadfast::budget::{Budget, Limits, Resource, Spend};
/// use steadfast::time::Instant;
///
/// let now = Instant::from_millis(10);
/// let mut budget = Budget::new(Limits::none().with_attempts(5)?.with_tokens(10_000)?, now);
/// let researcher = budget.child(budget.root(), Limits::none().with_attempts(2)?, now)?;
///
/// let estimate = Spend { attempts: 1, tokens: 4_000, ..Spend::default() };
/// let reservation = budget.reserve(researcher, now, estimate)?;
/// assert_eq!(budget.left(budget.root(), now).tokens, Some(6_000));
/// budget.settle(reservation, Spend { attempts: 1, tokens: 3_100, ..Spend::default() });
/// assert_eq!(budget.left(budget.root(), now).tokens, Some(6_900));
///
/// let refused = budget.reserve(researcher, now, Spend { attempts: 2, ..Spend::default() }).unwrap_err();
/// assert_eq!((refused.what, refused.limit, refused.left, refused.asked), (Resource::Attempts, 2, 1, 2));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Budget {
    now: Instant,
    /// How often it was restored: a reservation of an earlier life is known by it.
    life: u64,
    slots: Vec<Slot>,
}

/// The place of an envelope. Each that is closed leaves its place to another, of a new generation.
#[derive(Debug, Default)]
struct Slot {
    generation: u64,
    node: Option<Node>,
}

/// An open envelope. Its limits are already no wider than its parent's.
#[derive(Debug, Clone, Copy)]
struct Node {
    parent: Option<usize>,
    limits: Limits,
    deadline: Deadline,
    spent: Spend,
    reserved: Spend,
    /// What the four above leave, kept beside them so that a look is enough; none if more is used than allowed.
    room: Option<Spend>,
}

/// Where the root is.
const ROOT: usize = 0;

/// One envelope of a [`Budget`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Envelope {
    index: usize,
    generation: u64,
}

/// What is reserved for one piece of work. Hand it back with [`Budget::settle`] or [`Budget::cancel`].
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a reservation that is never settled stays reserved until its envelope is closed"]
pub struct Reservation {
    envelope: Envelope,
    life: u64,
    estimate: Spend,
}

impl Reservation {
    /// Where it is reserved.
    #[must_use]
    pub fn envelope(&self) -> Envelope {
        self.envelope
    }

    /// How much is reserved.
    #[must_use]
    pub fn estimate(&self) -> Spend {
        self.estimate
    }
}

impl Budget {
    /// A budget whose root allows what `limits` say, beginning now.
    #[must_use]
    pub fn new(limits: Limits, now: Instant) -> Self {
        let deadline = Deadline::after(now, limits.deadline.filter(|_| !sabotaged!(BudgetHasNoDeadline)), Scope::Run);
        let root = Node::new(None, limits, deadline, Spend::NONE);
        Self { now, life: 0, slots: alloc::vec![Slot { generation: 0, node: Some(root) }] }
    }

    /// The outermost envelope.
    #[must_use]
    pub fn root(&self) -> Envelope {
        Envelope { index: ROOT, generation: self.slots.first().map_or(0, |slot| slot.generation) }
    }

    /// Opens an envelope in another. It can allow less than that one, never more. Fails if `parent` is closed.
    pub fn child(&mut self, parent: Envelope, limits: Limits, now: Instant) -> Result<Envelope, EnvelopeError> {
        self.advance(now);
        let around = self.node(parent).ok_or(EnvelopeError::Closed)?;
        let deadline = Deadline::after(self.now, limits.deadline, Scope::Run).within(around.deadline);
        let limits = limits.narrowed(&around.limits, deadline.remaining(self.now));
        let node = Node::new(Some(parent.index), limits, deadline, Spend::NONE);
        let index = self.slots.iter().position(|slot| slot.node.is_none()).unwrap_or(self.slots.len());
        if index == self.slots.len() {
            self.slots.push(Slot::default());
        }
        let slot = self.slots.get_mut(index).ok_or(EnvelopeError::Closed)?;
        slot.node = Some(node);
        Ok(Envelope { index, generation: slot.generation })
    }

    /// Closes an envelope and all within it, and answers what was still reserved there: that much is given back to the
    /// envelopes around it. What was spent stays spent. Fails for the root, and for an envelope that is closed already.
    pub fn close(&mut self, envelope: Envelope) -> Result<Spend, EnvelopeError> {
        let reserved = self.node(envelope).ok_or(EnvelopeError::Closed)?.reserved;
        if envelope.index == ROOT {
            return Err(EnvelopeError::Root);
        }
        self.count(envelope.index, |node| node.reserved = node.reserved.minus(reserved));
        let inside: Vec<bool> =
            (0..self.slots.len()).map(|index| self.outwards(index).any(|at| at == envelope.index)).collect();
        for (slot, _) in self.slots.iter_mut().zip(inside).filter(|(_, inside)| *inside) {
            slot.node = None;
            slot.generation = slot.generation.wrapping_add(1);
        }
        Ok(reserved)
    }

    /// Reserves what a piece of work may cost, in its envelope and all around it, or says what does not suffice. Where more of a
    /// resource was spent than its limit, nothing is given any more, also to work that takes none of it; where it is used up to
    /// the last, such work may still begin.
    ///
    /// ```
    /// use steadfast::budget::{Budget, Limits, Resource, Spend};
    /// use steadfast::time::Instant;
    ///
    /// let now = Instant::ORIGIN;
    /// let mut budget = Budget::new(Limits::none().with_tokens(100)?, now);
    /// let step = Spend { steps: 1, ..Spend::NONE };
    /// budget.spend(budget.root(), Spend { tokens: 100, ..Spend::NONE });
    /// assert!(budget.reserve(budget.root(), now, step).is_ok());
    /// budget.spend(budget.root(), Spend { tokens: 1, ..Spend::NONE });
    /// assert_eq!(budget.reserve(budget.root(), now, step).unwrap_err().what, Resource::Tokens);
    /// # Ok::<(), steadfast::setting::InvalidSetting>(())
    /// ```
    #[inline]
    pub fn reserve(
        &mut self,
        envelope: Envelope,
        now: Instant,
        estimate: Spend,
    ) -> Result<Reservation, BudgetExceeded> {
        self.take(envelope, now, &estimate)?;
        Ok(Reservation { envelope, life: self.life, estimate })
    }

    /// Whether [`reserve`](Self::reserve) would reserve that much, without doing so.
    #[inline]
    pub(crate) fn allows(&self, envelope: Envelope, now: Instant, estimate: &Spend) -> bool {
        let now = self.now.max(now);
        let Some(node) = self.node(envelope) else { return false };
        self.suffices(node, estimate, now) || self.refusal(envelope, estimate, now).is_none()
    }

    fn take(&mut self, envelope: Envelope, now: Instant, estimate: &Spend) -> Result<(), BudgetExceeded> {
        self.advance(now);
        let Some(node) = self.node(envelope) else {
            return Err(BudgetExceeded { what: Resource::Time, limit: 0, left: 0, asked: 0 });
        };
        // Most often it fits, and that takes one look at each envelope.
        if !self.suffices(node, estimate, self.now)
            && let Some(refusal) = self.refusal(envelope, estimate, self.now)
        {
            return Err(refusal);
        }
        let taking = |node: &mut Node| {
            node.reserved = node.reserved.plus(*estimate);
            node.room = node.room.map(|room| room.minus(*estimate));
        };
        self.change(envelope.index, taking);
        Ok(())
    }

    #[inline]
    fn suffices(&self, node: &Node, estimate: &Spend, now: Instant) -> bool {
        let mut node = node;
        while node.suffices(estimate, now) {
            match node.parent.and_then(|around| self.at(around)) {
                Some(around) => node = around,
                None => return true,
            }
        }
        false
    }

    /// What does not suffice, of all that does not.
    #[cold]
    fn refusal(&self, envelope: Envelope, estimate: &Spend, now: Instant) -> Option<BudgetExceeded> {
        Resource::ALL.into_iter().find_map(|resource| {
            let refusals = self.nodes(envelope.index).filter_map(|node| node.refusal(resource, estimate, now));
            // From the innermost outwards: of equals the last is kept.
            refusals.reduce(|inner, outer| if inner.left < outer.left { inner } else { outer })
        })
    }

    /// Replaces what was reserved by what was really spent, be it less or more.
    ///
    /// A reservation that outlived its envelope was given back when that was closed; what was spent on it counts against
    /// the root alone. One that was made before the budget was restored counted as spent then, and changes nothing more.
    #[expect(clippy::needless_pass_by_value, reason = "a reservation is settled once: settling takes it away")]
    #[inline]
    pub fn settle(&mut self, reservation: Reservation, spent: Spend) {
        self.take_back(&reservation, spent);
    }

    /// As [`settle`](Self::settle), for whoever forgets the reservation where it lies.
    pub(crate) fn take_back(&mut self, reservation: &Reservation, spent: Spend) {
        if reservation.life != self.life {
            return;
        }
        let (index, held) = match self.node(reservation.envelope) {
            Some(node) => (reservation.envelope.index, reservation.estimate.least(node.reserved)),
            None => (ROOT, Spend::NONE),
        };
        self.count(index, |node| {
            node.reserved = node.reserved.minus(held);
            node.spent = node.spent.plus(spent);
        });
    }

    /// Counts what was spent without having been reserved, in an envelope and all around it; of a closed one, in the root alone.
    pub fn spend(&mut self, envelope: Envelope, spent: Spend) {
        let index = self.node(envelope).map_or(ROOT, |_| envelope.index);
        self.count(index, |node| node.spent = node.spent.plus(spent));
    }

    /// Takes away from an envelope, and from all within it, whatever it allows beyond `left`. What it allows less of stays as it
    /// is: an envelope only ever narrows. For one that mirrors a budget kept elsewhere, which others spend from too.
    ///
    /// ```
    /// use steadfast::budget::{Budget, Left, Limits, Spend};
    /// use steadfast::time::Instant;
    ///
    /// let now = Instant::ORIGIN;
    /// let mut budget = Budget::new(Limits::none().with_attempts(5)?, now);
    /// budget.spend(budget.root(), Spend { attempts: 1, ..Spend::NONE });
    /// budget.narrow(budget.root(), Left { attempts: Some(2), tokens: Some(100), ..Left::default() }, now);
    /// let left = budget.left(budget.root(), now);
    /// assert_eq!((left.attempts, left.tokens), (Some(2), Some(100)));
    /// # Ok::<(), steadfast::setting::InvalidSetting>(())
    /// ```
    pub fn narrow(&mut self, envelope: Envelope, left: Left, now: Instant) {
        self.advance(now);
        if self.node(envelope).is_none() {
            return;
        }
        let inside: Vec<bool> =
            (0..self.slots.len()).map(|index| self.outwards(index).any(|at| at == envelope.index)).collect();
        let until = Deadline::after(self.now, left.time, Scope::Run);
        for (slot, _) in self.slots.iter_mut().zip(inside).filter(|(_, inside)| *inside) {
            let Some(node) = &mut slot.node else { continue };
            let nearer = until.within(node.deadline);
            let deadline = if nearer == node.deadline { node.limits.deadline } else { left.time };
            node.deadline = nearer;
            node.limits = node.limits.narrowed(&left.after(node.spent.plus(node.reserved)), deadline);
            node.look();
        }
    }

    /// Limits the root anew, as if it had been limited like this since it `began`. What was spent and what is reserved count.
    pub(crate) fn adopt(&mut self, limits: Limits, began: Instant) {
        if let Some(root) = self.slots.first_mut().and_then(|slot| slot.node.as_mut()) {
            (root.limits, root.deadline) = (limits, Deadline::after(began, limits.deadline, Scope::Run));
            root.look();
        }
    }

    /// Gives a reservation back: its work never began.
    pub fn cancel(&mut self, reservation: Reservation) {
        self.settle(reservation, Spend::NONE);
    }

    /// What can still be reserved in an envelope: the least over itself and those around it.
    #[must_use]
    pub fn left(&self, envelope: Envelope, now: Instant) -> Left {
        let Some(node) = self.node(envelope) else { return Left::NOTHING };
        let counted = |resource| {
            // A limit anywhere around it is one of its own.
            node.limits.of(resource)?;
            self.nodes(envelope.index).map(|node| node.left(resource)).min()
        };
        Left {
            time: node.deadline.remaining(self.now.max(now)),
            attempts: counted(Resource::Attempts),
            steps: counted(Resource::Steps),
            tokens: counted(Resource::Tokens),
            money: counted(Resource::Money),
        }
    }

    /// What was spent in an envelope and all that ever was within it.
    #[must_use]
    pub fn spent(&self, envelope: Envelope) -> Spend {
        self.node(envelope).map_or(Spend::NONE, |node| node.spent)
    }

    /// What is reserved in an envelope and all within it, and not settled.
    #[must_use]
    pub fn reserved(&self, envelope: Envelope) -> Spend {
        self.node(envelope).map_or(Spend::NONE, |node| node.reserved)
    }

    /// Until when work may begin in an envelope.
    #[must_use]
    pub fn deadline(&self, envelope: Envelope) -> Deadline {
        self.node(envelope).map_or_else(|| due(Instant::ORIGIN), |node| node.deadline)
    }

    /// The clock never goes back here: an earlier instant counts as the last one.
    fn advance(&mut self, now: Instant) {
        self.now = self.now.max(now);
    }

    fn node(&self, envelope: Envelope) -> Option<&Node> {
        let slot = self.slots.get(envelope.index)?;
        slot.node.as_ref().filter(|_| slot.generation == envelope.generation)
    }

    fn at(&self, index: usize) -> Option<&Node> {
        self.slots.get(index)?.node.as_ref()
    }

    /// An envelope's place and those around it, to the root.
    fn outwards(&self, index: usize) -> impl Iterator<Item = usize> {
        core::iter::successors(self.at(index).map(|_| index), |index| self.at(*index)?.parent)
    }

    fn nodes(&self, index: usize) -> impl Iterator<Item = &Node> {
        self.outwards(index).filter_map(|index| self.at(index))
    }

    /// Counts otherwise in an envelope and all around it.
    fn count(&mut self, index: usize, mut change: impl FnMut(&mut Node)) {
        self.change(index, |node| {
            change(node);
            node.look();
        });
    }

    /// Changes an envelope and all around it.
    fn change(&mut self, index: usize, mut change: impl FnMut(&mut Node)) {
        let mut next = Some(index);
        while let Some(node) = next.and_then(|index| self.slots.get_mut(index)?.node.as_mut()) {
            change(node);
            next = node.parent;
        }
    }
}

impl Node {
    fn new(parent: Option<usize>, limits: Limits, deadline: Deadline, spent: Spend) -> Self {
        let mut node = Self { parent, limits, deadline, spent, reserved: Spend::NONE, room: None };
        node.look();
        node
    }

    /// Works out anew what is left.
    #[inline]
    fn look(&mut self) {
        self.room = self.room_now();
    }

    #[inline]
    fn room_now(&self) -> Option<Spend> {
        let Self { limits, spent, reserved, .. } = self;
        let room = |limit: Option<u64>, spent: u64, reserved: u64| {
            limit.unwrap_or(u64::MAX).checked_sub(spent.saturating_add(reserved))
        };
        Some(Spend {
            attempts: room(limits.attempts, spent.attempts, reserved.attempts)?,
            steps: room(limits.steps, spent.steps, reserved.steps)?,
            tokens: room(limits.tokens, spent.tokens, reserved.tokens)?,
            money: room(limits.money, spent.money, reserved.money)?,
        })
    }

    /// What cannot be counted is not given: without a limit, it is the greatest number.
    fn limit(&self, resource: Resource) -> u64 {
        self.limits.of(resource).unwrap_or(u64::MAX)
    }

    fn used(&self, resource: Resource) -> u64 {
        self.spent.of(resource).saturating_add(self.reserved.of(resource))
    }

    fn left(&self, resource: Resource) -> u64 {
        self.limit(resource).saturating_sub(self.used(resource))
    }

    /// Whether certainly nothing of it is refused.
    #[inline]
    fn suffices(&self, estimate: &Spend, now: Instant) -> bool {
        let Some(room) = self.room else { return false };
        let (tokens, money) = (estimate.least_of(Resource::Tokens), estimate.least_of(Resource::Money));
        estimate.attempts <= room.attempts
            && estimate.steps <= room.steps
            && estimate.tokens.max(tokens) <= room.tokens
            && estimate.money.max(money) <= room.money
            && !self.deadline.has_passed(now)
    }

    fn refusal(&self, what: Resource, estimate: &Spend, now: Instant) -> Option<BudgetExceeded> {
        let not_counted = match what {
            Resource::Attempts => sabotaged!(AttemptsAreNotCounted),
            Resource::Steps => sabotaged!(StepsAreNotCounted),
            Resource::Tokens => sabotaged!(TokensAreNotCounted),
            Resource::Money => sabotaged!(MoneyIsNotCounted),
            Resource::Time => false,
        };
        if not_counted {
            return None;
        }
        let (limit, left, asked) = (self.limit(what), self.left(what), estimate.of(what));
        if what == Resource::Time {
            return self.deadline.has_passed(now).then_some(BudgetExceeded { what, limit, left: 0, asked: 0 });
        }
        let overdrawn = self.used(what) > limit;
        let used_up = self.limits.of(what).is_some() && left < estimate.least_of(what);
        (overdrawn || used_up || asked > left).then_some(BudgetExceeded { what, limit, left, asked })
    }
}

/// A deadline at that very instant.
fn due(at: Instant) -> Deadline {
    Deadline::after(at, Some(Duration::ZERO), Scope::Run)
}

#[cfg(test)]
mod tests;
