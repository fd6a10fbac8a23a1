"""What event listeners and other children use: the event protocol and the daemon's XML-RPC."""

import sys
import time
import xmlrpc.client

from supervisor.xmlrpc import SupervisorTransport

BEGIN = "<!--XSUPERVISOR:BEGIN-->"
END = "<!--XSUPERVISOR:END-->"


def getRPCTransport(env):
    name, word = env.get("SUPERVISOR_USERNAME", ""), env.get("SUPERVISOR_PASSWORD", "")
    return SupervisorTransport(name, word, env["SUPERVISOR_SERVER_URL"])


def getRPCInterface(env):
    # The address that counts is that of the transport.
    return xmlrpc.client.ServerProxy("http://127.0.0.1", getRPCTransport(env))


def get_headers(line):
    return dict(token.split(":") for token in line.split())


def eventdata(payload):
    head, body = payload.split("\n", 1)
    return get_headers(head), body


def get_asctime(now=None):
    now = time.time() if now is None else now
    seconds = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now))
    return "{},{:03d}".format(seconds, int((now - int(now)) * 1000))


class ProcessCommunicationsProtocol:
    def send(self, msg, fp=sys.stdout):
        is_binary = isinstance(msg, bytes)
        fp.write(BEGIN.encode() + msg + END.encode() if is_binary else BEGIN + msg + END)
        fp.flush()

    def stdout(self, msg):
        return self.send(msg, sys.stdout)

    def stderr(self, msg):
        return self.send(msg, sys.stderr)


class EventListenerProtocol:
    def wait(self, stdin=sys.stdin, stdout=sys.stdout):
        self.ready(stdout)
        headers = get_headers(stdin.readline())
        return headers, stdin.read(int(headers["len"]))

    def ready(self, stdout=sys.stdout):
        stdout.write("READY\n")
        stdout.flush()

    def ok(self, stdout=sys.stdout):
        self.send("OK", stdout)

    def fail(self, stdout=sys.stdout):
        self.send("FAIL", stdout)

    def send(self, data, stdout=sys.stdout):
        stdout.write("RESULT {}\n{}".format(len(data), data))
        stdout.flush()


pcomm = ProcessCommunicationsProtocol()
listener = EventListenerProtocol()
