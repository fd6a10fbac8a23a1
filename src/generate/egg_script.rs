//! Recognizes the scripts that zc.buildout makes for the entry points of an egg. They contain no
//! mark, but every line matches buildout's template. A script that was edited is not recognized.
//! bin/buildout of zc.buildout is one of them.

/// The module of bin/buildout.
const BUILDOUT: &str = "zc.buildout.buildout";

/// Whether buildout made this script for one of the entry points of Supervisor's or supkit's egg, or
/// for itself.
pub(super) fn is_entry_point(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty());
    let has_interpreter = lines.next().is_some_and(|line| line.starts_with("#!"));
    let lines: Vec<&str> = lines.collect();
    let Some((head, [import, condition, call])) = lines.split_last_chunk::<3>() else {
        return false;
    };
    let Some(module) = import.strip_prefix("import ") else { return false };
    has_interpreter
        && (["supkit", BUILDOUT].contains(&module)
            || module.strip_prefix("supervisor.").is_some_and(is_name))
        && *condition == "if __name__ == '__main__':"
        && is_call(call, module)
        && head.contains(&"sys.path[0:0] = [")
        && head.iter().all(|line| is_of_head(line))
}

fn is_name(text: &str) -> bool {
    text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'))
}

/// `    sys.exit(supervisor.supervisord.main())`
fn is_call(line: &str, module: &str) -> bool {
    let call = line.strip_prefix("    sys.exit(").and_then(|it| it.strip_suffix("())"));
    let function = call.and_then(|call| call.strip_prefix(module)?.strip_prefix('.'));
    function.is_some_and(is_name)
}

/// The lines above the import: those of `relative-paths = true`, and the eggs.
fn is_of_head(line: &str) -> bool {
    const LINES: [&str; 7] = [
        "import os",
        "import sys",
        "join = os.path.join",
        "base = os.path.dirname(os.path.abspath(os.path.realpath(__file__)))",
        "base = os.path.dirname(base)",
        "sys.path[0:0] = [",
        "  ]",
    ];
    let is_egg = || {
        let egg = line.strip_prefix("  ").and_then(|it| it.strip_suffix(','));
        egg.is_some_and(|egg| egg == "base" || egg.starts_with("join(base, ") || is_quoted(egg))
    };
    LINES.contains(&line) || is_egg()
}

fn is_quoted(text: &str) -> bool {
    ['\'', '"'].iter().any(|quote| text.starts_with(*quote) && text.ends_with(*quote))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "#!/srv/p/bin/python\n\nimport sys\nsys.path[0:0] = [\n  \
        '/srv/p/eggs/supervisor-4.3.0-py3.11.egg',\n  '/srv/p/eggs/x',\n  ]\n\n\
        import supervisor.supervisord\n\nif __name__ == '__main__':\n    \
        sys.exit(supervisor.supervisord.main())\n";

    #[test]
    fn a_script_of_buildout_is_recognized_by_its_form() {
        assert!(is_entry_point(SCRIPT));
        let relative = SCRIPT.replace("'/srv/p/eggs/x'", "join(base, 'eggs/x')").replace(
            "\nimport sys",
            "\nimport os\n\njoin = os.path.join\n\
             base = os.path.dirname(os.path.abspath(os.path.realpath(__file__)))\n\
             base = os.path.dirname(base)\n\nimport sys",
        );
        assert!(is_entry_point(&relative));
    }

    #[test]
    fn a_script_of_supkits_egg_is_recognized_as_well() {
        let script = SCRIPT
            .replace("import supervisor.supervisord", "import supkit")
            .replace("supervisor.supervisord.main()", "supkit.supervisord()");
        assert!(is_entry_point(&script));
        assert!(!is_entry_point(&script.replace("import supkit", "import supkit_web")));
    }

    #[test]
    fn the_script_of_buildout_itself_is_recognized_as_well() {
        assert!(is_entry_point(&SCRIPT.replace("supervisor.supervisord", BUILDOUT)));
    }

    #[test]
    fn an_edited_script_and_one_of_another_egg_are_not_recognized() {
        let changed = [
            SCRIPT.replace("import sys", "import sys\nprint('mine')"),
            SCRIPT.replace("main())", "main(['-n']))"),
            SCRIPT.replace("supervisor.supervisord", "ours.supervisord"),
            format!("{SCRIPT}\nprint('done')\n"),
            "#!/bin/sh\nexec supervisord\n".to_owned(),
            String::new(),
        ];
        assert!(changed.iter().all(|text| !is_entry_point(text)), "{changed:#?}");
    }
}
