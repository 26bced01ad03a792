//! The page's module in two: what its first view needs, and the rest, which comes right after.
//!
//! Trunk builds one module. Here it is cut ([`cut`]) by the names of its functions ([`Later`]); both halves go through wasm-opt
//! once more, and `web/start.js` starts the page with them. `trunk serve` knows nothing of this.

mod cut;
mod later;
mod module;
mod record;

use std::fs;

use sha2::{Digest, Sha256};

use crate::browser;
use crate::child::{self, stream};
use crate::project::Project;
use crate::say;
use crate::seal;
use crate::setup::{self, Need};
use crate::small;
use crate::stop::Stop;
use cut::Halves;
use later::{Later, Seen};

/// Where the page is built that records what runs.
const RECORDED: &str = "target/first-view";
const NEEDS: &[Need] = &[Need::WasmTarget, Need::NodePackages, Need::Browser, Need::WasmBindgen, Need::Trunk];
/// What wasm-opt may take for granted: what rustc makes for browsers since 2025, and what wasm-bindgen needs.
const FEATURES: &str = "--enable-bulk-memory --enable-nontrapping-float-to-int --enable-sign-ext --enable-mutable-globals \
                        --enable-reference-types --enable-multivalue";
/// What can wait, by name.
const LIST: &str = "web/later.txt";
/// What starts the page in place of Trunk's script.
const START: &str = "web/start.js";
/// The glue of wasm-bindgen begins the page as soon as it has its module; `start.js` does that instead.
const BEGIN: &str = "wasm.__wbindgen_start();";
/// How wasm-opt makes a half small; more passes take a minute, and not a kilobyte.
const SMALL: &str = "-Oz";

/// Cuts the page that Trunk has built into `folder`.
pub(crate) fn split(project: &Project, folder: &str) -> Result<(), Stop> {
    let page = Built::find(project, folder)?;
    let later = Later::read(&project.read(LIST)?);
    let module = fs::read(project.at(&page.module)).map_err(|error| unreadable(&page.module, &error))?;
    let Halves { first, rest, imports, functions, moved } = cut::cut(&module, |name| later.has(name))
        .map_err(|why| Stop::Failed(format!("{} cannot be cut: {why}.", page.module)))?;
    if moved == 0 {
        return Err(Stop::Failed(format!("No function of {} can wait: has it lost their names?", page.module)));
    }
    let first = page.write(project, "first", "wasm", &shrunk(project, &first)?)?;
    let rest = page.write(project, "rest", "wasm", &shrunk(project, &rest)?)?;
    let mut glue = once(&project.read(&page.glue)?, BEGIN, "", &page.glue)?;
    for (number, name) in imports.iter().enumerate() {
        glue = once(&glue, &format!(" {name}: "), &format!(" {}: ", cut::short(number)), &page.glue)?;
    }
    let glue = page.write(project, "glue", "js", seal::small_script(&glue).as_bytes())?;
    let start = project.read(START)?;
    let start = once(&start, "./first.wasm", &format!("./{first}"), START)?;
    let start = once(&start, "./rest.wasm", &format!("./{rest}"), START)?;
    let start = once(&start, "./glue.js", &format!("./{glue}"), START)?;
    let index = format!("{folder}/index.html");
    let text = started_by(&project.read(&index)?, &start)?;
    let text = text.replace(&page.name(&page.module), &first).replace(&page.name(&page.glue), &glue);
    project.write(&index, &text)?;
    for file in [&page.module, &page.glue] {
        fs::remove_file(project.at(file)).map_err(|error| unreadable(file, &error))?;
    }
    say::line(&format!("Of {functions} functions {moved} can wait, and come in a module of their own: {rest}"));
    Ok(())
}

/// Has the page built, looks in a browser what runs until its first view is there, and lists the rest as what can wait.
pub(crate) fn record(project: &Project) -> Result<(), Stop> {
    setup::provide(project, NEEDS)?;
    let mut trunk = project.command("trunk");
    trunk.args(["build", "--release", "--dist", RECORDED]);
    small::make(project, &mut trunk);
    stream(trunk)?;
    let page = Built::find(project, RECORDED)?;
    let module = fs::read(project.at(&page.module)).map_err(|error| unreadable(&page.module, &error))?;
    let recorder = record::recording(&module)
        .map_err(|why| Stop::Failed(format!("{} cannot be made to record: {why}.", page.module)))?;
    fs::write(project.at(&page.module), &recorder.module).map_err(|error| unreadable(&page.module, &error))?;
    let mut look = project.command("node");
    look.args(["tests/first-view.mjs", RECORDED]);
    look.args([recorder.marks.to_string(), recorder.functions.len().to_string()]);
    look.env("CHROME", browser::pair(project)?.browser);
    let ran = child::answer(look)?;
    let functions = recorder.functions.iter().zip(ran.chars());
    let seen: Vec<_> = functions.map(|((name, bytes), ran)| Seen { name, bytes: *bytes, ran: ran == '1' }).collect();
    let old = project.read(LIST)?;
    let head: String = old.lines().take_while(|line| line.starts_with('#')).flat_map(|line| [line, "\n"]).collect();
    project.write(LIST, &format!("{head}{}", Later::of(&seen).write()))?;
    let ran = seen.iter().filter(|seen| seen.ran).count();
    say::line(&format!("{ran} of {} functions run for the first view; {LIST} says what can wait.", seen.len()));
    Ok(())
}

/// What Trunk has built.
struct Built {
    folder: String,
    /// The module and its glue, from the project's folder.
    module: String,
    glue: String,
}

impl Built {
    fn find(project: &Project, folder: &str) -> Result<Self, Stop> {
        let names = fs::read_dir(project.at(folder)).map_err(|error| unreadable(folder, &error))?;
        let mut stems = names.flatten().filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            name.strip_suffix("_bg.wasm").map(str::to_owned)
        });
        match (stems.next(), stems.next()) {
            (Some(stem), None) => Ok(Self {
                folder: folder.to_owned(),
                module: format!("{folder}/{stem}_bg.wasm"),
                glue: format!("{folder}/{stem}.js"),
            }),
            _ => Err(Stop::Failed(format!("There is not one module of Trunk's in {folder}."))),
        }
    }

    fn name(&self, file: &str) -> String {
        file[self.folder.len() + 1..].to_owned()
    }

    /// Writes a file under a name that its content makes, so that no cache takes an old one for it, and answers with the name.
    fn write(&self, project: &Project, name: &str, kind: &str, content: &[u8]) -> Result<String, Stop> {
        let hash = Sha256::digest(content).iter().take(8).fold(0_u64, |hash, byte| hash << 8 | u64::from(*byte));
        let name = format!("{name}-{hash:016x}.{kind}");
        let file = format!("{}/{name}", self.folder);
        fs::write(project.at(&file), content).map(|()| name).map_err(|error| unreadable(&file, &error))
    }
}

fn unreadable(file: &str, error: &std::io::Error) -> Stop {
    Stop::Failed(format!("Cannot read or write {file}: {error}."))
}

/// `text` with `other` in the one place where it says `what`.
fn once(text: &str, what: &str, other: &str, file: &str) -> Result<String, Stop> {
    if text.matches(what).count() != 1 {
        return Err(Stop::Failed(format!("{file} has not one place with `{what}`.")));
    }
    Ok(text.replacen(what, other, 1))
}

/// The page with `start` in place of Trunk's script.
fn started_by(page: &str, start: &str) -> Result<String, Stop> {
    const TAG: &str = "<script type=\"module\">";
    let (before, from) = page.split_once(TAG).ok_or_else(|| Stop::Failed(format!("The page has no {TAG}.")))?;
    let (script, after) = from.split_once("</script>").unwrap_or((from, ""));
    if !script.contains("TrunkApplicationStarted") || after.contains(TAG) {
        return Err(Stop::Failed("The page is not started as Trunk 0.21 does it.".to_owned()));
    }
    Ok(format!("{before}{TAG}{}</script>{after}", seal::small_script(start)))
}

/// A half after wasm-opt; where there is none, as it is.
fn shrunk(project: &Project, half: &[u8]) -> Result<Vec<u8>, Stop> {
    if project.find("wasm-opt").is_none() {
        say::line("There is no wasm-opt here, and the page is larger for it.");
        return Ok(half.to_vec());
    }
    let folder = project.at("target/split");
    let (from, to) = (folder.join("half.wasm"), folder.join("small.wasm"));
    let failed = |error: std::io::Error| unreadable("target/split", &error);
    fs::create_dir_all(&folder).and_then(|()| fs::write(&from, half)).map_err(failed)?;
    let mut wasm_opt = project.command("wasm-opt");
    wasm_opt.args(FEATURES.split(' ')).arg(SMALL).arg(&from).arg("-o").arg(&to);
    stream(wasm_opt)?;
    fs::read(&to).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    const PAGE: &str = "<script src=\"boot.js\"></script><script type=\"module\">\nimport init from './web-1.js';\n\
                        dispatchEvent(new CustomEvent(\"TrunkApplicationStarted\"));\n</script><p>";

    #[test]
    fn page_is_started_by_our_script_in_place_of_trunks() {
        let page = started_by(PAGE, "// why\nbegin();\n").unwrap();
        assert_eq!(page, "<script src=\"boot.js\"></script><script type=\"module\">begin();\n</script><p>");
        assert!(started_by("<p>", "").is_err());
        assert!(started_by(&PAGE.replace("Trunk", "Other"), "").is_err(), "another Trunk may start it otherwise");
    }

    #[test]
    fn what_is_replaced_is_there_once() {
        assert_eq!(once("a b", "b", "c", "file").unwrap(), "a c");
        assert!(once("a", "b", "c", "file").is_err());
        assert!(once("b b", "b", "c", "file").is_err());
    }

    #[test]
    fn our_own_start_has_a_place_for_each_file() {
        let start = Project::locate().unwrap().read(START).unwrap();
        for file in ["./first.wasm", "./rest.wasm", "./glue.js"] {
            assert_eq!(start.matches(file).count(), 1, "{file}");
        }
    }

    /// What the page listens to and `start.js` does not hold would be lost, or worse: heard by half a page.
    #[test]
    fn every_event_that_the_page_listens_to_is_held_until_all_of_it_is_there() {
        let project = Project::locate().unwrap();
        let start = project.read(START).unwrap();
        let kinds = start.split_once("const KINDS = [").unwrap().1.split_once(']').unwrap().0;
        let mut sources = Vec::new();
        read_all(&project.at("web/src"), &mut sources);
        let mut heard = 0;
        for source in sources.iter().filter(|source| !source.contains("wasm_bindgen_test")) {
            for call in ["on:", "event_listener_untyped(\"", "add_event_listener_with_callback(\""] {
                for kind in source.split(call).skip(1) {
                    let kind = kind.split(|char: char| !char.is_ascii_lowercase()).next().unwrap_or_default();
                    // What the rest itself sends; and a colon in a comment.
                    if kind != "whole" && !kind.is_empty() {
                        assert!(kinds.contains(&format!("'{kind}'")), "{kind}");
                        heard += 1;
                    }
                }
            }
        }
        assert!(heard > 20, "{heard}");
    }

    fn read_all(folder: &Path, sources: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                read_all(&path, sources);
            } else {
                sources.push(fs::read_to_string(path).unwrap());
            }
        }
    }
}
