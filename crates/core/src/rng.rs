//! Chance as an argument: one seed, a stream of its own for every operation and attempt.
//!
//! The generator is `SplitMix64` (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014)
//! from the crate `rand_xoshiro`, whose output for a seed does not change between versions. Only integers are drawn, so a
//! browser and a server agree to the bit.

use rand_xoshiro::SplitMix64;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

/// Where all chance of a run comes from. Equal seeds give equal decisions.
///
/// As data it is a decimal string: JavaScript's numbers lose digits beyond 2^53.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Seed(pub u64);

impl Seed {
    /// The stream of one attempt of one operation. Two operations never share one, and neither do two attempts, so no
    /// draw depends on how many draws came before it elsewhere.
    ///
    /// ```
    /// use steadfast::rng::Seed;
    ///
    /// let seed = Seed(7);
    /// let draw = |operation, attempt| seed.stream(operation, attempt).up_to(999_999);
    /// assert_eq!(draw(1, 1), draw(1, 1));
    /// assert_ne!(draw(1, 1), draw(1, 2));
    /// assert_ne!(draw(1, 1), draw(2, 1));
    /// ```
    #[must_use]
    pub fn stream(self, operation: u64, attempt: u32) -> Stream {
        let keyed = mixed(mixed(self.0).wrapping_add(operation)).wrapping_add(u64::from(attempt));
        Stream(SplitMix64::seed_from_u64(mixed(keyed)))
    }

    /// A seed for something that draws on its own account, such as a breaker or one tool of many.
    #[must_use]
    pub fn derive(self, index: u64) -> Self {
        Self(mixed(mixed(self.0) ^ index))
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Seed {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

fn mixed(key: u64) -> u64 {
    SplitMix64::seed_from_u64(key).next_u64()
}

/// The draws of one attempt.
#[derive(Debug, Clone)]
pub struct Stream(SplitMix64);

impl Stream {
    /// A whole number from 0 to `most`, both included, all as likely as the scaling of 64 bits allows (a bias below
    /// `most / 2^64`: Lemire, "Fast random integer generation in an interval", 2019, without the rejection).
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    pub fn up_to(&mut self, most: u64) -> u64 {
        let scaled = u128::from(self.0.next_u64()) * (u128::from(most) + 1);
        (scaled >> 64) as u64
    }

    /// Whether something happens that happens `per_mille` times in a thousand.
    pub fn happens(&mut self, per_mille: u32) -> bool {
        self.up_to(999) < u64::from(per_mille)
    }
}

/// So many times fewer rounds are made by tests that make many where they run under Miri, which is as much slower.
#[cfg(test)]
pub(crate) const FEWER: u64 = if cfg!(miri) { 40 } else { 1 };

/// The same for tests that go through all bytes or bits of something.
#[cfg(test)]
pub(crate) const STEP: usize = if cfg!(miri) { 40 } else { 1 };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_the_published_ones_and_stay_so() {
        // SplitMix64 of seed 1234567, from the reference implementation's published test vector.
        let mut reference = SplitMix64::from_seed(1_234_567_u64.to_le_bytes());
        assert_eq!(reference.next_u64(), 6_457_827_717_110_365_317);
        assert_eq!(reference.next_u64(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn a_draw_reaches_both_ends_and_never_passes_them() {
        let mut stream = Seed(1).stream(0, 0);
        let mut seen = [false; 4];
        for _ in 0..200 {
            seen[usize::try_from(stream.up_to(3)).unwrap()] = true;
        }
        assert_eq!(seen, [true; 4]);
        assert_eq!(stream.up_to(0), 0);
        let _ = stream.up_to(u64::MAX);
    }

    #[test]
    fn chances_of_none_and_all_are_certain() {
        let mut stream = Seed(2).stream(0, 0);
        assert!((0..1_000).all(|_| !stream.happens(0)));
        assert!((0..1_000).all(|_| stream.happens(1_000)));
        let hits = (0..10_000).filter(|_| stream.happens(300)).count();
        assert!((2_850..3_150).contains(&hits), "{hits} of 10,000 at 30 %");
    }

    #[test]
    fn neighbouring_seeds_operations_and_attempts_do_not_collide() {
        let mut draws = alloc::collections::BTreeSet::new();
        for seed in 0..10 {
            for operation in 0..10 {
                for attempt in 0..10 {
                    draws.insert(Seed(seed).stream(operation, attempt).up_to(u64::MAX));
                }
            }
        }
        assert_eq!(draws.len(), 1_000);
    }
}
