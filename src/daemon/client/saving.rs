//! A client as plain data, with its descriptors beside it. What cannot be continued by another daemon
//! is closed: connections with TLS, whose keys cannot be taken out, and replies that are being read
//! from logs.

use std::os::fd::OwnedFd;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::{Client, Task};
use crate::conf::config::Config;
use crate::core::time::{Mono, Now};
use crate::daemon::descriptors::{Descriptors, Purpose};
use crate::daemon::event_stream::{EventStream, SavedStream};
use crate::daemon::followed::Flag;
use crate::daemon::log_follower::{LogFollower, SavedFollower};
use crate::daemon::transport::Transport;
use crate::http::Conn;
use crate::os::poller::Interest;
use crate::os::stream::SocketStream;
use crate::rpc::access::Rights;
use crate::web::{self, SavedPending};

#[derive(Serialize, Deserialize)]
pub(in crate::daemon) struct SavedClient {
    /// That of its descriptors.
    number: usize,
    conn: Conn,
    is_tcp: bool,
    is_owner: bool,
    rights: Rights,
    server: usize,
    is_write_shut_down: bool,
    task: SavedTask,
}

#[derive(Serialize, Deserialize)]
enum SavedTask {
    Nothing,
    Promise(SavedPending),
    Log(SavedFollower, Mono),
    Events(SavedStream, Mono),
}

impl Client {
    /// `None` if another daemon cannot continue it.
    pub(in crate::daemon) fn save(&self, number: usize) -> Option<SavedClient> {
        if !self.conn.can_be_saved() || !self.transport.can_be_saved() {
            return None;
        }
        let task = match &self.task {
            Task::Nothing => SavedTask::Nothing,
            Task::Promise(pending) => SavedTask::Promise(SavedPending::of(pending)?),
            Task::Document(_) => return None,
            Task::Log(follower, _, at) => SavedTask::Log(follower.save(), *at),
            Task::Events(stream, at) => SavedTask::Events(stream.save(), *at),
        };
        Some(SavedClient {
            number,
            conn: self.conn.clone(),
            is_tcp: self.transport.is_tcp(),
            is_owner: self.is_owner,
            rights: Rights::clone(&self.rights),
            server: self.server,
            is_write_shut_down: self.is_write_shut_down,
            task,
        })
    }

    /// Whether it waits for something that would end with this daemon.
    pub(in crate::daemon) fn is_bound(&self) -> bool {
        let is_waiting = self.conn.is_awaiting_reply() || self.is_waiting();
        is_waiting && self.conn.can_be_saved() && self.save(0).is_none()
    }

    /// Its descriptors, which are not watched any longer.
    pub(in crate::daemon) fn hand_over(self, number: usize, descriptors: &mut Descriptors) {
        if let Task::Log(follower, ..) = self.task {
            descriptors.insert(Purpose::Followed(number), follower);
        }
        descriptors.insert(Purpose::Client(number), self.transport);
    }

    /// Continues a client of another daemon; `None` if its connection is gone.
    pub(in crate::daemon) fn restore(
        saved: SavedClient,
        config: &Config,
        descriptors: &mut Descriptors,
        now: Now,
    ) -> Option<Self> {
        let SavedClient { number, conn, server, is_tcp, is_owner, rights, .. } = saved;
        let socket: OwnedFd = descriptors.take(&Purpose::Client(number))?;
        let socket = if is_tcp {
            SocketStream::Tcp(socket.into())
        } else {
            SocketStream::Unix(socket.into())
        };
        let mut client = Self::new(Transport::new(socket, None), server, is_owner, now);
        client.conn = conn.with_wording(web::wording);
        client.rights = Rc::new(rights);
        client.is_write_shut_down = saved.is_write_shut_down;
        client.interest = Interest { read: false, write: false };
        client.task = match saved.task {
            SavedTask::Nothing => Task::Nothing,
            SavedTask::Promise(pending) => Task::Promise(pending.restore(config)),
            SavedTask::Log(follower, at) => {
                let file = descriptors.take(&Purpose::Followed(number))?;
                let follower = LogFollower::restore(follower, file);
                let flag = Flag::new(true.into());
                client.new_follower = Some((follower.path().to_owned(), Flag::clone(&flag)));
                Task::Log(follower, flag, at)
            }
            SavedTask::Events(stream, at) => Task::Events(EventStream::restore(stream), at),
        };
        Some(client)
    }
}
