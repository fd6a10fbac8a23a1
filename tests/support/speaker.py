"""A program that says what it is told to, and waits after each piece until it was read.

    speaker.py PIECE... [stay | exit:CODE]

A PIECE is 1:TEXT for stdout or 2:TEXT for stderr, with Python's escapes.
"""

import array
import fcntl
import os
import sys
import termios
import time


def was_read(fd):
    left = array.array("i", [0])
    fcntl.ioctl(fd, termios.FIONREAD, left)
    return left[0] == 0


def main():
    for piece in sys.argv[1:]:
        if piece == "stay":
            time.sleep(3600)
        elif piece.startswith("exit:"):
            sys.exit(int(piece[5:]))
        else:
            fd, text = int(piece[0]), piece[2:]
            data = text.encode("latin-1").decode("unicode_escape").encode("latin-1")
            while data:
                data = data[os.write(fd, data):]
            while not was_read(fd):
                time.sleep(0.002)


main()
