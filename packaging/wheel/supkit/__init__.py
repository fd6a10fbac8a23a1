"""supkit as a Python package: the console scripts replace themselves by the program in `bin`.

Nothing here supervises. The program takes its name, and the place where it searches for its
configuration, from argv[0]; so it gets the path of the script that was called.
"""

import os
import signal
import stat
import sys

PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bin", "supkit")


def supkit():
    _replace_by("supkit")


def supervisord():
    _replace_by("supervisord")


def supervisorctl():
    _replace_by("supervisorctl")


def echo_supervisord_conf():
    _replace_by("echo_supervisord_conf")


def pidproxy():
    _replace_by("pidproxy")


def _replace_by(applet):
    script = os.path.join(os.path.dirname(sys.argv[0]), applet)
    # Python ignores these, and an ignored signal stays ignored in all programs that are started.
    for name in ("SIGPIPE", "SIGXFSZ"):
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    try:
        make_executable()
        os.execv(PROGRAM, [script] + sys.argv[1:])
    except OSError as error:
        sys.exit("supkit: cannot run {}: {}".format(PROGRAM, error.strerror))


def make_executable():
    """Some installers lose the mode of files."""
    if not os.access(PROGRAM, os.X_OK):
        mode = stat.S_IMODE(os.stat(PROGRAM).st_mode)
        os.chmod(PROGRAM, mode | (mode & 0o444) >> 2)
