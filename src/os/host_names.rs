//! The names of this machine.

use std::ffi::CStr;
use std::fs;
use std::mem::size_of;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};

use nix::sys::socket::{SockaddrLike as _, SockaddrStorage};
use nix::unistd::alarm;

use super::users;

/// The host name, and the names that `/etc/hosts` has for it or for the loopback addresses.
pub fn own() -> Vec<String> {
    let hosts = fs::read_to_string("/etc/hosts").unwrap_or_default();
    names(&users::host_name(), &hosts)
}

/// The host name with its domain, like Python's `socket.getfqdn()`: the first name of the machine's
/// address with a dot. It may ask a name server, and blocks until that answers.
pub fn full() -> String {
    let host_name = users::host_name();
    let hosts = fs::read_to_string("/etc/hosts").unwrap_or_default();
    let address = address_in(&hosts, &host_name).or_else(|| resolve(&host_name));
    let names = address.map(|address| {
        let names = names_in(&hosts, address);
        if names.is_empty() { name_of(address).into_iter().collect() } else { names }
    });
    let names: Vec<String> = names.unwrap_or_default();
    let first = names.first().cloned();
    names.into_iter().find(|name| name.contains('.')).or(first).unwrap_or(host_name)
}

/// The first address of a host. It may ask a name server, and blocks until that answers.
#[expect(clippy::disallowed_methods, reason = "not for the daemon, which may not wait for DNS")]
pub fn resolve(name: &str) -> Option<IpAddr> {
    (name, 0).to_socket_addrs().ok()?.next().map(|address| address.ip())
}

/// The program name under which this program looks up a host name.
pub const LOOKUP_PROGRAM: &str = "supkit-look-up";

/// How long a lookup may take, in seconds.
const LOOKUP_LIMIT: u32 = 20;

/// The addresses of a host, for a process that does nothing else: it is ended by SIGALRM if no name
/// server answers. The error is shown to people.
#[expect(clippy::disallowed_methods, reason = "a process of its own may wait for DNS")]
pub fn look_up(name: &str) -> Result<Vec<IpAddr>, String> {
    alarm::set(LOOKUP_LIMIT);
    let found = (name, 0).to_socket_addrs().map_err(|error| {
        let error = error.to_string();
        let known = error.strip_prefix("failed to lookup address information: ");
        known.unwrap_or(&error).to_owned()
    })?;
    let mut addresses: Vec<IpAddr> = Vec::new();
    for address in found.map(|address| address.ip()) {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    Ok(addresses)
}

/// The name that the resolver returns for an address.
fn name_of(address: IpAddr) -> Option<String> {
    let address = SockaddrStorage::from(SocketAddr::new(address, 0));
    let mut name = [0; 1025];
    // SAFETY: the address is valid for its length, and the buffer for its own; there is no buffer
    // for a service.
    let result = unsafe {
        libc::getnameinfo(
            address.as_ptr(),
            address.len(),
            name.as_mut_ptr().cast(),
            libc::socklen_t::try_from(size_of::<[u8; 1025]>()).ok()?,
            std::ptr::null_mut(),
            0,
            libc::NI_NAMEREQD,
        )
    };
    let name = CStr::from_bytes_until_nul(&name).ok()?;
    (result == 0).then(|| name.to_string_lossy().into_owned())
}

/// The entries of `/etc/hosts`.
fn entries(hosts: &str) -> impl Iterator<Item = (IpAddr, Vec<&str>)> {
    hosts.lines().filter_map(|line| {
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        let address = words.next()?.parse().ok()?;
        Some((address, words.collect()))
    })
}

fn address_in(hosts: &str, name: &str) -> Option<IpAddr> {
    entries(hosts).find(|(_, names)| names.contains(&name)).map(|(address, _)| address)
}

fn names_in(hosts: &str, address: IpAddr) -> Vec<String> {
    let found = entries(hosts).find(|(known, _)| *known == address);
    found.into_iter().flat_map(|(_, names)| names).map(str::to_owned).collect()
}

fn names(host_name: &str, hosts: &str) -> Vec<String> {
    let mut names = vec![host_name.to_owned()];
    for (address, aliases) in entries(hosts) {
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
        assert_eq!(address_in(hosts, "box.example"), Some([10, 0, 0, 7].into()));
        assert_eq!(names_in(hosts, [127, 0, 1, 1].into()), ["box.lan", "box"]);
    }
}
