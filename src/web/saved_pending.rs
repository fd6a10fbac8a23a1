//! A pending reply as plain data, for a daemon that continues where another one ended.

use serde::{Deserialize, Serialize};

use super::actions::PendingAction;
use super::site::{Pending, PendingKind, Redirect};
use crate::conf::config::Config;
use crate::core::time::Mono;
use crate::rpc::{self, methods};

#[derive(Serialize, Deserialize)]
pub struct SavedPending(Kind);

#[derive(Serialize, Deserialize)]
enum Kind {
    /// With the name under which it was called, and when.
    Call(rpc::Pending, String, Mono),
    Action(PendingAction, Redirect),
}

impl SavedPending {
    /// `None` for one that cannot be continued.
    pub fn of(pending: &Pending) -> Option<Self> {
        Some(Self(match &pending.0 {
            PendingKind::Call(call, ..) if !call.can_be_saved() => return None,
            PendingKind::Call(call, method, since) => {
                Kind::Call(call.clone(), (*method).to_owned(), *since)
            }
            PendingKind::Action(action, redirect) => Kind::Action(action.clone(), redirect.clone()),
        }))
    }

    pub fn restore(self, config: &Config) -> Pending {
        Pending(match self.0 {
            Kind::Call(mut call, method, since) => {
                call.continue_with(methods::call);
                PendingKind::Call(call, methods::table_name(config, &method), since)
            }
            Kind::Action(action, redirect) => PendingKind::Action(action, redirect),
        })
    }
}
