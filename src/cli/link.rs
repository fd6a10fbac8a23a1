//! `supkit link`: makes links to the program under the names of Supervisor's programs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

use crate::os::files;

use super::applet::Applet;
use super::deployment::{print_line, report_error};

#[derive(clap::Args)]
pub(super) struct Args {
    /// Where the links are made, such as /usr/local/bin
    directory: PathBuf,
    /// Replace files and links of other programs
    #[arg(long)]
    replace: bool,
}

pub(super) fn main(args: &Args) -> ExitCode {
    match link(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report_error(&format!("supkit link: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn link(args: &Args) -> Result<()> {
    let program = own_path()?;
    let directory = &args.directory;
    let shown = directory.display();
    fs::create_dir_all(directory).with_context(|| format!("cannot create {shown}"))?;
    let real = directory.canonicalize().with_context(|| format!("cannot find {shown}"))?;
    let links = links(&program, &real);
    if let Some(path) = links.iter().find_map(|link| link.conflict(&program)) {
        if !args.replace {
            let path = path.display();
            bail!(
                "{path} belongs to another program; --replace overwrites it; nothing was changed"
            );
        }
    }
    for link in &links {
        link.make().with_context(|| format!("cannot make {}", link.path.display()))?;
        print_line(&format!("{} -> {}", link.path.display(), link.target.display()));
    }
    Ok(())
}

/// The file of this program. The kernel returns it without symbolic links.
fn own_path() -> Result<PathBuf> {
    let path = std::env::current_exe().context("cannot find the program itself")?;
    if !path.exists() {
        bail!("{}: the program was replaced or deleted; call it again", path.display());
    }
    Ok(path)
}

struct Link {
    path: PathBuf,
    target: PathBuf,
}

/// In the directory of the program the links are relative, so that it can be moved.
fn links(program: &Path, directory: &Path) -> Vec<Link> {
    let is_beside = program.parent() == Some(directory);
    let own = program.file_name().unwrap_or_default();
    let target = if is_beside { Path::new(own) } else { program };
    let names = std::iter::once("supkit").chain(Applet::ALL.map(Applet::name));
    let names = names.filter(|name| !is_beside || own != *name);
    names.map(|name| Link { path: directory.join(name), target: target.to_owned() }).collect()
}

impl Link {
    /// The path, if something else than a link to this program is there.
    fn conflict(&self, program: &Path) -> Option<&Path> {
        let is_free = fs::symlink_metadata(&self.path).is_err();
        let is_own = || self.path.canonicalize().is_ok_and(|found| found == program);
        (!is_free && !is_own()).then_some(&self.path)
    }

    fn make(&self) -> std::io::Result<()> {
        files::link_atomically(&self.target, &self.path)
    }
}
