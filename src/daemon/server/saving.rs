//! The servers as plain data, with their descriptors beside them. Listening sockets keep accepting while
//! another daemon takes over, and clients continue that can be ([`SavedClient`]).

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use serde::{Deserialize, Serialize};

use super::{Server, Site};
use crate::conf::config::{Bind, Config, HttpServer, HttpUser};
use crate::core::time::Now;
use crate::daemon::certificates::Certificates;
use crate::daemon::client::Client;
use crate::daemon::client::saving::SavedClient;
use crate::daemon::descriptors::{Descriptors, Purpose};
use crate::daemon::followed::Followed;
use crate::os::files;
use crate::os::poller::Poller;
use crate::os::socket::Listener;

#[derive(Serialize, Deserialize)]
pub struct SavedServer {
    /// The token in the forms of the pages.
    token: String,
    /// As they were opened; the configuration may have changed since.
    servers: Vec<HttpServer>,
    users: Vec<HttpUser>,
    #[serde(default)]
    clients: Vec<SavedClient>,
}

impl SavedServer {
    /// The servers that another program has opened.
    pub(in crate::daemon) fn of_another(config: &Config) -> io::Result<Self> {
        Ok(Self {
            token: files::random_token()?,
            servers: config.servers.clone(),
            users: config.users.clone(),
            clients: Vec::new(),
        })
    }
}

impl Server {
    pub fn save(&self) -> SavedServer {
        let clients = self.clients.values().enumerate();
        let clients = clients.filter_map(|(number, client)| client.save(number)).collect();
        SavedServer { clients, ..self.save_sockets() }
    }

    /// The sockets, for a daemon that continues if this one is killed: without clients.
    pub(in crate::daemon) fn save_sockets(&self) -> SavedServer {
        SavedServer {
            token: self.site.token().to_owned(),
            servers: self.endpoints.iter().map(|endpoint| endpoint.config.clone()).collect(),
            users: self.users.clone(),
            clients: Vec::new(),
        }
    }

    pub(in crate::daemon) fn descriptors(&self) -> impl Iterator<Item = (Purpose, BorrowedFd<'_>)> {
        self.listen_sockets.iter().map(|socket| {
            let section = self.endpoints[socket.endpoint].config.section.clone();
            (Purpose::Server(section), socket.listener.as_fd())
        })
    }

    /// Whether a client waits for a reply that would end with this daemon.
    pub fn has_bound_clients(&self) -> bool {
        self.clients.values().any(Client::is_bound)
    }

    /// How many clients another daemon could not continue.
    pub fn unsaved_clients(&self) -> usize {
        self.clients.values().filter(|client| client.save(0).is_none()).count()
    }

    /// The sockets, which keep accepting, and the clients that can be continued. Others are closed.
    pub fn hand_over(mut self, poller: &mut Poller, descriptors: &mut Descriptors) {
        for socket in std::mem::take(&mut self.listen_sockets) {
            poller.remove(&socket.listener);
            let section = self.endpoints[socket.endpoint].config.section.clone();
            descriptors.insert(Purpose::Server(section), socket.listener);
        }
        let clients = std::mem::take(&mut self.clients);
        for (number, client) in clients.into_values().enumerate() {
            if client.save(number).is_some() {
                client.unregister(poller);
                client.hand_over(number, descriptors);
            } else {
                client.close(poller);
            }
        }
    }

    /// Continues with the sockets and clients of another daemon.
    pub(in crate::daemon) fn adopt(
        saved: SavedServer,
        poller: &mut Poller,
        descriptors: &mut Descriptors,
        config: &Config,
        followed: &mut Followed,
        now: Now,
    ) -> io::Result<Self> {
        let mut server = Self::with_site(Site::new(saved.token))?;
        server.add_users(&saved.users);
        for config in &saved.servers {
            match (descriptors.take(&Purpose::Server(config.section.clone())), &config.bind) {
                (None, _) => drop(server.add_endpoint(config)),
                (Some(fd), Bind::Inet(_)) => {
                    let certificates = Certificates::unread(config);
                    server.listen(poller, Listener::Tcp(fd.into()), config, certificates)?;
                }
                (Some(fd), Bind::Unix(_)) => {
                    server.listen(poller, Listener::Unix(fd.into()), config, None)?;
                }
            }
        }
        for client in saved.clients {
            let Some(mut client) = Client::restore(client, config, descriptors, now) else {
                continue;
            };
            if let Some((path, flag)) = client.take_new_follower() {
                followed.add(&path, &flag);
            }
            if let Ok(token) = client.register(poller) {
                client.update_interest(poller, token);
                server.clients.insert(token, client);
            }
        }
        Ok(server)
    }
}
