//! `supkit simulate`: what would happen, without starting anything: the start of a configuration, a
//! restart, an outage or the end, on a virtual clock.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use crate::conf::options::{self, CommandLine};
use crate::conf::read;
use crate::core::effect::ProcId;
use crate::core::simulation::{Act, Behaviour, Script, Simulator};
use crate::core::time::Wall;
use crate::daemon::real_host::RealHost;
use crate::os::{clock, stdout};

use super::foreign_host::ForeignHost;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The configuration. The default is the one that supervisord would use
    #[arg(short = 'c', long = "configuration", value_name = "FILE")]
    file: Option<String>,
    /// A program ends by SIGKILL at this time: zeoserver@10s
    #[arg(long, value_name = "NAME@TIME")]
    kill: Vec<String>,
    /// A program exits with a status at this time: initdb@3s=0
    #[arg(long, value_name = "NAME@TIME=STATUS")]
    exit: Vec<String>,
    /// A program is restarted on request at this time
    #[arg(long, value_name = "NAME@TIME")]
    restart: Vec<String>,
    /// A program needs this long after each start until it is ready: instance=60s
    #[arg(long, value_name = "NAME=TIME")]
    slow: Vec<String>,
    /// A program never becomes ready
    #[arg(long, value_name = "NAME")]
    never_ready: Vec<String>,
    /// A program needs this long to stop: zeoserver=20s
    #[arg(long, value_name = "NAME=TIME")]
    stop_takes: Vec<String>,
    /// A program exits by itself this long after each start, as expected: pack=20m. Tasks (with a schedule, or
    /// awaited by `:completed`) exit after 1 second or startsecs without it
    #[arg(long, value_name = "NAME=TIME")]
    takes: Vec<String>,
    /// End the daemon when everything is up and all of the above has happened
    #[arg(long)]
    stop: bool,
    /// End of the simulation
    #[arg(long, value_name = "TIME", default_value = "5m")]
    until: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A simulation that cannot be run.
type Refusal = String;

pub(super) fn main(args: &Args) -> ExitCode {
    let program = std::env::args().next().unwrap_or_default();
    let file = match args.file.clone().map_or_else(|| find(&program), Ok) {
        Ok(file) => file,
        Err(error) => return refuse(&error),
    };
    let config = match read::read(&file, &CommandLine::default(), &ForeignHost) {
        Ok(config) => config,
        Err(error) => {
            let _ = write!(io::stderr(), "{}", error.explain(io::stderr().is_terminal()));
            return ExitCode::from(2);
        }
    };
    let simulator = Simulator::new(config, Wall(clock::wall()));
    let script = match script(args, &simulator) {
        Ok(script) => script,
        Err(refusal) => return refuse(&refusal),
    };
    let timeline = simulator.run(script);
    if args.json {
        stdout::write_line(&format!("{:#}", timeline.json()));
    } else {
        stdout::write_all(timeline.text().as_bytes());
    }
    if timeline.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn find(program: &str) -> Result<String, String> {
    options::find(&options::own_path(program, &RealHost), &RealHost)
}

fn refuse(error: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "Error: {error}");
    ExitCode::from(2)
}

fn script(args: &Args, simulator: &Simulator) -> Result<Script, Refusal> {
    let mut script =
        Script { stops: args.stop, until: time("--until", &args.until)?, ..Script::default() };
    behaviours(args, simulator, &mut script.behaviours)?;
    let mut add = |name: &str, at: Duration, act: &dyn Fn(ProcId) -> Act| {
        script.acts.extend(simulator.find(name)?.into_iter().map(|id| (at, act(id))));
        Ok::<(), Refusal>(())
    };
    for word in &args.kill {
        let (name, at) = split("--kill", word, '@', "NAME@TIME")?;
        add(name, time("--kill", at)?, &Act::Kill)?;
    }
    for word in &args.exit {
        const FORM: &str = "NAME@TIME=STATUS";
        let (rest, status) = split("--exit", word, '=', FORM)?;
        let (name, at) = split("--exit", rest, '@', FORM)?;
        let status = status.parse::<u8>().map_err(|_| {
            format!("--exit {word}: `{status}` is not an exit status; write a number from 0 to 255")
        })?;
        add(name, time("--exit", at)?, &|id| Act::Exit(id, status.into()))?;
    }
    for word in &args.restart {
        let (name, at) = split("--restart", word, '@', "NAME@TIME")?;
        add(name, time("--restart", at)?, &Act::Restart)?;
    }
    let end = script.until;
    match script.acts.iter().find(|(at, _)| *at > end) {
        Some((at, _)) => Err(format!(
            "what is to happen after {} s is later than the end; use `--until {}s`",
            at.as_secs_f64(),
            at.as_secs() + 60
        )),
        None => Ok(script),
    }
}

fn behaviours(
    args: &Args,
    simulator: &Simulator,
    behaviours: &mut BTreeMap<ProcId, Behaviour>,
) -> Result<(), Refusal> {
    for word in &args.slow {
        let (name, wait) = split("--slow", word, '=', "NAME=TIME")?;
        let wait = time("--slow", wait)?;
        for id in simulator.find(name)? {
            warn_if_not_waited_for(simulator, "--slow", id);
            behaviours.entry(id).or_default().ready_after = Some(wait);
        }
    }
    for name in &args.never_ready {
        for id in simulator.find(name)? {
            warn_if_not_waited_for(simulator, "--never-ready", id);
            behaviours.entry(id).or_default().ready_after = None;
        }
    }
    for word in &args.stop_takes {
        let (name, wait) = split("--stop-takes", word, '=', "NAME=TIME")?;
        let wait = time("--stop-takes", wait)?;
        for id in simulator.find(name)? {
            behaviours.entry(id).or_default().stop_takes = wait;
        }
    }
    for word in &args.takes {
        let (name, wait) = split("--takes", word, '=', "NAME=TIME")?;
        let wait = time("--takes", wait)?;
        for id in simulator.find(name)? {
            behaviours.entry(id).or_default().takes = Some(wait);
        }
    }
    Ok(())
}

/// Without readiness options nothing shows when a program is ready.
fn warn_if_not_waited_for(simulator: &Simulator, option: &str, id: ProcId) {
    if !simulator.has_readiness(id) {
        let name = simulator.name(id);
        let _ = writeln!(
            io::stderr(),
            "warning: {option} changes nothing for {name}, which has no ready_ option"
        );
    }
}

fn split<'w>(
    option: &str,
    word: &'w str,
    sign: char,
    form: &str,
) -> Result<(&'w str, &'w str), Refusal> {
    let parts = word.rsplit_once(sign).filter(|(name, rest)| !name.is_empty() && !rest.is_empty());
    parts.ok_or_else(|| format!("{option} {word}: write {form}"))
}

/// The longest time: about a year.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// `90`, `1.5s`, `500ms`, `2m30s`, `1h`
fn time(option: &str, text: &str) -> Result<Duration, Refusal> {
    let wrong = || {
        format!(
            "{option}: `{text}` is not a time; write for example `500ms`, `10s`, `1m30s` or `2h`"
        )
    };
    let mut total = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|it: char| !it.is_ascii_digit() && it != '.').unwrap_or(rest.len());
        let number: f64 = rest[..digits].parse().map_err(|_| wrong())?;
        rest = &rest[digits..];
        let unit = rest.find(|it: char| it.is_ascii_digit()).unwrap_or(rest.len());
        let factor = match &rest[..unit] {
            "" | "s" => 1.0,
            "ms" => 0.001,
            "m" | "min" => 60.0,
            "h" => 3600.0,
            "d" => 86_400.0,
            _ => return Err(wrong()),
        };
        rest = &rest[unit..];
        total += number * factor;
    }
    let duration = Duration::try_from_secs_f64(total).map_err(|_| wrong())?;
    if text.is_empty() || duration > LONGEST { Err(wrong()) } else { Ok(duration) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_people_write_them() {
        for (text, millis) in
            [("90", 90_000), ("1.5s", 1500), ("500ms", 500), ("2m30s", 150_000), ("1h", 3_600_000)]
        {
            assert_eq!(time("--x", text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "s", "-1", "1x", "1.2.3", "10 s", "99999d", "1e9", "inf"] {
            assert!(time("--x", text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_last_sign_separates() {
        assert_eq!(split("--kill", "a@b@3s", '@', "").unwrap(), ("a@b", "3s"));
        assert_eq!(
            split("--kill", "a", '@', "NAME@TIME").unwrap_err(),
            "--kill a: write NAME@TIME"
        );
        assert!(split("--kill", "@3s", '@', "").is_err());
    }
}
