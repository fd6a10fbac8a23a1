//! The addresses of hosts that probes and proxies name. The resolver of the system may wait for a name
//! server, so a short-lived child asks it; its answer is kept for a while.

use std::collections::BTreeMap;
use std::io::Read;
use std::net::IpAddr;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use super::probes::Key;
use crate::core::effect::{ExchangeId, WaitStatus};
use crate::core::exchange::Exchange;
use crate::core::time::Mono;

/// How long addresses are used.
const LIFETIME: Duration = Duration::from_secs(60);
/// How long a failure is, and addresses that do not answer are.
const SHORT_LIFETIME: Duration = Duration::from_secs(5);
/// How many children may ask at the same time.
const MAX_LOOKUPS: usize = 16;
/// The maximum number of bytes of an answer.
const MAX_ANSWER: u64 = 16 * 1024;

/// What waits for an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waiter {
    Probe(Key),
    Exchange(ExchangeId, Exchange),
}

/// What is known about a host.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Known {
    Address(IpAddr),
    Failure(String),
    /// A child asks already.
    Asked,
    Nothing,
}

#[derive(Default)]
pub(super) struct HostNames {
    answers: BTreeMap<String, Answer>,
    /// By pid.
    lookups: BTreeMap<i32, Lookup>,
}

struct Answer {
    result: Result<Vec<IpAddr>, String>,
    until: Mono,
    /// How often one of the addresses did not answer: then the next one is tried.
    turns: usize,
}

struct Lookup {
    name: String,
    output: UnixStream,
    waiters: Vec<Waiter>,
}

impl HostNames {
    pub(super) fn find(&mut self, name: &str, now: Mono) -> Known {
        if self.lookups.values().any(|lookup| lookup.name == name) {
            return Known::Asked;
        }
        match self.answers.get(name).filter(|answer| now < answer.until) {
            None if self.lookups.len() >= MAX_LOOKUPS => {
                Known::Failure("too many other names are being looked up".to_owned())
            }
            None => Known::Nothing,
            Some(answer) => match &answer.result {
                Ok(addresses) => match addresses.get(answer.turns % addresses.len().max(1)) {
                    Some(address) => Known::Address(*address),
                    None => Known::Failure("has no address".to_owned()),
                },
                Err(why) => Known::Failure(why.clone()),
            },
        }
    }

    /// A child asks for a name.
    pub(super) fn add(&mut self, pid: i32, name: String, output: UnixStream) {
        self.lookups.insert(pid, Lookup { name, output, waiters: Vec::new() });
    }

    /// Lets something wait for the answer to a name that was asked for.
    pub(super) fn wait(&mut self, name: &str, waiter: Waiter) {
        if let Some(lookup) = self.lookups.values_mut().find(|lookup| lookup.name == name) {
            lookup.waiters.push(waiter);
        }
    }

    pub(super) fn is_child(&self, pid: i32) -> bool {
        self.lookups.contains_key(&pid)
    }

    /// A child was reaped; returns what waited for its answer.
    pub(super) fn reaped(&mut self, pid: i32, status: WaitStatus, now: Mono) -> Vec<Waiter> {
        let Some(Lookup { name, output, waiters }) = self.lookups.remove(&pid) else {
            return Vec::new();
        };
        let mut text = String::new();
        // What it wrote is there completely; an error leaves what was read before.
        let _ = output.take(MAX_ANSWER).read_to_string(&mut text);
        let result = read(&text, status);
        let lifetime = if result.is_ok() { LIFETIME } else { SHORT_LIFETIME };
        let until = Mono(now.0.saturating_add(lifetime));
        let turns = self.answers.get(&name).map_or(0, |answer| answer.turns);
        self.answers.insert(name, Answer { result, until, turns });
        waiters
    }

    /// An address of a host did not answer: the next one is used, and soon the name is asked for again.
    pub(super) fn on_failure(&mut self, name: &str, now: Mono) {
        if let Some(answer) = self.answers.get_mut(name) {
            answer.turns = answer.turns.wrapping_add(1);
            answer.until = answer.until.min(Mono(now.0.saturating_add(SHORT_LIFETIME)));
        }
    }

    pub(super) fn cancel_probe(&mut self, key: Key) {
        self.cancel(|waiter| *waiter == Waiter::Probe(key));
    }

    pub(super) fn cancel_exchange(&mut self, id: ExchangeId) {
        self.cancel(|waiter| matches!(waiter, Waiter::Exchange(it, _) if *it == id));
    }

    fn cancel(&mut self, is_cancelled: impl Fn(&Waiter) -> bool) {
        for lookup in self.lookups.values_mut() {
            lookup.waiters.retain(|waiter| !is_cancelled(waiter));
        }
    }

    /// The children that ask now.
    pub(super) fn children(&self) -> Vec<i32> {
        self.lookups.keys().copied().collect()
    }
}

/// The output of a child: an address on each line, or why there is none.
fn read(text: &str, status: WaitStatus) -> Result<Vec<IpAddr>, String> {
    match status {
        WaitStatus::Exited(0) => Ok(text.lines().filter_map(|line| line.parse().ok()).collect()),
        WaitStatus::Exited(_) if !text.trim().is_empty() => Err(text.trim().to_owned()),
        WaitStatus::Exited(_) => Err("its name cannot be looked up".to_owned()),
        WaitStatus::Signaled { .. } => Err("no name server has answered".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::conf::probe::{Method, ProbeId, Purpose};
    use crate::core::effect::ProcId;

    fn at(second: u64) -> Mono {
        Mono(Duration::from_secs(second))
    }

    fn waiter(number: u64) -> Waiter {
        let probe = ProbeId { purpose: Purpose::Ready, method: Method::Tcp };
        Waiter::Probe(Key { id: ProcId(1), probe, number })
    }

    fn answered(names: &mut HostNames, text: &str, status: WaitStatus, now: Mono) -> Vec<Waiter> {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        names.add(7, "zeo".to_owned(), ours);
        assert_eq!(names.find("zeo", now), Known::Asked);
        names.wait("zeo", waiter(1));
        names.wait("zeo", waiter(2));
        let Waiter::Probe(key) = waiter(2) else { unreachable!() };
        names.cancel_probe(key);
        theirs.write_all(text.as_bytes()).unwrap();
        drop(theirs);
        names.reaped(7, status, now)
    }

    #[test]
    fn an_answer_is_kept_and_its_addresses_take_turns() {
        let mut names = HostNames::default();
        assert_eq!(names.find("zeo", at(0)), Known::Nothing);
        let waiters = answered(&mut names, "10.0.0.1\nfe80::1\n", WaitStatus::Exited(0), at(0));
        assert_eq!(waiters, [waiter(1)]);
        let address = |text: &str| Known::Address(text.parse().unwrap());
        assert_eq!(names.find("zeo", at(59)), address("10.0.0.1"));
        assert_eq!(names.find("zeo", at(60)), Known::Nothing);
        names.on_failure("zeo", at(10));
        assert_eq!(names.find("zeo", at(14)), address("fe80::1"));
        assert_eq!(names.find("zeo", at(15)), Known::Nothing, "it is asked for again");
    }

    #[test]
    fn a_failure_is_kept_for_a_moment() {
        for (text, status, want) in [
            ("Name or service not known\n", WaitStatus::Exited(1), "Name or service not known"),
            (
                "",
                WaitStatus::Signaled { signal: 14, core_dumped: false },
                "no name server has answered",
            ),
            ("", WaitStatus::Exited(0), "has no address"),
        ] {
            let mut names = HostNames::default();
            answered(&mut names, text, status, at(0));
            assert_eq!(names.find("zeo", at(4)), Known::Failure(want.to_owned()));
        }
    }

    #[test]
    fn the_number_of_children_is_bounded() {
        let mut names = HostNames::default();
        for pid in 0..16 {
            let (ours, _) = UnixStream::pair().unwrap();
            names.add(pid, format!("host{pid}"), ours);
        }
        assert!(matches!(names.find("zeo", at(0)), Known::Failure(_)));
        assert_eq!(names.children().len(), 16);
    }
}
