//! The machine and the user that generate a deployment, for recipes that set them as options.

mod repository;

use std::env;
use std::ffi::OsString;
use std::net::IpAddr;
use std::path::Path;

use crate::generate::machine::{FactSource, Machine};
use crate::os::{host_names, network, users};

/// A shell without a login may lack USER, LOGNAME and HOME; they are those of the account.
pub(super) fn of_this_process() -> Machine {
    let user = users::by_id(users::uid());
    let (name, home) = user.map_or_else(Default::default, |user| (user.name, user.home));
    let utf8 = |text: OsString| text.into_string().ok();
    let account = [("USER", &name), ("LOGNAME", &name), ("HOME", &home)];
    let account = account.map(|(variable, value)| (variable.to_owned(), value.clone()));
    let set = env::vars_os().filter_map(|(name, value)| Some((utf8(name)?, utf8(value)?)));
    Machine {
        environment: account
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .chain(set)
            .collect(),
        uid: users::uid(),
        gid: users::gid(),
        user: name,
        home,
        host: users::host_name(),
        source: Some(&ThisMachine),
    }
}

#[derive(Debug)]
struct ThisMachine;

impl FactSource for ThisMachine {
    fn system(&self) -> Vec<(String, String)> {
        let mut facts = vec![("fqdn".to_owned(), host_names::full())];
        facts
            .extend(distribution(&std::fs::read_to_string("/etc/lsb-release").unwrap_or_default()));
        facts.extend(network::ipv4_addresses().into_iter().map(|(name, address)| {
            // `.installed.cfg` has no colons in names.
            (format!("interfaces.{}.address", name.replace(':', "_")), address.to_string())
        }));
        facts
    }

    fn repository(&self, directory: &str) -> Vec<(String, String)> {
        repository::facts(Path::new(directory))
    }

    fn is_directory(&self, path: &str) -> bool {
        Path::new(path).is_dir()
    }

    fn resolve(&self, name: &str) -> Option<IpAddr> {
        host_names::resolve(name)
    }
}

/// The distribution, from `/etc/lsb-release`.
fn distribution(text: &str) -> impl Iterator<Item = (String, String)> + '_ {
    let facts = [
        ("lsb.codename", "DISTRIB_CODENAME"),
        ("lsb.release", "DISTRIB_RELEASE"),
        ("lsb.id", "DISTRIB_ID"),
        ("lsb.description", "DISTRIB_DESCRIPTION"),
    ];
    facts.into_iter().map(|(fact, key)| {
        let lines = text.lines().filter_map(|line| line.split_once('='));
        let value = lines.rev().find(|(known, _)| *known == key).map(|(_, value)| value);
        (fact.to_owned(), value.unwrap_or_default().to_owned())
    })
}
