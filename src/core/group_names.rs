//! The active groups by name, so that finding one does not take longer with the number of programs.

use super::group::Group;

/// Positions in [`super::Supervisor::groups`], in the order of the names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct GroupNames(Vec<u32>);

impl GroupNames {
    pub(super) fn of(groups: &[Group]) -> Self {
        let mut names = Self((0..number(groups.len())).collect());
        names.0.sort_by_key(|at| groups[*at as usize].name());
        names
    }

    pub(super) fn position(&self, groups: &[Group], name: &str) -> Option<usize> {
        let at = self.search(groups, name).ok()?;
        Some(self.0[at] as usize)
    }

    /// Adds the last group.
    pub(super) fn add_last(&mut self, groups: &[Group]) {
        let Some(last) = groups.last() else { return };
        let (Ok(place) | Err(place)) = self.search(groups, last.name());
        self.0.insert(place, number(groups.len() - 1));
    }

    /// Removes the group that was at this position.
    pub(super) fn remove(&mut self, at: usize) {
        let at = number(at);
        self.0.retain(|it| *it != at);
        for later in self.0.iter_mut().filter(|it| **it > at) {
            *later -= 1;
        }
    }

    fn search(&self, groups: &[Group], name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|at| groups[*at as usize].name().cmp(name))
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
