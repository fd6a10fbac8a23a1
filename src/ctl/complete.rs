//! What the Tab key offers: actions, groups, processes. Knows no terminal.

use super::actions::{self, ACTIONS};
use super::server::Info;

/// What the words after an action are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Words {
    None,
    Groups,
    Processes,
}

/// Where the word begins that stands before the cursor.
pub(super) fn word_start(before: &str) -> usize {
    before.rfind(char::is_whitespace).map_or(0, |at| at + 1)
}

/// What the last word of `line` may become, each with a blank after it. `infos` is asked only if
/// names of processes are wanted.
pub(super) fn candidates(line: &str, infos: impl FnOnce() -> Vec<Info>) -> Vec<String> {
    let word = &line[word_start(line)..];
    let action = line.split_whitespace().next().unwrap_or_default();
    let is_first = action.is_empty() || line.trim_start() == word;
    let offered = match actions::find(action).map(|action| action.words) {
        _ if is_first || action == "help" => action_names(),
        Some(Words::Groups) => groups(&infos()),
        Some(Words::Processes) => processes(&infos(), word.contains(':')),
        Some(Words::None) | None => Vec::new(),
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

fn groups(infos: &[Info]) -> Vec<String> {
    let mut groups: Vec<String> = Vec::new();
    for info in infos {
        if !groups.contains(&info.group) {
            groups.push(info.group.clone());
        }
    }
    groups
}

/// The names as `status` shows them; in full where the person has begun so.
fn processes(infos: &[Info], in_full: bool) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for Info { group, name, .. } in infos {
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
        let info = |group: &str, name: &str| Info {
            group: group.to_owned(),
            name: name.to_owned(),
            ..Info::default()
        };
        candidates(line, || vec![info("g", "a"), info("g", "b"), info("web", "web")])
    }

    #[test]
    fn the_first_word_is_an_action() {
        assert_eq!(offer("st"), ["start ", "status ", "stop "]);
        assert_eq!(offer("help re"), ["reload ", "remove ", "reread ", "restart "]);
        assert_eq!(offer("").len(), ACTIONS.len() + 1);
    }

    #[test]
    fn the_others_are_names_of_what_the_action_takes() {
        assert_eq!(offer("stop "), ["g:a ", "g:* ", "g:b ", "web "]);
        assert_eq!(offer("stop web:"), ["web:web ", "web:* "]);
        assert_eq!(offer("update "), ["g ", "web "]);
        assert_eq!(offer("avail "), [""; 0]);
        assert_eq!(offer("nonsense "), [""; 0]);
    }
}
