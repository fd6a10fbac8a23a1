"""An event listener that writes down what it is sent, and misbehaves on demand.

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


def say(data):
    os.write(1, data)


def result(text):
    say(b"RESULT %d\n%s" % (len(text), text))


def forever():
    while True:
        time.sleep(3600)


def close_stdout():
    os.close(1)
    forever()


def close_stdin():
    os.close(0)
    result(b"OK")
    say(b"READY\n")
    forever()


def in_pieces():
    for piece in (b"RES", b"ULT 2", b"\nO", b"KREA", b"DY\n"):
        say(piece)
        time.sleep(0.05)


# What is said of an event; those marked False do not ask for the next one themselves.
ANSWERS = {
    "ok": (lambda: result(b"OK"), True),
    "fail": (lambda: result(b"FAIL"), True),
    "empty": (lambda: result(b""), True),
    "lower": (lambda: say(b"result 2\nOK"), True),
    "word": (lambda: say(b"1234567+2\nOK"), True),
    "bad": (lambda: say(b"RESULT two\nOK"), True),
    "undecodable": (lambda: say(b"RESULT \xff\nOK"), True),
    "chatter": (lambda: result(b"OK") or say(b"thank you\n"), False),
    "impatient": (lambda: result(b"OK") or say(b"READY\nmore"), False),
    "pieces": (in_pieces, False),
    "die": (lambda: os._exit(7), False),
    "half": (lambda: say(b"RESULT 2\nO") or os._exit(0), False),
    "hang": (forever, False),
    "close-stdout": (close_stdout, False),
    "close-stdin": (close_stdin, False),
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
        say(b"READY\n")
        while True:
            header = STDIN.readline()
            if not header:
                return
            payload = STDIN.read(int(fields(header)["len"]))
            entry = {"by": NAME, "header": header.rstrip("\n"), "payload": payload}
            record.write(json.dumps(entry) + "\n")
            record.flush()
            answer, asks_again = ANSWERS[steps[number] if number < len(steps) else "ok"]
            number += 1
            answer()
            if asks_again:
                say(b"READY\n")


main()
