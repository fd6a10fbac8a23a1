//! What a program depends on: the name of another one, and what must be true of it.

use serde::{Deserialize, Serialize};

/// One entry of `depends_on`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependency {
    /// A program, a group, `group:process` or `group:*`.
    pub name: String,
    pub condition: Condition,
}

/// What must be true of a process before those that depend on it are started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Condition {
    /// Its state is RUNNING.
    #[default]
    Running,
    /// It ended by itself with an expected exit code.
    Completed,
    /// Its readiness probes succeed.
    Ready,
}

impl Condition {
    pub const ALL: [Self; 3] = [Self::Running, Self::Completed, Self::Ready];

    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Ready => "ready",
        }
    }
}

/// `name`, `name:condition`, ... separated by commas or blanks.
pub(crate) fn parse(text: &str) -> Result<Vec<Dependency>, String> {
    let words = text.split(|c: char| c == ',' || c.is_whitespace());
    let mut found: Vec<Dependency> = Vec::new();
    for word in words.filter(|word| !word.is_empty()) {
        let dependency = parse_one(word)?;
        if !found.contains(&dependency) {
            found.push(dependency);
        }
    }
    Ok(found)
}

/// A last part that is no condition belongs to the name: `group:process`.
fn parse_one(word: &str) -> Result<Dependency, String> {
    let named = word.rsplit_once(':').and_then(|(name, last)| {
        let condition = Condition::ALL.into_iter().find(|it| it.name() == last)?;
        Some((name, condition))
    });
    let (name, condition) = named.unwrap_or((word, Condition::default()));
    if name.split(':').any(str::is_empty) || name.split(':').count() > 2 {
        return Err(format!("not a dependency: '{word}'"));
    }
    Ok(Dependency { name: name.to_owned(), condition })
}

pub(super) fn show(dependencies: &[Dependency]) -> String {
    let words = dependencies.iter().map(Dependency::to_string);
    words.collect::<Vec<_>>().join(",")
}

impl std::fmt::Display for Dependency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.name, self.condition.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_have_a_condition_and_a_group() {
        let parsed = parse(" zeo:ready, initdb:completed,\n cache web:web_01:running g:*").unwrap();
        assert_eq!(
            show(&parsed),
            "zeo:ready,initdb:completed,cache:running,web:web_01:running,g:*:running"
        );
        assert_eq!(parse("a,a:running").unwrap().len(), 1);
        assert_eq!(parse(" , ").unwrap(), []);
        for wrong in [":running", "a:b:c:running", "a::running"] {
            assert_eq!(parse(wrong), Err(format!("not a dependency: '{wrong}'")));
        }
    }
}
