//! Command lines in the dialect of Python's `getopt`, with Supervisor's rules above it: long
//! options may be abbreviated, reading stops at the first word that is no option, and an option
//! that sets a value may not come twice. Knows no option by name.

use super::python::repr;

/// An option that a program takes.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    /// One letter; none if there is only a long form.
    pub short: Option<char>,
    /// Empty if there is only a short form.
    pub long: &'static str,
    /// What help calls the argument; empty if there is none.
    pub argument: &'static str,
    /// What help says.
    pub doc: &'static str,
}

/// An option as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// Which entry of the table.
    pub flag: usize,
    /// As messages show it: `-u` or `--user`.
    pub shown: String,
    /// Empty for an option without an argument.
    pub argument: String,
}

/// Splits a command line into options and the words after them.
pub fn parse(flags: &[Flag], args: &[String]) -> Result<(Vec<Given>, Vec<String>), String> {
    let mut given = Vec::new();
    let mut args = args.iter();
    while let Some(arg) = args.as_slice().first().filter(|a| a.starts_with('-') && *a != "-") {
        args.next();
        if arg == "--" {
            break;
        }
        match arg.strip_prefix("--") {
            Some(long) => given.push(long_option(flags, long, &mut args)?),
            None => short_options(flags, &arg[1..], &mut args, &mut given)?,
        }
    }
    Ok((given, args.cloned().collect()))
}

type Args<'a> = std::slice::Iter<'a, String>;

fn long_option(flags: &[Flag], text: &str, args: &mut Args<'_>) -> Result<Given, String> {
    let (written, value) = match text.split_once('=') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None => (text, None),
    };
    let at = find_long(flags, written)?;
    let flag = flags[at];
    let argument = match (flag.argument.is_empty(), value) {
        (true, Some(_)) => {
            return Err(format!("option --{} must not have an argument", flag.long));
        }
        (true, None) => String::new(),
        (false, Some(value)) => value,
        (false, None) => args
            .next()
            .cloned()
            .ok_or_else(|| format!("option --{} requires argument", flag.long))?,
    };
    Ok(Given { flag: at, shown: format!("--{}", flag.long), argument })
}

/// The option of that name, or the only one that begins so.
fn find_long(flags: &[Flag], written: &str) -> Result<usize, String> {
    let fits = |at: &usize| !flags[*at].long.is_empty() && flags[*at].long.starts_with(written);
    let candidates: Vec<usize> = (0..flags.len()).filter(fits).collect();
    match (candidates.iter().find(|at| flags[**at].long == written), candidates.as_slice()) {
        (Some(exact), _) => Ok(*exact),
        (None, []) => Err(format!("option --{written} not recognized")),
        (None, [only]) => Ok(*only),
        (None, _) => Err(format!("option --{written} not a unique prefix")),
    }
}

fn short_options(
    flags: &[Flag],
    letters: &str,
    args: &mut Args<'_>,
    given: &mut Vec<Given>,
) -> Result<(), String> {
    let mut letters = letters.chars();
    while let Some(letter) = letters.next() {
        let at = flags
            .iter()
            .position(|flag| flag.short == Some(letter))
            .ok_or_else(|| format!("option -{letter} not recognized"))?;
        let mut argument = String::new();
        if !flags[at].argument.is_empty() {
            argument = std::mem::replace(&mut letters, "".chars()).collect();
            if argument.is_empty() {
                let missing = || format!("option -{letter} requires argument");
                argument = args.next().cloned().ok_or_else(missing)?;
            }
        }
        given.push(Given { flag: at, shown: format!("-{letter}"), argument });
    }
    Ok(())
}

/// What Supervisor says of an option that it has already seen.
pub fn conflicting(given: &Given) -> String {
    format!("conflicting command line option {}", repr(&given.shown))
}

/// What Supervisor says of an argument that does not fit.
pub fn invalid(given: &Given, why: &str) -> String {
    format!("invalid value for {} {}: {why}", given.shown, repr(&given.argument))
}

/// What Supervisor says of words where none are taken.
pub fn positional(words: &[String]) -> String {
    let words: Vec<_> = words.iter().map(|word| repr(word)).collect();
    format!("positional arguments are not supported: [{}]", words.join(", "))
}

/// The two lines with which a program refuses its command line.
pub fn usage(program: &str, error: &str) -> String {
    format!("Error: {error}\nFor help, use {program} -h\n")
}

/// The options of a program, one a line, for its help text.
pub fn help(flags: &[Flag]) -> String {
    let shown = flags.iter().filter(|flag| !flag.doc.is_empty());
    shown.fold(String::new(), |text, flag| text + &format!("{} -- {}\n", names(flag), flag.doc))
}

/// `-l/--logfile FILENAME`, the form that scripts look for.
fn names(flag: &Flag) -> String {
    let short = flag.short.map_or_else(String::new, |c| format!("-{c}/"));
    let gap = if flag.argument.is_empty() { "" } else { " " };
    format!("{short}--{}{gap}{}", flag.long, flag.argument)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLAGS: &[Flag] = &[
        Flag { short: Some('h'), long: "help", argument: "", doc: "help" },
        Flag { short: Some('u'), long: "user", argument: "USER", doc: "user" },
        Flag { short: Some('m'), long: "umask", argument: "UMASK", doc: "umask" },
        Flag { short: None, long: "minfds", argument: "NUM", doc: "fds" },
        Flag { short: None, long: "minprocs", argument: "NUM", doc: "procs" },
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
            ("--nope", "option --nope not recognized"),
            ("--user", "option --user requires argument"),
            ("--he=1", "option --help must not have an argument"),
        ] {
            assert_eq!(read(line), Err(want.to_owned()), "{line}");
        }
    }
}
