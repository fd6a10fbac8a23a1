//! Requests texts over HTTP and HTTPS. Proxies and certificates are selected by the environment
//! variables that pip reads. Only this file and `absolute_form` name the HTTP client.

use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Error, Proxy, ProxyProtocol};

use crate::ctl::client::system_bundle;
use crate::tls::{self, Authorities};

use super::absolute_form;
use super::proxy::{self, Variables};
use super::url::Url;

/// A longer text is not a configuration.
const LARGEST: u64 = 16 * 1024 * 1024;
const MOST_REDIRECTIONS: usize = 10;
/// How often a request is made that fails for a reason that may pass.
const ATTEMPTS: usize = 3;
/// The variables that name a PEM file, or a directory of such, in the order in which pip reads them.
const BUNDLES: [&str; 3] = ["PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"];
/// The time for a whole text, in timeouts for a single step.
const STEPS: u32 = 20;

/// Why a text cannot be fetched, and what to do.
#[derive(Debug)]
pub(super) struct FetchError {
    pub(super) message: String,
    pub(super) help: String,
    /// Whether another attempt may succeed.
    may_pass: bool,
}

impl FetchError {
    pub(super) fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into(), may_pass: false }
    }
}

enum Answer {
    Text(Vec<u8>),
    Moved(String),
}

pub(super) struct Client<'a> {
    /// For a connection, and for the beginning of an answer.
    pub(super) timeout: Duration,
    pub(super) variables: Variables<'a>,
}

impl Client<'_> {
    pub(super) fn get(&self, url: &str) -> Result<Vec<u8>, FetchError> {
        let url = Url::parse(url).ok_or_else(|| {
            FetchError::new("it is not a URL of http or https", "correct the URL")
        })?;
        let mut left = ATTEMPTS;
        loop {
            left -= 1;
            match self.follow(url.clone()) {
                Err(error) if error.may_pass && left > 0 => {}
                result => return result,
            }
        }
    }

    fn follow(&self, mut url: Url) -> Result<Vec<u8>, FetchError> {
        for _ in 0..MOST_REDIRECTIONS {
            let location = match self.request(&url)? {
                Answer::Text(text) => return Ok(text),
                Answer::Moved(location) => location,
            };
            let next = url.join(&location).ok_or_else(|| {
                let message = format!("{url} redirects to {location}, which cannot be fetched");
                FetchError::new(message, "correct the URL")
            })?;
            if url.scheme == "https" && next.scheme == "http" {
                let message = format!("{url} redirects to {next}, which is not encrypted");
                return Err(FetchError::new(message, "correct the URL"));
            }
            url = next;
        }
        Err(FetchError::new(
            format!("more than {MOST_REDIRECTIONS} redirections"),
            "correct the URL",
        ))
    }

    fn request(&self, url: &Url) -> Result<Answer, FetchError> {
        let proxy = proxy::select(&url.scheme, url.host(), url.port(), self.variables);
        let agent = self.agent(url, proxy.as_deref())?;
        let mut request = agent.get(url.to_string());
        if let Some(credentials) = url.credentials() {
            let credentials = format!("Basic {}", BASE64.encode(credentials));
            request = request.header("authorization", credentials);
        }
        let failed = |error: &Error| self.explain(error, url, proxy.as_deref());
        let mut response = request.call().map_err(|error| failed(&error))?;
        let status = response.status().as_u16();
        let location = response.headers().get("location").and_then(|value| value.to_str().ok());
        match (status, location) {
            (200..=299, _) => {
                let body = response.body_mut().with_config().limit(LARGEST).read_to_vec();
                body.map(Answer::Text).map_err(|error| failed(&error))
            }
            (301 | 302 | 303 | 307 | 308, Some(location)) => Ok(Answer::Moved(location.to_owned())),
            _ => Err(refused(status, response.status().canonical_reason(), url)),
        }
    }

    fn agent(&self, url: &Url, proxy: Option<&str>) -> Result<Agent, FetchError> {
        let proxy = proxy.map(|text| {
            Proxy::new(text).map_err(|_| {
                let message = format!("the proxy `{}` cannot be used", without_user(text));
                FetchError::new(message, "write it as http://HOST:PORT")
            })
        });
        let proxy = proxy.transpose()?;
        let is_plain = url.scheme == "http"
            && proxy.as_ref().is_some_and(|proxy| proxy.protocol() == ProxyProtocol::Http);
        let mut config = Agent::config_builder()
            .proxy(proxy.clone().filter(|_| !is_plain))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("supkit/", env!("CARGO_PKG_VERSION")))
            .timeout_resolve(Some(self.timeout))
            .timeout_connect(Some(self.timeout))
            .timeout_recv_response(Some(self.timeout))
            .timeout_global(Some(self.timeout * STEPS));
        if url.scheme == "https" {
            let certificates = self.certificates()?;
            let certificates = certificates.iter().map(|der| Certificate::from_der(der).to_owned());
            let tls = TlsConfig::builder()
                .root_certs(RootCerts::from(certificates))
                .unversioned_rustls_crypto_provider(tls::provider())
                .build();
            config = config.tls_config(tls);
        }
        Ok(match proxy.filter(|_| is_plain) {
            Some(proxy) => absolute_form::agent(config.build(), &proxy),
            None => config.build().new_agent(),
        })
    }

    /// The certificates of authorities, in DER.
    fn certificates(&self) -> Result<Vec<Vec<u8>>, FetchError> {
        let named = BUNDLES.iter().find_map(|name| {
            let path = (self.variables)(name).filter(|path| !path.is_empty())?;
            Some((path, *name))
        });
        let (path, from) = match named {
            Some((path, name)) => (path, format!(" of {name}")),
            None => (system_bundle().ok_or_else(no_bundle)?, String::new()),
        };
        let unusable = |why: &dyn std::fmt::Display| {
            let message = format!("the certificates in `{path}`{from} cannot be used: {why}");
            FetchError::new(message, "name a PEM file with the certificate of the authority")
        };
        let pem = read_bundle(Path::new(&path)).map_err(|error| unusable(&error))?;
        let found = Authorities::parse(&pem).map_err(|error| unusable(&error))?;
        Ok(found.in_der().map(<[u8]>::to_vec).collect())
    }

    fn explain(&self, error: &Error, url: &Url, proxy: Option<&str>) -> FetchError {
        let by =
            proxy.map_or(String::new(), |proxy| format!(" by the proxy {}", without_user(proxy)));
        let seconds = self.timeout.as_secs();
        let network = "check the network; HTTPS_PROXY and HTTP_PROXY name a proxy";
        let (message, help, may_pass) = match error {
            Error::Timeout(_) => {
                let help = "check the network, or wait longer: -t SECONDS";
                (format!("no answer within {seconds} seconds{by}"), help, true)
            }
            Error::HostNotFound => (format!("the host of {url}{by} is not known"), network, false),
            Error::ConnectProxyFailed(why) => {
                let help = "name the proxy with its user: http://USER:PASSWORD@HOST:PORT";
                (format!("the connection{by} was refused: {why}"), help, false)
            }
            Error::BodyExceedsLimit(_) => {
                (format!("the text is longer than {LARGEST} bytes"), "correct the URL", false)
            }
            Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                (format!("the connection{by} was refused"), network, true)
            }
            _ => {
                let text = causes(error);
                let is_trust = text.contains("invalid peer certificate");
                let help = if is_trust {
                    "REQUESTS_CA_BUNDLE names a PEM file with the certificate of the authority"
                } else {
                    network
                };
                (format!("{text}{by}"), help, matches!(error, Error::Io(_)) && !is_trust)
            }
        };
        FetchError { message, help: help.to_owned(), may_pass }
    }
}

/// The texts of an error and of what caused it.
fn causes(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        let cause = error.to_string();
        if !text.contains(&cause) {
            // Writing to a String cannot fail.
            let _ = write!(text, ": {cause}");
        }
        source = error.source();
    }
    text
}

fn refused(status: u16, reason: Option<&str>, url: &Url) -> FetchError {
    let message = format!("{url} was answered with {status} {}", reason.unwrap_or_default());
    let help = match status {
        401 | 403 => "write the URL with a user: https://USER:PASSWORD@HOST/PATH",
        407 => "name the proxy with its user: http://USER:PASSWORD@HOST:PORT",
        500.. => "try again later",
        _ => "correct the URL",
    };
    let message = message.trim_end().to_owned();
    FetchError { message, help: help.to_owned(), may_pass: matches!(status, 500 | 502..=504) }
}

fn no_bundle() -> FetchError {
    FetchError::new(
        "this system has no certificates of authorities",
        "install ca-certificates, or name a PEM file by REQUESTS_CA_BUNDLE",
    )
}

/// The texts of a PEM file, or of all files in a directory.
fn read_bundle(path: &Path) -> io::Result<Vec<u8>> {
    if !path.is_dir() {
        return std::fs::read(path);
    }
    let mut all = Vec::new();
    for entry in std::fs::read_dir(path)? {
        let path = entry?.path();
        if path.is_file() {
            all.extend(std::fs::read(path)?);
            all.push(b'\n');
        }
    }
    Ok(all)
}

/// The address of a proxy without its password.
fn without_user(proxy: &str) -> String {
    let (scheme, rest) = proxy.split_once("://").unwrap_or(("http", proxy));
    let address = rest.rsplit('@').next().unwrap_or(rest);
    format!("{scheme}://{}", address.trim_end_matches('/'))
}
