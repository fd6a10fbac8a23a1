"""Resolves many projects with zc.buildout and prints the results as one JSON list.

Standard input is {"cases": [{"directory", "file", "assignments", "user_defaults"}]}. The answer is
{"facts": {...}, "answers": [{"sections": {...}} | {"error": CLASS, "message": TEXT}]}.
Recipes are never loaded: only the files count.
"""

import io
import json
import logging
import os
import platform
import struct
import sys

import zc.buildout
import zc.buildout.buildout

zc.buildout.buildout.Options.initialize = lambda self: None
zc.buildout.buildout.Buildout._setup_socket_timeout = lambda self: None


def assignments(words):
    for word in words:
        name, value = word.split("=", 1)
        section, option = name.split(":")
        yield section.strip(), option.strip(), value.strip()


def resolve(case):
    os.chdir(case["directory"])
    os.environ["HOME"] = os.path.join(case["directory"], "home")
    os.environ.pop("BUILDOUT_HOME", None)
    buildout = zc.buildout.buildout.Buildout(
        case["file"], list(assignments(case["assignments"])), case["user_defaults"]
    )
    return {
        name: {option: buildout[name][option] for option in buildout[name]}
        for name in sorted(buildout)
    }


def answer(case):
    try:
        return {"sections": resolve(case)}
    except zc.buildout.UserError as error:
        return {"error": "UserError", "message": str(error)}
    except Exception as error:
        return {"error": type(error).__name__, "message": str(error)}
    finally:
        for name in (None, "zc.buildout"):
            logger = logging.getLogger(name)
            for handler in logger.handlers[:]:
                logger.removeHandler(handler)


def facts():
    return {
        "executable": sys.executable,
        "version": platform.python_version(),
        "implementation": sys.implementation.name,
        "platform": sys.platform,
        "system": platform.system(),
        "release": platform.release(),
        "system_version": platform.version(),
        "machine": platform.machine(),
        "bits": struct.calcsize("P") * 8,
        "little_endian": sys.byteorder == "little",
    }


def main():
    cases = json.load(sys.stdin)["cases"]
    out, sys.stdout = sys.stdout, io.StringIO()
    json.dump({"facts": facts(), "answers": [answer(case) for case in cases]}, out)


main()
