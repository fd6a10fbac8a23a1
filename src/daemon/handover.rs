//! A daemon that continues where another one ended: same children, pipes, logs and listening
//! sockets. The state is plain data ([`Saved`]), the rest are descriptors by purpose.

use std::io;

use serde::{Deserialize, Serialize};

use super::config_reader::ConfigReader;
use super::descriptors::{Descriptors, Purpose};
use super::event_loop::{Daemon, Parts};
use super::fastcgi::{SavedSocket, Sockets};
use super::history_file::HistoryFile;
use super::kernel::Kernel;
use super::logs::{Logs, SavedLogs};
use super::notify_sockets::NotifySockets;
use super::pipes::{Pipes, SavedStdin};
use super::sampler::Sampler;
use super::server::{SavedServer, Server};
use super::shell::Shell;
use crate::core::resources::Resources;
use crate::core::snapshot;
use crate::core::supervisor::Supervisor;
use crate::os::poller::Poller;

/// Everything that a daemon knows and that is not a descriptor.
#[derive(Serialize, Deserialize)]
pub struct Saved {
    #[serde(deserialize_with = "snapshot::deserialize")]
    core: Supervisor,
    logs: SavedLogs,
    stdins: Vec<SavedStdin>,
    sockets: Vec<SavedSocket>,
    server: SavedServer,
    server_url: Option<String>,
    #[serde(default)]
    resources: Resources,
}

impl Daemon<'_> {
    /// Ends this daemon without ending what it supervises. Called between two turns, when all
    /// effects were performed. Connections of clients are closed.
    pub fn hand_over(self) -> (Saved, Descriptors) {
        let Daemon { core, shell, server, .. } = self;
        let Shell { mut poller, logs, pipes, hook_pipes, .. } = shell;
        let (sockets, notify_sockets, server_url) =
            (shell.sockets, shell.notify_sockets, shell.server_url);
        let mut descriptors = Descriptors::default();
        notify_sockets.hand_over(&mut poller, &mut descriptors);
        hook_pipes.hand_over(&mut poller, &mut descriptors, Purpose::HookOutput);
        let saved = Saved {
            logs: logs.hand_over(&mut descriptors),
            stdins: pipes.hand_over(&mut poller, &mut descriptors, Purpose::Output),
            sockets: sockets.hand_over(&mut descriptors),
            server: server.hand_over(&mut poller, &mut descriptors),
            server_url,
            resources: shell.sampler.into_resources(),
            core,
        };
        (saved, descriptors)
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
        let Saved { mut core, logs, stdins, sockets, server, server_url, resources } = saved;
        let mut poller = Poller::new()?;
        let logs = Logs::adopt(logs, &core, &mut descriptors)?;
        let mut server = Server::adopt(server, &mut poller, &mut descriptors)?;
        server.limit_memory(core.config().supervisord.http_maxbytes);
        let mut shell = Shell::new(kernel, poller, logs, server_url);
        shell.sampler = Sampler::new(resources, shell.sampler.began);
        let poller = &mut shell.poller;
        shell.pipes = Pipes::adopt(stdins, &core, poller, &mut descriptors, Purpose::Output)?;
        shell.hook_pipes =
            Pipes::adopt(Vec::new(), &core, poller, &mut descriptors, Purpose::HookOutput)?;
        shell.history = HistoryFile::of(&core.config().supervisord, reader.path());
        shell.notify_sockets = NotifySockets::adopt(&core, &mut shell.poller, &mut descriptors)?;
        // What was being examined is examined again.
        core.resume_probes(shell.kernel.now());
        core.resume_exchanges();
        shell.sockets = Sockets::adopt(sockets, &core, &mut descriptors);
        Ok(Self { core, shell, server, reader })
    }
}
