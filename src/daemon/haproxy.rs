//! The commands to HAProxy's runtime socket that a rolling restart needs, and what their replies
//! mean. A server is drained first, which lets its requests end, and then put into maintenance: that
//! also ends persistence by cookies and the health checks, which would fail during the restart.

use crate::conf::drain::HaproxyServer;
use crate::core::exchange::{Answer, Exchange};

/// The command, or nothing for a request that is not for HAProxy.
pub(super) fn command(exchange: Exchange, server: &HaproxyServer) -> String {
    let HaproxyServer { backend, server, .. } = server;
    let set = |state: &str| format!("set server {backend}/{server} state {state}\n");
    match exchange {
        Exchange::Drain(_) => set("drain"),
        Exchange::Detach(_) => set("maint"),
        Exchange::Enable(_) => set("ready"),
        Exchange::Count(_) | Exchange::CheckUse(_) | Exchange::Warm(_) => "show stat\n".to_owned(),
    }
}

/// What a complete reply means.
pub(super) fn answer(exchange: Exchange, server: &HaproxyServer, reply: &str) -> Answer {
    match exchange {
        Exchange::Count(_) => {
            let row = Row::find(reply, server)?;
            Ok(row.number("scur") + row.number("qcur"))
        }
        Exchange::CheckUse(_) => {
            let row = Row::find(reply, server)?;
            let status = row.field("status");
            let is_used = status.starts_with("UP") || status == "no check";
            if is_used { Ok(0) } else { Err(format!("its status is {status}")) }
        }
        // A command that succeeds has an empty reply.
        _ => match reply.trim() {
            "" => Ok(0),
            problem => Err(problem.lines().next().unwrap_or_default().to_owned()),
        },
    }
}

/// The statistics of a server.
struct Row<'r> {
    names: Vec<&'r str>,
    fields: Vec<&'r str>,
}

impl<'r> Row<'r> {
    fn find(reply: &'r str, server: &HaproxyServer) -> Result<Self, String> {
        let mut lines = reply.lines().filter(|line| !line.is_empty());
        let head = lines.next().and_then(|line| line.strip_prefix("# "));
        let Some(head) = head else {
            return Err(reply.trim().lines().next().unwrap_or("no statistics").to_owned());
        };
        let HaproxyServer { backend, server, .. } = server;
        let mut rows = lines.map(|line| line.split(',').collect::<Vec<_>>());
        let is_wanted = |fields: &Vec<&str>| {
            fields.first() == Some(&backend.as_str()) && fields.get(1) == Some(&server.as_str())
        };
        let fields = rows.find(is_wanted).ok_or(format!("no server {backend}/{server}"))?;
        Ok(Self { names: head.split(',').collect(), fields })
    }

    fn field(&self, name: &str) -> &'r str {
        let at = self.names.iter().position(|it| *it == name);
        at.and_then(|at| self.fields.get(at)).copied().unwrap_or_default()
    }

    fn number(&self, name: &str) -> u64 {
        self.field(name).parse().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conf::drain::Proxy::Haproxy;

    const STAT: &str = "# pxname,svname,qcur,qmax,scur,status,weight,\n\
                        f,FRONTEND,,,9,OPEN,,\n\
                        zope,a,1,0,2,DRAIN,1,\n\
                        zope,b,0,0,0,no check,1,\n\
                        zope,c,0,0,0,UP 1/3,1,\n\n";

    fn server(name: &str) -> HaproxyServer {
        HaproxyServer { socket: String::new(), backend: "zope".into(), server: name.into() }
    }

    #[test]
    fn the_statistics_are_found_by_name() {
        let ask = |exchange, name| answer(exchange, &server(name), STAT);
        assert_eq!(ask(Exchange::Count(Haproxy), "a"), Ok(3));
        assert_eq!(ask(Exchange::Count(Haproxy), "b"), Ok(0));
        assert_eq!(ask(Exchange::CheckUse(Haproxy), "a"), Err("its status is DRAIN".to_owned()));
        assert_eq!(ask(Exchange::CheckUse(Haproxy), "b"), Ok(0));
        assert_eq!(ask(Exchange::CheckUse(Haproxy), "c"), Ok(0));
        assert_eq!(ask(Exchange::Count(Haproxy), "x"), Err("no server zope/x".to_owned()));
        let denied = answer(Exchange::Count(Haproxy), &server("a"), "Permission denied\n");
        assert_eq!(denied, Err("Permission denied".to_owned()));
        assert_eq!(
            answer(Exchange::CheckUse(Haproxy), &server("a"), ""),
            Err("no statistics".into())
        );
    }

    #[test]
    fn a_command_that_succeeds_has_an_empty_reply() {
        let set = |reply| answer(Exchange::Drain(Haproxy), &server("a"), reply);
        assert_eq!(
            command(Exchange::Drain(Haproxy), &server("a")),
            "set server zope/a state drain\n"
        );
        assert_eq!(set("\n"), Ok(0));
        assert_eq!(set("No such server.\n\n"), Err("No such server.".to_owned()));
    }
}
