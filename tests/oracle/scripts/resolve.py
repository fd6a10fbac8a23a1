"""Resolves configurations with the original: one path a line in, one JSON object a line out."""

import json
import os
import sys
import warnings

from supervisor.options import ServerOptions

warnings.simplefilter("ignore")


def plain(value):
    if isinstance(value, type):
        return value.__name__
    return value if isinstance(value, (str, int, bool, float, list, dict, type(None))) else repr(value)


def resolve(path):
    options = ServerOptions()
    options.realize(["-c", path])
    groups = {}
    for group in options.process_group_configs:
        groups[group.name] = {"priority": group.priority, "processes": {}}
        for process in group.process_configs:
            facts = {name: plain(getattr(process, name)) for name in process.req_param_names}
            groups[group.name]["processes"][process.name] = facts
    daemon = {
        name: plain(getattr(options, name))
        for name in (
            "logfile logfile_maxbytes logfile_backups loglevel pidfile childlogdir nodaemon minfds "
            "minprocs directory umask nocleanup identifier"
        ).split()
    }
    servers = [
        {key: plain(value) for key, value in server.items() if key not in ("family", "section")}
        for server in options.server_configs
    ]
    return {"groups": groups, "daemon": daemon, "servers": servers}


for line in sys.stdin:
    try:
        answer = resolve(line.strip())
    except SystemExit as error:
        answer = {"error": str(error)}
    print(json.dumps(answer, sort_keys=True))
