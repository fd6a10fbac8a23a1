//! `supkit generate`: reads a project, plans a deployment, and writes it or says what it would
//! write. Nothing is touched before everything is known to be in order.

mod disk;
pub(super) mod say;
mod sources;

use std::process::ExitCode;

use crate::diag::Diagnostic;
use crate::generate::derive::{Derived, derive};
use crate::generate::input::Input;
use crate::generate::layout;
use crate::generate::paths::Place;
use crate::generate::plan::{Conflict, File, Role, Verdict};
use crate::generate::{readback, reading};

use super::outside::World;
use super::project::ProjectArgs;
use sources::Source;
pub(super) use sources::{Refusal, catalogue, load_file};

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    project: ProjectArgs,
    /// Write the configuration to this file; outside the project, write nothing else. `-` prints it
    #[arg(long, value_name = "CONF")]
    output: Option<String>,
    /// Print the configuration and what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Print what would change in the configuration, option by option, and write nothing
    #[arg(long)]
    diff: bool,
    /// Write nothing; exit 1 if what is there is not what would be written
    #[arg(long, conflicts_with_all = ["dry_run", "apply"])]
    check: bool,
    /// Then reload a daemon that runs, and restart only what changed
    #[arg(long, conflicts_with = "dry_run")]
    apply: bool,
    /// Overwrite files that supkit did not write, or that were edited since
    #[arg(long)]
    replace: bool,
    /// Values to set, as buildout takes them
    #[arg(value_name = "SECTION:OPTION=VALUE")]
    assignments: Vec<String>,
}

pub(super) fn main(args: &Args) -> ExitCode {
    match run(args) {
        Ok(code) => code,
        Err(refusal) => {
            say::refusal(&refusal);
            ExitCode::FAILURE
        }
    }
}

/// Files, and what is to be done with each.
type Judged = Vec<(File, Verdict)>;

/// All that is to be written, judged.
struct Planned {
    derived: Derived,
    /// Absolute; empty where it is only printed.
    conf: String,
    text: String,
    directories: Vec<String>,
    files: Judged,
    /// Scripts of others that are left alone.
    kept: Vec<String>,
}

fn run(args: &Args) -> Result<ExitCode, Refusal> {
    let source = sources::load(&args.project, &args.assignments)?;
    let world = World::around(&args.project.file);
    let input = source.faults(reading::read(&source.project, &source.catalogue, &world))?;
    let planned = plan(args, &source, &input)?;
    say::warnings(&source, &planned.derived, &input);
    if args.output.as_deref() == Some("-") {
        say::out(&planned.text);
        return Ok(ExitCode::SUCCESS);
    }
    if args.diff {
        say::difference(&source, &planned);
    }
    if args.check {
        return Ok(say::check(&planned));
    }
    if args.dry_run {
        say::dry_run(&planned, !args.diff);
    } else if !args.diff || args.apply {
        disk::write(&planned)?;
        say::written(&planned, &input.directory);
        if args.apply {
            return super::apply::apply(&planned.conf)
                .map_err(|error| Refusal::plain(format!("{error:#}")));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn plan(args: &Args, source: &Source, input: &Input) -> Result<Planned, Refusal> {
    let printed = args.output.as_deref() == Some("-");
    let asked = args.output.as_deref().filter(|_| !printed).map(disk::absolute);
    let usual = format!("{}/etc/supervisord.conf", input.directory);
    let wanted = asked.clone().unwrap_or(usual);
    let derived = derive(input, &source.catalogue, &Place::new(&input.directory, &wanted));
    let mut derived = source.faults(derived)?;
    let conf = match (&asked, &derived.conf) {
        (None, Some(told)) => disk::absolute(told),
        _ => wanted,
    };
    derived.settle(&conf);
    let place = Place::new(&input.directory, &conf);
    if !derived.told && (printed || !place.is_inside()) {
        derived.deployment.includes.clear();
    }
    let file = layout::configuration(&derived, &conf, source.project.file());
    let file = file.map_err(|fault| Refusal::plain(fault.0))?;
    let text = readback::text_of(&file).to_owned();
    if !derived.told {
        source.faults(readback::check(&derived.deployment, &text))?;
    }
    source.faults(readback::understood(&derived.deployment, &text, &conf))?;
    let (mut files, mut directories) = (vec![file], Vec::new());
    if place.is_inside() && !printed {
        let more = layout::installation(input, &derived, &conf);
        files.extend(more.map_err(|fault| Refusal::plain(fault.0))?);
        directories = layout::directories(input, &derived, &conf);
    }
    let (files, kept) = if printed { (Vec::new(), Vec::new()) } else { judge(args, files)? };
    Ok(Planned { derived, conf, text, directories, files, kept })
}

/// Asks the disk about every file, and refuses if one of them is not ours.
fn judge(args: &Args, files: Vec<File>) -> Result<(Judged, Vec<String>), Refusal> {
    let own = disk::own_program()?;
    let (mut judged, mut kept, mut conflicts) = (Vec::new(), Vec::new(), Vec::new());
    for file in files {
        if file.role == Role::Gift && disk::directory_exists(&file.path) {
            continue;
        }
        let found = disk::find(&file.path);
        match file.judge(&found, &own) {
            Verdict::Conflict(Conflict::NoFile(what)) => conflicts.push(no_file(&file.path, &what)),
            Verdict::Conflict(_) if args.replace => judged.push((file, Verdict::Changed)),
            // Who names a place for the configuration may have scripts of his own.
            Verdict::Conflict(_) if args.output.is_some() && file.role == Role::Script => {
                kept.push(file.path);
            }
            Verdict::Conflict(conflict) => conflicts.push(not_ours(&file.path, &conflict)),
            verdict => judged.push((file, verdict)),
        }
    }
    if conflicts.is_empty() { Ok((judged, kept)) } else { Err(Refusal::many(conflicts)) }
}

fn no_file(path: &str, what: &str) -> Diagnostic {
    Diagnostic::error("not-a-file", format!("`{path}` is {what}"))
        .help("move it away; supkit replaces files and links only")
}

fn not_ours(path: &str, conflict: &Conflict) -> Diagnostic {
    match conflict {
        Conflict::Edited => {
            Diagnostic::error("edited", format!("`{path}` was edited since supkit wrote it")).help(
                "move the changes to buildout.cfg or to etc/supervisord.d/*.conf; \
                 --replace overwrites the file",
            )
        }
        _ => Diagnostic::error("not-ours", format!("`{path}` was not written by supkit"))
            .help("move it away, or overwrite it with --replace"),
    }
}
