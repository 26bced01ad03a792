//! What can wait, as `web/later.txt` lists it: paths in Rust. A function can wait if a path in its name, or the beginning of one, stands
//! there; whatever nobody listed comes first.
//!
//! Names are as rustc writes them since 2025, with the types that a generic function is made for. So a module of ours can wait with
//! everything that other crates make of its types.

use std::collections::{BTreeMap, BTreeSet};

/// A function that has been seen to run in the first view, or not to.
pub(super) struct Seen<'a> {
    pub(super) name: &'a str,
    pub(super) bytes: usize,
    pub(super) ran: bool,
}

/// A list of what can wait.
pub(super) struct Later {
    paths: BTreeSet<String>,
}

/// A function so small is not worth a line of its own.
const SMALL: usize = 100;

impl Later {
    /// One path a line; a line that begins with `#` is for people.
    pub(super) fn read(text: &str) -> Self {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        Self { paths: lines.map(str::to_owned).collect() }
    }

    /// Whether the function of that name can wait.
    pub(super) fn has(&self, name: &str) -> bool {
        let name = plain(name);
        self.paths.contains(&name) || paths(&name).into_iter().any(|path| self.paths.contains(path))
    }

    /// The shortest list that has no function that ran, and nearly all that did not.
    pub(super) fn of(functions: &[Seen<'_>]) -> Self {
        let functions: Vec<_> = functions.iter().map(|seen| (plain(seen.name), seen)).collect();
        let mut ran = BTreeSet::new();
        for (name, _) in functions.iter().filter(|(_, seen)| seen.ran) {
            ran.extend(paths(name));
            ran.insert(name);
        }
        // What a line would be for, in bytes: of several lines for one function the one that is for the most is taken.
        let mut worth: BTreeMap<&str, usize> = BTreeMap::new();
        let waiting: Vec<_> = functions.iter().filter(|(name, seen)| !seen.ran && !name.is_empty()).collect();
        for (name, seen) in &waiting {
            for path in paths(name).into_iter().filter(|path| !ran.contains(path)) {
                *worth.entry(path).or_default() += seen.bytes;
            }
        }
        let mut list = Self { paths: BTreeSet::new() };
        for (name, seen) in waiting {
            let best = paths(name).into_iter().filter(|path| worth.contains_key(path));
            let best = best.max_by_key(|path| (worth[path], usize::MAX - path.len()));
            if let Some(path) = best {
                if worth[path] >= SMALL {
                    list.paths.insert(path.to_owned());
                }
            } else if seen.bytes >= SMALL && !ran.contains(name.as_str()) {
                list.paths.insert(name.clone());
            }
        }
        list
    }

    /// As [`read`](Self::read) reads it.
    pub(super) fn write(&self) -> String {
        self.paths.iter().flat_map(|path| [path.as_str(), "\n"]).collect()
    }
}

/// A name without the hashes of its crates, and with the methods of a type as if they stood in its module.
fn plain(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    let mut rest = name;
    while let Some((before, from)) = rest.split_once('[') {
        plain.push_str(before);
        match from.split_once(']') {
            Some((hash, after)) if hash.bytes().all(|byte| byte.is_ascii_hexdigit()) => rest = after,
            _ => {
                plain.push('[');
                rest = from;
            }
        }
    }
    plain.push_str(rest);
    // `<a::B>::c` is `a::B::c`; `<a::B as c::D>::e` stays.
    match plain.strip_prefix('<').and_then(|inner| inner.split_once(">::")) {
        Some((path, method)) if path.chars().all(|char| is_of_name(char) || char == ':') => format!("{path}::{method}"),
        _ => plain,
    }
}

/// Every path in a name, and every beginning of it that is a path of two or more parts.
fn paths(name: &str) -> Vec<&str> {
    let mut paths = Vec::new();
    let mut at = 0;
    while let Some(from) = name[at..].find(is_of_name).map(|found| at + found) {
        let mut end = part(name, from);
        // What follows a `>::` is the method of something, and says little alone.
        let is_method = name[..from].ends_with("::");
        while let Some(next) =
            name[end..].strip_prefix("::").filter(|next| next.starts_with(|char| is_of_name(char) || char == '{'))
        {
            end = part(name, name.len() - next.len());
            if !is_method {
                paths.push(&name[from..end]);
            }
        }
        at = end;
    }
    paths
}

/// Where the part of a path ends that begins at `from`: a word, or something in braces.
fn part(name: &str, from: usize) -> usize {
    let rest = &name[from..];
    let length =
        if rest.starts_with('{') { rest.find('}').map(|end| end + 1) } else { rest.find(|char| !is_of_name(char)) };
    from + length.unwrap_or(rest.len())
}

fn is_of_name(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_hashes_and_methods_stand_in_their_modules() {
        assert_eq!(plain("<web[3811f3009ce8054]::store::Store>::send"), "web::store::Store::send");
        assert_eq!(plain("<a[0f]::B as c[1e]::D>::e"), "<a::B as c::D>::e");
        assert_eq!(plain("<[u8]>::to_vec"), "<[u8]>::to_vec");
    }

    #[test]
    fn paths_are_all_that_a_name_is_about_and_not_bare_methods() {
        let name = "<a::odds::Bar as c::Render>::build::<a::why::{closure#0}>";
        assert_eq!(paths(name), ["a::odds", "a::odds::Bar", "c::Render", "a::why", "a::why::{closure#0}"]);
    }

    #[test]
    fn a_listed_path_is_for_everything_under_it_and_for_what_is_made_of_its_types() {
        let later = Later::read("# for people\n\nweb::odds\n");
        for name in
            ["web[0a]::odds::start", "<web[0a]::odds::Odds>::of", "core::ptr::drop_in_place::<web[0a]::odds::Odds>"]
        {
            assert!(later.has(name), "{name}");
        }
        for name in ["web[0a]::odds_other", "other::web::odds", "web", ""] {
            assert!(!later.has(name), "{name}");
        }
    }

    #[test]
    fn list_has_no_function_that_ran_and_says_the_rest_in_few_words() {
        let seen = |name, ran| Seen { name, bytes: 200, ran };
        let functions = [
            seen("web::app::draw", true),
            seen("<web::app::App as core::Clone>::clone", true),
            seen("web::odds::start", false),
            seen("web::odds::bars::side", false),
            seen("web::app::click", false),
            seen("<web::app::App as core::Clone>::clone_from", false),
            Seen { name: "web::app::tiny", bytes: 5, ran: false },
        ];
        let later = Later::of(&functions);
        assert_eq!(later.write(), "<web::app::App as core::Clone>::clone_from\nweb::app::click\nweb::odds\n");
        for Seen { name, ran, bytes } in functions {
            assert_eq!(later.has(name), !ran && bytes >= SMALL, "{name}");
        }
        assert_eq!(Later::read(&later.write()).paths, later.paths);
    }
}
