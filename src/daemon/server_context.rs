//! The parts of the daemon that the HTTP server may access while it answers requests.

use super::config_reader::ConfigReader;
use super::kernel::Kernel;
use super::logs::Logs;
use super::sampler::Sampler;
use crate::core::supervisor::Supervisor;
use crate::core::time::Now;
use crate::os::poller::Poller;

pub struct ServerContext<'a> {
    pub core: &'a mut Supervisor,
    pub kernel: &'a mut dyn Kernel,
    pub logs: &'a mut Logs,
    pub poller: &'a mut Poller,
    pub sampler: &'a mut Sampler,
    pub reader: &'a ConfigReader,
    pub now: Now,
}
