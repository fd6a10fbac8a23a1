//! Connections on the poller.

use std::io;

use super::world::World;
use crate::conf::config::HttpServer;
use crate::core::time::Mono;
use crate::os::poller::{Poller, Ready, Token};
use crate::os::socket::Listener;

#[derive(Default)]
pub struct Server {
    listeners: Vec<Listener>,
}

impl Server {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn listen(
        &mut self,
        _poller: &mut Poller,
        listener: Listener,
        _config: &HttpServer,
    ) -> io::Result<()> {
        self.listeners.push(listener);
        Ok(())
    }

    pub fn owns(&self, _token: Token) -> bool {
        false
    }

    pub fn ready(&mut self, _ready: Ready, _world: &mut World<'_>) {}

    /// Closes a connection that made us panic.
    pub fn abandon(&mut self, _token: Token, _poller: &mut Poller) {}

    pub fn settle(&mut self, _world: &mut World<'_>) {}

    pub fn deadline(&self) -> Option<Mono> {
        None
    }

    pub fn publish(&mut self, _serial: u64, _name: &str, _payload: &str) {}

    pub fn close(&mut self, _poller: &mut Poller) {
        self.listeners.clear();
    }
}
