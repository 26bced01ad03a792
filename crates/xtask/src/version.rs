//! Versions: read from what tools print and from `Cargo.lock`.

/// The version in what a tool answers to `--version`: the first word that starts with a digit and has a dot.
///
/// `trunk 0.21.14`, `wasm-bindgen 0.2.130 (27c7a4d06)`, `v20.20.2`, `Chromium 156.0.8078.79 built on Debian`.
pub(crate) fn printed(text: &str) -> Option<&str> {
    text.split_whitespace()
        .map(|word| word.strip_prefix('v').unwrap_or(word))
        .find(|word| word.starts_with(|first: char| first.is_ascii_digit()) && word.contains('.'))
}

/// The part of a version that decides what fits together: `156` of `156.0.8078.79`.
pub(crate) fn major(version: &str) -> Option<u32> {
    version.split('.').next()?.parse().ok()
}

/// The version of `package` in the text of a `Cargo.lock`.
///
/// The lock file is TOML, but of one fixed shape written by a machine: a name line, then its version line.
pub(crate) fn locked<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines();
    lines.find(|line| *line == name)?;
    lines.next()?.strip_prefix("version = \"")?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_is_found_in_what_real_tools_print() {
        assert_eq!(printed("trunk 0.21.14"), Some("0.21.14"));
        assert_eq!(printed("wasm-bindgen 0.2.130 (27c7a4d06)"), Some("0.2.130"));
        assert_eq!(printed("v20.20.2"), Some("20.20.2"));
        assert_eq!(printed("Chromium 156.0.8078.79 built on Debian GNU/Linux 12 (bookworm)"), Some("156.0.8078.79"));
        assert_eq!(
            printed("ChromeDriver 156.0.8078.79 (a21ce95c-refs/branch-heads/8078@{#1704})"),
            Some("156.0.8078.79")
        );
        assert_eq!(printed("command not found"), None);
        assert_eq!(printed(""), None);
    }

    #[test]
    fn major_is_the_first_number() {
        assert_eq!(major("156.0.8078.79"), Some(156));
        assert_eq!(major("20"), Some(20));
        assert_eq!(major("x.1"), None);
    }

    #[test]
    fn lock_file_gives_the_version_of_exactly_that_package() {
        let lock = "version = 4\n\n[[package]]\nname = \"wasm-bindgen-futures\"\nversion = \"0.4.80\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\nsource = \"registry\"\n";
        assert_eq!(locked(lock, "wasm-bindgen"), Some("0.2.130"));
        assert_eq!(locked(lock, "wasm-bindgen-futures"), Some("0.4.80"));
        assert_eq!(locked(lock, "wasm"), None);
        assert_eq!(locked("", "wasm-bindgen"), None);
    }
}
