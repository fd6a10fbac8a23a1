"""An event listener that records what it receives, and violates the protocol on demand.

    listener.py RECORD [STEP...]

Each delivery uses up one STEP; after the last the answer is OK. How many deliveries there were is
read from RECORD, so that a listener that died goes on where it was.
"""

import io
import json
import os
import sys
import time

STDIN = io.TextIOWrapper(sys.stdin.buffer, "utf-8", newline="")
NAME = os.environ.get("SUPERVISOR_PROCESS_NAME", "?")


def send(data):
    os.write(1, data)


def forever():
    while True:
        time.sleep(3600)


def close_stdout():
    os.close(1)
    forever()


def close_stdin():
    os.close(0)
    send(b"RESULT 2\nOKREADY\n")
    forever()


def in_pieces():
    for piece in (b"RES", b"ULT 2", b"\nO", b"KREA", b"DY\n"):
        send(piece)
        time.sleep(0.05)


def die(last_piece):
    send(last_piece)
    os._exit(7)


# The answers to an event, each in one write, so that how it is read does not depend on the pace.
ANSWERS = {
    "ok": lambda: send(b"RESULT 2\nOKREADY\n"),
    "fail": lambda: send(b"RESULT 4\nFAILREADY\n"),
    "empty": lambda: send(b"RESULT 0\nREADY\n"),
    "lower": lambda: send(b"result 2\nOKREADY\n"),
    "word": lambda: send(b"1234567+2\nOKREADY\n"),
    "bad": lambda: send(b"RESULT two\nOKREADY\n"),
    "undecodable": lambda: send(b"RESULT \xff\nOKREADY\n"),
    "chatter": lambda: send(b"RESULT 2\nOKthank you\n"),
    "impatient": lambda: send(b"RESULT 2\nOKREADY\nmore"),
    "pieces": in_pieces,
    "die": lambda: die(b""),
    "half": lambda: die(b"RESULT 2\nO"),
    "leave": lambda: os._exit(0),
    "hang": forever,
    "close-stdout": close_stdout,
    "close-stdin": close_stdin,
}


def fields(line):
    return dict(pair.split(":", 1) for pair in line.split())


def main():
    path, steps = sys.argv[1], sys.argv[2:]
    with open(path, "a+", encoding="utf-8") as record:
        record.seek(0)
        number = len(record.readlines())
        sys.stderr.write("listening\n")
        sys.stderr.flush()
        send(b"READY\n")
        while True:
            header = STDIN.readline()
            if not header:
                return
            payload = STDIN.read(int(fields(header)["len"]))
            entry = {"by": NAME, "header": header.rstrip("\n"), "payload": payload}
            record.write(json.dumps(entry) + "\n")
            record.flush()
            step = steps[number] if number < len(steps) else "ok"
            number += 1
            ANSWERS[step]()


main()
