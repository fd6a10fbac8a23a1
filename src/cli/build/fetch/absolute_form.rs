//! Requests of plain HTTP through a proxy: the request line has the whole URL. The HTTP client itself
//! would ask for a tunnel, which many proxies permit for encrypted connections only.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, NextTimeout, TcpConnector, Transport,
};
use ureq::{Agent, Error, Proxy};

use crate::http::form::percent_decode;

/// An agent whose requests all go to a proxy.
pub(super) fn agent(config: Config, proxy: &Proxy) -> Agent {
    let authorization = proxy.username().map(|user| {
        let credentials = [user, proxy.password().unwrap_or_default()].map(percent_decode);
        BASE64.encode(credentials.join(":"))
    });
    let connector = ().chain(TcpConnector::default()).chain(InAbsoluteForm { authorization });
    Agent::with_parts(config, connector, ToProxy(proxy.uri().clone()))
}

/// Resolves the proxy instead of the host of the request, which the proxy resolves.
#[derive(Debug)]
struct ToProxy(Uri);

impl Resolver for ToProxy {
    fn resolve(
        &self,
        _host: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        DefaultResolver::default().resolve(&self.0, config, timeout)
    }
}

#[derive(Debug)]
struct InAbsoluteForm {
    authorization: Option<String>,
}

impl<In: Transport> Connector<In> for InAbsoluteForm {
    type Out = Stream<In>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Stream<In>>, Error> {
        let authority = details.uri.authority().map(ToString::to_string).unwrap_or_default();
        let host = format!("http://{authority}");
        let authorization = self.authorization.clone();
        Ok(chained.map(|inner| Stream { inner, host, authorization, is_begun: false }))
    }
}

/// A connection to the proxy for one request.
#[derive(Debug)]
struct Stream<T> {
    inner: T,
    /// What the request line lacks.
    host: String,
    authorization: Option<String>,
    is_begun: bool,
}

impl<T: Transport> Transport for Stream<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        if std::mem::replace(&mut self.is_begun, true) {
            return self.inner.transmit_output(amount, timeout);
        }
        let output = self.inner.buffers().output();
        let head = in_absolute_form(&output[..amount], &self.host, self.authorization.as_deref());
        let space =
            output.get_mut(..head.len()).ok_or(Error::LargeResponseHeader(head.len(), amount))?;
        space.copy_from_slice(&head);
        self.inner.transmit_output(head.len(), timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.inner.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        // The next request would need its own head.
        false
    }
}

/// `GET /path HTTP/1.1` becomes `GET http://host/path HTTP/1.1`.
fn in_absolute_form(head: &[u8], host: &str, authorization: Option<&str>) -> Vec<u8> {
    let path = head.iter().position(|byte| *byte == b' ').map_or(0, |at| at + 1);
    let end = head.windows(2).position(|it| it == b"\r\n").map_or(head.len(), |at| at + 2);
    let line = authorization.map(|it| format!("Proxy-Authorization: Basic {it}\r\n"));
    let line = line.unwrap_or_default();
    [&head[..path], host.as_bytes(), &head[path..end], line.as_bytes(), &head[end..]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_line_gets_the_host_and_the_head_the_credentials() {
        let head = b"GET /a?b HTTP/1.1\r\nHost: x\r\n\r\n";
        let wanted = b"GET http://x:80/a?b HTTP/1.1\r\nProxy-Authorization: Basic YQ==\r\n\
                       Host: x\r\n\r\n";
        assert_eq!(in_absolute_form(head, "http://x:80", Some("YQ==")), wanted);
    }
}
