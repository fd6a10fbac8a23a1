//! The network interfaces of this machine.

use std::net::Ipv4Addr;

use nix::ifaddrs::getifaddrs;

/// The names of the interfaces and their IPv4 addresses, in the order of the kernel.
pub fn ipv4_addresses() -> Vec<(String, Ipv4Addr)> {
    let found = getifaddrs().into_iter().flatten();
    found
        .filter_map(|interface| {
            let address = interface.address?.as_sockaddr_in()?.ip();
            Some((interface.interface_name, address))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_interface_has_its_address() {
        let addresses = ipv4_addresses();
        assert!(addresses.iter().any(|(_, address)| address.is_loopback()), "{addresses:?}");
    }
}
