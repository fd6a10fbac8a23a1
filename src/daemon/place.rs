//! Where something listens that the daemon connects to.

use std::net::SocketAddr;

use crate::os::connect::Peer;

/// Where something listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Peer(Peer),
    Host { name: String, port: u16 },
}

/// `ip:port` or `name:port`
pub(super) fn place(address: &str) -> Result<Place, String> {
    if let Ok(address) = address.parse::<SocketAddr>() {
        return Ok(Place::Peer(Peer::Tcp(address)));
    }
    let host = address.rsplit_once(':').and_then(|(name, port)| Some((name, port.parse().ok()?)));
    let (name, port) = host.ok_or_else(|| format!("{address} is no address"))?;
    Ok(Place::Host { name: name.to_owned(), port })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_an_address_or_a_name() {
        assert!(matches!(place("10.0.0.1:80"), Ok(Place::Peer(Peer::Tcp(_)))));
        let host = Place::Host { name: "zeo".to_owned(), port: 8100 };
        assert_eq!(place("zeo:8100"), Ok(host));
        assert!(place("zeo").is_err());
    }
}
