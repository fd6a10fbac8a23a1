"""An event listener that answers each event with its payload, for handlers that pass output on."""

import io
import os
import sys

STDIN = io.TextIOWrapper(sys.stdin.buffer, "utf-8", newline="")


def main():
    while True:
        os.write(1, b"READY\n")
        header = STDIN.readline()
        if not header:
            return
        fields = dict(pair.split(":", 1) for pair in header.split())
        payload = STDIN.read(int(fields["len"])).encode()
        os.write(1, b"RESULT %d\n" % len(payload) + payload)


main()
