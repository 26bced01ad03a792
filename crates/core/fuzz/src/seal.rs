//! The frame of snapshots, so that a fuzzer gets past the checksum to what is inside.

/// What every snapshot begins with.
const MAGIC: &[u8] = b"steadfast";
/// The layout of `steadfast::snapshot`.
const VERSION: u8 = 1;
/// What comes before the state: the magic, the kind and the layout.
const HEADER: usize = MAGIC.len() + 2;
const CHECKSUM: usize = 8;

/// FNV-1a, 64 bits.
fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// A snapshot of that kind with this state in it.
pub fn sealed(kind: u8, state: &[u8]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend([kind, VERSION]);
    bytes.extend(state);
    bytes.extend([0; CHECKSUM]);
    repair(&mut bytes);
    bytes
}

/// Makes the checksums right again, those of breakers within a run first.
pub fn repair(bytes: &mut [u8]) {
    for range in inner(bytes).into_iter().rev() {
        repair_one(&mut bytes[range]);
    }
    repair_one(bytes);
}

fn repair_one(bytes: &mut [u8]) {
    let Some(content) = bytes.len().checked_sub(CHECKSUM) else { return };
    let sum = checksum(&bytes[..content]);
    bytes[content..].copy_from_slice(&sum.to_le_bytes());
}

/// The snapshots within a snapshot: each follows its length.
fn inner(bytes: &[u8]) -> Vec<core::ops::Range<usize>> {
    let starts = (HEADER..bytes.len()).filter(|start| bytes[*start..].starts_with(MAGIC));
    let ranges = starts.filter_map(|start| {
        let length = bytes.get(start.checked_sub(8)?..start)?.try_into().ok()?;
        let end = start.checked_add(usize::try_from(u64::from_le_bytes(length)).ok()?)?;
        (end - start >= HEADER + CHECKSUM && end <= bytes.len()).then_some(start..end)
    });
    ranges.collect()
}

/// Whether two snapshots say the same, but for what differs from life to life on purpose: the generations of breakers, so
/// that permits of an earlier life are late; and one number of eight bytes, the life of the budget, so that reservations
/// of an earlier one are not its own.
pub fn same_state(one: &[u8], other: &[u8]) -> bool {
    let (one, other) = (without_generations(one), without_generations(other));
    let differing: Vec<_> = (0..one.len().min(other.len())).filter(|at| one[*at] != other[*at]).collect();
    let span = differing.last().map_or(0, |last| last - differing[0] + 1);
    one.len() == other.len() && span <= 8
}

fn without_generations(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let whole = 0..bytes.len();
    for range in inner(&bytes).into_iter().chain([whole]) {
        let (start, end) = (range.start, range.end);
        if bytes[start..].get(MAGIC.len()) == Some(&b'b') {
            bytes[start + HEADER..start + HEADER + 8].fill(0);
        }
        bytes[end - CHECKSUM..end].fill(0);
    }
    bytes
}
