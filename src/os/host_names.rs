//! The names of this machine.

use std::fs;
use std::net::IpAddr;

use super::users;

/// The host name, and the names that `/etc/hosts` has for it or for the loopback addresses.
pub fn own() -> Vec<String> {
    let hosts = fs::read_to_string("/etc/hosts").unwrap_or_default();
    names(&users::host_name(), &hosts)
}

fn names(host_name: &str, hosts: &str) -> Vec<String> {
    let mut names = vec![host_name.to_owned()];
    for line in hosts.lines() {
        let line = line.split('#').next().unwrap_or_default();
        let mut words = line.split_whitespace();
        let Some(address) = words.next().and_then(|word| word.parse::<IpAddr>().ok()) else {
            continue;
        };
        let aliases: Vec<&str> = words.collect();
        if address.is_loopback() || aliases.contains(&host_name) {
            names.extend(aliases.into_iter().map(str::to_owned));
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_loopback_addresses_and_of_the_host_are_own() {
        let hosts = "127.0.0.1 localhost\n::1 ip6-localhost # a comment\n127.0.1.1\tbox.lan box\n\
                     10.0.0.7 box.example box\n10.0.0.8 other\nnonsense x\n";
        let want = ["box", "localhost", "ip6-localhost", "box.lan", "box", "box.example", "box"];
        assert_eq!(names("box", hosts), want);
    }
}
