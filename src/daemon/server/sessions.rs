//! What a client may do: takes its next request, if its account allows any, and builds the context in
//! which the request is answered.

use std::borrow::Cow;
use std::rc::Rc;

use super::endpoint::{Address, Admission, Endpoint, Refusal, Visitor};
use crate::core::Process;
use crate::core::effect::Pid;
use crate::daemon::audit::Requester;
use crate::daemon::client::{Client, moment};
use crate::daemon::open_logs::OpenLogs;
use crate::daemon::server_context::ServerContext;
use crate::daemon::services::DaemonServices;
use crate::http::logins::Logins;
use crate::http::{Request, Verdict};
use crate::os::stream::Peer;
use crate::rpc;
use crate::rpc::access::Rights;
use crate::rpc::fault::MaxReply;
use crate::rpc::record::{AuditResult, Record, shortened};

/// The request that a client has sent completely and may send. What is refused is written to the
/// audit log.
pub(super) fn next_request(
    client: &mut Client,
    endpoint: &Endpoint,
    logins: &mut Logins<Address>,
    context: &mut ServerContext<'_>,
) -> Option<Request> {
    let now = context.now;
    let mut refusal = None;
    let (is_owner, lacks_tls) = (client.is_owner, client.lacks_tls());
    let visitor = Visitor { peer: client.peer.as_ref(), is_owner, lacks_tls };
    let rights = &mut client.rights;
    let request = client.conn.request(moment(now), |request| {
        match endpoint.admit(visitor, request, logins, now.mono) {
            Admission::Accepted(of_account) => {
                *rights = of_account;
                Verdict::Accept
            }
            Admission::Refused(verdict, why) => {
                refusal = why;
                verdict
            }
        }
    });
    if let Some(refusal) = refusal {
        let section = &endpoint.policy.section;
        let requester = requester(client.peer, &refusal, section, context);
        context.logs.audit(&requester, &record_of(&refusal), now, now.mono);
    }
    request
}

fn requester<'a>(
    peer: Option<Peer>,
    refusal: &'a Refusal,
    server: &'a str,
    context: &ServerContext<'_>,
) -> Requester<'a> {
    let user = match refusal {
        Refusal::Login(name) => Some(Cow::Owned(shortened(name))),
        Refusal::Host => None,
    };
    Requester { user, peer, sender: None, server, program: program(peer, context) }
}

fn record_of(refusal: &Refusal) -> Record {
    let (action, why) = match refusal {
        Refusal::Login(_) => ("login", "wrong username or password"),
        Refusal::Host => ("request", "the Host field does not name this machine"),
    };
    Record {
        interface: "http",
        action: action.to_owned(),
        arguments: Vec::new(),
        result: AuditResult::Refused(why.to_owned()),
    }
}

/// The program of this daemon at the other end of a unix socket.
fn program(peer: Option<Peer>, context: &ServerContext<'_>) -> Option<String> {
    let Some(Peer::Unix { pid, .. }) = peer else { return None };
    let id = context.core.owner(Pid(pid))?;
    context.core.process(id).map(Process::full_name)
}

/// A client whose request is being answered.
pub(super) struct Visit<'a> {
    pub(super) facts: (Option<Peer>, Rc<Rights>),
    pub(super) endpoint: &'a Endpoint,
    pub(super) open_logs: &'a OpenLogs,
    pub(super) max_reply: MaxReply,
}

impl Visit<'_> {
    /// Builds the context for XML-RPC methods.
    pub(super) fn with_context<T>(
        &self,
        context: &mut ServerContext<'_>,
        act: impl FnOnce(&mut rpc::Context<'_>) -> T,
    ) -> T {
        let (peer, rights) = &self.facts;
        let section = &self.endpoint.policy.section;
        let requester = Requester {
            user: rights.user.as_deref().map(Cow::Borrowed),
            peer: *peer,
            sender: None,
            server: section,
            program: program(*peer, context),
        };
        let now = context.now;
        let mut services = DaemonServices {
            kernel: &*context.kernel,
            logs: context.logs,
            sampler: context.sampler,
            reader: context.reader,
            open_logs: self.open_logs,
            requester,
            now,
        };
        act(&mut rpc::Context {
            supervisor: &mut *context.core,
            services: &mut services,
            requester: section,
            rights,
            max_reply: self.max_reply,
            now,
        })
    }
}
