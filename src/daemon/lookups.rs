//! Starts the children that look up host names, and connects when the address is known.

use std::ffi::OsString;
use std::net::SocketAddr;

use super::answering_child::{answering, null};
use super::host_names::{Known, Waiter};
use super::place::Place;
use super::shell::Shell;
use super::unable::Unable;
use crate::core::effect::WaitStatus;
use crate::core::supervisor::Supervisor;
use crate::core::time::Now;
use crate::os::connect::Peer;
use crate::os::host_names::LOOKUP_PROGRAM;

/// This program, also after its file was replaced.
const OWN_PROGRAM: &str = "/proc/self/exe";

const KILL: i32 = 9;

impl Shell<'_> {
    /// The address of a place; `None` if a child looks it up and `waiter` is continued afterwards.
    pub(super) fn peer(
        &mut self,
        place: Place,
        waiter: Waiter,
        now: Now,
    ) -> Result<Option<Peer>, Unable> {
        let (name, port) = match place {
            Place::Peer(peer) => return Ok(Some(peer)),
            Place::Host { name, port } => (name, port),
        };
        match self.names.find(&name, now.mono) {
            Known::Address(address) => {
                return Ok(Some(Peer::Tcp(SocketAddr::new(address, port))));
            }
            Known::Failure(why) => return Err(why.into()),
            Known::Asked => {}
            Known::Nothing => self.look_up(&name)?,
        }
        self.names.wait(&name, waiter);
        Ok(None)
    }

    fn look_up(&mut self, name: &str) -> Result<(), Unable> {
        let argv = [LOOKUP_PROGRAM, name].map(OsString::from).into();
        let child = null().and_then(|stdin| answering(OWN_PROGRAM, argv, stdin));
        let (spec, ours) = child.map_err(|error| Unable::of(&error))?;
        let pid = self.kernel.spawn(spec).map_err(|error| Unable::of_spawn(name, &error))?;
        self.names.add(pid, name.to_owned(), ours);
        Ok(())
    }

    /// A child was reaped; false if it has not looked up a name.
    pub(super) fn on_lookup_reaped(
        &mut self,
        pid: i32,
        status: WaitStatus,
        core: &mut Supervisor,
        now: Now,
    ) -> bool {
        if !self.names.is_child(pid) {
            return false;
        }
        for waiter in self.names.reaped(pid, status, now.mono) {
            match waiter {
                Waiter::Probe(key) => self.begin_probe(key, core, now),
                Waiter::Exchange(id, exchange) => self.begin_exchange(id, exchange, core, now),
            }
        }
        true
    }

    /// The daemon ends: no child of it is left.
    pub(super) fn end_lookups(&mut self) {
        for pid in self.names.children() {
            // That it has just exited is no error.
            let _ = self.kernel.kill(pid, KILL, false);
        }
    }
}
