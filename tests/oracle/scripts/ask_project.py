"""The configuration that the real zc.buildout and the real recipe make of a project.

Reads the path of one main file a line, and answers each with the sections of the configuration, as
a reader has them. Recipes other than collective.recipe.supervisor only set what other parts ask for.
"""

import configparser
import io
import json
import logging
import os
import re
import sys

import zc.buildout.buildout
from collective.recipe import supervisor

logging.disable(logging.CRITICAL)


class Page(io.StringIO):
    text = None

    def close(self):
        Page.text = self.getvalue()
        super().close()


class NoScripts:
    def __init__(self, buildout, name, options):
        pass

    def install(self):
        return []


class Silent:
    """Any other recipe."""

    def __init__(self, buildout, name, options):
        parts = buildout["buildout"]["parts-directory"]
        scripts = buildout["buildout"]["bin-directory"]
        options["location"] = options.get("destination", os.path.join(parts, name))
        options.setdefault("executable", os.path.join(scripts, name))
        options.setdefault("config-file", os.path.join(parts, name, "varnish.vcl"))
        options.setdefault("script-filename", os.path.join(scripts, name))


class Template:
    """Fills its text; what is no configuration is dropped."""

    def __init__(self, buildout, name, options):
        if "supervisor" in os.path.basename(options["output"]):
            with open(options["input"]) as file:
                text = file.read()
            text = re.sub(r"\$\{([^:}]+)\}", r"${%s:\1}" % name, text)
            Page.text = options._sub(text, [])


KNOWN = {"collective.recipe.supervisor": supervisor.Recipe, "collective.recipe.template": Template}

supervisor.open = lambda path, mode: Page()
supervisor.zc.recipe.egg.Egg = NoScripts
zc.buildout.buildout._install_and_load = lambda spec, *rest: KNOWN.get(spec, Silent)


def read(text):
    parser = configparser.RawConfigParser(inline_comment_prefixes=(";", "#"), strict=False)
    parser.read_string(text)
    return [[name, dict(parser.items(name))] for name in parser.sections()]


def answer(path):
    os.chdir(os.path.dirname(path))
    out, sys.stdout = sys.stdout, io.StringIO()
    Page.text = None
    try:
        project = zc.buildout.buildout.Buildout(path, [], False)
        for part in project["buildout"]["parts"].split():
            recipe = getattr(project[part], "recipe", None)
            if isinstance(recipe, supervisor.Recipe):
                recipe.install()
    finally:
        sys.stdout = out
    return read(Page.text) if Page.text else None


for line in sys.stdin:
    print(json.dumps(answer(line.strip())))
