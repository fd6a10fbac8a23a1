//! A daemon that continues where another one ended: same children, pipes, logs, listening sockets and
//! clients. The state is plain data ([`Saved`]), the rest are descriptors by purpose.

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::config_reader::ConfigReader;
use super::descriptors::{Descriptors, Purpose};
use super::event_loop::{Daemon, Parts};
use super::fastcgi::{SavedSocket, Sockets};
use super::history_file::HistoryFile;
use super::kernel::Kernel;
use super::logs::Logs;
use super::logs::saving::SavedLogs;
use super::notify_sockets::NotifySockets;
use super::pipes::SavedStdin;
use super::sampler::Sampler;
use super::server::Server;
use super::server::saving::SavedServer;
use super::shell::Shell;
use crate::core::effect::{OutputStream, ProcId};
use crate::core::resources::Resources;
use crate::core::snapshot;
use crate::core::supervisor::Supervisor;
use crate::core::time::Wall;
use crate::os::poller::Poller;

/// Everything that a daemon knows and that is not a descriptor. A field that is added needs a default, so
/// that a state of the previous version can be read; the previous version ignores it.
#[derive(Deserialize)]
pub struct Saved {
    #[serde(deserialize_with = "snapshot::deserialize")]
    core: Supervisor,
    logs: SavedLogs,
    pub(super) stdins: Vec<SavedStdin>,
    sockets: Vec<SavedSocket>,
    server: SavedServer,
    server_url: Option<String>,
    #[serde(default)]
    resources: Resources,
    #[serde(default)]
    began: Option<Wall>,
    /// Children that carried out what is begun again.
    #[serde(default)]
    pub(super) abandoned: Vec<i32>,
}

impl Saved {
    /// The log of a stream.
    pub(super) fn log_path(&self, id: ProcId, stream: OutputStream) -> Option<&Path> {
        self.logs.path(id, stream)
    }
}

/// The same, borrowed from a daemon that runs.
#[derive(Serialize)]
pub struct State<'a> {
    pub(super) core: &'a Supervisor,
    pub(super) logs: SavedLogs,
    pub(super) stdins: Vec<SavedStdin>,
    pub(super) sockets: Vec<SavedSocket>,
    pub(super) server: SavedServer,
    pub(super) server_url: Option<&'a str>,
    pub(super) resources: &'a Resources,
    pub(super) began: Wall,
    pub(super) abandoned: Vec<i32>,
}

impl<'a> Daemon<'a> {
    /// The state between two turns, when all effects were performed.
    pub fn state(&self) -> State<'_> {
        State { server: self.server.save(), ..self.state_without_clients() }
    }

    /// The same for a daemon that continues if this one is killed, with which all connections end.
    pub(super) fn state_without_clients(&self) -> State<'_> {
        let shell = &self.shell;
        State {
            core: &self.core,
            logs: shell.logs.save(),
            stdins: shell.pipes.save(),
            sockets: shell.sockets.save(),
            server: self.server.save_sockets(),
            server_url: shell.server_url.as_deref(),
            resources: shell.sampler.resources(),
            began: shell.sampler.began,
            abandoned: shell.short_lived_children(),
        }
    }

    /// Ends this daemon without ending what it supervises; the state was saved before.
    pub fn hand_over(self) -> (Descriptors, &'a mut dyn Kernel) {
        let Daemon { shell, server, .. } = self;
        let Shell { mut poller, logs, pipes, hook_pipes, .. } = shell;
        let mut descriptors = Descriptors::default();
        shell.notify_sockets.hand_over(&mut poller, &mut descriptors);
        hook_pipes.hand_over(&mut poller, &mut descriptors, Purpose::HookOutput);
        logs.hand_over(&mut descriptors);
        pipes.hand_over(&mut poller, &mut descriptors, Purpose::Output);
        shell.sockets.hand_over(&mut descriptors);
        server.hand_over(&mut poller, &mut descriptors);
        (descriptors, shell.kernel)
    }
}

impl<'a> Parts<'a> {
    /// The parts of a daemon that continues another one.
    pub fn adopt(
        saved: Saved,
        mut descriptors: Descriptors,
        kernel: &'a mut dyn Kernel,
        reader: &'a ConfigReader,
    ) -> io::Result<Self> {
        let Saved { mut core, logs, stdins, sockets, server, server_url, resources, .. } = saved;
        let now = kernel.now();
        let mut poller = Poller::new()?;
        let mut logs = Logs::adopt(logs, &core, &mut descriptors)?;
        let followed = &mut logs.activity.followed;
        let config = core.config();
        let mut server =
            Server::adopt(server, &mut poller, &mut descriptors, config, followed, now)?;
        server.limit_memory(core.config().supervisord.http_maxbytes);
        let mut shell = Shell::new(kernel, poller, logs, server_url);
        shell.sampler = Sampler::new(resources, saved.began.unwrap_or(shell.sampler.began));
        shell.abandon(saved.abandoned);
        let poller = &mut shell.poller;
        let (pipes, hook_pipes) = (shell.pipes, shell.hook_pipes);
        shell.pipes = pipes.adopt(stdins, &core, poller, &mut descriptors, Purpose::Output)?;
        shell.hook_pipes =
            hook_pipes.adopt(Vec::new(), &core, poller, &mut descriptors, Purpose::HookOutput)?;
        shell.history = HistoryFile::of(&core.config().supervisord, reader.path());
        shell.notify_sockets = NotifySockets::adopt(&core, &mut shell.poller, &mut descriptors)?;
        // What was being examined is examined again.
        core.resume_probes(shell.kernel.now());
        core.resume_exchanges();
        shell.sockets = Sockets::adopt(sockets, &core, &mut descriptors);
        Ok(Self { core, shell, server, reader })
    }
}
