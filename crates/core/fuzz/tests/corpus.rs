//! The corpora, without a fuzzer: every input that is kept is read, and what its target holds still holds. A target that changed may
//! read an old input as another story, but must not stumble over it.

use std::path::Path;

fn each(target: &str, check: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    let mut inputs = 0;
    for input in std::fs::read_dir(&folder).unwrap() {
        let path = input.unwrap().path();
        println!("{}", path.display());
        check(&std::fs::read(&path).unwrap());
        inputs += 1;
    }
    assert!(inputs > 10, "{target} has {inputs}");
}

#[test]
fn of_the_targets() {
    each("decode", steadfast_fuzz::decode::check);
    each("run", steadfast_fuzz::run::check);
    each("call", steadfast_fuzz::call::check);
    each("providers", steadfast_fuzz::providers::check);
    each("breaker", steadfast_fuzz::breaker::check);
}

/// A few hundred stories of no meaning, so that a target which stumbles is seen where there is no fuzzer.
#[test]
fn of_bytes_by_chance() {
    for seed in 0..600_u64 {
        let mut stream = steadfast::rng::Seed(seed).stream(1, 1);
        let length = stream.up_to(1_000);
        let bytes: Vec<u8> = (0..length).map(|_| u8::try_from(stream.up_to(255)).unwrap()).collect();
        println!("{seed}");
        steadfast_fuzz::run::check(&bytes);
        steadfast_fuzz::call::check(&bytes);
        steadfast_fuzz::breaker::check(&bytes);
    }
}
