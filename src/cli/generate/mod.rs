//! `supkit generate`: reads a project, plans its deployment, and writes it or prints the plan.
//! Nothing is written if there is an error.

mod comparison;
mod files;
pub(super) mod output;
mod sources;

use std::process::ExitCode;

use crate::buildout::paths::basename;
use crate::diag::Diagnostic;
use crate::generate::input::Input;
use crate::generate::installed_cfg::InstalledCfg;
use crate::generate::layout::BUILDOUT;
use crate::generate::plan::{Plan, Request, plan};
use crate::generate::planned_file::{Conflict, Content, File, FileStatus, Role};

use super::project::ProjectArgs;
use super::real_buildout_env::RealBuildoutEnv;
use comparison::Comparison;
pub(super) use sources::{ProjectError, Source, catalogue, load, load_file};

#[derive(Default, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    project: ProjectArgs,
    /// Write the configuration to this path; outside the project, write no other file. `-` prints it
    /// to standard output
    #[arg(long, value_name = "CONF")]
    output: Option<String>,
    /// Print the configuration and the planned changes without writing anything. The exit status is
    /// 1 if a file would require --replace
    #[arg(long)]
    dry_run: bool,
    /// Print the changes of the configuration, option by option, without writing anything. The exit
    /// status is 1 if a file would require --replace
    #[arg(long)]
    diff: bool,
    /// Write nothing; the exit status is 1 if the deployment is out of date
    #[arg(long, conflicts_with_all = ["dry_run", "apply"])]
    check: bool,
    /// After writing, update a running daemon; only programs that changed are restarted
    #[arg(long, conflicts_with = "dry_run")]
    apply: bool,
    /// Overwrite files that supkit did not write or that were edited since
    #[arg(long)]
    replace: bool,
    /// For the recipe of supkit's egg, which buildout calls: write the paths of the files that belong
    /// to the part to LIST, and leave `.installed.cfg` to buildout
    #[arg(long, value_name = "LIST", hide = true)]
    as_part: Option<String>,
    /// Whether bin/buildout belongs to the deployment
    #[arg(skip)]
    with_buildout: bool,
    /// Override options of the project
    #[arg(value_name = "SECTION:OPTION=VALUE")]
    assignments: Vec<String>,
}

pub(super) fn main(args: &Args) -> ExitCode {
    match run(args) {
        Ok(code) => code,
        Err(error) => {
            output::report(&error);
            ExitCode::FAILURE
        }
    }
}

/// Generates the deployment of a project that was built, with or without a bin/buildout.
pub(super) fn deploy(
    project: &ProjectArgs,
    assignments: &[String],
    replace: bool,
    with_buildout: bool,
) -> ExitCode {
    let (project, assignments) = (project.clone(), assignments.to_vec());
    main(&Args { project, replace, with_buildout, assignments, ..Args::default() })
}

fn run(args: &Args) -> Result<ExitCode, ProjectError> {
    let source = sources::load(&args.project, &args.assignments)?;
    let input = source.input(&RealBuildoutEnv::around(source.origin.file()))?;
    let comparison = compare(args, &source, &input)?;
    output::warnings(&source, &comparison.plan.derived, &input);
    if is_printed(args) {
        output::out(&comparison.plan.text);
        return Ok(ExitCode::SUCCESS);
    }
    if args.diff {
        output::diff(&source, &comparison);
    }
    if args.dry_run {
        output::dry_run(&comparison, !args.diff);
    }
    let conflicts = conflicts(&comparison);
    if !conflicts.is_empty() {
        return Err(ProjectError::many(conflicts));
    }
    if args.check {
        return Ok(output::check(&comparison));
    }
    if !args.dry_run && (!args.diff || args.apply) {
        files::write(&comparison)?;
        output::written(&comparison, &input.directory, args.apply);
        if let Some(list) = &args.as_part {
            files::write_list(list, &comparison)?;
        }
        if args.apply {
            return super::apply::apply(&comparison.plan.conf)
                .map_err(|error| ProjectError::plain(format!("{error:#}")));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The plan of a deployment, and what would prevent writing it. Nothing is written.
pub(super) fn rehearse(
    source: &Source,
    input: &Input,
) -> Result<(Plan, Vec<Diagnostic>), ProjectError> {
    let comparison = compare(&Args::default(), source, input)?;
    let mut obstacles = conflicts(&comparison);
    obstacles.extend(files::unwritable(&comparison));
    Ok((comparison.plan, obstacles))
}

/// `--output -`
fn is_printed(args: &Args) -> bool {
    args.output.as_deref() == Some("-")
}

/// Plans the deployment and compares it with the file system.
fn compare(args: &Args, source: &Source, input: &Input) -> Result<Comparison, ProjectError> {
    let request = Request {
        conf: args.output.as_deref().filter(|_| !is_printed(args)).map(files::absolute),
        is_printed: is_printed(args),
        with_buildout: args.with_buildout,
        project_file: source.origin.file(),
        absolute: &files::absolute,
    };
    let mut plan = source.faults(plan(input, &source.catalogue, &request))?;
    let planned = std::mem::take(&mut plan.files);
    let (files, kept) = if is_printed(args) {
        (Vec::new(), Vec::new())
    } else {
        compare_files(args, source, planned)?
    };
    Ok(Comparison { plan, files, kept })
}

type FileStatuses = Vec<(File, FileStatus)>;

/// The status of each file, and the files of others that are kept.
fn compare_files(
    args: &Args,
    source: &Source,
    planned: Vec<File>,
) -> Result<(FileStatuses, Vec<String>), ProjectError> {
    let own = files::own_program()?;
    let installed = source.origin.buildout().map(InstalledCfg::of).unwrap_or_default();
    let (mut statuses, mut kept) = (Vec::new(), Vec::new());
    for file in planned {
        if file.role == Role::CreateOnce && files::directory_exists(&file.path) {
            continue;
        }
        let found = files::find(&file.path);
        match file.status(&found, &own, installed.has(&file.path)) {
            FileStatus::Conflict(Conflict::Foreign | Conflict::Edited) if args.replace => {
                statuses.push((file, FileStatus::Changed));
            }
            FileStatus::Conflict(Conflict::Foreign | Conflict::Edited) if is_kept(args, &file) => {
                kept.push(file.path);
            }
            status => statuses.push((file, status)),
        }
    }
    if args.as_part.is_none() {
        statuses.extend(installed_cfg(source, &installed, &statuses)?);
    }
    Ok((statuses, kept))
}

/// Whether an existing script stays as it is: with --output each, and bin/buildout, without which
/// the deployment works.
fn is_kept(args: &Args, file: &File) -> bool {
    let is_buildout = args.with_buildout && basename(&file.path) == BUILDOUT;
    file.role == Role::Script && (args.output.is_some() || is_buildout)
}

/// `.installed.cfg` without the files that supkit replaces. It is written last: until then they
/// belong to buildout.
fn installed_cfg(
    source: &Source,
    installed: &InstalledCfg,
    statuses: &FileStatuses,
) -> Result<Option<(File, FileStatus)>, ProjectError> {
    let is_replaced = |path: &str| statuses.iter().any(|(file, _)| file.path == path);
    let is_listed = statuses.iter().any(|(file, _)| installed.has(&file.path));
    let Some(project) = source.origin.buildout().filter(|_| is_listed) else { return Ok(None) };
    let name = project.get("buildout", "installed");
    let name = source.faults(name.map_err(|fault| vec![fault.diagnostic()]))?;
    let path = files::absolute(&name.unwrap_or_default());
    let without = files::text(&path).and_then(|text| installed.without(&text, &is_replaced));
    Ok(without.map(|text| {
        let file = File { path, content: Content::Text(text), role: Role::InstalledCfg };
        (file, FileStatus::Changed)
    }))
}

/// The files that prevent writing.
fn conflicts(comparison: &Comparison) -> Vec<Diagnostic> {
    let conflicts = comparison.files.iter().filter_map(|(file, status)| match status {
        FileStatus::Conflict(conflict) => Some(conflict_error(&file.path, conflict)),
        _ => None,
    });
    conflicts.collect()
}

fn conflict_error(path: &str, conflict: &Conflict) -> Diagnostic {
    match conflict {
        Conflict::NotAFile(what) => Diagnostic::error("not-a-file", format!("`{path}` is {what}"))
            .help("move it away; supkit replaces only files and links"),
        Conflict::Edited => {
            Diagnostic::error("edited", format!("`{path}` was edited since supkit wrote it")).help(
                "move the changes to buildout.cfg or to etc/supervisord.d/*.conf; \
                 --replace overwrites the file",
            )
        }
        Conflict::Foreign => {
            Diagnostic::error("not-ours", format!("`{path}` was not written by supkit"))
                .help("move it away, or overwrite it with --replace")
        }
    }
}
