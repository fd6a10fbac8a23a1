//! The keys and what they do: for the help, and for the last line.

/// The keys of one view.
pub(in crate::top) struct Section {
    title: &'static str,
    keys: &'static [(&'static str, &'static str)],
}

pub(in crate::top) const LIST: Section = Section {
    title: "Processes",
    keys: &[
        ("j k, arrows", "select a row; PgUp, PgDn, Home and End move further"),
        ("Enter", "collapse or expand a group; show why a process is in its state"),
        ("Left Right", "collapse or expand the group; - and + collapse or expand all"),
        ("Space", "mark a row: actions are then for all marked ones"),
        ("/", "filter: words of the name, state or reason; Esc shows all again"),
        ("< >", "sort by the previous or next column; ! reverses the order"),
        ("l L", "show and follow the standard output, or the standard error"),
        ("w", "why is it in this state, and how did it end"),
        ("g", "graph of dependencies, and critical path of the last start"),
        ("J", "the jobs of the daemon; there, x cancels a rolling restart"),
    ],
};

const ACTIONS: Section = Section {
    title: "Actions on the selected or marked rows",
    keys: &[
        ("s x r", "start, stop, restart"),
        ("R", "restart the whole group"),
        ("o", "rolling restart: each when the one before it is ready"),
        ("i", "send a signal"),
        ("c", "clear the logs"),
        ("d e", "disable, enable"),
        ("u", "update: read the configuration again, show the plan, apply it"),
    ],
};

pub(in crate::top) const LOG: Section = Section {
    title: "Logs",
    keys: &[
        ("arrows", "scroll, also PgUp, PgDn, Home; Left and Right for long lines"),
        ("End f", "follow again"),
        ("p", "pause or follow"),
        ("/ n N", "search; next and previous match"),
        ("W", "wrap long lines"),
        ("Tab", "the other stream"),
        ("q Esc", "back to the list"),
    ],
};

const EVERYWHERE: Section = Section {
    title: "Everywhere",
    keys: &[
        ("?", "this text"),
        ("q", "back, or quit; Ctrl-C quits"),
        ("Ctrl-L", "draw the screen again"),
        ("Ctrl-Z", "suspend"),
    ],
};

/// The help, a line for each key.
pub(super) fn lines() -> Vec<String> {
    let mut lines = Vec::new();
    for Section { title, keys } in [LIST, ACTIONS, LOG, EVERYWHERE] {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.push(title.to_owned());
        lines.extend(keys.iter().map(|(keys, effect)| format!("  {keys:12} {effect}")));
    }
    lines
}
