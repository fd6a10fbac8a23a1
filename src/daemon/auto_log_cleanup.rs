//! Removes the automatic child logs that earlier daemons with this identifier left in
//! `childlogdir`.

use std::fs;
use std::path::Path;

use super::activity::ActivityLog;
use crate::conf::config::LogLevel;
use crate::ini::text;

pub(super) fn clear(directory: &str, identifier: &str, log: &mut ActivityLog) {
    let Ok(entries) = fs::read_dir(directory) else {
        return log.log(LogLevel::Warn, "Could not clear childlog dir");
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        if !is_automatic(&name.to_string_lossy(), identifier) {
            continue;
        }
        let path = Path::new(directory).join(&name);
        if fs::remove_file(&path).is_err() {
            let quoted = text::repr(&path.display().to_string());
            log.log(LogLevel::Warn, &format!("Failed to clean up {quoted}"));
        }
    }
}

/// Whether a name consists of a non-empty prefix, `---IDENT-`, and a non-blank rest that contains
/// `.log`. Supervisor's pattern is not anchored at the end, so rotated backups match too.
fn is_automatic(name: &str, identifier: &str) -> bool {
    let marker = format!("---{identifier}-");
    let starts = name.char_indices().skip(1).map(|(at, _)| at);
    starts.filter_map(|at| name[at..].strip_prefix(&marker)).any(|rest| {
        let random = rest.split(char::is_whitespace).next().unwrap_or_default();
        random.char_indices().skip(1).any(|(at, _)| random[at..].starts_with(".log"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_automatic_logs_match() {
        for name in [
            "web-stdout---supervisor-a1b2c3d4.log",
            "web-stderr---supervisor-a1b2c3d4.log.3",
            "a---supervisor-x.logfile",
            "x---supervisor-y---supervisor-z.log",
        ] {
            assert!(is_automatic(name, "supervisor"), "{name}");
        }
        for name in [
            "---supervisor-a1b2c3d4.log",
            "web-stdout---supervisor-.log",
            "web-stdout---supervisor-a b.log",
            "web-stdout---other-a1b2c3d4.log",
            "web-stdout---supervisor-a1b2c3d4.txt",
        ] {
            assert!(!is_automatic(name, "supervisor"), "{name}");
        }
    }
}
