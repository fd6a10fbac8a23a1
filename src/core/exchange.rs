//! A request to a proxy or to a program during a rolling restart, and its answer. The daemon performs
//! it; the core decides when and limits its time.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::conf::config::Process;
use crate::conf::drain::Proxy;

/// What is requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Exchange {
    /// The proxy begins no more requests to the process.
    Drain(Proxy),
    /// How many requests the proxy has at the process.
    Count(Proxy),
    /// The proxy regards the process as absent until it is enabled.
    Detach(Proxy),
    /// The proxy sends requests to the process again.
    Enable(Proxy),
    /// Whether the proxy regards the process as usable.
    CheckUse(Proxy),
    /// Fetches a page of the process.
    Warm(usize),
}

/// The number of connections for [`Exchange::Count`], otherwise zero; an error is shown to people.
pub type Answer = Result<u64, String>;

/// How long a proxy or a command that enables may take to answer.
const SHORT: Duration = Duration::from_secs(10);
/// How long a page may take.
const PAGE: Duration = Duration::from_secs(60);

impl Exchange {
    /// How long its answer is awaited.
    pub(super) fn timeout(self, config: &Process) -> Duration {
        match self {
            // It ends when the connections have ended.
            Self::Drain(Proxy::Command) => config.drain_timeout,
            Self::Warm(_) => PAGE,
            _ => SHORT,
        }
    }
}

/// What takes a process out of service, in this order.
pub(super) fn to_drain(config: &Process) -> VecDeque<Exchange> {
    let proxies = config.proxies();
    let drains = proxies.iter().filter(|proxy| has_drain(config, **proxy));
    let counts = proxies.iter().filter(|proxy| **proxy != Proxy::Command);
    let detaches = proxies.iter().filter(|proxy| **proxy == Proxy::Haproxy);
    drains
        .map(|proxy| Exchange::Drain(*proxy))
        .chain(counts.map(|proxy| Exchange::Count(*proxy)))
        .chain(detaches.map(|proxy| Exchange::Detach(*proxy)))
        .collect()
}

/// What puts it back.
pub(super) fn to_enable(config: &Process) -> VecDeque<Exchange> {
    let proxies = config.proxies();
    let enables = proxies.iter().filter(|proxy| has_enable(config, **proxy));
    let checks = proxies.iter().filter(|proxy| **proxy != Proxy::Command);
    (0..config.warm_http.len())
        .map(Exchange::Warm)
        .chain(enables.map(|proxy| Exchange::Enable(*proxy)))
        .chain(checks.map(|proxy| Exchange::CheckUse(*proxy)))
        .collect()
}

fn has_drain(config: &Process, proxy: Proxy) -> bool {
    proxy != Proxy::Command || config.drain_exec.is_some()
}

fn has_enable(config: &Process, proxy: Proxy) -> bool {
    proxy != Proxy::Command || config.enable_exec.is_some()
}

impl std::fmt::Display for Exchange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Drain(proxy) => write!(f, "drain at {proxy}"),
            Self::Count(proxy) => write!(f, "count connections of {proxy}"),
            Self::Detach(proxy) => write!(f, "detach from {proxy}"),
            Self::Enable(proxy) => write!(f, "enable at {proxy}"),
            Self::CheckUse(proxy) => write!(f, "check use by {proxy}"),
            Self::Warm(at) => write!(f, "fetch page {at}"),
        }
    }
}
