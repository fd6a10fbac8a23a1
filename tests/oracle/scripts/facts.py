"""Asks isotoma.recipe.facts, which was written for Python 2, for the facts of a project in the given
directory. Its modules get the texts of Python 2, one character for each byte; the recipe is unchanged.
"""
import array
import json
import socket
import subprocess
import sys
import types

import isotoma.recipe.facts as recipe



class Array:
    def __init__(self, code, text):
        self.array = array.array(code, text.encode("latin-1"))

    def buffer_info(self):
        return self.array.buffer_info()

    def tostring(self):
        return self.array.tobytes().decode("latin-1")


class Sockets:
    def __getattr__(self, name):
        return getattr(socket, name)

    def inet_ntoa(self, text):
        return socket.inet_ntoa(text.encode("latin-1"))


class Processes:
    PIPE = subprocess.PIPE

    def Popen(self, *args, **options):
        return subprocess.Popen(*args, text=True, **options)


recipe.array = types.SimpleNamespace(array=Array)
recipe.socket = Sockets()
recipe.subprocess = Processes()
options = {}
recipe.Facts({"buildout": {"directory": sys.argv[1]}}, "facts", options)
print(json.dumps(options))
