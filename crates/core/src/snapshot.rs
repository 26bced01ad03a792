//! Snapshots: state as bytes that outlive a process, and come back whole or not at all.
//!
//! A snapshot is `"steadfast"`, what kind it is, the version of its layout, the state, and a checksum over all of that
//! (FNV-1a, 64 bits). Reading is total: whatever the bytes are, the answer is the state or a [`SnapshotError`]. Instants
//! are kept relative to the instant of the snapshot, so they mean the same to a process whose clock began elsewhere.

use crate::time::{Duration, Instant, micros};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

const MAGIC: &[u8] = b"steadfast";
/// The layout that is written, and the only one that is read.
const VERSION: u8 = 1;
const CHECKSUM: usize = 8;

/// What a snapshot is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A circuit breaker.
    Breaker,
    /// A budget.
    Budget,
    /// An effect ledger.
    Ledger,
    /// An agent run.
    Run,
    /// The recorded inputs of a run.
    Recording,
    /// A recorded run with everything that it takes to have it again.
    Incident,
}

impl Kind {
    const ALL: [Self; 6] = [Self::Breaker, Self::Budget, Self::Ledger, Self::Run, Self::Recording, Self::Incident];

    fn code(self) -> u8 {
        match self {
            Self::Breaker => b'b',
            Self::Budget => b'g',
            Self::Ledger => b'l',
            Self::Run => b'r',
            Self::Recording => b'i',
            Self::Incident => b'n',
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Breaker => "a breaker",
            Self::Budget => "a budget",
            Self::Ledger => "an effect ledger",
            Self::Run => "a run",
            Self::Recording => "a recording",
            Self::Incident => "an incident",
        })
    }
}

/// Why bytes do not come back as state. Nothing is changed then.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The bytes do not begin as a snapshot does.
    NotASnapshot,
    /// They are a snapshot of something else.
    OtherKind {
        /// What was asked for.
        expected: Kind,
        /// What it is.
        found: Kind,
    },
    /// They were written by a version of this library with another layout.
    OtherVersion {
        /// The layout they have.
        found: u8,
        /// The layout this version reads.
        supported: u8,
    },
    /// They are cut short, or something in them was changed.
    Damaged,
    /// They are whole, but hold what cannot be.
    Impossible {
        /// What is wrong.
        what: &'static str,
    },
    /// They are of another run than the one that was asked for.
    OtherRun {
        /// The run they are of.
        found: crate::id::RunId,
    },
    /// The settings it is to go on under are not good.
    InvalidSetting(crate::setting::InvalidSetting),
    /// They need a tool that was not given.
    ToolMissing {
        /// Its name.
        tool: String,
    },
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotASnapshot => {
                f.write_str("this is no snapshot of Steadfast's: hand over the bytes as they were given")
            }
            Self::OtherKind { expected, found } => {
                write!(f, "this is a snapshot of {found}, and one of {expected} is needed")
            }
            Self::OtherVersion { found, supported } => write!(
                f,
                "this snapshot has layout {found} and this version reads layout {supported}: restore it with the version that wrote it"
            ),
            Self::Damaged => f.write_str("this snapshot is damaged: it was cut short or changed; use an intact copy"),
            Self::Impossible { what } => write!(f, "this snapshot cannot be restored: {what}"),
            Self::OtherRun { found } => {
                write!(f, "this snapshot is of run {}, not of the run that was named", found.0)
            }
            Self::InvalidSetting(invalid) => write!(f, "{invalid}"),
            Self::ToolMissing { tool } => {
                write!(f, "this snapshot needs the tool {tool}: restore it with the tools it was made with")
            }
        }
    }
}

impl core::error::Error for SnapshotError {}

impl From<crate::setting::InvalidSetting> for SnapshotError {
    fn from(invalid: crate::setting::InvalidSetting) -> Self {
        Self::InvalidSetting(invalid)
    }
}

/// FNV-1a, 64 bits: each byte changes the sum for good, so no single flipped bit goes unseen.
fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// Writes one snapshot.
#[derive(Debug)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
    now: Instant,
}

impl Writer {
    pub(crate) fn new(kind: Kind, now: Instant) -> Self {
        let mut bytes = MAGIC.to_vec();
        bytes.extend([kind.code(), VERSION]);
        Self { bytes, now }
    }

    pub(crate) fn put<T: Stored>(&mut self, value: &T) -> &mut Self {
        value.store(self);
        self
    }

    /// The instant of the snapshot.
    pub(crate) fn now(&self) -> Instant {
        self.now
    }

    #[inline(never)]
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.put(&(text.len() as u64));
        self.raw(text.as_bytes());
        self
    }

    #[inline(never)]
    fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The checksum of what was put into it: for what is only compared.
    pub(crate) fn checksum(&self) -> u64 {
        checksum(&self.bytes)
    }

    pub(crate) fn finish(mut self) -> Vec<u8> {
        let sum = checksum(&self.bytes);
        self.raw(&sum.to_le_bytes());
        self.bytes
    }
}

/// Reads one snapshot back. Nothing it is given makes it panic, or allocate more than the bytes warrant.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    now: Instant,
    elapsed: Duration,
}

impl<'a> Reader<'a> {
    /// `now` is the time at which the state comes back, and `elapsed` how long it was away, as far as anybody knows.
    #[inline(never)]
    pub(crate) fn new(kind: Kind, bytes: &'a [u8], now: Instant, elapsed: Duration) -> Result<Self, SnapshotError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(SnapshotError::NotASnapshot)?;
        let (&[found, version], _) = rest.split_first_chunk::<2>().ok_or(SnapshotError::Damaged)?;
        if version != VERSION {
            return Err(SnapshotError::OtherVersion { found: version, supported: VERSION });
        }
        let (content, sum) = bytes.split_last_chunk::<CHECKSUM>().ok_or(SnapshotError::Damaged)?;
        let body = content.get(MAGIC.len() + 2..).ok_or(SnapshotError::Damaged)?;
        if checksum(content) != u64::from_le_bytes(*sum) {
            return Err(SnapshotError::Damaged);
        }
        match Kind::ALL.into_iter().find(|kind| kind.code() == found) {
            Some(same) if same == kind => Ok(Self { bytes: body, now, elapsed }),
            Some(found) => Err(SnapshotError::OtherKind { expected: kind, found }),
            None => Err(SnapshotError::Damaged),
        }
    }

    pub(crate) fn take<T: Stored>(&mut self) -> Result<T, SnapshotError> {
        T::load(self)
    }

    /// Everything was read: whatever is left would have been lost.
    pub(crate) fn finish(self) -> Result<(), SnapshotError> {
        if self.bytes.is_empty() { Ok(()) } else { Err(SnapshotError::Damaged) }
    }

    /// When the state comes back.
    pub(crate) fn now(&self) -> Instant {
        self.now
    }

    /// How long it was away.
    pub(crate) fn elapsed(&self) -> Duration {
        self.elapsed
    }

    pub(crate) fn chunk<const N: usize>(&mut self) -> Result<[u8; N], SnapshotError> {
        let (chunk, rest) = self.bytes.split_first_chunk::<N>().ok_or(SnapshotError::Damaged)?;
        self.bytes = rest;
        Ok(*chunk)
    }

    #[inline(never)]
    pub(crate) fn count(&mut self) -> Result<usize, SnapshotError> {
        let count = usize::try_from(self.take::<u64>()?).map_err(|_| SnapshotError::Damaged)?;
        // Each element takes a byte at least.
        if count > self.bytes.len() { Err(SnapshotError::Damaged) } else { Ok(count) }
    }
}

/// What can be part of a snapshot.
pub(crate) trait Stored {
    fn store(&self, to: &mut Writer);
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError>
    where
        Self: Sized;
}

impl Stored for u8 {
    #[inline(never)]
    fn store(&self, to: &mut Writer) {
        to.bytes.push(*self);
    }
    #[inline(never)]
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        from.chunk::<1>().map(|[byte]| byte)
    }
}

impl Stored for u32 {
    #[inline(never)]
    fn store(&self, to: &mut Writer) {
        to.raw(&self.to_le_bytes());
    }
    #[inline(never)]
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        from.chunk().map(Self::from_le_bytes)
    }
}

impl Stored for u64 {
    #[inline(never)]
    fn store(&self, to: &mut Writer) {
        to.raw(&self.to_le_bytes());
    }
    #[inline(never)]
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        from.chunk().map(Self::from_le_bytes)
    }
}

impl Stored for bool {
    #[inline(never)]
    fn store(&self, to: &mut Writer) {
        to.put(&u8::from(*self));
    }
    #[inline(never)]
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        match from.take::<u8>()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(SnapshotError::Damaged),
        }
    }
}

impl Stored for Duration {
    #[inline(never)]
    fn store(&self, to: &mut Writer) {
        to.put(&micros(*self));
    }
    #[inline(never)]
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        from.take().map(Self::from_micros)
    }
}

impl Stored for Instant {
    /// How far it is from the instant of the snapshot; [`Instant::MAX`] stays what it is.
    #[inline(never)]
    fn store(&self, to: &mut Writer) {
        let never = *self == Self::MAX;
        let (past, distance) = if *self < to.now { (true, to.now - *self) } else { (false, *self - to.now) };
        to.put(&never).put(&past).put(&distance);
    }
    #[inline(never)]
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        let (never, past, distance) = (from.take::<bool>()?, from.take::<bool>()?, from.take::<Duration>()?);
        let (distance, elapsed) = (micros(distance), micros(from.elapsed));
        let now = from.now.as_micros();
        Ok(match (never, past) {
            (true, _) => Self::MAX,
            (false, true) => Self::from_micros(now.saturating_sub(elapsed).saturating_sub(distance)),
            (false, false) if distance >= elapsed => Self::from_micros(now.saturating_add(distance - elapsed)),
            (false, false) => Self::from_micros(now.saturating_sub(elapsed - distance)),
        })
    }
}

impl Stored for String {
    #[inline(never)]
    fn store(&self, to: &mut Writer) {
        to.text(self);
    }
    #[inline(never)]
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        let length = from.count()?;
        let (text, rest) = from.bytes.split_at_checked(length).ok_or(SnapshotError::Damaged)?;
        from.bytes = rest;
        core::str::from_utf8(text).map(Self::from).map_err(|_| SnapshotError::Damaged)
    }
}

impl<T: Stored> Stored for Option<T> {
    fn store(&self, to: &mut Writer) {
        to.put(&self.is_some());
        if let Some(value) = self {
            to.put(value);
        }
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        if from.take()? { from.take().map(Some) } else { Ok(None) }
    }
}

impl<A: Stored, B: Stored> Stored for (A, B) {
    fn store(&self, to: &mut Writer) {
        to.put(&self.0).put(&self.1);
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        Ok((from.take()?, from.take()?))
    }
}

impl<T: Stored> Stored for Vec<T> {
    fn store(&self, to: &mut Writer) {
        to.put(&(self.len() as u64));
        for value in self {
            to.put(value);
        }
    }
    fn load(from: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        let count = from.count()?;
        (0..count).map(|_| from.take()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(at: Instant) -> Vec<u8> {
        let mut writer = Writer::new(Kind::Breaker, Instant::from_millis(1_000));
        writer.put(&7_u32).text("mail").put(&Some(true)).put(&at).put(&alloc::vec![1_u64, 2]);
        writer.finish()
    }

    type All = (u32, String, Option<bool>, Instant, Vec<u64>);

    fn read(bytes: &[u8], now: u64, elapsed: u64) -> Result<All, SnapshotError> {
        let (now, elapsed) = (Instant::from_millis(now), Duration::from_millis(elapsed));
        let mut reader = Reader::new(Kind::Breaker, bytes, now, elapsed)?;
        let all = (reader.take()?, reader.take()?, reader.take()?, reader.take()?, reader.take()?);
        reader.finish()?;
        Ok(all)
    }

    #[test]
    fn what_was_written_is_read() {
        let (number, text, flag, at, list) = read(&written(Instant::from_millis(4_000)), 50, 0).unwrap();
        assert_eq!((number, text.as_str(), flag, list), (7, "mail", Some(true), alloc::vec![1, 2]));
        assert_eq!(at, Instant::from_millis(3_050), "3 s after the snapshot, on the new clock");
    }

    #[test]
    fn instants_move_with_the_clock_and_age_by_the_time_away() {
        for (at, now, elapsed, expected) in [
            (4_000, 50, 1_000, 2_050),
            (4_000, 10_000, 5_000, 8_000),
            (400, 10_000, 0, 9_400),
            (400, 10_000, 1_000, 8_400),
            (400, 100, 0, 0),
        ] {
            let (.., restored, _) = read(&written(Instant::from_millis(at)), now, elapsed).unwrap();
            assert_eq!(restored, Instant::from_millis(expected), "{at} at {now} after {elapsed}");
        }
        assert_eq!(read(&written(Instant::MAX), 50, 10).unwrap().3, Instant::MAX);
    }

    #[test]
    fn every_cut_and_every_flipped_bit_is_seen() {
        let whole = written(Instant::ORIGIN);
        for length in (0..whole.len()).step_by(crate::rng::STEP) {
            assert!(read(&whole[..length], 0, 0).is_err(), "cut to {length}");
        }
        for bit in (0..whole.len() * 8).step_by(crate::rng::STEP) {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(read(&flipped, 0, 0).is_err(), "bit {bit}");
        }
        let mut longer = whole;
        longer.push(0);
        assert_eq!(read(&longer, 0, 0), Err(SnapshotError::Damaged));
    }

    #[test]
    fn a_length_beyond_the_bytes_is_refused_before_anything_is_allocated() {
        let mut writer = Writer::new(Kind::Breaker, Instant::ORIGIN);
        writer.put(&u64::MAX);
        let bytes = writer.finish();
        let mut reader = Reader::new(Kind::Breaker, &bytes, Instant::ORIGIN, Duration::ZERO).unwrap();
        assert_eq!(reader.take::<Vec<u64>>(), Err(SnapshotError::Damaged));
    }

    #[test]
    fn other_kinds_and_versions_are_named() {
        let budget = Writer::new(Kind::Budget, Instant::ORIGIN).finish();
        let error = SnapshotError::OtherKind { expected: Kind::Breaker, found: Kind::Budget };
        assert_eq!(read(&budget, 0, 0), Err(error));
        let mut newer = Writer::new(Kind::Breaker, Instant::ORIGIN).finish();
        newer[MAGIC.len() + 1] = 2;
        assert_eq!(read(&newer, 0, 0), Err(SnapshotError::OtherVersion { found: 2, supported: 1 }));
        assert_eq!(read(b"{}", 0, 0), Err(SnapshotError::NotASnapshot));
    }
}
