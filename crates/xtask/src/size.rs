//! How much a browser downloads before the page is there.

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::project::Project;
use crate::say;
use crate::stop::Stop;

/// In bytes, compressed. What a phone loads in less than a second at the 1.6 Mbit/s of Lighthouse's slow 4G, and what the page
/// is to come back to, is 150,000. It was 185,000 before faults with windows, every setting, lanes, forks, odds and recordings; with
/// them it is 464,000. For less, what is not looked at first (why, code, odds, recordings) has to come in a module of its
/// own, and the views have to be of fewer types.
const LIMIT: u64 = 470_000;
/// What the first load consists of.
const KINDS: [&str; 4] = ["html", "css", "js", "wasm"];

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
    for Weight { name, bytes, compressed } in &weights {
        say::line(&format!("{:>9} {:>9} gzip  {name}", kilobytes(*bytes), kilobytes(*compressed)));
    }
    let total = weights.iter().map(|weight| weight.compressed).sum();
    say::line(&format!("{:>19} gzip  in all, of {} allowed", kilobytes(total), kilobytes(LIMIT)));
    if total > LIMIT {
        return Err(Stop::Failed(format!(
            "The page weighs {} compressed; {} are allowed.",
            kilobytes(total),
            kilobytes(LIMIT)
        )));
    }
    Ok(())
}

/// The files of `folder` and below that belong to the first load.
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
        assert_eq!(kilobytes(LIMIT), "470.0 kB");
    }

    #[test]
    fn compression_is_real() {
        let zeros = vec![0; 100_000];
        assert!(compressed(&zeros).unwrap() < 1_000);
        assert!(compressed(b"").unwrap() > 0, "even nothing has a header");
    }

    #[test]
    fn first_load_is_pages_styles_scripts_and_modules_in_every_folder() {
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
