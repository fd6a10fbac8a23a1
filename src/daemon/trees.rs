//! What is known about the descendants of programs with `killmode`.

use std::collections::BTreeSet;

use crate::core::effect::ProcId;

#[derive(Default)]
pub(super) struct Trees {
    /// Programs for which nothing is guaranteed; that was logged.
    pub(super) unsafe_ones: BTreeSet<ProcId>,
    /// Children of the daemon that belong to an unknown program; that was logged.
    pub(super) strays: BTreeSet<i32>,
}
