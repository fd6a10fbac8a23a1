//! `supkit completions`: prints the completions of a program for a shell.

use std::process::ExitCode;

use clap::ValueEnum;
use clap_complete::Shell;

use crate::assets;
use crate::conf::ctl;
use crate::conf::getopt::OptionSpec;
use crate::ctl::{Documented, actions};

use crate::cli::applet::{self, Applet};
use crate::cli::project::print;

use super::command_lines;

#[derive(clap::Args)]
pub(in crate::cli) struct Args {
    /// The shell
    shell: SupportedShell,
    /// The program: supkit, or one of Supervisor's
    #[arg(default_value = "supkit", value_parser = program_names())]
    program: String,
}

#[derive(Clone, Copy, ValueEnum)]
enum SupportedShell {
    Bash,
    Zsh,
    Fish,
}

fn program_names() -> Vec<&'static str> {
    std::iter::once("supkit").chain(Applet::ALL.map(Applet::name)).collect()
}

/// `supkit` is the command line of supkit.
pub(in crate::cli) fn main(args: &Args, supkit: clap::Command) -> ExitCode {
    match applet::by_name(&args.program) {
        Some(Applet::Supervisorctl) => print(&of_supervisorctl(args.shell)),
        Some(applet) => print(&generated(args.shell, command_lines::of_applet(applet))),
        None => print(&generated(args.shell, supkit)),
    }
}

fn generated(shell: SupportedShell, mut command: clap::Command) -> String {
    let shell = match shell {
        SupportedShell::Bash => Shell::Bash,
        SupportedShell::Zsh => Shell::Zsh,
        SupportedShell::Fish => Shell::Fish,
    };
    let name = command.get_name().to_owned();
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// Its arguments are names that only the daemon knows.
fn of_supervisorctl(shell: SupportedShell) -> String {
    // Between the patterns of a `case`, and between words.
    let (template, separator, between) = match shell {
        SupportedShell::Bash => ("supervisorctl.bash", " | ", " | "),
        SupportedShell::Zsh => ("supervisorctl.zsh", "|", " "),
        SupportedShell::Fish => ("supervisorctl.fish", " ", " "),
    };
    let template = assets::completion(template);
    let flags = || ctl::FLAGS.iter().filter(|flag| !flag.doc.is_empty());
    let join = |lines: Vec<String>| lines.join("\n");
    template
        .replace("@ACTIONS@", &names(|_| true).join(" "))
        .replace("@VALUED@", &flags().flat_map(names_with_value).collect::<Vec<_>>().join(between))
        .replace("@NAMING@", &names(|action| action.is_naming).join(separator))
        .replace("@OPTIONS@", &flags().map(bash_option).collect::<Vec<_>>().join(" "))
        .replace("@ARGUMENTS@", &join(flags().map(zsh_argument).collect()))
        .replace("@DESCRIBED@", &described_actions().join(" "))
        .replace("@COMPLETE@", &join(flags().map(fish_option).chain(fish_actions()).collect()))
}

fn names(is_wanted: fn(&Documented) -> bool) -> Vec<&'static str> {
    actions().into_iter().filter(is_wanted).map(|action| action.name).collect()
}

/// `-c` and `--configuration` if a value follows.
fn names_with_value(flag: &OptionSpec) -> Vec<String> {
    let names = flag.short.map(|letter| format!("-{letter}")).into_iter();
    let names = names.chain(std::iter::once(format!("--{}", flag.long)));
    names.filter(|_| !flag.argument.is_empty()).collect()
}

fn bash_option(flag: &OptionSpec) -> String {
    format!("--{}", flag.long)
}

/// `'(-c --configuration)'{-c,--configuration=}'[the file]:FILENAME:_files' \`; `=` permits the value in
/// the same word.
fn zsh_argument(flag: &OptionSpec) -> String {
    let value = match flag.argument {
        "" => String::new(),
        "FILENAME" => ":file:_files".to_owned(),
        argument => format!(":{argument}:"),
    };
    let (text, long) = (quoted(flag.doc), flag.long);
    let equals = if value.is_empty() { "" } else { "=" };
    match flag.short {
        Some(letter) => format!(
            "        '(-{letter} --{long})'{{-{letter},--{long}{equals}}}'[{text}]{value}' \\"
        ),
        None => format!("        '--{long}{equals}[{text}]{value}' \\"),
    }
}

fn described_actions() -> Vec<String> {
    let described = |meaning: &str| {
        quoted(meaning).replace(": ", " - ").replace([':', '(', ')', '"'], "").replace(' ', "\\ ")
    };
    actions()
        .into_iter()
        .map(|action| format!("{}\\:{}", action.name, described(action.usage[0].1)))
        .collect()
}

fn fish_option(flag: &OptionSpec) -> String {
    let short = flag.short.map(|letter| format!(" -s {letter}")).unwrap_or_default();
    let value = match flag.argument {
        "" => "",
        "FILENAME" => " -r -F",
        _ => " -x",
    };
    let text = quoted(flag.doc);
    format!("complete -c supervisorctl{short} -l {}{value} -d '{text}'", flag.long)
}

fn fish_actions() -> impl Iterator<Item = String> {
    actions().into_iter().map(|action| {
        let text = quoted(action.usage[0].1);
        format!(
            "complete -c supervisorctl -n 'not __supervisorctl_scan action >/dev/null' -a {} -d '{text}'",
            action.name
        )
    })
}

/// For single quotes of all three shells.
fn quoted(text: &str) -> String {
    text.replace('\'', "").replace(['[', ']'], "")
}
