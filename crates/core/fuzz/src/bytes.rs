//! Bytes as choices. Where they end, every choice is the first one, so that a short input is a simple story.

use steadfast::time::{Duration, Instant};

/// Numbers at which arithmetic goes wrong, if it does.
const EDGES: [u64; 16] = [
    u64::MAX,
    u64::MAX - 1,
    1 << 63,
    (1 << 63) - 1,
    i64::MAX as u64 - 1,
    1 << 32,
    u32::MAX as u64,
    u32::MAX as u64 - 1,
    1 << 31,
    // An era of the breaker's own window, and where its stamps come round again.
    1 << 29,
    (1 << 29) - 1,
    (1 << 31) - 1,
    1_000,
    1_000_000,
    60_000_000,
    600_000_000,
];

/// What is left of an input.
#[derive(Debug, Clone)]
pub struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    /// All of it.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is left, as it is.
    pub fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// Yes or no; no at the end.
    pub fn yes(&mut self) -> bool {
        self.byte() % 2 == 1
    }

    /// From 0 to `most`.
    pub fn up_to(&mut self, most: u8) -> u8 {
        match most.checked_add(1) {
            Some(count) => self.byte() % count,
            None => self.byte(),
        }
    }

    /// One of `all`.
    pub fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::from(self.byte()) % all.len()]
    }

    /// Any number: mostly a small one, sometimes one at an edge.
    pub fn number(&mut self) -> u64 {
        match self.byte() {
            small @ 0..=199 => u64::from(small),
            edge @ 200..=239 => EDGES[usize::from(edge) % EDGES.len()],
            _ => u64::from_le_bytes(core::array::from_fn(|_| self.byte())),
        }
    }

    /// The same in 32 bits, at most the greatest.
    pub fn small_number(&mut self) -> u32 {
        u32::try_from(self.number()).unwrap_or(u32::MAX)
    }

    /// Any duration: mostly of milliseconds to minutes, sometimes none, next to none or all there is.
    pub fn duration(&mut self) -> Duration {
        match self.byte() % 16 {
            0 => Duration::ZERO,
            1 => Duration::from_nanos(1),
            2 => Duration::from_micros(1),
            3 => Duration::MAX,
            4 => Duration::from_micros(u64::MAX),
            5 => Duration::from_micros(self.number()),
            unit => {
                let unit = [1, 10, 100, 1_000, 60_000][usize::from(unit) % 5];
                Duration::from_millis(u64::from(self.byte()) * unit)
            }
        }
    }

    /// A duration, or none; none at the end.
    pub fn limit(&mut self) -> Option<Duration> {
        self.yes().then(|| self.duration())
    }

    /// The next instant after `now` as a host with a bad clock sees it: near, far, before, or the end of time.
    pub fn instant_after(&mut self, now: Instant) -> Instant {
        match self.byte() % 16 {
            0..=3 => now,
            4 => Instant::from_micros(now.as_micros().saturating_sub(self.number())),
            5 => Instant::from_micros(self.number()),
            6 => now + self.duration(),
            7 => Instant::from_micros(now.as_micros().saturating_add(1)),
            unit => now + Duration::from_millis(u64::from(self.byte()) * [1, 50, 1_000][usize::from(unit) % 3]),
        }
    }

    /// A text: mostly one of a few, so that it comes again.
    pub fn text(&mut self) -> String {
        match self.byte() % 8 {
            0 => "a".into(),
            1 => String::new(),
            2 => "{}".into(),
            3 => " ".into(),
            4 => "ä€😀".repeat(usize::from(self.byte())),
            _ => {
                let length = usize::from(self.byte() % 16).min(self.0.len());
                let (text, rest) = self.0.split_at(length);
                self.0 = rest;
                String::from_utf8_lossy(text).into_owned()
            }
        }
    }
}
