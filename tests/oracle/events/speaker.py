"""A program that writes the given pieces, and waits after each until it was read.

    speaker.py PIECE... [stay | exit:CODE]

A PIECE is 1:TEXT for stdout or 2:TEXT for stderr, with Python's escapes; *TEXT:COUNT is so many
times the text on stdout.
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


def bytes_of(piece):
    if piece.startswith("*"):
        text, count = piece[1:].rsplit(":", 1)
        return 1, text.encode() * int(count)
    text = piece[2:].encode("latin-1").decode("unicode_escape")
    return int(piece[0]), text.encode("latin-1")


def main():
    for piece in sys.argv[1:]:
        if piece == "stay":
            time.sleep(3600)
        elif piece.startswith("exit:"):
            sys.exit(int(piece[5:]))
        else:
            fd, data = bytes_of(piece)
            while data:
                data = data[os.write(fd, data):]
            while not was_read(fd):
                time.sleep(0.002)


main()
