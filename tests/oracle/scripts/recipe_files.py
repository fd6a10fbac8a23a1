"""What real recipes make, and what scripts call: JSON on standard input and output.

Each project is loaded and its parts are installed like in zc.buildout, with the recipes of this
environment. Only eggs are not installed: working sets are empty, and scripts are recorded instead of
written. The scripts of supkit are run with stand-ins for the modules that they import.
"""
import builtins
import contextlib
import importlib.metadata
import json
import os
import re
import stat
import sys
import types

import zc.buildout.buildout as buildout
import zc.buildout.easy_install as easy_install
import zc.recipe.egg.egg as egg

# The arguments with which each script is called.
CALLS = [[], ["fg"], ["-D", "3", "-S", "2", "-B", "/blobs"]]


class WorkingSet(list):
    by_key = {}


def load(spec, group, entry, _):
    name = spec.split("[")[0].strip()
    for point in importlib.metadata.distribution(name).entry_points:
        if point.group == group and point.name == entry:
            return point.load()
    raise LookupError(f"{name} has no entry point {entry}")


def working_set(self, extra=()):
    self.options["executable"] = sys.executable
    eggs = self.options.get("eggs", self.name).split("\n")
    return [name.strip() for name in eggs if name.strip()], WorkingSet()


def recorder(calls):
    def scripts(reqs, working_set, executable, dest=None, scripts=None, extra_paths=(),
                arguments="", interpreter=None, initialization="", relative_paths=False):
        for req in reqs:
            if isinstance(req, tuple):
                name, module, attribute = req
                name = (scripts or {}).get(name, name)
                found = []
                for argv in CALLS:
                    space = {"sys": sys}
                    sys.argv = [name] + argv
                    exec(initialization, space)
                    values = eval(f"(lambda *values: values)({arguments})", space)
                    found.append([module, attribute, list(values)])
                calls[os.path.join(dest, name)] = [list(extra_paths), found]
        if interpreter:
            calls[os.path.join(dest, interpreter)] = [list(extra_paths), "interpreter"]
        return []
    return scripts


def tree(directory):
    files, directories = {}, {}
    for above, names, leaves in os.walk(directory):
        for name in names:
            path = os.path.join(above, name)
            directories[path] = stat.S_IMODE(os.stat(path).st_mode)
        for name in leaves:
            path = os.path.join(above, name)
            with open(path) as file:
                files[path] = file.read()
    return files, directories


def theirs(directory, text):
    os.mkdir(directory)
    os.chdir(directory)
    with open("buildout.cfg", "w") as file:
        file.write(text)
    calls = {}
    easy_install.scripts = recorder(calls)
    project = buildout.Buildout("buildout.cfg", [("buildout", "offline", "true")], False)
    for name in ["bin", "parts"]:
        os.makedirs(name, exist_ok=True)
    parts = project["buildout"]["parts"].split()
    for part in parts:
        project[part]
    for part in parts:
        project[part]._call(project[part].recipe.install)
    files, directories = tree(directory)
    return {"files": files, "directories": directories, "calls": calls}


class Stub(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *values: self.found.append([self.__name__, name, list(values)])


def ours(text):
    """The extra paths of a script, and what it calls."""
    found, before = [], list(sys.path)
    for name in re.findall(r"^import ([\w.]+)$", text, re.M):
        if name not in ("sys", "os", "getopt"):
            words = name.split(".")
            for end in range(1, len(words) + 1):
                stub = Stub(".".join(words[:end]))
                stub.found = found
                sys.modules[stub.__name__] = stub
                if end > 1:
                    setattr(sys.modules[".".join(words[:end - 1])], words[end - 1], stub)
    is_interpreter = []
    real, os.execv = os.execv, lambda *_: is_interpreter.append(os.environ.get("PYTHONPATH", ""))
    paths = []
    for argv in CALLS:
        sys.argv = ["script"] + argv
        sys.path[:] = before
        os.environ.pop("PYTHONPATH", None)
        try:
            exec(compile(text, "script", "exec"), {"__name__": "__main__"})
        except SystemExit:
            pass
        paths = [path for path in sys.path if path not in before]
    os.execv = real
    sys.path[:] = before
    if is_interpreter:
        return [is_interpreter[0].split(":") if is_interpreter[0] else [], "interpreter"]
    return [paths, found]


def main():
    asked = json.load(sys.stdin)
    directory = os.path.realpath(sys.argv[1])
    buildout._install_and_load = load
    # Without the option `user`, the recipe asks for a name; there need not be one.
    builtins.input = lambda *_: ""
    egg.Eggs.working_set = working_set
    for name in ["ZEO", "zdaemon"]:
        module = types.ModuleType(name)
        module.__file__ = f"/eggs/{name}/__init__.py"
        module.__path__ = [f"/eggs/{name}"]
        sys.modules[name] = module
    with contextlib.redirect_stdout(sys.stderr):
        answers = []
        for number, text in enumerate(asked["projects"]):
            try:
                answers.append(theirs(f"{directory}/{number}", text))
            except BaseException as fault:
                answers.append({"fault": f"{type(fault).__name__}: {fault}"})
        calls = [{path: ours(text) for path, text in scripts.items()} for scripts in asked["scripts"]]
    print(json.dumps({"theirs": answers, "ours": calls}))


main()
