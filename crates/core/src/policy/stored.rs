//! Settings as part of an incident. They come back through their constructors, so what comes back is valid.

use super::{CallPolicy, RunPolicy};
use crate::approval::{ApprovalGate, HashFunction};
use crate::backoff::{Backoff, Jitter};
use crate::breaker::{BreakerPolicy, SlowPolicy, WindowPolicy};
use crate::budget::{RetryBudgetPolicy, ThrottlePolicy};
use crate::progress::ProgressPolicy;
use crate::retry::RetryPolicy;
use crate::snapshot::{Reader, SnapshotError, Stored, Writer};
use crate::time::Duration;
use alloc::string::String;
use alloc::vec::Vec;

impl Stored for Backoff {
    fn store(&self, to: &mut Writer) {
        to.put(&self.base()).put(&self.cap()).put(&self.factor_thousandths()).put(&(self.jitter() as u8));
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        let backoff = Self::new(from.take()?, from.take()?)?.with_factor_thousandths(from.take()?)?;
        let jitters = [Jitter::Full, Jitter::Equal, Jitter::Decorrelated, Jitter::None];
        let jitter = jitters.get(usize::from(from.take::<u8>()?)).ok_or(SnapshotError::Damaged)?;
        Ok(backoff.with_jitter(*jitter))
    }
}

impl Stored for RetryPolicy {
    fn store(&self, to: &mut Writer) {
        to.put(&self.attempts()).put(self.backoff());
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        Ok(Self::default().with_attempts(from.take()?)?.with_backoff(from.take()?))
    }
}

impl Stored for ThrottlePolicy {
    fn store(&self, to: &mut Writer) {
        to.put(&self.tokens()).put(&self.ratio_thousandths());
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        Ok(Self::default().with_tokens(from.take()?)?.with_ratio(from.take()?)?)
    }
}

impl Stored for WindowPolicy {
    fn store(&self, to: &mut Writer) {
        to.put(&self.per_mille()).put(&self.calls()).put(&self.span()).put(&self.minimum());
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        Ok(Self::new(from.take()?, from.take()?, from.take()?, from.take()?)?)
    }
}

impl Stored for SlowPolicy {
    fn store(&self, to: &mut Writer) {
        to.put(&self.limit()).put(&self.per_mille());
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        Ok(Self::new(from.take()?, from.take()?)?)
    }
}

impl Stored for BreakerPolicy {
    fn store(&self, to: &mut Writer) {
        to.put(&self.consecutive())
            .put(&self.window())
            .put(&self.slow())
            .put(&self.open_for())
            .put(&self.open_for_max());
        to.put(&self.probes()).put(&self.successes()).put(&self.lease());
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        let breaker = Self::default().with_consecutive(from.take()?).with_window(from.take()?).with_slow(from.take()?);
        let breaker = breaker.with_open_for(from.take()?, from.take()?)?.with_probes(from.take()?, from.take()?)?;
        match from.take()? {
            None => Ok(breaker),
            Some(lease) => Ok(breaker.with_lease(lease)?),
        }
    }
}

impl Stored for CallPolicy {
    fn store(&self, to: &mut Writer) {
        to.put(&self.timeout())
            .put(&self.deadline())
            .put(&self.first_output())
            .put(&self.idle())
            .put(&self.longest_pause());
        to.put(&self.retry).put(&self.throttle).put(&self.breaker).put(&self.estimate);
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        let policy = Self::unguarded().with_timeout(from.take()?)?.with_deadline(from.take()?)?;
        let policy = policy.with_stream(from.take()?, from.take()?)?.with_longest_pause(from.take()?)?;
        let policy = policy.with_retry(from.take()?).with_throttle(from.take()?).with_breaker(from.take()?);
        Ok(policy.with_estimate(from.take()?))
    }
}

impl Stored for RetryBudgetPolicy {
    fn store(&self, to: &mut Writer) {
        to.put(&self.per_mille()).put(&self.at_least());
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        Ok(Self::default().with_per_mille(from.take()?)?.with_at_least(from.take()?))
    }
}

impl Stored for ProgressPolicy {
    fn store(&self, to: &mut Writer) {
        to.put(&self.repeats()).put(&self.longest_cycle()).put(&self.errors()).put(&self.nothing_new());
        to.put(&self.polling().to_vec());
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        let policy = Self::default().with_repeats(from.take()?)?.with_longest_cycle(from.take()?)?;
        let policy = policy.with_errors(from.take()?)?.with_nothing_new(from.take()?)?;
        Ok(policy.with_polling(from.take::<Vec<String>>()?)?)
    }
}

impl RunPolicy {
    /// All of it but the hash, which is the host's.
    pub(crate) fn store(&self, to: &mut Writer) {
        to.put(&self.max_steps).put(&self.deadline()).put(&self.model).put(&self.budget).put(&self.retry_budget);
        to.put(&self.approval.has_approver()).put(&self.approval.expires_after()).put(&self.progress);
        to.text(&self.safe_message);
    }

    pub(crate) fn load(from: &mut Reader<'_>, hash: HashFunction) -> Result<Self, SnapshotError> {
        let policy = Self::with_hash(hash).with_max_steps(from.take()?)?.with_deadline(from.take()?)?;
        let policy = policy.with_model(from.take()?).with_budget(from.take()?).with_retry_budget(from.take()?);
        let gate = ApprovalGate::default().with_approver(from.take()?).with_expires_after(from.take::<Duration>()?)?;
        let policy = policy.with_approval(gate).with_progress(from.take()?);
        Ok(policy.with_safe_message(from.take::<String>()?)?)
    }
}
