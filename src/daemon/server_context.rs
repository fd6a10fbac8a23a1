//! The parts of the daemon that the HTTP server may access while it answers requests.

use super::config_reader::ConfigReader;
use super::kernel::Kernel;
use super::logs::Logs;
use crate::core::supervisor::Supervisor;
use crate::core::time::Now;
use crate::os::poller::Poller;

pub struct ServerContext<'a> {
    pub core: &'a mut Supervisor,
    pub kernel: &'a mut dyn Kernel,
    pub logs: &'a mut Logs,
    pub poller: &'a mut Poller,
    pub reader: &'a ConfigReader,
    pub now: Now,
}
