//! Keeps the connections of the servers within their limits: number, memory and descriptors.

use super::Server;
use crate::conf::sections::supervisord::HTTP_MAXBYTES;
use crate::core::time::Now;
use crate::http::budget::Budget;
use crate::http::eviction::{self, Admission, Newcomer, Occupant, Places};
use crate::http::{Reply, memory};
use crate::os::limits;
use crate::os::poller::{Poller, Token};
use crate::os::stream::SocketStream;
use crate::rpc::fault::MaxReply;

/// The maximum number of clients of all servers.
const MAX_CLIENTS: usize = 500;
/// The least memory for bodies and replies.
const MIN_MEMORY: usize = 1024 * 1024;
/// A connection with less memory does not yield it.
const SMALL: usize = 16 * 1024;
/// How many descriptors connections leave to programs and logs.
const RESERVED_DESCRIPTORS: u64 = 64;

impl Server {
    /// Sets the memory for the bodies and replies of all clients.
    pub fn limit_memory(&mut self, bytes: i64) {
        self.budget = Budget::new(usize::try_from(bytes).unwrap_or(0).max(MIN_MEMORY));
    }

    pub(super) fn max_reply(&self) -> MaxReply {
        MaxReply { bytes: self.budget.max_reply(), option: HTTP_MAXBYTES.name }
    }

    /// Makes a place for a connection that was accepted; false if there is none.
    pub(super) fn make_place(
        &mut self,
        stream: &SocketStream,
        newcomer: Newcomer,
        poller: &mut Poller,
        now: Now,
    ) -> bool {
        let places = Places {
            total: MAX_CLIENTS,
            servers: self.endpoints.len(),
            is_scarce: limits::is_near_limit(stream, RESERVED_DESCRIPTORS),
        };
        match eviction::admit(&self.occupants(now), newcomer, places) {
            Admission::Free => true,
            Admission::InPlaceOf(token) => {
                self.close_client(token, poller);
                true
            }
            Admission::Refused => false,
        }
    }

    /// Closes the most dispensable connection, so that a descriptor is free; false if there is none.
    pub fn yield_descriptor(&mut self, poller: &mut Poller, now: Now) -> bool {
        let Some(token) = eviction::yields_descriptor(&self.occupants(now)) else { return false };
        self.close_client(token, poller);
        true
    }

    /// Accounts the memory of a client. While the limit is exceeded, or the system has no memory, the
    /// most dispensable connection yields.
    pub(super) fn settle_memory(&mut self, token: Token, poller: &mut Poller, now: Now) {
        if let Some(client) = self.clients.get_mut(&token) {
            let memory = client.memory();
            self.budget.charge(&mut client.charged, memory);
        }
        while self.budget.is_exceeded() || !memory::has_room(0) {
            let occupants = self.occupants(now);
            let Some(token) = eviction::yields_memory(&occupants, SMALL) else { return };
            self.take_memory(token, poller, now);
        }
    }

    fn take_memory(&mut self, token: Token, poller: &mut Poller, now: Now) {
        let Some(client) = self.clients.get_mut(&token) else { return };
        client.refuse(memory_exceeded(self.budget), now);
        client.write(now);
        let memory = client.memory();
        if memory > SMALL {
            // It did not release its memory.
            return self.close_client(token, poller);
        }
        self.budget.charge(&mut client.charged, memory);
        self.update_or_close(token, poller);
    }

    fn occupants(&self, now: Now) -> Vec<Occupant<Token>> {
        let occupant = |(token, client): (&Token, &super::Client)| {
            let (standing, since) = client.standing(now);
            Occupant {
                key: *token,
                server: client.server,
                is_owner: client.is_owner,
                standing,
                since,
                memory: client.charged,
            }
        };
        self.clients.iter().map(occupant).collect()
    }
}

fn memory_exceeded(budget: Budget) -> Reply {
    let (limit, option) = (budget.limit(), HTTP_MAXBYTES.name);
    let why = format!(
        "The requests and replies of all clients need more than {limit} bytes, the limit of \
         `{option}` in `[supervisord]`."
    );
    Reply::fatal(503, &why)
}
