//! How much a browser downloads before the page is there, and after.

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::project::Project;
use crate::say;
use crate::stop::Stop;

/// In bytes, compressed: whatever a browser fetches until the first view is there and says what it shows. What a phone loads in less
/// than a second at the 1.6 Mbit/s of Lighthouse's slow 4G, and what the page is to come to, is 150,000. What is left to do for that:
/// the constants of functions that come later still come first (a linker's symbols would tell which those are), and much of the
/// rest is what Leptos makes of the views of the first screen.
const LIMIT: u64 = 215_500;
/// With what comes right after it, without which the page hears nobody, and with what is fetched when it is wanted.
const LIMIT_IN_ALL: u64 = 453_000;
/// What the page consists of.
const KINDS: [&str; 4] = ["html", "css", "js", "wasm"];
/// Files, by the beginning of their names, that are not fetched before the first view is there: the second module, what keeps
/// the page for when there is no network, and what the odds are worked out in.
const LATER: [&str; 3] = ["rest-", "service-worker.", "odds-worker."];

#[derive(Debug, PartialEq, Eq)]
struct Weight {
    name: String,
    bytes: u64,
    compressed: u64,
}

/// Prints what the page of `dist` weighs; too much is an error.
pub(crate) fn weigh(project: &Project) -> Result<(), Stop> {
    let mut weights =
        weights(&project.at("dist")).map_err(|error| Stop::Failed(format!("Cannot read dist: {error}.")))?;
    weights.sort_by(|one, other| other.compressed.cmp(&one.compressed).then_with(|| one.name.cmp(&other.name)));
    for weight in &weights {
        let Weight { name, bytes, compressed } = weight;
        let when = if weight.is_later() { "later" } else { "first" };
        say::line(&format!("{:>9} {:>9} gzip  {when}  {name}", kilobytes(*bytes), kilobytes(*compressed)));
    }
    let in_all = weights.iter().map(|weight| weight.compressed).sum();
    let first = weights.iter().filter(|weight| !weight.is_later()).map(|weight| weight.compressed).sum();
    allow("first load", first, LIMIT)?;
    allow("page in all", in_all, LIMIT_IN_ALL)
}

/// Prints a sum, and refuses one that is too much.
fn allow(what: &str, bytes: u64, limit: u64) -> Result<(), Stop> {
    say::line(&format!("{:>19} gzip  {what}, of {} allowed", kilobytes(bytes), kilobytes(limit)));
    if bytes > limit {
        let sentence = format!("The {what} weighs {} compressed; {} are allowed.", kilobytes(bytes), kilobytes(limit));
        let advice = "What the first view does not need may have grown into it: cargo xtask first-view looks again.";
        return Err(Stop::Failed(sentence).with(advice));
    }
    Ok(())
}

impl Weight {
    fn is_later(&self) -> bool {
        LATER.iter().any(|name| self.name.starts_with(name))
    }
}

/// The files of `folder` and below that belong to the page.
fn weights(folder: &Path) -> std::io::Result<Vec<Weight>> {
    let mut weights = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            weights.extend(self::weights(&path)?);
        } else if path.extension().is_some_and(|extension| KINDS.iter().any(|kind| extension == *kind)) {
            let content = fs::read(&path)?;
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            weights.push(Weight { name, bytes: length(&content), compressed: compressed(&content)? });
        }
    }
    Ok(weights)
}

fn compressed(content: &[u8]) -> std::io::Result<u64> {
    // The default level is the one that servers use for what they compress as they go.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content)?;
    encoder.finish().map(|bytes| length(&bytes))
}

fn length(content: &[u8]) -> u64 {
    u64::try_from(content.len()).unwrap_or(u64::MAX)
}

/// `1234` as `1.2 kB`: thousands, as networks count.
fn kilobytes(bytes: u64) -> String {
    format!("{}.{} kB", bytes / 1_000, bytes % 1_000 / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kilobytes_are_thousands() {
        assert_eq!(kilobytes(0), "0.0 kB");
        assert_eq!(kilobytes(1_299), "1.2 kB");
        assert_eq!(kilobytes(LIMIT), "215.5 kB");
        assert_eq!(kilobytes(LIMIT_IN_ALL), "453.0 kB");
    }

    #[test]
    fn second_module_and_workers_come_later_and_everything_else_first() {
        let is_later = |name: &str| Weight { name: name.to_owned(), bytes: 0, compressed: 0 }.is_later();
        for name in ["rest-0123456789abcdef.wasm", "odds-worker.js", "service-worker.js"] {
            assert!(is_later(name), "{name}");
        }
        for name in ["first-0123456789abcdef.wasm", "glue-0123456789abcdef.js", "index.html", "boot-0.js"] {
            assert!(!is_later(name), "{name}");
        }
    }

    #[test]
    fn too_much_is_refused() {
        assert!(allow("first load", LIMIT, LIMIT).is_ok());
        assert!(allow("first load", LIMIT + 1, LIMIT).is_err());
    }

    #[test]
    fn compression_is_real() {
        let zeros = vec![0; 100_000];
        assert!(compressed(&zeros).unwrap() < 1_000);
        assert!(compressed(b"").unwrap() > 0, "even nothing has a header");
    }

    #[test]
    fn page_is_pages_styles_scripts_and_modules_in_every_folder() {
        let folder = std::env::temp_dir().join(format!("xtask-size-{}", std::process::id()));
        fs::create_dir_all(folder.join("snippets")).unwrap();
        for name in ["index.html", "a.css", "a.js", "snippets/b.js", "a_bg.wasm", "picture.png", "a.js.map"] {
            fs::write(folder.join(name), name).unwrap();
        }
        let mut names: Vec<String> = weights(&folder).unwrap().into_iter().map(|weight| weight.name).collect();
        names.sort();
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(names, ["a.css", "a.js", "a_bg.wasm", "b.js", "index.html"]);
    }
}
