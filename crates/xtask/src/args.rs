//! The command line: what a person may say, and what is answered when it makes no sense.

use std::ffi::OsString;

use lexopt::Parser;
use lexopt::prelude::{Long, Short, Value};

use crate::port;
use crate::stages::{self, Stage};
use crate::stop::Stop;

/// The port of the playground unless another is asked for: the one that Trunk uses as well.
const DEFAULT_PORT: u16 = 8080;
/// For how long each target is fuzzed unless another time is asked for: about what a person waits for.
const DEFAULT_SECONDS: u32 = 60;
const COMMANDS: &str = "play, test, check, e2e, size, first-view, bench, demo, fuzz, npm, setup, help";

/// What a person asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Help,
    Play { port: u16 },
    Test(Selection),
    Check,
    EndToEnd { arguments: Vec<OsString> },
    Size,
    FirstView,
    Bench(Bench),
    Fuzz { seconds: u32 },
    Demo { arguments: Vec<OsString> },
    Npm,
    Setup,
}

/// Which stages of `test`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Selection {
    All,
    Only(&'static str),
    From(&'static str),
}

/// What of `bench`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Bench {
    Speed { quick: bool },
    Instructions { bless: bool },
}

impl Selection {
    pub(crate) fn stages(&self) -> Vec<&'static Stage> {
        match self {
            Self::All => stages::ALL.iter().collect(),
            Self::Only(name) => stages::named(&[name]),
            Self::From(name) => stages::ALL.iter().skip_while(|stage| stage.name != *name).collect(),
        }
    }
}

/// Reads the words after `cargo xtask`.
pub(crate) fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Command, Stop> {
    let mut words = words.into_iter();
    let Some(name) = words.next() else { return Ok(Command::Help) };
    let rest: Vec<OsString> = words.collect();
    match name.to_string_lossy().as_ref() {
        // These two hand every word on, `--help` too: it is the other program's to answer.
        "demo" => return Ok(Command::Demo { arguments: rest }),
        "e2e" => return Ok(Command::EndToEnd { arguments: rest }),
        "help" | "--help" | "-h" => return Ok(Command::Help),
        _ => {}
    }
    if rest.iter().any(|word| word == "--help" || word == "-h") {
        return Ok(Command::Help);
    }
    let mut parser = Parser::from_args(rest);
    match name.to_string_lossy().as_ref() {
        "play" => play(&mut parser),
        "test" => test(&mut parser).map(Command::Test),
        "fuzz" => fuzz(&mut parser),
        "check" => nothing_more("check", &mut parser, Command::Check),
        "size" => nothing_more("size", &mut parser, Command::Size),
        "first-view" => nothing_more("first-view", &mut parser, Command::FirstView),
        "bench" => bench(&mut parser).map(Command::Bench),
        "npm" => nothing_more("npm", &mut parser, Command::Npm),
        "setup" => nothing_more("setup", &mut parser, Command::Setup),
        unknown => Err(Stop::Usage(format!("There is no command `{unknown}`. Commands: {COMMANDS}."))),
    }
}

fn play(parser: &mut Parser) -> Result<Command, Stop> {
    let mut port = DEFAULT_PORT;
    while let Some(argument) = parser.next().map_err(usage)? {
        match argument {
            Long("port") | Short('p') => port = port::parse(&text(parser)?)?,
            other => return Err(unexpected("play", other)),
        }
    }
    Ok(Command::Play { port })
}

fn test(parser: &mut Parser) -> Result<Selection, Stop> {
    let mut selection = Selection::All;
    while let Some(argument) = parser.next().map_err(usage)? {
        let chosen = match argument {
            Long("only") => Selection::Only(stage(&text(parser)?)?),
            Long("from") => Selection::From(stage(&text(parser)?)?),
            other => return Err(unexpected("test", other)),
        };
        if selection != Selection::All {
            return Err(Stop::Usage("`test` takes one of --only STAGE and --from STAGE, once.".to_owned()));
        }
        selection = chosen;
    }
    Ok(selection)
}

fn bench(parser: &mut Parser) -> Result<Bench, Stop> {
    let (mut quick, mut instructions, mut bless) = (false, false, false);
    while let Some(argument) = parser.next().map_err(usage)? {
        match argument {
            Long("quick") => quick = true,
            Long("instructions") => instructions = true,
            Long("bless") => bless = true,
            other => return Err(unexpected("bench", other)),
        }
    }
    match (instructions, quick, bless) {
        (false, quick, false) => Ok(Bench::Speed { quick }),
        (true, false, bless) => Ok(Bench::Instructions { bless }),
        (true, true, _) => Err(Stop::Usage("`bench` takes one of --quick and --instructions.".to_owned())),
        (false, _, true) => Err(Stop::Usage("`bench` takes --bless only after --instructions.".to_owned())),
    }
}

fn fuzz(parser: &mut Parser) -> Result<Command, Stop> {
    let mut seconds = DEFAULT_SECONDS;
    while let Some(argument) = parser.next().map_err(usage)? {
        match argument {
            Long("seconds") => {
                let word = text(parser)?;
                // None would mean for ever to libFuzzer.
                seconds = word
                    .parse()
                    .ok()
                    .filter(|seconds| *seconds > 0)
                    .ok_or_else(|| Stop::Usage(format!("--seconds takes a number of 1 or more, not `{word}`.")))?;
            }
            other => return Err(unexpected("fuzz", other)),
        }
    }
    Ok(Command::Fuzz { seconds })
}

fn nothing_more(name: &str, parser: &mut Parser, command: Command) -> Result<Command, Stop> {
    parser.next().map_err(usage)?.map_or(Ok(command), |argument| Err(unexpected(name, argument)))
}

fn stage(name: &str) -> Result<&'static str, Stop> {
    let known = stages::ALL.iter().map(|stage| stage.name).collect::<Vec<_>>();
    known
        .iter()
        .find(|known| **known == name)
        .copied()
        .ok_or_else(|| Stop::Usage(format!("There is no stage `{name}`. Stages: {}.", known.join(", "))))
}

fn text(parser: &mut Parser) -> Result<String, Stop> {
    parser.value().map(|value| value.to_string_lossy().into_owned()).map_err(usage)
}

fn unexpected(command: &str, argument: lexopt::Arg<'_>) -> Stop {
    let word = match argument {
        Long(name) => format!("--{name}"),
        Short(name) => format!("-{name}"),
        Value(value) => value.to_string_lossy().into_owned(),
    };
    Stop::Usage(format!("`{command}` does not take `{word}`. See: cargo xtask help"))
}

#[expect(clippy::needless_pass_by_value, reason = "used as a function for `map_err`, which gives values")]
fn usage(error: lexopt::Error) -> Stop {
    Stop::Usage(format!("{error}. See: cargo xtask help"))
}

/// The page of help, with the stages as they are.
pub(crate) fn help() -> String {
    let stages = stages::ALL.iter().map(|stage| format!("    {:<11} {}", stage.name, stage.what)).collect::<Vec<_>>();
    format!(
        "Every command of the project. Each installs what it misses first, and says so.

  cargo xtask play [--port {DEFAULT_PORT}]     serve the playground, and rebuild it when a source changes
  cargo xtask test                   run every test
    --only STAGE                     one stage alone
    --from STAGE                     that stage and those after it
  cargo xtask check                  the stages fmt, clippy and native: what to run while writing
  cargo xtask e2e [ARGUMENTS]        build the page and test it in a browser; arguments go to Playwright
  cargo xtask size                   build the page and weigh it
  cargo xtask first-view             look in a browser what the page's first view needs, and list in web/later.txt what can wait
  cargo xtask bench                  measure decisions beside other libraries; writes docs/performance.md
    --quick                          a short look that writes nothing
    --instructions [--bless]         count instructions and compare with benches/instructions.txt, or rewrite it
  cargo xtask demo [ARGUMENTS]       tell the story of the scenarios in the terminal
  cargo xtask fuzz [--seconds {DEFAULT_SECONDS}]    fuzz the engine, each target for so long; needs a nightly compiler
  cargo xtask npm                    build and pack the npm package; prints where the archive is
  cargo xtask setup                  only install what the other commands need
  cargo xtask help                   this page

  Stages of `test`, in order:
{}",
        stages.join("\n")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, Stop> {
        parse(line.split_whitespace().map(OsString::from))
    }

    fn misuse(line: &str) -> String {
        let stop = parsed(line).unwrap_err();
        assert_eq!(stop.exit_code(), 2, "{line}");
        stop.to_string()
    }

    #[test]
    fn no_word_and_any_cry_for_help_show_the_help() {
        for line in ["", "help", "--help", "-h", "play --help", "test -h"] {
            assert_eq!(parsed(line), Ok(Command::Help), "{line}");
        }
    }

    #[test]
    fn play_takes_a_port() {
        assert_eq!(parsed("play"), Ok(Command::Play { port: 8080 }));
        assert_eq!(parsed("play --port 9000"), Ok(Command::Play { port: 9000 }));
        assert_eq!(parsed("play --port=9000"), Ok(Command::Play { port: 9000 }));
        assert_eq!(misuse("play --port x"), "--port takes a number from 1 to 65535, not `x`.");
        assert_eq!(misuse("play --open"), "`play` does not take `--open`. See: cargo xtask help");
        assert_eq!(misuse("play 9000"), "`play` does not take `9000`. See: cargo xtask help");
        assert!(misuse("play --port").contains("--port"));
    }

    #[test]
    fn test_takes_stages_by_name() {
        let names = |line: &str| match parsed(line) {
            Ok(Command::Test(selection)) => selection.stages().iter().map(|stage| stage.name).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
        assert_eq!(names("test").len(), stages::ALL.len());
        assert_eq!(names("test --only clippy"), ["clippy"]);
        assert_eq!(names("test --from e2e"), ["e2e", "size"]);
        assert!(misuse("test --only speed").starts_with("There is no stage `speed`. Stages: fmt, clippy, "));
        assert!(misuse("test --only fmt --from e2e").contains("one of --only STAGE and --from STAGE"));
        assert!(misuse("test fmt").contains("does not take `fmt`"));
    }

    #[test]
    fn bench_measures_time_or_counts_instructions() {
        assert_eq!(parsed("bench"), Ok(Command::Bench(Bench::Speed { quick: false })));
        assert_eq!(parsed("bench --quick"), Ok(Command::Bench(Bench::Speed { quick: true })));
        assert_eq!(parsed("bench --instructions"), Ok(Command::Bench(Bench::Instructions { bless: false })));
        assert_eq!(parsed("bench --bless --instructions"), Ok(Command::Bench(Bench::Instructions { bless: true })));
        assert_eq!(misuse("bench --instructions --quick"), "`bench` takes one of --quick and --instructions.");
        assert_eq!(misuse("bench --bless"), "`bench` takes --bless only after --instructions.");
        assert_eq!(misuse("bench breaker"), "`bench` does not take `breaker`. See: cargo xtask help");
    }

    #[test]
    fn fuzz_takes_a_time() {
        assert_eq!(parsed("fuzz"), Ok(Command::Fuzz { seconds: 60 }));
        assert_eq!(parsed("fuzz --seconds 600"), Ok(Command::Fuzz { seconds: 600 }));
        assert_eq!(misuse("fuzz --seconds 0"), "--seconds takes a number of 1 or more, not `0`.");
        assert_eq!(misuse("fuzz run"), "`fuzz` does not take `run`. See: cargo xtask help");
    }

    #[test]
    fn demo_and_e2e_hand_their_words_on() {
        let arguments = vec!["--seed".into(), "7".into(), "--help".into()];
        assert_eq!(parsed("demo --seed 7 --help"), Ok(Command::Demo { arguments }));
        assert_eq!(parsed("e2e --headed"), Ok(Command::EndToEnd { arguments: vec!["--headed".into()] }));
    }

    #[test]
    fn unknown_command_lists_the_known_ones() {
        assert_eq!(misuse("plya"), format!("There is no command `plya`. Commands: {COMMANDS}."));
        assert_eq!(parsed("npm"), Ok(Command::Npm));
        assert_eq!(misuse("size now"), "`size` does not take `now`. See: cargo xtask help");
    }

    #[test]
    fn help_names_every_command_and_stage() {
        for name in COMMANDS.split(", ") {
            assert!(help().contains(&format!("cargo xtask {name}")), "{name}");
        }
        for stage in &stages::ALL {
            assert!(help().contains(stage.name) && help().contains(stage.what), "{}", stage.name);
        }
    }
}
