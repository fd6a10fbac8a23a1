//! The probes of a process: how it is found out whether it is ready, and whether it still answers.
//! The options are in the table of `process`; here is what they mean together.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::config::Process;
use super::sections::program as p;

/// What a probe decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Purpose {
    /// Whether the process is ready.
    Ready,
    /// Whether it is restarted because it does not answer.
    Live,
}

/// How a probe is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Method {
    Tcp,
    Unix,
    Http,
    Exec,
    /// A line of its output.
    Log,
    /// Messages of `sd_notify(3)`.
    Notify,
}

/// One probe of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProbeId {
    pub purpose: Purpose,
    pub method: Method,
}

/// When a probe is done and how many results decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    pub interval: Duration,
    pub timeout: Duration,
    pub successes: u32,
    pub failures: u32,
}

/// What an HTTP probe requests and expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpProbe<'p> {
    pub url: &'p HttpUrl,
    pub statuses: &'p [(u16, u16)],
    /// A header field of the request.
    pub header: Option<&'p str>,
    /// A pattern that the body has to match.
    pub body: Option<&'p str>,
}

/// `http://host:port/path`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpUrl {
    /// `ip:port` or `name:port`
    pub address: String,
    /// For the `Host` field, as written.
    pub host: String,
    /// With the query.
    pub path: String,
}

impl ProbeId {
    /// The option that defines it.
    pub fn name(self) -> &'static str {
        match (self.purpose, self.method) {
            (Purpose::Ready, Method::Tcp) => p::READY_TCP.name,
            (Purpose::Ready, Method::Unix) => p::READY_UNIX.name,
            (Purpose::Ready, Method::Http) => p::READY_HTTP.name,
            (Purpose::Ready, Method::Exec) => p::READY_EXEC.name,
            (_, Method::Log) => p::READY_LOG.name,
            (Purpose::Ready, Method::Notify) => p::READY_NOTIFY.name,
            (Purpose::Live, Method::Tcp) => p::LIVE_TCP.name,
            (Purpose::Live, Method::Unix) => p::LIVE_UNIX.name,
            (Purpose::Live, Method::Http) => p::LIVE_HTTP.name,
            (Purpose::Live, Method::Exec) => p::LIVE_EXEC.name,
            (Purpose::Live, Method::Notify) => p::LIVE_NOTIFY.name,
        }
    }

    /// Whether the process reports by itself, so that nothing is requested.
    pub fn is_passive(self) -> bool {
        matches!(self.method, Method::Log | Method::Notify)
    }
}

impl Process {
    /// The probes that are configured.
    pub fn probes(&self) -> Vec<ProbeId> {
        let all = [Purpose::Ready, Purpose::Live].into_iter().flat_map(|purpose| {
            let methods = [
                Method::Tcp,
                Method::Unix,
                Method::Http,
                Method::Exec,
                Method::Log,
                Method::Notify,
            ];
            methods.map(|method| ProbeId { purpose, method })
        });
        all.filter(|probe| self.probe_target(*probe).is_some()).collect()
    }

    /// What a probe examines, as it is written; `None` if it is not configured.
    pub fn probe_target(&self, probe: ProbeId) -> Option<String> {
        match (probe.purpose, probe.method) {
            (Purpose::Ready, Method::Tcp) => self.ready_tcp.clone(),
            (Purpose::Ready, Method::Unix) => self.ready_unix.clone(),
            (Purpose::Ready, Method::Http) => self.ready_http.as_deref().map(HttpUrl::to_string),
            (Purpose::Ready, Method::Exec) => self.ready_exec.clone(),
            (Purpose::Ready, Method::Log) => self.ready_log.clone(),
            (Purpose::Ready, Method::Notify) => self.ready_notify.then(String::new),
            (Purpose::Live, Method::Tcp) => self.live_tcp.clone(),
            (Purpose::Live, Method::Unix) => self.live_unix.clone(),
            (Purpose::Live, Method::Http) => self.live_http.as_deref().map(HttpUrl::to_string),
            (Purpose::Live, Method::Exec) => self.live_exec.clone(),
            (Purpose::Live, Method::Notify) => self.live_notify.then(String::new),
            (Purpose::Live, Method::Log) => None,
        }
    }

    /// The request and the expectations of an HTTP probe.
    pub fn http_probe(&self, purpose: Purpose) -> Option<HttpProbe<'_>> {
        let (url, statuses, header, body) = match purpose {
            Purpose::Ready => (
                &self.ready_http,
                &self.ready_http_status,
                &self.ready_http_header,
                &self.ready_http_body,
            ),
            Purpose::Live => (
                &self.live_http,
                &self.live_http_status,
                &self.live_http_header,
                &self.live_http_body,
            ),
        };
        let (header, body) = (header.as_deref(), body.as_deref());
        Some(HttpProbe { url: url.as_deref()?, statuses, header, body })
    }

    /// Whether it gets a socket for messages of `sd_notify(3)`.
    pub fn is_notifying(&self) -> bool {
        self.ready_notify || self.live_notify
    }

    /// How often it has to report that it is alive, if it has to.
    pub fn watchdog(&self) -> Option<Duration> {
        self.live_notify.then(|| self.live_interval.saturating_mul(self.live_failures))
    }

    pub fn has_readiness_probe(&self) -> bool {
        self.probes().iter().any(|probe| probe.purpose == Purpose::Ready)
    }

    pub fn schedule(&self, purpose: Purpose) -> Schedule {
        match purpose {
            Purpose::Ready => Schedule {
                interval: self.ready_interval,
                timeout: self.ready_timeout,
                successes: self.ready_successes,
                failures: self.ready_failures,
            },
            Purpose::Live => Schedule {
                interval: self.live_interval,
                timeout: self.live_timeout,
                successes: 1,
                failures: self.live_failures,
            },
        }
    }
}

impl std::fmt::Display for HttpUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "http://{}{}", self.host, self.path)
    }
}
