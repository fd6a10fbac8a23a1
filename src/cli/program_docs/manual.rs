//! `supkit man`: writes the manual pages.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::ctl::actions;
use crate::os::files;

use crate::cli::applet::Applet;
use crate::cli::deployment::report_error;

use super::command_lines;

#[derive(clap::Args)]
pub(in crate::cli) struct Args {
    /// Where the pages are written, such as /usr/local/share/man/man1
    directory: PathBuf,
}

/// `supkit` is the command line of supkit.
pub(in crate::cli) fn main(args: &Args, supkit: Command) -> ExitCode {
    match write_pages(&args.directory, supkit) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report_error(&format!("supkit man: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn write_pages(directory: &Path, mut supkit: Command) -> Result<()> {
    std::fs::create_dir_all(directory)
        .with_context(|| format!("cannot create {}", directory.display()))?;
    supkit.build();
    let mut pages = vec![("supkit".to_owned(), page(&supkit, &[])?)];
    for command in supkit.get_subcommands().filter(|command| is_documented(command)) {
        pages.push((format!("supkit-{}", command.get_name()), page(command, &[])?));
    }
    for applet in Applet::ALL {
        let sections: &[Section] = match applet {
            Applet::Supervisord => &[Section::Configuration, Section::SeeAlso("supervisorctl")],
            Applet::Supervisorctl => &[Section::Actions, Section::SeeAlso("supervisord")],
            _ => &[Section::SeeAlso("supervisord")],
        };
        pages.push((applet.name().to_owned(), page(&command_lines::of_applet(applet), sections)?));
    }
    for (name, text) in pages {
        let path = directory.join(format!("{name}.1"));
        files::write_atomically(&path, &text, Some(0o644))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// Supervisor's programs have pages of their own.
fn is_documented(command: &Command) -> bool {
    let name = command.get_name();
    !command.is_hide_set()
        && name != "help"
        && Applet::ALL.iter().all(|applet| applet.name() != name)
}

#[derive(Clone, Copy)]
enum Section {
    Actions,
    Configuration,
    SeeAlso(&'static str),
}

fn page(command: &Command, sections: &[Section]) -> Result<Vec<u8>> {
    let name = command.get_display_name().unwrap_or(command.get_name());
    let man = Man::new(command.clone()).title(name.to_uppercase());
    let man =
        man.section("1").source(concat!("supkit ", env!("CARGO_PKG_VERSION"))).manual("supkit");
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    if command.get_arguments().next().is_some() {
        man.render_options_section(&mut text)?;
    }
    if command.get_subcommands().any(is_documented) {
        command_list(command).to_writer(&mut text)?;
    }
    for section in sections {
        section.roff().to_writer(&mut text)?;
    }
    Ok(text)
}

fn command_list(command: &Command) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["COMMANDS"]);
    for command in command.get_subcommands().filter(|command| is_documented(command)) {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        let name = format!("supkit-{}(1)", command.get_name());
        roff.control("TP", []).text([bold(name)]).text([roman(about)]);
    }
    for applet in Applet::ALL {
        let name = applet.name();
        let text = format!("As if called by the name {name}.");
        roff.control("TP", []).text([bold(format!("{name}(1)"))]).text([roman(text)]);
    }
    roff
}

impl Section {
    fn roff(self) -> Roff {
        let mut roff = Roff::new();
        match self {
            Self::Actions => {
                roff.control("SH", ["ACTIONS"]);
                for (form, meaning) in actions().into_iter().flat_map(|action| action.usage) {
                    roff.control("TP", []).text([bold(*form)]).text([roman(*meaning)]);
                }
                roff.text([roman("Without an action an interactive shell is started.")]);
            }
            Self::Configuration => {
                roff.control("SH", ["FILES"]);
                roff.text([roman(
                    "The configuration is the file that -c names, or the first one that exists of \
                     ../etc/supervisord.conf and ../supervisord.conf (relative to the program), \
                     supervisord.conf, etc/supervisord.conf, /etc/supervisord.conf and \
                     /etc/supervisor/supervisord.conf. echo_supervisord_conf(1) prints a sample.",
                )]);
            }
            Self::SeeAlso(name) => {
                let names = [name, "supkit", "echo_supervisord_conf"];
                let names: Vec<String> = names.iter().map(|name| format!("{name}(1)")).collect();
                roff.control("SH", ["SEE ALSO"]).text([roman(names.join(", "))]);
            }
        }
        roff
    }
}
