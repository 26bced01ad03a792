//! Running other programs, with their output going straight through so that a person sees that work goes on.
//!
//! Four ways: [`stream`] for work that must succeed, [`answer`] for work that ends in an answer, [`output`] for a short
//! question such as `--version`, [`hand_over`] for a program that takes our place. Whoever waits also watches for Ctrl-C, and nothing is left running behind us.

use core::time::Duration;
use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::Instant;

use crate::interrupt;
use crate::stop::Stop;

/// How often a waiting parent looks: far below what a person notices, far above what costs anything.
pub(crate) const LOOK: Duration = Duration::from_millis(50);
/// How long a child may take to tidy up once it was asked to end.
const PATIENCE: Duration = Duration::from_secs(5);

/// Runs `command` with its output shown; anything but success is an error that names the command.
pub(crate) fn stream(mut command: Command) -> Result<(), Stop> {
    let mut child = spawn(&mut command)?;
    let status = wait(&mut child)?;
    if status.success() {
        Ok(())
    } else {
        Err(Stop::Failed(format!("`{}` ended with {}.", spelled(&command), said(status))))
    }
}

/// Runs `command` in our place: its exit code becomes ours and it speaks for itself.
pub(crate) fn hand_over(mut command: Command) -> Result<(), Stop> {
    let mut child = spawn(&mut command)?;
    let status = wait(&mut child)?;
    if status.success() {
        return Ok(());
    }
    // A program killed by a signal has no code; 1 says "failed" as well as any other number.
    Err(Stop::Code(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)))
}

/// What `command` prints, if it can be run and succeeds. For questions such as `--version`.
pub(crate) fn output(mut command: Command) -> Option<String> {
    let answer = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    answer.status.success().then(|| String::from_utf8_lossy(&answer.stdout).trim().to_owned())
}

/// What `command` prints on its standard output, with everything else shown; anything but success is an error.
pub(crate) fn answer(mut command: Command) -> Result<String, Stop> {
    let mut child = spawn(command.stdout(Stdio::piped()))?;
    let mut text = String::new();
    // Reads until the child closes its output, which is when it ends: nothing to wait for on the side.
    let read = child.stdout.take().map_or(Ok(0), |mut stdout| stdout.read_to_string(&mut text));
    let status = wait(&mut child)?;
    match read {
        Ok(_) if status.success() => Ok(text.trim().to_owned()),
        _ => Err(Stop::Failed(format!("`{}` ended with {}.", spelled(&command), said(status)))),
    }
}

/// Starts `command`; says plainly when the program is not there.
pub(crate) fn spawn(command: &mut Command) -> Result<Child, Stop> {
    command.spawn().map_err(|error| Stop::Failed(format!("`{}` cannot be started: {error}.", spelled(command))))
}

/// Waits until `child` ends, or ends it when somebody wants us to end.
fn wait(child: &mut Child) -> Result<ExitStatus, Stop> {
    loop {
        if let Some(status) = ended(child)? {
            // On a terminal Ctrl-C ends the child as well, and that is no failure of the child's.
            return if interrupt::is_requested() { Err(Stop::Interrupted) } else { Ok(status) };
        }
        if interrupt::is_requested() {
            end(child);
            return Err(Stop::Interrupted);
        }
        sleep(LOOK);
    }
}

/// The status of a child that has ended by itself.
pub(crate) fn ended(child: &mut Child) -> Result<Option<ExitStatus>, Stop> {
    child.try_wait().map_err(|error| Stop::Failed(format!("Cannot wait for a child process: {error}.")))
}

/// Asks `child` to end, gives it a moment, then makes it.
pub(crate) fn end(child: &mut Child) {
    // Nothing here can be reported to anybody who could do more about it: the child is gone, or goes now.
    if cfg!(unix) {
        // Asking first lets a program remove its temporary files and end its own children (Playwright does).
        let _ = Command::new("sh").args(["-c", &format!("kill -TERM {}", child.id())]).stderr(Stdio::null()).status();
        let asked = Instant::now();
        while asked.elapsed() < PATIENCE {
            if let Ok(Some(_)) = child.try_wait() {
                return;
            }
            sleep(LOOK);
        }
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// An exit status as a person says it.
pub(crate) fn said(status: ExitStatus) -> String {
    status.code().map_or_else(|| "a signal".to_owned(), |code| format!("exit code {code}"))
}

/// A command as a person would type it, near enough to paste.
pub(crate) fn spelled(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    // Cargo is called by its full path (see `Project::cargo`), which is of no use to a reader.
    let name = program.file_name().unwrap_or(program.as_os_str());
    core::iter::once(name)
        .chain(command.get_args())
        .map(|word| quoted(&word.to_string_lossy()))
        .collect::<Vec<_>>()
        .join(" ")
}

fn quoted(word: &str) -> String {
    if word.is_empty() || word.contains([' ', '"', '\'', '$', '*', '|', '&', ';', '(', '<', '>']) {
        format!("'{}'", word.replace('\'', r"'\''"))
    } else {
        word.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn failing_command_is_named_with_its_exit_code() {
        let error = stream(shell("exit 3")).unwrap_err();
        assert_eq!(error, Stop::Failed("`sh -c 'exit 3'` ended with exit code 3.".to_owned()));
    }

    #[test]
    fn missing_program_is_a_sentence() {
        let error = stream(Command::new("no-such-program-here")).unwrap_err();
        assert!(error.to_string().starts_with("`no-such-program-here` cannot be started: "), "{error}");
    }

    #[test]
    fn program_in_our_place_gives_us_its_exit_code() {
        assert_eq!(hand_over(shell("exit 2")), Err(Stop::Code(2)));
        assert_eq!(hand_over(shell("exit 0")), Ok(()));
    }

    #[test]
    fn output_is_only_that_of_success() {
        assert_eq!(output(shell("echo ' trunk 1.2.3 '")).as_deref(), Some("trunk 1.2.3"));
        assert_eq!(output(shell("echo half; exit 1")), None);
        assert_eq!(output(Command::new("no-such-program-here")), None);
    }

    #[test]
    fn ending_a_child_leaves_nothing_running() {
        let mut child = spawn(&mut shell("sleep 60")).unwrap();
        let start = Instant::now();
        end(&mut child);
        assert!(child.try_wait().unwrap().is_some());
        assert!(start.elapsed() < PATIENCE, "SIGTERM was enough");
    }
}
