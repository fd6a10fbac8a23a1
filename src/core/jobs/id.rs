//! The number of a job.

use serde::{Deserialize, Serialize};

/// Counts from 1 from the start of the daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct JobId(pub u64);
