"""Reads configurations with the real Supervisor.

Reads one JSON object a line: {"args": [...], "program": "...", "dir": "...", "environ": [[key, value], ...]}.
Answers each with {"config": ...} or {"error": ...}. One process serves any number of questions.
"""

import contextlib
import io
import json
import os
import signal
import socket
import sys
import tempfile
import warnings

from supervisor import events
from supervisor.datatypes import Automatic, RestartUnconditionally, RestartWhenExitUnexpected
from supervisor.options import ClientOptions, EventListenerPoolConfig, FastCGIGroupConfig, ServerOptions

LEVELS = {50: "Critical", 40: "Error", 30: "Warn", 20: "Info", 10: "Debug", 5: "Trace", 3: "Blather"}
RESTART = {False: "Never", RestartUnconditionally: "Always", RestartWhenExitUnexpected: "Unexpected"}
I64 = (-(2**63), 2**63 - 1)


class Exit(Exception):
    pass


def number(value):
    return max(I64[0], min(I64[1], int(value)))


def mask(value):
    return None if value is None else number(value) & 0xFFFFFFFF


def log(value):
    if value is None:
        return None
    return "AUTO" if value is Automatic else value


def process(p):
    streams = {}
    for s in ("stdout", "stderr"):
        get = lambda name: getattr(p, "%s_%s" % (s, name))
        streams[s] = {
            "target": log(get("logfile")),
            "maxbytes": number(get("logfile_maxbytes")),
            "backups": number(get("logfile_backups")),
            "capture_maxbytes": number(get("capture_maxbytes")),
            "events_enabled": get("events_enabled"),
            "syslog": get("syslog"),
        }
    return {
        "name": p.name,
        "command": p.command,
        "directory": p.directory,
        "umask": mask(p.umask),
        "uid": p.uid,
        "priority": number(p.priority),
        "autostart": p.autostart,
        "autorestart": RESTART[p.autorestart],
        "startsecs": number(p.startsecs),
        "startretries": number(p.startretries),
        "redirect_stderr": p.redirect_stderr,
        "stopsignal": int(p.stopsignal),
        "stopwaitsecs": number(p.stopwaitsecs),
        "stopasgroup": p.stopasgroup,
        "killasgroup": p.killasgroup,
        "exitcodes": [number(c) for c in p.exitcodes],
        "environment": list(map(list, p.environment.items())),
        "serverurl": p.serverurl,
        **streams,
    }


def pool_events(group):
    names = {getattr(events.EventTypes, n): n for n in dir(events.EventTypes) if n.isupper()}
    return sorted(names[e] for e in group.pool_events)


def group(g):
    kind = "Programs"
    if isinstance(g, EventListenerPoolConfig):
        kind = {"buffer_size": number(g.buffer_size), "events": pool_events(g)}
    elif isinstance(g, FastCGIGroupConfig):
        s = g.socket_config
        kind = {"url": s.url, "backlog": s.get_backlog()}
        if s.url.startswith("unix"):
            kind["mode"] = mask(s.get_mode())
            owner = s.get_owner()
            kind["owner"] = [mask(n) for n in owner] if owner else None
    return {
        "name": g.name,
        "priority": number(g.priority),
        "kind": kind,
        "processes": [process(p) for p in g.process_configs],
    }


def server(s):
    if s["family"] == socket.AF_INET:
        bind = [s["host"], s["port"]]
    else:
        owner = None if s["chown"] == (-1, -1) else [mask(n) for n in s["chown"]]
        bind = {"path": s["file"], "mode": mask(s["chmod"]), "owner": owner}
    user = s["username"]
    return {"section": s["section"], "bind": bind, "credentials": [user, s["password"]] if user else None}


def supervisord(o):
    return {
        "logfile": o.logfile,
        "logfile_maxbytes": number(o.logfile_maxbytes),
        "logfile_backups": number(o.logfile_backups),
        "loglevel": LEVELS[o.loglevel],
        "pidfile": o.pidfile,
        "identifier": o.identifier,
        "childlogdir": o.childlogdir,
        "umask": mask(o.umask),
        "directory": o.directory,
        "uid": o.uid,
        "gid": o.gid,
        "minfds": number(o.minfds),
        "minprocs": number(o.minprocs),
        "nodaemon": bool(o.nodaemon),
        "silent": bool(o.silent),
        "nocleanup": bool(o.nocleanup),
        "strip_ansi": bool(o.strip_ansi),
        "environment": list(map(list, o.configroot.supervisord.environment.items())),
    }


def make_interfaces(o):
    """As `make_http_servers` does when it opens the servers."""
    for name, factory, extras in o.rpcinterface_factories if o.server_configs else ():
        try:
            factory(None, **extras)
        except Exception:
            raise ValueError("Could not make %s rpc interface" % name)


def daemon(question):
    o = ServerOptions()
    realize(o, question)
    make_interfaces(o)
    return {
        "supervisord": supervisord(o),
        "servers": [server(s) for s in o.server_configs],
        "groups": [group(g) for g in o.process_group_configs],
        "rpcinterfaces": len(o.rpcinterface_factories),
        "here": o.here,
        "warnings": o.parse_warnings,
        "infos": o.parse_infos,
        "serverurl": o.serverurl,
    }


def reload(question):
    """Which groups a second file would add, change and remove, as in the reply of `reloadConfig`."""
    o = ServerOptions()
    realize(o, question)
    current = {g.name: g for g in o.process_group_configs}
    for g in current.values():
        g.after_setuid()
    o.configfile = question["reload"]
    o.process_config(do_usage=False)
    new = {g.name: g for g in o.process_group_configs}
    return {
        "added": [g.name for g in o.process_group_configs if g.name not in current],
        "changed": [g.name for g in o.process_group_configs if g != current.get(g.name, g)],
        "removed": [name for name in current if name not in new],
    }


def client(question):
    o = ClientOptions()
    realize(o, question)
    return {
        "serverurl": o.serverurl,
        "username": o.username,
        "password": o.password,
        "prompt": o.prompt,
        "history_file": o.history_file,
        "interactive": bool(o.interactive),
        "args": o.args,
    }


def realize(options, question):
    def leave(_code):
        raise Exit()

    options.exit = leave
    options.stdout = options.stderr = question["output"] = io.StringIO()
    options.realize(question["args"], doc="doc", progname=question["program"])


def answer(question):
    os.chdir(question["dir"])
    saved, sys.argv = dict(os.environ), [question["program"]]
    os.environ.clear()
    os.environ.update(question["environ"])
    tempfile.tempdir = None
    try:
        if question.get("reload"):
            return {"config": reload(question)}
        if question.get("client"):
            return {"config": client(question)}
        return {"config": daemon(question)}
    except Exit:
        return {"error": question["output"].getvalue()}
    except Exception as why:  # what would have been a traceback
        return {"error": "Error: %s\nFor help, use %s -h\n" % (why, question["program"])}
    finally:
        os.environ.clear()
        os.environ.update(saved)


def main():
    warnings.simplefilter("ignore")
    out = sys.stdout
    for line in sys.stdin:
        with contextlib.redirect_stdout(io.StringIO()):
            reply = answer(json.loads(line))
        out.write(json.dumps(reply) + "\n")
        out.flush()


main()
