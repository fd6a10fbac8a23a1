"""The options that the real recipes set: a project on standard input, JSON on standard output.

Each section is initialized like in zc.buildout, with the recipes of this environment instead of ones
that it would download. Nothing is installed.
"""
import contextlib
import importlib.metadata
import json
import os
import sys
import tempfile

import zc.buildout.buildout as buildout


def load(spec, group, entry, _):
    name = spec.split("[")[0].strip()
    for point in importlib.metadata.distribution(name).entry_points:
        if point.group == group and point.name == entry:
            return point.load()
    raise LookupError(f"{name} has no entry point {entry}")


def options_of(project, name):
    try:
        options = project[name]
        return {"options": {key: str(options[key]) for key in options}}
    except BaseException as fault:
        return {"fault": f"{type(fault).__name__}: {fault}"}


def main():
    text = sys.stdin.read()
    directory = os.path.realpath(sys.argv[1])
    os.chdir(directory)
    with open("buildout.cfg", "w") as file:
        file.write(text)
    buildout._install_and_load = load
    with contextlib.redirect_stdout(sys.stderr):
        project = buildout.Buildout("buildout.cfg", [("buildout", "offline", "true")], False)
        names = [name for name in project if name != "buildout"]
        answers = {name: options_of(project, name) for name in names}
        # The sections that recipes have added.
        added = [name for name in project if name != "buildout" and name not in answers]
        answers.update((name, options_of(project, name)) for name in added)
    print(json.dumps(answers))


main()
