//! Facts of the machine and its user, which some recipes set as options of their part.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::net::IpAddr;

/// Facts that take time to find; only the parts that need them ask.
pub trait FactSource: Debug + Sync {
    /// Facts of the network and the distribution.
    fn system(&self) -> Vec<(String, String)>;

    /// Facts of the repository in a directory.
    fn repository(&self, directory: &str) -> Vec<(String, String)>;

    fn is_directory(&self, path: &str) -> bool;

    /// The address of a host name.
    fn resolve(&self, name: &str) -> Option<IpAddr>;
}

#[derive(Clone, Debug, Default)]
pub struct Machine {
    pub environment: BTreeMap<String, String>,
    pub uid: u32,
    pub gid: u32,
    pub user: String,
    pub home: String,
    pub host: String,
    /// None in tests of texts alone.
    pub source: Option<&'static dyn FactSource>,
}

impl Machine {
    /// The options of gocept.recipe.env.
    pub(super) fn variables(&self) -> impl Iterator<Item = (String, String)> + '_ {
        let ids = [("UID", self.uid), ("GID", self.gid)];
        let ids = ids.map(|(name, id)| (name.to_owned(), id.to_string()));
        let variables = self.environment.iter().map(|(name, value)| (name.clone(), value.clone()));
        variables.chain(ids)
    }

    pub(super) fn resolve(&self, name: &str) -> Option<IpAddr> {
        self.source?.resolve(name)
    }

    pub(super) fn is_directory(&self, path: &str) -> bool {
        self.source.as_ref().is_some_and(|source| source.is_directory(path))
    }

    /// The options of isotoma.recipe.facts for a project in a directory.
    pub(super) fn facts(&self, directory: &str) -> impl Iterator<Item = (String, String)> + '_ {
        let facts = [
            ("hostname", self.host.clone()),
            ("user.name", self.user.clone()),
            ("user.uid", self.uid.to_string()),
            ("user.gid", self.gid.to_string()),
            ("user.home", self.home.clone()),
        ];
        let facts = facts.into_iter().map(|(name, value)| (name.to_owned(), value));
        let system = self.source.iter().flat_map(|source| source.system());
        let repository: Vec<(String, String)> =
            self.source.iter().flat_map(|source| source.repository(directory)).collect();
        facts.chain(system).chain(repository)
    }
}
