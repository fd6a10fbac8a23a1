"""The result of the real collective.recipe.supervisor for a part.

Reads one JSON object a line: {"part": NAME, "options": {...}}, or {"file": NAME, "text": ...} for a
buildout file with the part [supervisor]. Answers each with the resolved options, and the sections
as a reader of the configuration has them, or the error. Nothing is written and no egg is looked for.
"""

import configparser
import io
import json
import os
import re
import sys

from collective.recipe import supervisor as recipe
from zc.buildout.configparser import parse

REFERENCE = re.compile(r"\$\{([^:}]*):([^}]*)\}")


class Page(io.StringIO):
    """The configuration file, kept when it is closed."""

    text = None

    def close(self):
        Page.text = self.getvalue()
        super().close()


class Scripts:
    """Takes the place of zc.recipe.egg, which would install scripts."""

    made = []

    def __init__(self, buildout, name, options):
        self.options = options

    def install(self):
        self.made.append(self.options)
        return []


class Directories:
    """Takes the place of the function that creates directories."""

    def __init__(self):
        self.path = self

    def __getattr__(self, name):
        return getattr(os.path, name)

    def isdir(self, path):
        return False

    exists = isdir

    def makedirs(self, path):
        pass


recipe.open = lambda path, mode: Page()
recipe.os = Directories()
recipe.zc.recipe.egg.Egg = Scripts


def directories(name):
    base = "/srv/" + name
    return {"directory": base, "bin-directory": base + "/bin", "parts-directory": base + "/parts"}


def resolved(text, sections, section):
    def value(found):
        name = found.group(1) or section
        return resolved(sections[name][found.group(2)], sections, name)

    return REFERENCE.sub(value, text)


def options_of_file(name, text):
    sections = parse(io.StringIO(text), name, dict)
    sections.setdefault("buildout", {}).update(directories(name))
    part = sections["supervisor"]
    return {option: resolved(value, sections, "supervisor") for option, value in part.items()}


def read(text):
    parser = configparser.RawConfigParser(inline_comment_prefixes=(";", "#"), strict=False)
    parser.read_string(text)
    return [[name, dict(parser.items(name))] for name in parser.sections()]


def answer(question):
    if "file" in question:
        part, project = "supervisor", question["file"]
        options = options_of_file(project, question["text"])
    else:
        part, project, options = question["part"], "site", question["options"]
    answer = {"options": dict(options), "part": part, "buildout": directories(project)}
    Scripts.made.clear()
    try:
        recipe.Recipe({"buildout": directories(project)}, part, options).install()
    except ValueError as error:
        return answer | {"error": str(error)}
    answer["scripts"] = list(Scripts.made)
    try:
        return answer | {"sections": read(Page.text)}
    except configparser.Error as error:
        return answer | {"unreadable": str(error)}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))))
