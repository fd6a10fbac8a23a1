//! `supkit init`: writes the files of a new project. On a terminal it prompts for missing options.

use std::fs;
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;

use anyhow::{Context as _, Result, bail};
use clap::ValueEnum;

use crate::generate::scaffold::{self, Scaffold, ScaffoldFile, Site};
use crate::os::files;

use super::deployment::{print_line, report_error};

#[derive(clap::Args)]
pub(super) struct Args {
    /// The directory of the project; it is created if necessary
    #[arg(default_value = ".")]
    directory: PathBuf,
    /// What the project is: a site with ZEO server, instances and Varnish, or plain programs (those
    /// of Procfile, if there is one) [default: zope]
    #[arg(long, value_enum)]
    kind: Option<Kind>,
    /// The number of instances [default: 2]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=100))]
    instances: Option<u16>,
    /// The port of Varnish [default: 8000]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// The port of the first instance; the others follow
    #[arg(long, value_name = "PORT", default_value_t = 8080, value_parser = clap::value_parser!(u16).range(1..=65000))]
    instance_port: u16,
    /// The port of the ZEO server
    #[arg(long, value_name = "PORT", default_value_t = 8100, value_parser = clap::value_parser!(u16).range(1..))]
    zeo_port: u16,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    Zope,
    Plone,
    Plain,
}

pub(super) fn main(args: &Args) -> ExitCode {
    match init(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report_error(&format!("supkit init: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn init(args: &Args) -> Result<()> {
    let scaffold = scaffold(args)?;
    let path = std::path::absolute(&args.directory).context("cannot find the directory")?;
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let files = scaffold.files(&name).map_err(|fault| anyhow::anyhow!("{fault:?}"))?;
    let there: Vec<&str> =
        files.iter().map(|file| file.path).filter(|file| path.join(file).exists()).collect();
    if !there.is_empty() {
        bail!("{} has {} already; nothing was written", args.directory.display(), there.join(", "));
    }
    files.iter().try_for_each(|file| write(&path, file))?;
    print_line(&format!("next: {}", next_command(&args.directory, &scaffold)));
    Ok(())
}

fn next_command(directory: &Path, scaffold: &Scaffold) -> String {
    let make = match scaffold {
        Scaffold::Plain { .. } => "make start",
        Scaffold::Zope(_) | Scaffold::Plone(_) => "make && make start",
    };
    let is_elsewhere = directory != Path::new(".");
    let change = is_elsewhere.then(|| format!("cd {} && ", directory.display()));
    format!("{}{make}", change.unwrap_or_default())
}

fn write(directory: &Path, file: &ScaffoldFile) -> Result<()> {
    let path = directory.join(file.path);
    let parent = path.parent().unwrap_or(directory);
    fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
    files::write_atomically(&path, file.text.as_bytes(), Some(0o644))
        .with_context(|| format!("cannot write {}", path.display()))?;
    print_line(&format!("wrote {}", file.path));
    Ok(())
}

fn scaffold(args: &Args) -> Result<Scaffold> {
    let kind = choose(args.kind, "Kind of project: zope, plone or plain?", Kind::Zope)?;
    if kind == Kind::Plain {
        return plain(&args.directory.join("Procfile"));
    }
    let instances = choose(args.instances, "How many instances?", 2)?;
    let port = choose(args.port, "Port of Varnish?", 8000)?;
    let site = Site { instances, port, instance_port: args.instance_port, zeo_port: args.zeo_port };
    let last = site.instance_port + instances - 1;
    let own = site.instance_port..=last;
    if own.contains(&port) || own.contains(&site.zeo_port) || port == site.zeo_port {
        bail!(
            "two programs on one port: Varnish {port}, ZEO {}, instances {} to {last}; \
             --port, --zeo-port and --instance-port change them",
            site.zeo_port,
            site.instance_port
        );
    }
    Ok(if kind == Kind::Zope { Scaffold::Zope(site) } else { Scaffold::Plone(site) })
}

fn plain(procfile: &Path) -> Result<Scaffold> {
    let text = match fs::read_to_string(procfile) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let programs = vec![scaffold::example()];
            return Ok(Scaffold::Plain { programs, from_procfile: false });
        }
        Err(error) => bail!("cannot read {}: {error}", procfile.display()),
    };
    let programs = scaffold::procfile(&text)
        .map_err(|fault| anyhow::anyhow!("{}, {fault}", procfile.display()))?;
    Ok(Scaffold::Plain { programs, from_procfile: true })
}

/// What was given, else what a person at a terminal answers, else the default.
fn choose<T: Answer>(given: Option<T>, question: &str, default: T) -> Result<T> {
    if let Some(given) = given {
        return Ok(given);
    }
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Ok(default);
    }
    loop {
        let mut out = io::stdout().lock();
        write!(out, "{question} [{}] ", default.shown())?;
        out.flush()?;
        let mut line = String::new();
        if io::stdin().lock().read_line(&mut line)? == 0 {
            bail!("no answer; nothing was written");
        }
        match line.trim() {
            "" => return Ok(default),
            answer => match T::read(answer) {
                Some(value) => return Ok(value),
                None => writeln!(out, "`{answer}` does not do")?,
            },
        }
    }
}

/// An answer to a question.
trait Answer: Sized {
    fn read(text: &str) -> Option<Self>;
    fn shown(&self) -> String;
}

impl Answer for u16 {
    fn read(text: &str) -> Option<Self> {
        Self::from_str(text).ok().filter(|number| *number > 0)
    }

    fn shown(&self) -> String {
        self.to_string()
    }
}

impl Answer for Kind {
    fn read(text: &str) -> Option<Self> {
        <Self as ValueEnum>::from_str(text, true).ok()
    }

    fn shown(&self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}
