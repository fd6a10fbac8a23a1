//! What a request over HTTP may touch while it is answered.

use super::logs::Logs;
use super::reader::Reader;
use crate::core::supervisor::Supervisor;
use crate::core::time::Now;
use crate::os::poller::Poller;

pub struct World<'a> {
    pub core: &'a mut Supervisor,
    pub logs: &'a mut Logs,
    pub poller: &'a mut Poller,
    pub reader: &'a Reader,
    pub now: Now,
}
