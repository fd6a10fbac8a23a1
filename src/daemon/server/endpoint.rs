//! One server of the configuration: who may use it, and what each account may do.

use std::net::IpAddr;
use std::rc::Rc;

use crate::conf::account::{Programs, Role};
use crate::conf::config::{Bind, HttpServer, HttpUser, UnixServer};
use crate::conf::sections::inet_http_server;
use crate::core::time::Mono;
use crate::daemon::certificates::Certificates;
use crate::http::auth::{Accounts, Credentials, credentials, has_bearer_token, unauthorized};
use crate::http::host::HostPolicy;
use crate::http::logins::{Attempt, Logins, Outcome};
use crate::http::origin::OriginPolicy;
use crate::http::route::Route;
use crate::http::{Reply, Request, Verdict};
use crate::os::host_names;
use crate::os::stream::Peer;
use crate::os::users;
use crate::password::Password;
use crate::rpc::access::Rights;
use crate::web::ServerPolicy;

/// The address whose failed logins are counted. A network of 64 bits belongs to one customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Address {
    V4(u32),
    V6(u64),
    User(u32),
}

impl Address {
    fn of(peer: &Peer) -> Self {
        match peer {
            Peer::Unix { uid, .. } => Self::User(*uid),
            Peer::Tcp(address) => match address.ip().to_canonical() {
                IpAddr::V4(address) => Self::V4(address.to_bits()),
                IpAddr::V6(address) => Self::V6((address.to_bits() >> 64) as u64),
            },
        }
    }
}

/// For a client that speaks plain HTTP to a server with TLS.
const LACKS_TLS: &str = "This server accepts only TLS connections. Use `https://` instead \
                         of `http://`.";

/// One server of the configuration, with its access rules.
pub(super) struct Endpoint {
    pub(super) policy: ServerPolicy,
    pub(super) hosts: HostPolicy,
    /// The owner of a unix socket.
    pub(super) owner: Option<u32>,
    /// With TLS.
    pub(super) certificates: Option<Certificates>,
    pub(super) config: HttpServer,
    number: usize,
    accounts: Accounts,
    /// Those of each account.
    rights: Vec<Rc<Rights>>,
    /// Whether the owner of the socket needs no password.
    owner_is_admin: bool,
    everybody: Rc<Rights>,
    /// Of a client without an account.
    nobody: Rc<Rights>,
}

/// A client that sends a request.
#[derive(Clone, Copy)]
pub(super) struct Visitor<'a> {
    pub(super) peer: Option<&'a Peer>,
    /// Whether it is the owner of the unix socket, or root.
    pub(super) is_owner: bool,
    /// Whether it speaks plain HTTP although TLS is required.
    pub(super) lacks_tls: bool,
}

/// Whether a request is accepted.
pub(super) enum Admission {
    Accepted(Rc<Rights>),
    /// For the audit log: the name that was given, or why the request is refused.
    Refused(Verdict, Option<Refusal>),
}

pub(super) enum Refusal {
    Login(String),
    Host,
}

impl Endpoint {
    pub(super) fn new(number: usize, config: &HttpServer, users: &[HttpUser]) -> Self {
        let credentials = config.credentials();
        let owner_is_admin = credentials.is_none();
        let own = credentials.into_iter().map(|account| {
            let rights = Rights::all(Some(account.username.into()));
            (account.username.to_owned(), Password::of(account.password), rights)
        });
        let users = users.iter().map(|user| {
            let rights = Rights::new(user.name.as_str().into(), user.role, user.programs.clone());
            (user.name.clone(), Password::of(user.password.as_str()), rights)
        });
        let mut rights = Vec::new();
        let accounts = Accounts::new(own.chain(users).map(|(name, password, of_account)| {
            rights.push(Rc::new(of_account));
            (name, password)
        }));
        let is_inet = matches!(config.bind, Bind::Inet(_));
        let origins = OriginPolicy {
            is_open: is_inet && accounts.is_empty(),
            is_https: config.tls().is_some(),
            trusted: config.options.web_trusted_origins.clone(),
        };
        let owner = match &config.bind {
            Bind::Unix(UnixServer { owner: Some((uid, _)), .. }) if *uid != u32::MAX => Some(*uid),
            Bind::Unix(_) => Some(users::uid()),
            Bind::Inet(_) => None,
        };
        let get_actions = config.options.web_get_actions;
        Self {
            policy: ServerPolicy { origins, get_actions, section: config.section.clone() },
            hosts: HostPolicy::default(),
            owner,
            certificates: Certificates::unread(config),
            config: config.clone(),
            number,
            accounts,
            rights,
            owner_is_admin,
            everybody: Rc::new(Rights::all(None)),
            nobody: Rc::new(Rights::new("".into(), Role::Viewer, Programs::default())),
        }
    }

    pub(super) fn has_accounts(&self) -> bool {
        !self.accounts.is_empty()
    }

    /// Accepts only names of this machine, and configured ones.
    pub(super) fn check_hosts(&mut self) {
        let own = host_names::own();
        let origins = self.config.options.web_trusted_origins.iter();
        let origins = origins.filter_map(|it| it.split_once("://").map(|(_, name)| name));
        let trusted = match &self.config.bind {
            Bind::Inet(server) => &server.web_trusted_hosts[..],
            Bind::Unix(_) => &[],
        };
        let names = own.iter().chain(trusted).map(String::as_str);
        self.hosts = HostPolicy::only(names.chain(origins));
    }

    /// Judges a request by its head.
    pub(super) fn admit(
        &self,
        visitor: Visitor<'_>,
        request: &Request,
        logins: &mut Logins<Address>,
        now: Mono,
    ) -> Admission {
        if visitor.lacks_tls {
            let reply = Reply::fatal(400, LACKS_TLS);
            return Admission::Refused(Verdict::Reject(reply, None), None);
        }
        let rights = match self.without_login(request) {
            Some(rights) => rights,
            None => match self.log_in(visitor, request, logins, now) {
                Admission::Accepted(rights) => rights,
                refused @ Admission::Refused(..) => return refused,
            },
        };
        let (option, section) = (inet_http_server::WEB_TRUSTED_HOSTS.name, &self.config.section);
        match self.hosts.reject(request, option, section) {
            None => Admission::Accepted(rights),
            Some(reply) => Admission::Refused(Verdict::Reject(reply, None), Some(Refusal::Host)),
        }
    }

    /// The rights for what needs no account: the state of the daemon for a load balancer, and metrics
    /// with the token of this server.
    fn without_login(&self, request: &Request) -> Option<Rc<Rights>> {
        let is_allowed = match Route::of(request) {
            Route::Healthz => Route::Healthz.accepts(&request.method),
            Route::Metrics => {
                let token = self.config.options.metrics_token.as_deref();
                token.is_some_and(|token| has_bearer_token(request, token))
            }
            _ => false,
        };
        is_allowed.then(|| Rc::clone(&self.nobody))
    }

    fn log_in(
        &self,
        visitor: Visitor<'_>,
        request: &Request,
        logins: &mut Logins<Address>,
        now: Mono,
    ) -> Admission {
        if self.accounts.is_empty() {
            return Admission::Accepted(Rc::clone(&self.everybody));
        }
        // The owner of the socket needs no account, unless the server has a username of its own.
        let is_admin = visitor.is_owner && self.owner_is_admin;
        let Some(given) = credentials(request) else {
            return if is_admin { self.owner() } else { rejected(None, None) };
        };
        if is_admin && !self.accounts.has(&given.name) {
            return self.owner();
        }
        let address = visitor.peer.filter(|_| !visitor.is_owner).map(Address::of);
        let (server, accounts) = (self.number, &self.accounts);
        let attempt = Attempt { server, accounts, given: &given, address, now: now.0 };
        match logins.check(&attempt) {
            Outcome::Account(at) => match self.rights.get(at) {
                Some(rights) => Admission::Accepted(Rc::clone(rights)),
                None => rejected(None, Some(&given)),
            },
            Outcome::Wrong(at) => rejected(Some(at), Some(&given)),
            Outcome::AskAt(at) => Admission::Refused(Verdict::AskAt(at), None),
            Outcome::NoMemory => {
                Admission::Refused(Verdict::Reject(Reply::no_memory(), None), None)
            }
        }
    }

    fn owner(&self) -> Admission {
        Admission::Accepted(Rc::clone(&self.everybody))
    }
}

fn rejected(at: Option<std::time::Duration>, given: Option<&Credentials>) -> Admission {
    let name = given.map(|given| String::from_utf8_lossy(&given.name).into_owned());
    Admission::Refused(Verdict::Reject(unauthorized(), at), name.map(Refusal::Login))
}
