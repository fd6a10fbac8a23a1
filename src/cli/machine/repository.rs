//! The repository that a project is in, from the programs that isotoma.recipe.facts runs.

use std::path::Path;
use std::process::{Command, Stdio};

/// The facts of the first kind of repository that the directory has.
pub(super) fn facts(directory: &Path) -> Vec<(String, String)> {
    let has = |name: &str| directory.join(name).exists();
    let fact = |name: &str, value: &str| (format!("vcs.{name}"), value.to_owned());
    if has(".svn") {
        let mut facts = vec![fact("type", "svn")];
        let path = directory.to_string_lossy();
        facts.extend(of_subversion(&output("svn", &["info", &path], directory)));
        facts
    } else if has(".git") {
        let branch = output("git", &["branch"], directory);
        let branch = branch.lines().find_map(|line| line.strip_prefix("* "));
        let branch = branch.map(|branch| fact("branch", branch));
        std::iter::once(fact("type", "git")).chain(branch).collect()
    } else if has(".hg") {
        let branch = output("hg", &["branch"], directory);
        vec![fact("type", "hg"), fact("branch", branch.trim())]
    } else {
        vec![fact("type", "unknown"), fact("branch", "unknown")]
    }
}

/// The lines of `svn info`, and the branch: the address below that of the repository.
fn of_subversion(info: &str) -> Vec<(String, String)> {
    let lines = info.lines().filter_map(|line| line.split_once(": "));
    let mut facts: Vec<(String, String)> = lines
        .map(|(key, value)| {
            let key = key.trim().to_lowercase().replace(' ', "-");
            (format!("vcs.{key}"), value.trim().to_owned())
        })
        .collect();
    let value = |name: &str| facts.iter().find(|(known, _)| known == name).map(|(_, it)| it);
    if let (Some(url), Some(root)) = (value("vcs.url"), value("vcs.repository-root")) {
        let branch = url.replace(root.as_str(), "");
        facts.push(("vcs.branch".to_owned(), branch));
    }
    facts
}

/// The output of a program; nothing if it cannot be run.
#[expect(clippy::disallowed_methods, reason = "runs before any daemon, and waits for the output")]
fn output(program: &str, arguments: &[&str], directory: &Path) -> String {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    output.map_or_else(
        |_| String::new(),
        |output| String::from_utf8_lossy(&output.stdout).into_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_branch_of_subversion_is_below_the_repository() {
        let info = "Path: .\nURL: https://x/svn/trunk\nRepository Root: https://x/svn\n\
                    Last Changed Rev: 7\n\n";
        let facts = of_subversion(info);
        let get = |name: &str| facts.iter().find(|(known, _)| known == name).unwrap().1.as_str();
        assert_eq!(get("vcs.branch"), "/trunk");
        assert_eq!(get("vcs.last-changed-rev"), "7");
    }
}
