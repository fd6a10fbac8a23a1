"""A program that accepts on its stdin, as a FastCGI program does, and answers with its name.

    acceptor.py FACTS

What its stdin is, is written to FACTS.
"""

import fcntl
import json
import os
import socket
import stat
import struct
import sys

NAME = os.environ["SUPERVISOR_PROCESS_NAME"]


def backlog(sock):
    """How many may wait, which `TCP_INFO` of a listening socket has in the place of another number."""
    if sock.family != socket.AF_INET:
        return None
    info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 64)
    return struct.unpack_from("7I", info, 8)[4]


def main():
    sock = socket.socket(fileno=0)
    facts = {
        "socket": stat.S_ISSOCK(os.fstat(0).st_mode),
        "inode": os.fstat(0).st_ino,
        "family": sock.family.name,
        "listens": sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN),
        "blocks": not fcntl.fcntl(0, fcntl.F_GETFL) & os.O_NONBLOCK,
        "backlog": backlog(sock),
        "open": sorted(int(fd) for fd in os.listdir("/proc/self/fd"))[:-1],
    }
    path = sys.argv[1]
    with open(path + ".new", "w") as file:
        json.dump(facts, file)
    os.rename(path + ".new", path)
    sock.setblocking(True)
    while True:
        client, _ = sock.accept()
        client.sendall(NAME.encode())
        client.close()


main()
