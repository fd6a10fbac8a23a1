"""Sends raw requests to one daemon and prints what comes back as JSON.

Arguments: the directory of the daemon and its port. Of each answer the status, the place a redirect
leads to and whether the connection stays open are printed; of logs, how they begin.
"""
import base64
import json
import re
import socket
import sys
import time

here, port = sys.argv[1], int(sys.argv[2])
# The labels of requests that this daemon never answers.
HANG = set(sys.argv[3:])
PATIENCE, BRIEFLY = 90, 3
answers = {}
GOOD = "Authorization: Basic %s\r\n" % base64.b64encode(b"user:thepassword").decode()


def connect(label):
    patience = BRIEFLY if label in HANG else PATIENCE
    connection = socket.create_connection(("127.0.0.1", port), timeout=patience)
    return connection, connection.makefile("rb")


def head(reader):
    """Status, fields and version of one reply; no status if the connection was closed."""
    line = reader.readline().decode()
    if not line:
        return None, {}
    fields = {}
    while True:
        field = reader.readline().decode().strip()
        if not field:
            return int(line.split()[1]), fields
        name, _, value = field.partition(": ")
        fields[name.lower()] = value


def normal(text):
    text = text.replace(here, "HERE").replace(":%d" % port, ":PORT")
    return re.sub(r"[A-Z][a-z]{2}%20[A-Z][a-z]{2}%20+[%\d]+%3A\d\d%3A\d\d%20\d{4}", "TIME", text)


def ask(label, request, body=b""):
    connection, reader = connect(label)
    try:
        connection.sendall(request.encode() + body)
        status, fields = head(reader)
        result = [status]
        if "location" in fields:
            result.append(normal(fields["location"]))
        if fields.get("www-authenticate"):
            result.append(fields["www-authenticate"])
        if status == 200 and "xml" in fields.get("content-type", ""):
            result.append(fields["content-type"])
        length = int(fields.get("content-length", 0))
        text = "" if request.startswith("HEAD") else reader.read(length).decode()
        if status == 200 and "ok.html" in label:
            result.append(text)
        answers[label] = result
    except (TimeoutError, ConnectionError) as error:
        answers[label] = [type(error).__name__]
    finally:
        connection.close()


def get(path, fields=GOOD, method="GET", version="HTTP/1.1"):
    ask("%s %s" % (method, path), "%s %s %s\r\nHost: 127.0.0.1:%d\r\n%s\r\n" % (method, path, version, port, fields))


def post(label, path, body, fields=GOOD):
    body = body.encode()
    ask(label, "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n%sContent-Length: %d\r\n\r\n"
        % (path, port, fields, len(body)), body)


# authentication
for path in ("/", "/index.html", "/tail.html", "/ok.html", "/RPC2", "/logtail/words", "/mainlogtail", "/nowhere",
             "/stylesheets/supervisor.css"):
    ask("no password " + path, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path)
for label, authorization in {
    "wrong": "Basic " + base64.b64encode(b"user:wrong").decode(),
    "other": "Basic " + base64.b64encode(b"other:thepassword").decode(),
    "digest": "Basic " + base64.b64encode(b"user:82ab876d1387bfafe46cc1c8a2ef074eae50cb1d").decode(),
    "lower": "basic " + base64.b64encode(b"user:thepassword").decode(),
    "no colon": "Basic " + base64.b64encode(b"user").decode(),
    "scheme": "Bearer x",
}.items():
    ask("password " + label, "GET /ok.html HTTP/1.1\r\nAuthorization: %s\r\n\r\n" % authorization)

# pages and files
for path in ("/", "/index.html", "//index.html", "/index.html;x", "/?message=hello", "/ok.html", "/tail.html",
             "/tail.html?processname=words", "/tail.html?processname=words&limit=5", "/tail.html?processname=nope",
             "/tail.html?processname=quiet", "/nowhere", "/stylesheets/supervisor.css", "/stylesheets/", "/../d.conf",
             "/%2e%2e/d.conf", "/status.html2", "/RPC2", "/RPC2/foo", "/logtail/nope", "/logtail/words/nope",
             "/logtail/pair:nope", "/logtail/quiet", "/logtail/nope/stderr", "/?action=nope", "/?action=start"):
    get(path)
for method in ("PUT", "DELETE", "OPTIONS"):
    for path in ("/", "/RPC2", "/logtail/words", "/mainlogtail", "/nowhere"):
        get(path, method=method)
get("/", method="POST")
get("/RPC2", method="POST")
get("/logtail/words", method="HEAD")

# actions by GET
for query in ("action=refresh", "processname=sleep&action=start", "processname=sleep&action=start",
              "processname=sleep&action=restart", "processname=sleep&action=stop", "processname=sleep&action=stop",
              "processname=sleep&action=restart", "processname=sleep&action=clearlog", "processname=nope&action=stop",
              "processname=pair:*&action=start", "processname=pair%3Aa&action=start", "processname=pair:a&action=stop",
              "processname=missing&action=start", "processname=plain&action=start", "processname=crash&action=start",
              "action=stopall", "action=restartall", "action=stopall&processname=x"):
    label = "/index.html?" + query
    while "GET " + label in answers:
        label += "&again=1"
    get(label)
ask("port 80", "GET /?action=refresh HTTP/1.1\r\nHost: h.example:80\r\n%s\r\n" % GOOD)
post("POST refresh", "/index.html", "action=refresh")
post("POST start", "/index.html", "processname=pair%3Ab&action=start")
post("POST stop", "/", "processname=pair:b&action=stop")

# calls
STATE = "<methodCall><methodName>supervisor.getState</methodName></methodCall>"
post("call", "/RPC2", STATE)
post("call elsewhere", "/RPC2/anything?x=y", STATE)
post("call encoded", "/%52PC2", STATE)
post("call text", "/RPC2", "hello")
post("call no name", "/RPC2", "<methodCall></methodCall>")
post("call bad int", "/RPC2", "<a><methodName>x.y</methodName><params><param><value><int>x</int></value></param></params></a>")
post("call any root", "/RPC2", "<a><methodName>supervisor.getState</methodName></a>")
post("call control", "/RPC2", "<a><methodName>supervisor.getState</methodName>\x01</a>")

# keeping the connection
for label, version, field in (("1.1", "1.1", ""), ("1.1 close", "1.1", "Connection: close\r\n"), ("1.0", "1.0", ""),
                              ("1.0 keep", "1.0", "Connection: Keep-Alive\r\n")):
    connection, reader = connect("keep " + label)
    request = "GET /ok.html HTTP/%s\r\nHost: x\r\n%s%s\r\n" % (version, GOOD, field)
    connection.sendall(request.encode())
    try:
        status, fields = head(reader)
        reader.read(int(fields["content-length"]))
        connection.sendall(request.encode())
        answers["keep " + label] = [status, head(reader)[0] == 200]
    except ConnectionError:
        answers["keep " + label] = [status, False]
    except TimeoutError:
        answers["keep " + label] = ["TimeoutError"]
    connection.close()


# following a log
def chunk(reader):
    return reader.read(int(reader.readline(), 16) + 2)[:-2].decode()


for path in ("/logtail/words", "/logtail/words/stderr", "/logtail/words/stdout", "/logtailing/words"):
    connection, reader = connect("follow " + path)
    connection.sendall(("GET %s HTTP/1.1\r\nHost: x\r\n%s\r\n" % (path, GOOD)).encode())
    status, fields = head(reader)
    answers["follow " + path] = [status, fields.get("content-type"), fields.get("transfer-encoding"),
                                 fields.get("x-accel-buffering"), "last-modified" in fields]
    if status == 200:
        answers["follow " + path].append(chunk(reader))
    connection.close()
connection, reader = connect("follow /mainlogtail")
connection.sendall(("GET /mainlogtail HTTP/1.1\r\nHost: x\r\n%s\r\n" % GOOD).encode())
status, fields = head(reader)
answers["follow /mainlogtail"] = [status, fields.get("content-type"), fields.get("transfer-encoding"),
                                  fields.get("x-accel-buffering"), len(chunk(reader))]
post("start for the log", "/", "processname=cat&action=start")
seen = ""
end = time.monotonic() + PATIENCE
while "spawned: 'cat'" not in seen and time.monotonic() < end:
    seen += chunk(reader)
answers["mainlogtail grows"] = "spawned: 'cat'" in seen
connection.close()

print(json.dumps(answers))
