//! Command line parsing in the style of Python's `getopt` with Supervisor's rules: long options may
//! be abbreviated, parsing stops at the first non-option word, and an option with a value must not
//! be repeated.

use super::python::repr;

/// An option of a program.
#[derive(Clone, Copy, Debug)]
pub struct OptionSpec {
    /// The letter; `None` if there is only a long form.
    pub short: Option<char>,
    /// Empty if there is only a short form.
    pub long: &'static str,
    /// The name of the argument in the help text; empty if there is none.
    pub argument: &'static str,
    /// The description in the help text.
    pub doc: &'static str,
}

/// The options that only supkit has. They cannot be abbreviated, so that abbreviations of Supervisor's
/// keep their meaning.
const OWN: &[&str] = &["cacert"];

/// An option on a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedOption {
    /// The index in the table.
    pub spec: usize,
    /// The form in messages: `-u` or `--user`.
    pub shown: String,
    /// Empty for an option without an argument.
    pub argument: String,
}

/// Splits a command line into options and the words after them.
pub fn parse(
    specs: &[OptionSpec],
    args: &[String],
) -> Result<(Vec<ParsedOption>, Vec<String>), String> {
    let mut given = Vec::new();
    let mut args = args.iter();
    while let Some(arg) = args.as_slice().first().filter(|a| a.starts_with('-') && *a != "-") {
        args.next();
        if arg == "--" {
            break;
        }
        match arg.strip_prefix("--") {
            Some(long) => given.push(long_option(specs, long, &mut args)?),
            None => short_options(specs, &arg[1..], &mut args, &mut given)?,
        }
    }
    Ok((given, args.cloned().collect()))
}

type Args<'a> = std::slice::Iter<'a, String>;

fn long_option(
    specs: &[OptionSpec],
    text: &str,
    args: &mut Args<'_>,
) -> Result<ParsedOption, String> {
    let (written, value) = match text.split_once('=') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None => (text, None),
    };
    let at = find_long(specs, written)?;
    let spec = specs[at];
    let argument = match (spec.argument.is_empty(), value) {
        (true, Some(_)) => {
            return Err(format!("option --{} must not have an argument", spec.long));
        }
        (true, None) => String::new(),
        (false, Some(value)) => value,
        (false, None) => args
            .next()
            .cloned()
            .ok_or_else(|| format!("option --{} requires argument", spec.long))?,
    };
    Ok(ParsedOption { spec: at, shown: format!("--{}", spec.long), argument })
}

/// The option with this name, or the only one of Supervisor's that it abbreviates.
fn find_long(specs: &[OptionSpec], written: &str) -> Result<usize, String> {
    let fits = |at: &usize| {
        let spec = specs[*at];
        let is_written =
            spec.long == written || !OWN.contains(&spec.long) && spec.long.starts_with(written);
        !spec.long.is_empty() && is_written
    };
    let candidates: Vec<usize> = (0..specs.len()).filter(fits).collect();
    match (candidates.iter().find(|at| specs[**at].long == written), candidates.as_slice()) {
        (Some(exact), _) => Ok(*exact),
        (None, []) => Err(format!("option --{written} not recognized")),
        (None, [only]) => Ok(*only),
        (None, _) => Err(format!("option --{written} not a unique prefix")),
    }
}

fn short_options(
    specs: &[OptionSpec],
    letters: &str,
    args: &mut Args<'_>,
    given: &mut Vec<ParsedOption>,
) -> Result<(), String> {
    let mut letters = letters.chars();
    while let Some(letter) = letters.next() {
        let at = specs
            .iter()
            .position(|spec| spec.short == Some(letter))
            .ok_or_else(|| format!("option -{letter} not recognized"))?;
        let mut argument = String::new();
        if !specs[at].argument.is_empty() {
            argument = std::mem::replace(&mut letters, "".chars()).collect();
            if argument.is_empty() {
                let missing = || format!("option -{letter} requires argument");
                argument = args.next().cloned().ok_or_else(missing)?;
            }
        }
        given.push(ParsedOption { spec: at, shown: format!("-{letter}"), argument });
    }
    Ok(())
}

/// Supervisor's message for a repeated option.
pub fn conflicting(given: &ParsedOption) -> String {
    format!("conflicting command line option {}", repr(&given.shown))
}

/// Supervisor's message for an invalid argument.
pub fn invalid(given: &ParsedOption, why: &str) -> String {
    format!("invalid value for {} {}: {why}", given.shown, repr(&given.argument))
}

/// Supervisor's message for unexpected positional arguments.
pub fn positional(words: &[String]) -> String {
    let words: Vec<_> = words.iter().map(|word| repr(word)).collect();
    format!("positional arguments are not supported: [{}]", words.join(", "))
}

/// Supervisor's two-line error output.
pub fn usage(program: &str, error: &str) -> String {
    format!("Error: {error}\nFor help, use {program} -h\n")
}

/// The options of a program, one per line, for its help text.
pub fn help(specs: &[OptionSpec]) -> String {
    let shown = specs.iter().filter(|spec| !spec.doc.is_empty());
    shown.fold(String::new(), |text, spec| text + &format!("{} -- {}\n", names(spec), spec.doc))
}

/// `-l/--logfile FILENAME`, the form that scripts parse.
fn names(spec: &OptionSpec) -> String {
    let short = spec.short.map_or_else(String::new, |c| format!("-{c}/"));
    let gap = if spec.argument.is_empty() { "" } else { " " };
    format!("{short}--{}{gap}{}", spec.long, spec.argument)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLAGS: &[OptionSpec] = &[
        OptionSpec { short: Some('h'), long: "help", argument: "", doc: "help" },
        OptionSpec { short: Some('u'), long: "user", argument: "USER", doc: "user" },
        OptionSpec { short: Some('m'), long: "umask", argument: "UMASK", doc: "umask" },
        OptionSpec { short: None, long: "minfds", argument: "NUM", doc: "fds" },
        OptionSpec { short: None, long: "minprocs", argument: "NUM", doc: "procs" },
        OptionSpec { short: Some('c'), long: "configuration", argument: "FILE", doc: "file" },
        OptionSpec { short: None, long: "cacert", argument: "FILE", doc: "certificates" },
    ];

    fn read(line: &str) -> Result<String, String> {
        let args: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let (given, rest) = parse(FLAGS, &args)?;
        let given: Vec<_> = given.iter().map(|g| format!("{}={}", g.shown, g.argument)).collect();
        Ok(format!("{} | {}", given.join(" "), rest.join(" ")))
    }

    #[test]
    fn options_are_read_as_getopt_reads_them() {
        for (line, want) in [
            ("-hu root -m 22 x -h", "-h= -u=root -m=22 | x -h"),
            ("-uroot --use=me --um= --", "-u=root --user=me --umask= | "),
            ("--minf 3 - x", "--minfds=3 | - x"),
            ("--c a --cacert b --c=d", "--configuration=a --cacert=b --configuration=d | "),
        ] {
            assert_eq!(read(line).as_deref(), Ok(want), "{line}");
        }
    }

    #[test]
    fn errors_are_getopts() {
        for (line, want) in [
            ("-x", "option -x not recognized"),
            ("-u", "option -u requires argument"),
            ("--min 3", "option --min not a unique prefix"),
            ("--cacer x", "option --cacer not recognized"),
            ("--nope", "option --nope not recognized"),
            ("--user", "option --user requires argument"),
            ("--he=1", "option --help must not have an argument"),
        ] {
            assert_eq!(read(line), Err(want.to_owned()), "{line}");
        }
    }
}
