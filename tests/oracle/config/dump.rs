//! Our configuration as JSON, in the format of `ask_config.py`.

use serde_json::{Value, json};
use supkit::conf::Config;
use supkit::conf::config::{
    Bind, FcgiAddress, Group, GroupKind, HttpServer, InetServer, LogTarget, Process, StreamLog,
    Supervisord, UnixServer,
};
use supkit::conf::ctl::Settings;
use supkit::conf::diff::{GroupChange, diff};

pub fn config(config: &Config) -> Value {
    json!({
        "supervisord": supervisord(&config.supervisord),
        "servers": config.servers.iter().map(server).collect::<Vec<_>>(),
        "groups": config.groups.iter().map(group).collect::<Vec<_>>(),
        "rpcinterfaces": config.rpcinterfaces.len(),
        "here": config.here,
        "warnings": config.notes.warnings,
        "infos": config.notes.infos,
        "serverurl": config.server_url(),
    })
}

/// Groups that a second configuration adds, changes and removes.
pub fn changes(old: &Config, new: &Config) -> Value {
    let (mut added, mut changed, mut removed) = (Vec::new(), Vec::new(), Vec::new());
    for change in diff(old.groups.iter(), &new.groups) {
        let names = match change {
            GroupChange::Added(_) => &mut added,
            GroupChange::Changed { .. } | GroupChange::Replaced { .. } => &mut changed,
            GroupChange::Removed(_) => &mut removed,
        };
        names.push(change.group().name.clone());
    }
    json!({ "added": added, "changed": changed, "removed": removed })
}

pub fn client(client: &Settings) -> Value {
    json!({
        "serverurl": client.options.serverurl,
        "username": client.options.username,
        "password": client.options.password,
        "prompt": client.options.prompt,
        "history_file": client.options.history_file,
        "interactive": client.interactive,
        "args": client.words,
    })
}

fn supervisord(s: &Supervisord) -> Value {
    json!({
        "logfile": s.logfile,
        "logfile_maxbytes": s.logfile_maxbytes,
        "logfile_backups": s.logfile_backups,
        "loglevel": format!("{:?}", s.loglevel),
        "pidfile": s.pidfile,
        "identifier": s.identifier,
        "childlogdir": s.childlogdir,
        "umask": s.umask,
        "directory": s.directory,
        "uid": s.user.as_ref().map(|user| user.uid),
        "gid": s.user.as_ref().map(|user| user.gid),
        "minfds": s.minfds,
        "minprocs": s.minprocs,
        "nodaemon": s.nodaemon,
        "silent": s.silent,
        "nocleanup": s.nocleanup,
        "strip_ansi": s.strip_ansi,
        "environment": s.environment,
    })
}

fn server(server: &HttpServer) -> Value {
    let bind = match &server.bind {
        Bind::Inet(InetServer { address: (host, port), .. }) => json!([host, port]),
        Bind::Unix(UnixServer { path, mode, owner }) => {
            json!({"path": path, "mode": mode, "owner": owner})
        }
    };
    let credentials = server.credentials().map(|c| json!([c.username, c.password]));
    json!({"section": server.section, "bind": bind, "credentials": credentials})
}

fn group(group: &Group) -> Value {
    json!({
        "name": group.name,
        "priority": group.priority,
        "kind": kind(&group.kind),
        "processes": group.members().map(process).collect::<Vec<_>>(),
    })
}

fn kind(kind: &GroupKind) -> Value {
    match kind {
        GroupKind::Programs => json!("Programs"),
        GroupKind::EventListener(pool) => {
            let mut events: Vec<_> = pool.events.iter().map(|event| event.name()).collect();
            events.sort_unstable();
            json!({"buffer_size": pool.buffer_size, "events": events})
        }
        GroupKind::FastCgi(socket) => match &socket.address {
            FcgiAddress::Tcp { .. } => json!({"url": socket.url(), "backlog": socket.backlog}),
            FcgiAddress::Unix { .. } => json!({
                "url": socket.url(), "backlog": socket.backlog,
                "mode": socket.mode, "owner": socket.owner,
            }),
        },
    }
}

fn process(p: &Process) -> Value {
    json!({
        "name": p.name,
        "command": p.command,
        "directory": p.directory,
        "umask": p.umask,
        "uid": p.user.as_ref().map(|user| user.uid),
        "priority": p.priority,
        "autostart": p.autostart,
        "autorestart": format!("{:?}", p.autorestart),
        "startsecs": p.startsecs,
        "startretries": p.startretries,
        "redirect_stderr": p.redirect_stderr,
        "stopsignal": p.stopsignal.0,
        "stopwaitsecs": p.stopwaitsecs,
        "stopasgroup": p.stopasgroup,
        "killasgroup": p.killasgroup,
        "exitcodes": p.exitcodes,
        "environment": p.environment,
        "serverurl": p.serverurl,
        "stdout": stream(p.stdout()),
        "stderr": stream(p.stderr()),
    })
}

fn stream(stream: StreamLog<'_>) -> Value {
    let target = match stream.target {
        LogTarget::None => Value::Null,
        LogTarget::Auto => json!("AUTO"),
        LogTarget::File(path) => json!(path),
    };
    json!({
        "target": target,
        "maxbytes": stream.maxbytes,
        "backups": stream.backups,
        "capture_maxbytes": stream.capture_maxbytes,
        "events_enabled": stream.events_enabled,
        "syslog": stream.syslog,
    })
}
