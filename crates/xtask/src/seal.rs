//! What Trunk leaves to do on a page that is to be published: a policy that says what the page may load and run, smaller
//! styles, and the service worker that keeps all of it for when there is no network.
//!
//! `trunk serve` knows nothing of this: while the page is being written nothing is kept and nothing forbidden.

use core::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::project::Project;
use crate::stop::Stop;

/// Where the policy goes: before anything that it is about.
const BEFORE_POLICY: &str = "<meta charset=\"utf-8\">";
/// The service worker, but for the list of what it keeps.
const WORKER: &str = "web/service-worker.js";
/// What it is called in the page's folder: one name for ever, since browsers look for a newer one by name.
const WORKER_NAME: &str = "service-worker.js";
const LIST: &str = "/* the files, by xtask */";

/// Seals the page that Trunk has built into `folder`.
pub(crate) fn seal(project: &Project, folder: &str) -> Result<(), Stop> {
    let index = format!("{folder}/index.html");
    let page = sealed(&project.read(&index)?)?;
    project.write(&index, &page)?;
    for script in scripts(&project.at(folder)).map_err(|error| unreadable(folder, &error))? {
        let path = format!("{folder}/{script}");
        project.write(&path, &small_script(&project.read(&path)?))?;
    }
    let worker = project.read(WORKER)?;
    let files = files(&project.at(folder)).map_err(|error| unreadable(folder, &error))?;
    project.write(&format!("{folder}/{WORKER_NAME}"), &worker_of(&worker, &files)?).map(|_| ())
}

fn unreadable(folder: &str, error: &std::io::Error) -> Stop {
    Stop::Failed(format!("Cannot read what is in {folder}: {error}."))
}

/// The page with its styles in one piece and its policy.
fn sealed(page: &str) -> Result<String, Stop> {
    let page = with_small_styles(page);
    let policy = policy(&page);
    let meta = format!(
        "{BEFORE_POLICY}\n    <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n    \
         <meta name=\"service-worker\" content=\"{WORKER_NAME}\">"
    );
    if page.matches(BEFORE_POLICY).count() != 1 {
        return Err(Stop::Failed(format!("The page has not one {BEFORE_POLICY}, after which its policy is to stand.")));
    }
    Ok(page.replacen(BEFORE_POLICY, &meta, 1))
}

/// What the page may do: its own files, the scripts and styles that stand in it by their hashes, WebAssembly, and nothing else.
fn policy(page: &str) -> String {
    let scripts = elements(page, "script").filter(|(tag, _)| !tag.contains(" src="));
    let scripts = sources(scripts.map(|(_, content)| content));
    let styles = sources(elements(page, "style").map(|(_, content)| content));
    format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'{scripts}; style-src 'self'{styles}; img-src 'self' data:; \
         connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'"
    )
}

/// Each content's hash as policies spell it, each once.
fn sources<'a>(contents: impl Iterator<Item = &'a str>) -> String {
    let mut sources = String::new();
    for content in contents {
        let source = format!(" '{}'", integrity(content.as_bytes()));
        if !sources.contains(&source) {
            sources.push_str(&source);
        }
    }
    sources
}

/// The elements of that name: the inside of their start tags, and their contents as browsers hash them.
fn elements<'a>(page: &'a str, name: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let (start, end) = (format!("<{name}"), format!("</{name}>"));
    let mut rest = page;
    core::iter::from_fn(move || {
        rest = &rest[rest.find(&start)? + start.len()..];
        let (tag, inside) = rest.split_once('>')?;
        let (content, after) = inside.split_once(&end)?;
        rest = after;
        Some((tag, content))
    })
}

/// The page without the comments and the indentation in its styles, which are for those who write them; neighbours become one.
fn with_small_styles(page: &str) -> String {
    let mut small = String::with_capacity(page.len());
    let mut rest = page;
    while let Some((before, from)) = rest.split_once("<style>") {
        let Some((content, after)) = from.split_once("</style>") else { break };
        small.push_str(before);
        let content = small_style(content);
        let follows_another = small.trim_end().ends_with("</style>");
        if follows_another {
            small.truncate(small.trim_end().len() - "</style>".len());
        } else {
            small.push_str("<style>");
        }
        let _ = write!(small, "{content}</style>");
        rest = after;
    }
    small.push_str(rest);
    small
}

/// A style sheet without comments, blank lines and indentation.
fn small_style(style: &str) -> String {
    let mut bare = String::with_capacity(style.len());
    let mut rest = style;
    while let Some((before, comment)) = rest.split_once("/*") {
        bare.push_str(before);
        rest = comment.split_once("*/").map_or("", |(_, after)| after);
    }
    bare.push_str(rest);
    bare.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// A script without the lines that are comments, and without indentation. Neither ours nor those of wasm-bindgen have texts of several
/// lines, in which either would count.
pub(crate) fn small_script(script: &str) -> String {
    let mut small = String::with_capacity(script.len());
    let mut in_comment = false;
    for line in script.lines().map(str::trim) {
        in_comment |= line.starts_with("/*");
        if !in_comment && !line.is_empty() && !line.starts_with("//") {
            small.push_str(line);
            small.push('\n');
        }
        in_comment &= !line.ends_with("*/");
    }
    small
}

/// The names of the scripts beside the page.
fn scripts(folder: &Path) -> std::io::Result<Vec<String>> {
    let names = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()));
    Ok(names
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .filter(|name| Path::new(name).extension().is_some_and(|kind| kind == "js"))
        .collect())
}

/// A file that belongs to the page: its address beside the page, and its hash.
#[derive(Debug, PartialEq, Eq)]
struct File {
    address: String,
    integrity: String,
}

/// Every file of the page, in the order of their names; of the page itself the address is that of its folder.
fn files(folder: &Path) -> std::io::Result<Vec<File>> {
    let mut paths = Vec::new();
    collect(folder, &mut paths)?;
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        if name != WORKER_NAME {
            let address = if name == "index.html" { "./".to_owned() } else { name };
            files.push(File { address, integrity: integrity(&fs::read(&path)?) });
        }
    }
    Ok(files)
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { collect(&path, paths)? } else { paths.push(path) }
    }
    Ok(())
}

/// The service worker with its list: another build is another list, so another worker.
fn worker_of(worker: &str, files: &[File]) -> Result<String, Stop> {
    if worker.matches(LIST).count() != 1 {
        return Err(Stop::Failed(format!("{WORKER} has not one place for the list of files: {LIST}")));
    }
    let entry = |file: &File| format!("\n  ['{}', '{}'],", file.address, file.integrity);
    let list: String = files.iter().map(entry).collect();
    Ok(worker.replacen(LIST, &format!("{list}\n"), 1))
}

/// A hash as browsers spell it.
fn integrity(content: &[u8]) -> String {
    format!("sha256-{}", base64(&Sha256::digest(content)))
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let number = (0..3).fold(0, |number, at| number << 8 | usize::from(three.get(at).copied().unwrap_or(0)));
        for place in 0..4 {
            let digit = DIGITS[number >> (18 - 6 * place) & 63];
            text.push(if place <= three.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "<html><head><meta charset=\"utf-8\">\n<style>/* why */\na {\n  b: c;\n}\n</style>\n  <style>d { }</style>\n\
                        <noscript><style>e { }</style></noscript><script src=\"boot.js\"></script>\
                        <script type=\"module\">go();</script></head></html>";

    #[test]
    fn base64_is_that_of_the_standard() {
        // RFC 4648, section 10.
        let cases =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy")];
        for (text, encoded) in cases {
            assert_eq!(base64(text.as_bytes()), encoded);
        }
        // What browsers say of an empty file.
        assert_eq!(integrity(b""), "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    }

    #[test]
    fn policy_names_each_script_and_style_by_its_hash_and_allows_nothing_inline_else() {
        let page = sealed(PAGE).unwrap();
        let styles = ["a {\nb: c;\n}d { }", "e { }"];
        for content in ["go();", styles[0], styles[1]] {
            assert!(page.contains(&format!(">{content}</")), "{page}");
            assert!(page.contains(&format!(" '{}'", integrity(content.as_bytes()))), "{content}: {page}");
        }
        assert_eq!(page.matches("sha256-").count(), 3, "{page}");
        assert!(page.contains("default-src 'none'; script-src 'self' 'wasm-unsafe-eval' 'sha256-"), "{page}");
        assert!(!page.contains("unsafe-inline") && !page.contains("'unsafe-eval'"));
        assert!(page.find("Content-Security-Policy") < page.find("<style>"), "it only holds for what follows it");
    }

    #[test]
    fn page_without_a_place_for_its_policy_is_refused() {
        assert!(sealed("<html><style>a { }</style></html>").is_err());
        assert!(sealed(&PAGE.replace("<html>", BEFORE_POLICY)).is_err(), "twice");
    }

    #[test]
    fn styles_lose_what_only_their_writers_need() {
        assert_eq!(small_style("\n/* one */\na {\n  b: c; /* two */\n\n  d: e;\n}\n"), "a {\nb: c;\nd: e;\n}");
        assert_eq!(small_style("a { background: url(\"x y\"); }"), "a { background: url(\"x y\"); }");
    }

    #[test]
    fn scripts_lose_what_only_their_writers_need() {
        let script = "// one\nlet a = 1; // two\n/**\n * @returns {number}\n */\nfunction b() {\n    return 'c // d';\n}\n\n/* e */\nb();";
        assert_eq!(small_script(script), "let a = 1; // two\nfunction b() {\nreturn 'c // d';\n}\nb();\n");
    }

    #[test]
    fn worker_gets_every_file_but_itself_and_another_list_after_any_change() {
        let folder = std::env::temp_dir().join(format!("xtask-seal-{}", std::process::id()));
        fs::create_dir_all(folder.join("deep")).unwrap();
        for name in ["index.html", "b.js", "deep/c.wasm", WORKER_NAME] {
            fs::write(folder.join(name), name).unwrap();
        }
        let before = files(&folder).unwrap();
        fs::write(folder.join("b.js"), "other").unwrap();
        let after = files(&folder).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        let names: Vec<_> = before.iter().map(|file| file.address.as_str()).collect();
        assert_eq!(names, ["b.js", "deep/c.wasm", "./"]);
        let worker = format!("const FILES = new Map([{LIST}]);");
        let written = worker_of(&worker, &before).unwrap();
        assert!(written.contains(&format!("['b.js', '{}']", integrity(b"b.js"))), "{written}");
        assert_ne!(written, worker_of(&worker, &after).unwrap());
        assert!(worker_of("nothing to fill in", &before).is_err());
    }

    #[test]
    fn our_own_page_and_worker_have_their_places() {
        let project = Project::locate().unwrap();
        assert!(sealed(&project.read("index.html").unwrap()).is_ok());
        assert!(worker_of(&project.read(WORKER).unwrap(), &[]).is_ok());
    }
}
