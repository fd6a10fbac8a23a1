"""A transport for xmlrpc.client that reaches the daemon on a unix socket or a port, and the faults."""

import base64
import http.client
import socket
import urllib.parse
import xmlrpc.client


class Faults:
    UNKNOWN_METHOD = 1
    INCORRECT_PARAMETERS = 2
    BAD_ARGUMENTS = 3
    SIGNATURE_UNSUPPORTED = 4
    SHUTDOWN_STATE = 6
    BAD_NAME = 10
    BAD_SIGNAL = 11
    NO_FILE = 20
    NOT_EXECUTABLE = 21
    FAILED = 30
    ABNORMAL_TERMINATION = 40
    SPAWN_ERROR = 50
    ALREADY_STARTED = 60
    NOT_RUNNING = 70
    SUCCESS = 80
    ALREADY_ADDED = 90
    STILL_RUNNING = 91
    CANT_REREAD = 92


def getFaultDescription(code):
    names = [name for name, value in vars(Faults).items() if name.isupper() and value == code]
    return names[0] if names else "UNKNOWN"


class RPCError(Exception):
    def __init__(self, code, extra=None):
        self.code = code
        self.text = getFaultDescription(code)
        if extra is not None:
            self.text = "{}: {}".format(self.text, extra)

    def __str__(self):
        return "code={!r}, text={!r}".format(self.code, self.text)


class UnixStreamHTTPConnection(http.client.HTTPConnection):
    socketfile = None

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(self.socketfile)


class SupervisorTransport(xmlrpc.client.Transport):
    """Keeps its connection open between calls."""

    connection = None

    def __init__(self, username=None, password=None, serverurl=None):
        super().__init__()
        self.username = username
        self.password = password
        self.serverurl = serverurl
        if not serverurl.startswith(("http://", "unix://")):
            raise ValueError("Unknown protocol for serverurl %s" % serverurl)

    def close(self):
        if self.connection:
            self.connection.close()
            self.connection = None

    def request(self, host, handler, request_body, verbose=False):
        if isinstance(request_body, str):
            request_body = request_body.encode()
        if self.connection is None:
            self.connection = self._connect()
        self.connection.request("POST", handler, request_body, self._http_headers())
        response = self.connection.getresponse()
        if response.status != 200:
            self.close()
            url = host + handler
            raise xmlrpc.client.ProtocolError(url, response.status, response.reason, "")
        parser, unmarshaller = self.getparser()
        parser.feed(response.read())
        parser.close()
        return unmarshaller.close()

    def _connect(self):
        if self.serverurl.startswith("unix://"):
            connection = UnixStreamHTTPConnection("localhost")
            connection.socketfile = self.serverurl[len("unix://"):]
            return connection
        url = urllib.parse.urlparse(self.serverurl)
        return http.client.HTTPConnection(url.hostname, url.port or 80)

    def _http_headers(self):
        headers = {"User-Agent": self.user_agent, "Content-Type": "text/xml", "Accept": "text/xml"}
        if self.username is not None and self.password is not None:
            words = "{}:{}".format(self.username, self.password).encode()
            headers["Authorization"] = "Basic " + base64.b64encode(words).decode()
        return headers
