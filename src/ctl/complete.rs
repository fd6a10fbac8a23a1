//! Tab completion of actions, groups and processes.

use super::action::Arguments;
use super::actions::{self, ACTIONS};
use super::server::ProcessInfo;

/// The start of the word before the cursor.
pub(super) fn word_start(before: &str) -> usize {
    before.rfind(char::is_whitespace).map_or(0, |at| at + 1)
}

/// The completions of the last word of `line`, each followed by a blank. `infos` is called only if
/// process names are needed.
pub(super) fn candidates(line: &str, infos: impl FnOnce() -> Vec<ProcessInfo>) -> Vec<String> {
    let word = &line[word_start(line)..];
    let action = line.split_whitespace().next().unwrap_or_default();
    let is_first = action.is_empty() || line.trim_start() == word;
    let offered = match actions::find(action).map(|action| action.arguments) {
        _ if is_first || action == "help" => action_names(),
        Some(Arguments::Groups) => groups(&infos()),
        Some(Arguments::Processes) => processes(&infos(), word.contains(':')),
        Some(Arguments::None) | None => Vec::new(),
    };
    let fits = offered.into_iter().filter(|name| name.starts_with(word));
    fits.map(|name| name + " ").collect()
}

fn action_names() -> Vec<String> {
    let mut names: Vec<_> = ACTIONS.iter().map(|action| action.name.to_owned()).collect();
    names.push("help".to_owned());
    names.sort();
    names
}

fn groups(infos: &[ProcessInfo]) -> Vec<String> {
    let mut groups: Vec<String> = Vec::new();
    for info in infos {
        if !groups.contains(&info.group) {
            groups.push(info.group.clone());
        }
    }
    groups
}

/// The names as shown by `status`; as `group:name` if the user has typed a colon.
fn processes(infos: &[ProcessInfo], in_full: bool) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for ProcessInfo { group, name, .. } in infos {
        if in_full || name != group {
            names.push(format!("{group}:{name}"));
            let whole = format!("{group}:*");
            if !names.contains(&whole) {
                names.push(whole);
            }
        } else {
            names.push(name.clone());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(line: &str) -> Vec<String> {
        let info = |group: &str, name: &str| ProcessInfo {
            group: group.to_owned(),
            name: name.to_owned(),
            ..ProcessInfo::default()
        };
        candidates(line, || vec![info("g", "a"), info("g", "b"), info("web", "web")])
    }

    #[test]
    fn the_first_word_is_an_action() {
        assert_eq!(offer("st"), ["start ", "status ", "stop "]);
        assert_eq!(
            offer("help re"),
            ["reload ", "reload-program ", "remove ", "reopen ", "reread ", "restart "]
        );
        assert_eq!(offer("").len(), ACTIONS.len() + 1);
    }

    #[test]
    fn arguments_are_completed_by_the_kind_of_the_action() {
        assert_eq!(offer("stop "), ["g:a ", "g:* ", "g:b ", "web "]);
        assert_eq!(offer("stop web:"), ["web:web ", "web:* "]);
        assert_eq!(offer("update "), ["g ", "web "]);
        assert_eq!(offer("avail "), [""; 0]);
        assert_eq!(offer("nonsense "), [""; 0]);
    }
}
