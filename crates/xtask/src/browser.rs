//! A Chromium or Chrome for the browser tests, and the chromedriver of the same version.
//!
//! Whatever is installed is used. On Debian, apt brings both; elsewhere npm's `@puppeteer/browsers` fetches Google's
//! builds for testing into the project's ignored folder `.tools`. It is chosen over `playwright install` because it
//! has the driver too, and of the very version of the browser.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::child;
use crate::project::{self, Project};
use crate::say;
use crate::stop::Stop;
use crate::version;

/// The last version that runs on the oldest Node we accept.
const FETCHER: &str = "@puppeteer/browsers@2.13.0";

const BROWSERS: Kind = Kind {
    variable: "CHROME",
    names: &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"],
    places: &[
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
    ],
    record: ".tools/chrome.path",
};

const DRIVERS: Kind = Kind {
    variable: "CHROMEDRIVER",
    names: &["chromedriver"],
    places: &["/usr/lib/chromium/chromedriver", "/usr/lib/chromium-browser/chromedriver"],
    record: ".tools/chromedriver.path",
};

/// Where a program of one kind may be found.
struct Kind {
    /// A person's own choice, before everything else.
    variable: &'static str,
    names: &'static [&'static str],
    places: &'static [&'static str],
    /// A file of ours that names the one we fetched.
    record: &'static str,
}

/// A browser and a driver that fit each other.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) browser: PathBuf,
    pub(crate) driver: PathBuf,
}

/// Sees to it that [`pair`] finds something.
pub(crate) fn provide(project: &Project) -> Result<(), Stop> {
    let Err(missing) = pair(project) else { return Ok(()) };
    if let Some(variable) = unusable_choice() {
        return Err(Stop::Failed(format!("{variable} does not name a program; correct it or unset it.")));
    }
    if is_chosen(&DRIVERS) {
        // Whatever we installed, a person's own driver would go before it.
        return Err(missing);
    }
    if has_debian_packages() && !is_chosen(&BROWSERS) {
        install_by_apt(project)?;
    } else {
        fetch_by_npm(project)?;
    }
    pair(project).map(|_| ())
}

/// The browser and the driver to test with.
pub(crate) fn pair(project: &Project) -> Result<Pair, Stop> {
    let browser = find(project, &BROWSERS);
    let driver = find(project, &DRIVERS);
    let sentence = match (browser, driver) {
        (Some(browser), Some(driver)) => match (version_of(&browser), version_of(&driver)) {
            (Some(one), Some(other)) if version::major(&one) != version::major(&other) => {
                format!("The browser is version {one} and chromedriver is version {other}; they must be of one number.")
            }
            _ => return Ok(Pair { browser, driver }),
        },
        (None, _) => "There is no Chromium or Chrome here.".to_owned(),
        (_, None) => "There is no chromedriver here.".to_owned(),
    };
    Err(Stop::Failed(format!("{sentence}\n{ADVICE}")))
}

const ADVICE: &str = "By hand: install Chromium or Chrome and the chromedriver of the same version (Debian: apt-get install \
                      chromium chromium-driver), or name them in the variables CHROME and CHROMEDRIVER.";

/// The crate's `webdriver.json`, with the browser to start added; gives the file to hand to the test runner.
pub(crate) fn write_capabilities(project: &Project, browser: &Path) -> Result<PathBuf, Stop> {
    let capabilities = project.read("crates/runs/webdriver.json")?;
    project.write("target/webdriver.json", &with_binary(&capabilities, browser))
}

fn with_binary(capabilities: &str, browser: &Path) -> String {
    let path = browser.to_string_lossy().replace('\\', r"\\").replace('"', "\\\"");
    let key = "\"goog:chromeOptions\": {";
    capabilities.replacen(key, &format!("{key}\n    \"binary\": \"{path}\","), 1)
}

fn find(project: &Project, kind: &Kind) -> Option<PathBuf> {
    let chosen = std::env::var_os(kind.variable).map(PathBuf::from);
    if chosen.is_some() {
        return chosen.filter(|file| project::is_program(file));
    }
    let fetched = project.read(kind.record).ok().map(|path| PathBuf::from(path.trim()));
    // What we fetched goes first: it was fetched because nothing else fitted.
    fetched
        .into_iter()
        .chain(kind.names.iter().filter_map(|name| project.find(name)))
        .chain(kind.places.iter().map(PathBuf::from))
        .find(|file| project::is_program(file))
}

fn is_chosen(kind: &Kind) -> bool {
    std::env::var_os(kind.variable).is_some()
}

fn unusable_choice() -> Option<&'static str> {
    let is_unusable =
        |kind: &Kind| std::env::var_os(kind.variable).is_some_and(|file| !project::is_program(Path::new(&file)));
    [BROWSERS, DRIVERS].iter().find(|kind| is_unusable(kind)).map(|kind| kind.variable)
}

fn version_of(program: &Path) -> Option<String> {
    let mut question = Command::new(program);
    question.arg("--version");
    child::output(question).as_deref().and_then(version::printed).map(str::to_owned)
}

/// Debian, where the packages hold a browser; Ubuntu's of the same name only hold a pointer to a snap.
fn has_debian_packages() -> bool {
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    release.lines().any(|line| line == "ID=debian") && super_user().is_some()
}

/// How to become root without asking anybody: by being it, or by a `sudo` that wants no password.
fn super_user() -> Option<&'static [&'static str]> {
    let answer = |program: &str, arguments: &[&str]| {
        let mut question = Command::new(program);
        question.args(arguments);
        child::output(question)
    };
    if answer("id", &["-u"]).as_deref() == Some("0") {
        return Some(&[]);
    }
    answer("sudo", &["-n", "true"]).map(|_| ["sudo", "-n"].as_slice())
}

fn install_by_apt(project: &Project) -> Result<(), Stop> {
    say::headline("Installing Chromium and its driver by apt-get (about a minute)");
    let apt = |arguments: &[&str]| {
        let words: Vec<&str> = super_user().unwrap_or_default().iter().copied().chain(["apt-get"]).collect();
        let mut command = project.command(words[0]);
        // Another apt-get may be at work, as on a machine that has just begun: it is waited for, ten minutes at most.
        command
            .args(&words[1..])
            .args(["-o", "DPkg::Lock::Timeout=600"])
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive");
        child::stream(command).map_err(|stop| stop.with(ADVICE))
    };
    apt(&["update", "-q"])?;
    apt(&["install", "-q", "-y", "--no-install-recommends", "chromium", "chromium-driver"])
}

fn fetch_by_npm(project: &Project) -> Result<(), Stop> {
    let present = find(project, &BROWSERS).and_then(|browser| version::major(&version_of(&browser)?));
    if present.is_none() {
        fetch(project, "chrome@stable", BROWSERS.record)?;
    }
    let wanted = present.map_or_else(|| "stable".to_owned(), |major| major.to_string());
    fetch(project, &format!("chromedriver@{wanted}"), DRIVERS.record)
}

fn fetch(project: &Project, what: &str, record: &str) -> Result<(), Stop> {
    say::headline(&format!("Fetching {what} into .tools by {FETCHER} (about a minute)"));
    let mut npx = project.command("npx");
    npx.args(["--yes", FETCHER, "install", what, "--path", ".tools/browsers", "--format", "{{path}}"]);
    let printed = child::answer(npx).map_err(|stop| stop.with(ADVICE))?;
    // Its last line is the path, as `--format` says; lines before it are about progress.
    let path = printed.lines().last().unwrap_or_default();
    project.write(record, path).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browser_to_start_is_added_to_the_capabilities() {
        let written = with_binary("{ \"goog:chromeOptions\": { \"args\": [] } }", Path::new("/opt/my \"chrome\""));
        assert_eq!(
            written,
            "{ \"goog:chromeOptions\": {\n    \"binary\": \"/opt/my \\\"chrome\\\"\", \"args\": [] } }"
        );
    }

    #[test]
    fn our_webdriver_file_has_the_place_to_add_it() {
        let capabilities = Project::locate().unwrap().read("crates/runs/webdriver.json").unwrap();
        assert!(
            with_binary(&capabilities, Path::new("/usr/bin/chromium")).contains("\"binary\": \"/usr/bin/chromium\"")
        );
    }

    #[test]
    fn program_is_found_by_name_and_missing_ones_are_not() {
        let project = Project::locate().unwrap();
        let kind = |names| Kind { variable: "NO_SUCH_VARIABLE_HERE", names, places: &[], record: "no-such-file" };
        assert!(find(&project, &kind(&["no-such-program-here", "sh"])).unwrap().ends_with("sh"));
        assert_eq!(find(&project, &kind(&["no-such-program-here"])), None);
    }
}
