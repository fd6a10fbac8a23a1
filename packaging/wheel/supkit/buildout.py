"""`recipe = supkit`: the deployment is generated while zc.buildout runs.

The recipe calls `supkit generate` with the arguments of buildout. Of its part it reads the options
`apply` and `replace`; the program reads the rest itself.
"""

import os
import subprocess
import sys
import tempfile

import zc.buildout

from supkit import PROGRAM, make_executable


class Recipe:
    def __init__(self, buildout, name, options):
        # Buildout reports options that no recipe has read.
        values = dict(options.items())
        flags = [flag for flag in ("apply", "replace") if is_on(name, flag, values)]
        self.flags = ["--" + flag for flag in flags]
        # Relative paths are relative to where buildout was called, which a part may leave.
        self.directory = os.getcwd()
        self.arguments = buildout_arguments(sys.argv[1:])
        self._check()

    def install(self):
        """Returns the files that buildout deletes with the part."""
        with tempfile.TemporaryDirectory() as directory:
            files = os.path.join(directory, "files")
            self._generate(self.flags + ["--as-part", files])
            with open(files) as lines:
                return lines.read().splitlines()

    # Other parts may have changed.
    update = install

    def _check(self):
        """Finds errors before buildout removes what it installed the last time."""
        flags = ["--replace"] if "--replace" in self.flags else []
        self._generate(flags + ["--dry-run"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def _generate(self, flags, **streams):
        make_executable()
        done = subprocess.run(
            [PROGRAM, "generate"] + self.arguments + flags, cwd=self.directory,
            stdin=subprocess.DEVNULL, universal_newlines=True, **streams
        )
        if done.returncode != 0:
            raise zc.buildout.UserError(failure(done.stderr or ""))


def failure(report):
    # What a dry run would do is of no interest now.
    lines = [line for line in report.splitlines() if not line.startswith("would ")]
    text = "".join(line + "\n" for line in lines) + "supkit generate failed"
    if "--replace" in report:
        text += "; `replace = true` in the part does the same as --replace"
    return text


def is_on(part, option, values):
    value = values.get(option, "false").lower()
    if value not in ("true", "yes", "on", "1", "false", "no", "off", "0", ""):
        message = "part `{}`: `{} = {}` is neither true nor false".format(part, option, value)
        raise zc.buildout.UserError(message)
    return value in ("true", "yes", "on", "1")


def buildout_arguments(words):
    """What buildout's own command line says about the project, as arguments of supkit."""
    words, arguments = list(words), []
    while words and (words[0].startswith("-") or "=" in words[0]):
        word = words.pop(0)
        if not word.startswith("-"):
            section = "" if ":" in word.split("=", 1)[0] else "buildout:"
            arguments.append(section + word)
            continue
        letters = word[1:]
        while letters and letters[0] not in "ct":
            if letters[0] in "UoOnN":
                arguments.append("-" + letters[0])
            letters = letters[1:]
        # `-cFILE` or `-c FILE`; the value of -t is a word of its own and does not matter here.
        if letters and (letters[0] == "t" or not letters[1:]):
            value = words.pop(0) if words else ""
            arguments += ["-c", value] if letters[0] == "c" else []
        elif letters:
            arguments += ["-c", letters[1:]]
    return arguments
