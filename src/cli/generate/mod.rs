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
use crate::generate::plan::{Conflict, Content, File, Role, Verdict};
use crate::generate::record::Record;
use crate::generate::{readback, reading};

use super::project::ProjectArgs;
use super::real_buildout_env::RealBuildoutEnv;
use sources::Source;
pub(super) use sources::{Refusal, catalogue, load_file};

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    project: ProjectArgs,
    /// Write the configuration to this file; outside the project, write nothing else. `-` prints it
    #[arg(long, value_name = "CONF")]
    output: Option<String>,
    /// Print the configuration and what would be written, and write nothing; exit 1 if a file of
    /// others is in the way
    #[arg(long)]
    dry_run: bool,
    /// Print what would change in the configuration, option by option, and write nothing; exit 1 if
    /// a file of others is in the way
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
    let world = RealBuildoutEnv::around(&args.project.file);
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
    if args.dry_run {
        say::dry_run(&planned, !args.diff);
    }
    if let Some(refusal) = refusal(&planned) {
        return Err(refusal);
    }
    if args.check {
        return Ok(say::check(&planned));
    }
    if !args.dry_run && (!args.diff || args.apply) {
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
    let derive_for = |conf: &str| {
        let place = Place::new(&input.directory, conf);
        source.faults(derive(input, &source.catalogue, &place))
    };
    let mut derived = derive_for(&wanted)?;
    let conf = match (&asked, &derived.conf) {
        (None, Some(told)) => disk::absolute(told),
        _ => wanted,
    };
    if asked.is_none() && !derived.told && derived.conf.is_some() {
        derived = derive_for(&conf)?;
    }
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
    let (files, kept) =
        if printed { (Vec::new(), Vec::new()) } else { judge(args, source, files)? };
    Ok(Planned { derived, conf, text, directories, files, kept })
}

/// Asks the disk about every file.
fn judge(args: &Args, source: &Source, files: Vec<File>) -> Result<(Judged, Vec<String>), Refusal> {
    let own = disk::own_program()?;
    let record = Record::of(&source.project);
    let (mut judged, mut kept) = (Vec::new(), Vec::new());
    for file in files {
        if file.role == Role::Gift && disk::directory_exists(&file.path) {
            continue;
        }
        let found = disk::find(&file.path);
        match file.judge(&found, &own, record.has(&file.path)) {
            Verdict::Conflict(Conflict::Foreign | Conflict::Edited) if args.replace => {
                judged.push((file, Verdict::Changed));
            }
            // Who names a place for the configuration may have scripts of his own.
            Verdict::Conflict(Conflict::Foreign | Conflict::Edited)
                if args.output.is_some() && file.role == Role::Script =>
            {
                kept.push(file.path);
            }
            verdict => judged.push((file, verdict)),
        }
    }
    judged.extend(taken_over(source, &record, &judged)?);
    Ok((judged, kept))
}

/// What buildout notes about the files that become ours. It is written last: until then they are
/// buildout's.
fn taken_over(
    source: &Source,
    record: &Record,
    judged: &Judged,
) -> Result<Option<(File, Verdict)>, Refusal> {
    let is_taken = |path: &str| judged.iter().any(|(file, _)| file.path == path);
    if !judged.iter().any(|(file, _)| record.has(&file.path)) {
        return Ok(None);
    }
    let name = source.project.get("buildout", "installed");
    let name = source.faults(name.map_err(|fault| vec![fault.diagnostic()]))?;
    let path = disk::absolute(&name.unwrap_or_default());
    let without = disk::text(&path).and_then(|text| record.without(&text, &is_taken));
    Ok(without.map(|text| {
        let file = File { path, content: Content::Text(text), role: Role::Record };
        (file, Verdict::Changed)
    }))
}

/// Nothing is written where one of the files may not be.
fn refusal(planned: &Planned) -> Option<Refusal> {
    let faults = planned.files.iter().filter_map(|(file, verdict)| match verdict {
        Verdict::Conflict(Conflict::NoFile(what)) => Some(no_file(&file.path, what)),
        Verdict::Conflict(conflict) => Some(not_ours(&file.path, conflict)),
        _ => None,
    });
    let faults: Vec<Diagnostic> = faults.collect();
    (!faults.is_empty()).then(|| Refusal::many(faults))
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
