//! Scripts in Python and for the shell, which run with the environment of the project.

use std::fmt::Write as _;

/// A script that calls a function.
#[derive(Clone, Debug, Default)]
pub(super) struct Call<'a> {
    /// For the comment at its head.
    pub(super) part: &'a str,
    pub(super) module: &'a str,
    /// A name, or several joined by dots.
    pub(super) attribute: &'a str,
    /// Python code: what the function is called with.
    pub(super) arguments: &'a str,
    /// Python code that runs before.
    pub(super) initialization: &'a str,
    /// Directories with further modules.
    pub(super) extra_paths: &'a [String],
}

impl Call<'_> {
    pub(super) fn text(&self, python: &str) -> String {
        let Self { part, module, attribute, arguments, .. } = self;
        let mut text =
            format!("#!{python}\n# Made by supkit build for the part {part}.\nimport sys\n");
        if !self.extra_paths.is_empty() {
            let paths: Vec<String> = self.extra_paths.iter().map(|path| quoted(path)).collect();
            // Writing to a String cannot fail.
            let _ = writeln!(text, "sys.path[0:0] = [{}]", paths.join(", "));
        }
        if !self.initialization.trim().is_empty() {
            let _ = writeln!(text, "{}", self.initialization.trim_end());
        }
        let _ = write!(
            text,
            "import {module}\n\nif __name__ == '__main__':\n    \
             sys.exit({module}.{attribute}({arguments}))\n"
        );
        text
    }
}

/// A script that is the interpreter itself. It is Python, because programs run it as such.
pub(super) fn interpreter(part: &str, python: &str, extra_paths: &[String]) -> String {
    let mut text = format!(
        "#!{python}\n# Made by supkit build: the interpreter with the eggs of the part {part}.\n\
         import os\nimport sys\n"
    );
    if !extra_paths.is_empty() {
        let paths: Vec<String> = extra_paths.iter().map(|path| quoted(path)).collect();
        let _ = writeln!(
            text,
            "paths = [{}] + os.environ.get('PYTHONPATH', '').split(os.pathsep)\n\
             os.environ['PYTHONPATH'] = os.pathsep.join(path for path in paths if path)",
            paths.join(", ")
        );
    }
    let _ = writeln!(text, "os.execv({0}, [{0}] + sys.argv[1:])", quoted(python));
    text
}

/// A text as a literal of Python.
pub(super) fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', "\\n");
    format!("'{escaped}'")
}

/// A text as a word of the shell.
pub(super) fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:=,@%+".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_has_its_arguments_and_the_code_before_it() {
        let call = Call {
            part: "x",
            module: "a.b",
            attribute: "main",
            arguments: "[1]",
            initialization: "y = 1\n",
            extra_paths: &["/p/it's".to_owned()],
        };
        let wanted = "#!/v/python\n# Made by supkit build for the part x.\nimport sys\n\
                      sys.path[0:0] = ['/p/it\\'s']\ny = 1\nimport a.b\n\n\
                      if __name__ == '__main__':\n    sys.exit(a.b.main([1]))\n";
        assert_eq!(call.text("/v/python"), wanted);
    }

    #[test]
    fn words_of_the_shell_are_quoted_if_necessary() {
        assert_eq!(word("/a-b_c.d:1,x=y"), "/a-b_c.d:1,x=y");
        assert_eq!(word("it's $x"), "'it'\\''s $x'");
        assert_eq!(word(""), "''");
    }
}
