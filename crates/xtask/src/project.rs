//! Where things are in this project, and how its tools are called.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::say;
use crate::stop::Stop;

/// The folder of the project, and the search path for programs that its children get.
#[derive(Debug)]
pub(crate) struct Project {
    root: PathBuf,
    path: OsString,
}

impl Project {
    /// The project that this `xtask` belongs to, from whatever folder it was called.
    pub(crate) fn locate() -> Result<Self, Stop> {
        // Cargo tells the folder when it runs us; the one of compile time is wrong after the project was moved.
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let root = Path::new(&manifest)
            .ancestors()
            .nth(2)
            .ok_or_else(|| Stop::Failed("xtask is not where it belongs: crates/xtask.".to_owned()))?
            .to_path_buf();
        let path = std::env::join_paths(search_path(&root))
            .map_err(|error| Stop::Failed(format!("The project's folder cannot be part of PATH: {error}.")))?;
        Ok(Self { root, path })
    }

    /// The project on a machine where nothing is installed.
    #[cfg(test)]
    pub(crate) fn without_programs(self) -> Self {
        Self { path: OsString::new(), ..self }
    }

    /// A file or folder of the project.
    pub(crate) fn at(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// The text of a file of the project.
    pub(crate) fn read(&self, relative: &str) -> Result<String, Stop> {
        std::fs::read_to_string(self.at(relative))
            .map_err(|error| Stop::Failed(format!("Cannot read {relative}: {error}.")))
    }

    /// Writes a file of the project, with the folders on its way.
    pub(crate) fn write(&self, relative: &str, text: &str) -> Result<PathBuf, Stop> {
        let file = self.at(relative);
        let written = file.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(&file, text));
        written.map(|()| file).map_err(|error| Stop::Failed(format!("Cannot write {relative}: {error}.")))
    }

    /// A program, run in the project's folder with the project's tools on its path.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let program = program.as_ref();
        // Found by us rather than by the system, which would look in our own PATH and not in the child's.
        let found = program.to_str().and_then(|name| self.find(name));
        let mut command = Command::new(found.as_deref().map_or(program, Path::as_os_str));
        command.current_dir(&self.root).env("PATH", &self.path);
        if say::no_color() {
            // Trunk reads NO_COLOR as a yes-or-no flag and refuses the customary `1`.
            command.env("NO_COLOR", "true");
        } else {
            command.env_remove("NO_COLOR");
        }
        command
    }

    /// The Cargo that runs us, so that `cargo +nightly xtask` stays on its toolchain.
    pub(crate) fn cargo(&self) -> Command {
        self.command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
    }

    /// The first program of this name on the children's path.
    pub(crate) fn find(&self, name: &str) -> Option<PathBuf> {
        std::env::split_paths(&self.path)
            .map(|folder| folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
            .find(|file| is_program(file))
    }
}

/// Our own tools first, since they have the exact versions; Cargo's folder last, in case a shell has not got it.
fn search_path(root: &Path) -> Vec<PathBuf> {
    let mut folders = vec![root.join(".tools/bin"), root.join("node_modules/.bin")];
    folders.extend(std::env::var_os("PATH").iter().flat_map(std::env::split_paths));
    let cargo_home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    folders.extend(cargo_home.or_else(|| Some(std::env::home_dir()?.join(".cargo"))).map(|home| home.join("bin")));
    folders
}

/// There is a file that can be run.
pub(crate) fn is_program(file: &Path) -> bool {
    let Ok(facts) = file.metadata() else { return false };
    #[cfg(unix)]
    let may_run = std::os::unix::fs::PermissionsExt::mode(&facts.permissions()) & 0o111 != 0;
    #[cfg(not(unix))]
    let may_run = true;
    facts.is_file() && may_run
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn project_is_found_and_its_files_are_read() {
        let project = Project::locate().unwrap();
        assert!(project.read("Cargo.toml").unwrap().contains("[workspace]"));
        let error = project.read("no-such-file").unwrap_err();
        assert!(error.to_string().starts_with("Cannot read no-such-file: "), "{error}");
    }

    #[test]
    fn own_tools_come_before_the_systems() {
        let folders = search_path(Path::new("/p"));
        assert_eq!(folders[0], Path::new("/p/.tools/bin"));
        assert_eq!(folders[1], Path::new("/p/node_modules/.bin"));
        assert!(folders.last().unwrap().ends_with("bin"));
    }

    #[test]
    fn program_is_a_file_that_may_be_run() {
        let project = Project::locate().unwrap();
        assert!(project.find("sh").is_some());
        assert!(project.find("no-such-program-here").is_none());
        assert!(!is_program(&project.at("Cargo.toml")));
        assert!(!is_program(&project.at("crates")));
    }
}
