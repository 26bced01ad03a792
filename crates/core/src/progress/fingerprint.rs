//! Calls and results as 64 bits each: enough to tell whether two are the same, whatever their length.

use super::report::{Seen, Wanted};
use alloc::vec::Vec;

/// FNV-1a, 64 bits (Fowler, Noll and Vo). Each part goes in with its length, so "ab", "c" is not "a", "bc".
fn fingerprint(parts: &[&[u8]]) -> u64 {
    let step = |sum: u64, byte: &u8| (sum ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    parts.iter().fold(0xcbf2_9ce4_8422_2325, |sum, part| {
        part.iter().fold((part.len() as u64).to_le_bytes().iter().fold(sum, step), step)
    })
}

/// A tool.
pub(super) fn of_tool(tool: &str) -> u64 {
    fingerprint(&[tool.as_bytes()])
}

/// A tool with its arguments.
pub(super) fn of_call(tool: &str, args: &str) -> u64 {
    fingerprint(&[tool.as_bytes(), args.as_bytes()])
}

/// What a tool said, whatever it was asked.
pub(super) fn of_result(tool: &str, result: &str) -> u64 {
    of_call(tool, result)
}

/// What a turn asks for.
pub(super) fn of_wanted(wanted: &[Wanted<'_>]) -> u64 {
    of_set(wanted.iter().map(|call| of_call(call.tool, call.args)).collect())
}

/// What a turn asked for.
pub(super) fn of_calls(turn: &[Seen<'_>]) -> u64 {
    of_set(turn.iter().map(|seen| of_call(seen.tool, seen.args)).collect())
}

/// What a turn asked for and what came of it.
pub(super) fn of_results(turn: &[Seen<'_>]) -> u64 {
    let one = |seen: &Seen<'_>| {
        fingerprint(&[seen.tool.as_bytes(), seen.args.as_bytes(), seen.result.as_bytes(), &[u8::from(seen.failed)]])
    };
    of_set(turn.iter().map(one).collect())
}

/// A set: neither the order of its members counts nor how often one is named.
fn of_set(mut members: Vec<u64>) -> u64 {
    members.sort_unstable();
    members.dedup();
    let bytes: Vec<u8> = members.into_iter().flat_map(u64::to_le_bytes).collect();
    fingerprint(&[&bytes])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_the_published_one() {
        // FNV-1a of eight zero bytes (the length of an empty part), computed by the definition: eight multiplications.
        let prime = 0x0000_0100_0000_01b3_u64;
        let eight = (0..8).fold(0xcbf2_9ce4_8422_2325_u64, |sum, _| sum.wrapping_mul(prime));
        assert_eq!(of_tool(""), eight);
    }

    #[test]
    fn neighbours_do_not_flow_into_each_other() {
        assert_ne!(of_call("ab", "c"), of_call("a", "bc"));
        assert_ne!(of_call("a", ""), of_tool("a"));
    }

    #[test]
    fn a_set_knows_no_order_and_no_number() {
        assert_eq!(of_set(alloc::vec![1, 2]), of_set(alloc::vec![2, 1, 2]));
        assert_ne!(of_set(alloc::vec![1, 2]), of_set(alloc::vec![1]));
    }
}
