"""Calls all XML-RPC methods of one daemon and prints the answers as JSON.

Arguments: the directory of the daemon. What differs from run to run is replaced.
"""
import json
import os
import re
import sys
import time
import xmlrpc.client

from supervisor.xmlrpc import SupervisorTransport

here = sys.argv[1]
proxy = xmlrpc.client.ServerProxy(
    "http://127.0.0.1", SupervisorTransport(None, None, "unix://%s/d.sock" % here))
answers = {}


def normal(value):
    if isinstance(value, dict):
        value = {key: normal(member) for key, member in value.items()}
        for key in ("start", "stop", "now"):
            if isinstance(value.get(key), int):
                value[key] = "time" if value[key] > 1e9 else value[key]
        if value.get("pid"):
            value["pid"] = "pid"
        return list(value.items())
    if isinstance(value, (list, tuple)):
        return [normal(item) for item in value]
    if isinstance(value, str):
        value = value.replace(here, "HERE")
        value = re.sub(r"pid \d+, uptime \d+:\d\d:\d\d", "pid N, uptime T", value)
        value = re.sub(r"^[A-Z][a-z]{2} \d\d \d\d:\d\d [AP]M$", "DATE", value)
        value = re.sub(r"---supervisor-\w{8}\.log", "---supervisor-RANDOM.log", value)
    return value


def answer(method, *params):
    try:
        function = proxy
        for part in method.split("."):
            function = getattr(function, part)
        return ["value", normal(function(*params))]
    except xmlrpc.client.Fault as fault:
        return ["fault", fault.faultCode, normal(fault.faultString)]
    except xmlrpc.client.ProtocolError as error:
        return ["http", error.errcode]


def ask(method, *params, unordered=False):
    """Several processes that end at the same time end in no order, alone or in each of several calls."""
    label = "%s%r" % (method, params)
    number = 1
    while label in answers:
        number += 1
        label = "%s #%d" % (label.split(" #")[0], number)
    result = answer(method, *params)
    if unordered:
        lists = result[1] if method == "system.multicall" else [result[1]]
        for members in lists:
            members.sort(key=str)
    answers[label] = result


def until(condition):
    end = time.monotonic() + 90
    while not condition():
        if time.monotonic() > end:
            raise SystemExit("waited in vain after %s" % list(answers.items())[-3:])
        time.sleep(0.02)


def state(name):
    return proxy.supervisor.getProcessInfo(name)["statename"]


S = "supervisor."
until(lambda: state("words") == "RUNNING" and state("cat") == "RUNNING")
until(lambda: os.path.getsize(here + "/words.err") == 6)

# the daemon
for name in ("getAPIVersion", "getVersion", "getSupervisorVersion", "getIdentification", "getState"):
    ask(S + name)
answers["getPID"] = answer(S + "getPID")[1] == int(open(here + "/d.pid").read())
ask("system.listMethods")
for method in proxy.system.listMethods():
    ask("system.methodSignature", method)
    if method not in ("supervisor.shutdown", "supervisor.restart"):
        ask(method, 1, 2, 3, 4, 5)
for method in ("system.methodSignature", "system.methodHelp"):
    for wrong in ("nope", "supervisor.", "", 7):
        ask(method, wrong)
for method in ("nope", "supervisor.nope", "supervisor._update", "supervisor.getState.im_func", "a.b.c",
               "system.system", "system.namespaces", "supervisor.supervisord.options.warnings"):
    ask(method)

# information
ask(S + "getAllProcessInfo")
for name in ("cat", "words", "pair:a", "pair", "pair:*", "pair:", "pair:c", "nope", "", ":", "*", "cat:cat",
             "many:many_1", "cat:*", 7, True, [], {}):
    ask(S + "getProcessInfo", name)
ask(S + "getAllConfigInfo")

# starting
for name in ("missing", "plain", "directory", "quoted", "nope", "pair:nope", "cat", "crash", "words", 7):
    ask(S + "startProcess", name)
ask(S + "getProcessInfo", "crash")
ask(S + "getProcessInfo", "missing")
ask(S + "startProcess", "three")
until(lambda: state("three") == "EXITED")
ask(S + "getProcessInfo", "three")
ask(S + "startProcess", "sleep", True)
ask(S + "startProcess", "sleep", True)
ask(S + "getProcessInfo", "sleep")
ask(S + "stopProcess", "sleep")
ask(S + "getProcessInfo", "sleep")
ask(S + "stopProcess", "sleep")
ask(S + "startProcess", "sleep", False)
ask(S + "stopProcess", "sleep", False)
until(lambda: state("sleep") == "STOPPED")
for wait in (0, "", "yes", 1, [], [0]):
    ask(S + "startProcess", "many:many_0", wait)
    ask(S + "stopProcess", "many:many_0", wait)
    until(lambda: state("many:many_0") == "STOPPED")
ask(S + "startProcess", "crash", False)
until(lambda: state("crash") == "FATAL")
ask(S + "startProcess", "ears")
ask(S + "getProcessInfo", "ears")
ask(S + "stopProcess", "ears")

# groups
ask(S + "startProcess", "pair:*")
ask(S + "getProcessInfo", "pair:b")
ask(S + "startProcess", "pair:*")
ask(S + "stopProcess", "pair:b")
ask(S + "startProcessGroup", "pair", True)
ask(S + "stopProcessGroup", "pair", unordered=True)
ask(S + "stopProcessGroup", "pair")
ask(S + "startProcessGroup", "many", False)
ask(S + "stopProcess", "many:", True, unordered=True)
for group in ("nope", "many:*", "", 7, True, 1.5, [], {}):
    ask(S + "startProcessGroup", group)
    ask(S + "stopProcessGroup", group)
    ask(S + "signalProcessGroup", group, "HUP")
    ask(S + "addProcessGroup", group)
    ask(S + "removeProcessGroup", group)

# signals
ask(S + "startProcess", "sleep", True)
for signal in ("CONT", "sigcont", " SIGCONT ", 18, "18", 18.5, "0", 0, "SIG_DFL", "CLD", "nope", "", "65", 65, -1,
               "RTMIN+1", True, "SIGSIGCONT"):
    ask(S + "signalProcess", "words" if signal in (True, "SIG_DFL", "0", 0, "CLD") and signal is not True
        else "sleep" if signal is not True else "nope", signal)
ask(S + "signalProcess", "crash", "HUP")
ask(S + "signalProcess", "crash", "nope")
ask(S + "signalProcess", "nope", "nope")
ask(S + "startProcess", "many:*")
ask(S + "signalProcess", "many:*", "CONT")
ask(S + "signalProcessGroup", "many", "CONT")
ask(S + "signalProcessGroup", "many", "nope")
ask(S + "signalAllProcesses", "CONT")
ask(S + "signalAllProcesses", "nope")
ask(S + "startProcess", "stubborn")
until(lambda: os.path.getsize(here + "/stubborn.log") > 0)
ask(S + "stopProcess", "stubborn", False)
ask(S + "getProcessInfo", "stubborn")
ask(S + "stopProcess", "stubborn")
ask(S + "startProcess", "stubborn")
ask(S + "signalProcess", "stubborn", "CONT")
ask(S + "sendProcessStdin", "stubborn", "x")
until(lambda: state("stubborn") == "STOPPED")
ask(S + "getProcessInfo", "stubborn")

# standard input
ask(S + "sendProcessStdin", "cat", "h\u00e9llo <&>\n")
until(lambda: os.path.getsize(here + "/cat.log") == 11)
ask(S + "readProcessStdoutLog", "cat", 0, 0)
answers["base64"] = answer(S + "sendProcessStdin", "cat", xmlrpc.client.Binary(b"binary\n"))
until(lambda: os.path.getsize(here + "/cat.log") == 18)
for chars in (True, 7, 1.5, [], {}):
    ask(S + "sendProcessStdin", "cat", chars)
for name in ("nope", "pair:*", "crash", 7):
    ask(S + "sendProcessStdin", name, "x")
ask(S + "sendProcessStdin", "nope", 7)
for kind, data in (("t", "d"), (1, 2), ("", "")):
    ask(S + "sendRemoteCommEvent", kind, data)

# logs
for offset, length in ((0, 0), (0, 5), (20, 0), (20, 100), (26, 1), (100, 1), (-5, 0), (-100, 0), (-1, 1), (0, -1),
                       ("3", "4"), (3.9, 4.9), (True, 1), ([], 1)):
    for name in ("words",):
        ask(S + "readProcessStdoutLog", name, offset, length)
        ask(S + "tailProcessStdoutLog", name, offset, length)
ask(S + "readProcessStderrLog", "words", 0, 0)
ask(S + "tailProcessStderrLog", "words", 0, 100)
ask(S + "readProcessLog", "words", 0, 3)
ask(S + "tailProcessLog", "words", 0, 3)
for method in ("readProcessStdoutLog", "readProcessStderrLog", "tailProcessStdoutLog", "tailProcessStderrLog"):
    for name in ("quiet", "sleep", "three", "nope", "pair", "pair:*"):
        ask(S + method, name, 0, 10)
for offset, length in ((-10, 1), (0, -1), (0, 0.5)):
    answers["readLog %s %s" % (offset, length)] = answer(S + "readLog", offset, length)[0]
answers["readLog"] = answer(S + "readLog", -1, 0), answer(S + "readMainLog", 10**9, 1)
for name in ("words", "nope", "pair:*", "three", "quiet"):
    ask(S + "clearProcessLogs", name)
ask(S + "clearProcessLog", "words")
ask(S + "readProcessStdoutLog", "words", 0, 0)
ask(S + "clearAllProcessLogs")
ask(S + "clearLog")
answers["after clearLog"] = "reopening log file" in proxy.supervisor.readLog(0, 0)

# several calls in one
call = lambda name, *params: {"methodName": name, "params": list(params)}
for calls in (
    [], [call(S + "getState"), call("nope"), call(S + "getVersion", 1)],
    [{"methodName": S + "getState"}], [{"params": []}], [call("system.multicall", [])],
    [call(S + "startProcess", "pair:a"), call(S + "getVersion"), call(S + "stopProcess", "pair:a"),
     call(S + "stopProcess", "pair:a")],
):
    ask("system.multicall", calls)
ask("system.multicall", [call(S + "startProcessGroup", "pair", False), call(S + "stopProcessGroup", "pair")],
    unordered=True)

# the configuration
ask(S + "addProcessGroup", "cat")
ask(S + "removeProcessGroup", "cat")
ask(S + "reloadConfig")
conf = open(here + "/d.conf").read()
changed = conf.replace("[program:three]", "[program:five]").replace("buffer_size=7", "buffer_size=8")
changed = changed.replace("numprocs=3", "numprocs=2").replace("command=/bin/cat\nstartsecs=0", "command=/bin/cat\nstartsecs=2")
open(here + "/d.conf", "w").write(changed)
ask(S + "reloadConfig")
ask(S + "addProcessGroup", "five")
ask(S + "addProcessGroup", "five")
ask(S + "addProcessGroup", "three")
ask(S + "removeProcessGroup", "three")
ask(S + "getProcessInfo", "three")
ask(S + "getProcessInfo", "five")
ask(S + "reloadConfig")
open(here + "/d.conf", "w").write(conf + "\n[program:bad]\ncommand=x\npriority=y\n")
ask(S + "reloadConfig")
open(here + "/d.conf", "w").write(conf)
ask(S + "reloadConfig")

# shutdown
ask(S + "stopAllProcesses", unordered=True)
ask(S + "stopAllProcesses")
ask(S + "getAllProcessInfo")
size = os.path.getsize(here + "/stubborn.log")
ask(S + "startProcess", "stubborn")
until(lambda: os.path.getsize(here + "/stubborn.log") > size)
ask(S + "shutdown")
for method in ("getState", "getPID", "shutdown", "restart", "getAllProcessInfo", "sendRemoteCommEvent", "nope"):
    ask(S + method, *(["a", "b"] if method.startswith("send") else []))
ask(S + "getState", 1)
ask(S + "startProcess", "cat")
ask("system.methodHelp", "nope")
ask("system.multicall", [call(S + "getState")])

print(json.dumps(answers))
