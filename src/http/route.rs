//! Maps method and path to a route. As in Supervisor, `/RPC2` and the log paths match by prefix,
//! and extra leading slashes are ignored.

use super::request::Request;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    Rpc,
    /// `/logtail/NAME[/CHANNEL]`
    LogTail {
        name: String,
        channel: String,
    },
    MainLogTail,
    /// `/events`
    Events,
    /// The list of processes, and actions on them.
    Status,
    /// What an update would do, and the form that does it.
    Update,
    /// `/status.json`: the same list as data.
    List,
    /// `/resources.json`: the last day of a process.
    Resources,
    /// The page of a process, and actions on it.
    Program,
    /// The page with the end of a log of a process.
    Tail,
    /// The page with the end of the activity log.
    MainLog,
    /// The page with the end of the audit log.
    AuditLog,
    /// A part of a log, for the page that shows it.
    LogPart,
    /// A whole log as a file.
    LogFile,
    /// `/ok.html`, for load balancers.
    Health,
    /// `/healthz`, for load balancers without an account.
    Healthz,
    /// `/metrics`, for Prometheus.
    Metrics,
    /// A file of the web interface, without the leading slash.
    Asset(String),
}

impl Route {
    pub fn of(request: &Request) -> Self {
        let path = request.path();
        if path.starts_with("/RPC2") {
            return Self::Rpc;
        }
        let path = path.trim_start_matches('/');
        if path.starts_with("mainlogtail") {
            return Self::MainLogTail;
        }
        if path.starts_with("logtail") {
            let rest = path.split_once('/').map_or("", |(_, rest)| rest);
            let (name, channel) = rest.split_once('/').unwrap_or((rest, "stdout"));
            return Self::LogTail { name: name.to_owned(), channel: channel.to_owned() };
        }
        match path {
            "" | "index.html" => Self::Status,
            "update.html" => Self::Update,
            "status.json" => Self::List,
            "resources.json" => Self::Resources,
            "program.html" => Self::Program,
            "tail.html" => Self::Tail,
            "mainlog.html" => Self::MainLog,
            "auditlog.html" => Self::AuditLog,
            "log.part" => Self::LogPart,
            "log.txt" => Self::LogFile,
            "healthz" => Self::Healthz,
            "metrics" => Self::Metrics,
            "ok.html" => Self::Health,
            "events" => Self::Events,
            other => Self::Asset(other.to_owned()),
        }
    }

    /// Whether the method is allowed; Supervisor replies 400 if not.
    pub fn accepts(&self, method: &str) -> bool {
        match self {
            Self::Rpc => method == "POST",
            Self::LogTail { .. } | Self::MainLogTail | Self::Events => method == "GET",
            Self::Status | Self::Program | Self::Tail | Self::Update | Self::Health => {
                ["GET", "HEAD", "POST"].contains(&method)
            }
            Self::List
            | Self::Resources
            | Self::Healthz
            | Self::Metrics
            | Self::MainLog
            | Self::AuditLog
            | Self::LogPart
            | Self::LogFile
            | Self::Asset(_) => ["GET", "HEAD"].contains(&method),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::request::Version;
    use super::*;

    fn route(target: &str) -> Route {
        Route::of(&Request {
            method: "GET".to_owned(),
            target: target.to_owned(),
            version: Version::Http11,
            headers: vec![],
            body: None,
        })
    }

    #[test]
    fn paths_are_routed_as_in_supervisor() {
        let tail = |name: &str, channel: &str| Route::LogTail {
            name: name.to_owned(),
            channel: channel.to_owned(),
        };
        let cases = [
            ("/RPC2", Route::Rpc),
            ("/RPC2foo?x", Route::Rpc),
            ("/%52PC2", Route::Rpc),
            ("//RPC2", Route::Asset("RPC2".to_owned())),
            ("/logtail/web", tail("web", "stdout")),
            ("/logtail/grp:web/stderr", tail("grp:web", "stderr")),
            ("/logtail/grp%3Aweb", tail("grp:web", "stdout")),
            ("/logtail", tail("", "stdout")),
            ("/mainlogtail", Route::MainLogTail),
            ("/", Route::Status),
            ("/?action=stop", Route::Status),
            ("//index.html;x", Route::Status),
            ("/status.json", Route::List),
            ("/resources.json?processname=a", Route::Resources),
            ("/update.html", Route::Update),
            ("/tail.html?processname=a", Route::Tail),
            ("/program.html?processname=a", Route::Program),
            ("/mainlog.html", Route::MainLog),
            ("/auditlog.html", Route::AuditLog),
            ("/log.part?processname=a", Route::LogPart),
            ("/log.txt?log=main", Route::LogFile),
            ("/ok.html", Route::Health),
            ("/healthz", Route::Healthz),
            ("/metrics?x", Route::Metrics),
            ("/events?types=x", Route::Events),
            ("/stylesheets/supervisor.css", Route::Asset("stylesheets/supervisor.css".to_owned())),
            ("/../etc/passwd", Route::Asset("../etc/passwd".to_owned())),
        ];
        for (target, want) in cases {
            assert_eq!(route(target), want, "{target}");
        }
    }
}
