//! Facts of the machine and its user, which some recipes set as options of their part.

use std::collections::BTreeMap;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    pub environment: BTreeMap<String, String>,
    pub uid: u32,
    pub gid: u32,
    pub user: String,
    pub home: String,
    pub host: String,
}

impl Machine {
    /// The options of gocept.recipe.env.
    pub(super) fn variables(&self) -> impl Iterator<Item = (String, String)> + '_ {
        let ids = [("UID", self.uid), ("GID", self.gid)];
        let ids = ids.map(|(name, id)| (name.to_owned(), id.to_string()));
        let variables = self.environment.iter().map(|(name, value)| (name.clone(), value.clone()));
        variables.chain(ids)
    }

    /// The options of isotoma.recipe.facts that do not depend on the network or a repository.
    pub(super) fn facts(&self) -> impl Iterator<Item = (String, String)> + '_ {
        let facts = [
            ("hostname", self.host.clone()),
            ("user.name", self.user.clone()),
            ("user.uid", self.uid.to_string()),
            ("user.gid", self.gid.to_string()),
            ("user.home", self.home.clone()),
        ];
        facts.into_iter().map(|(name, value)| (name.to_owned(), value))
    }
}
