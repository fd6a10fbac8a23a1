//! What a daemon with a keeper does so that another one can continue if it is killed: it hands each
//! descriptor to the keeper (`link`), saves its state after each turn in which that changed (`commit`,
//! `snapshots`), and writes what happens in between to a journal (`journal`). `recovery` continues from all
//! three. `docs/guarantees.md` describes what is guaranteed.

mod commit;
mod delivery;
pub(super) mod head;
pub(super) mod inheritance;
pub(super) mod journal;
pub(super) mod kill;
pub(super) mod link;
mod orphaned;
pub(super) mod received;
mod recovery;
pub(super) mod replay;
pub(super) mod snapshots;
mod succession;

pub use received::{Received, receive};
