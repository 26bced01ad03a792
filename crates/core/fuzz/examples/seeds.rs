//! Writes the seeds of the corpora: snapshots as the engine writes them today, and a few plain stories. To be run after a
//! change of the snapshots' layout:
//!
//! ```text
//! cargo run --manifest-path crates/core/fuzz/Cargo.toml --example seeds
//! ```

use std::path::Path;
use steadfast_fuzz::bytes::Bytes;
use steadfast_fuzz::decode::KINDS;
use steadfast_fuzz::valid;

/// What is around a state in a snapshot.
const HEADER: usize = 11;
const CHECKSUM: usize = 8;

fn main() -> std::io::Result<()> {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for target in ["decode", "run", "call", "breaker"] {
        std::fs::create_dir_all(corpora.join(target))?;
    }
    for number in 0..12_u8 {
        // A story that differs from byte to byte and from number to number.
        let story: Vec<u8> =
            (0..200_u8).map(|at| at.wrapping_mul(37).wrapping_add(number.wrapping_mul(91)) ^ (at >> 3)).collect();
        for target in ["run", "call", "breaker"] {
            std::fs::write(corpora.join(target).join(format!("seed-{number}")), &story)?;
        }
        for (kind, choice) in KINDS.iter().zip(0..) {
            let bytes = &mut Bytes::new(&story);
            let snapshot = match choice {
                0 => valid::breaker(number, bytes),
                1 => valid::budget(bytes),
                2 => valid::ledger(bytes),
                _ => valid::run(bytes),
            };
            let state = &snapshot[HEADER..snapshot.len() - CHECKSUM];
            let seed = [&[choice + 4 * (number % 2), 0, 0, 0], state].concat();
            let name = format!("seed-{}-{number}", char::from(*kind));
            std::fs::write(corpora.join("decode").join(name), seed)?;
        }
    }
    Ok(())
}
