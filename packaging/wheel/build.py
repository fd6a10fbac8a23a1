"""Makes a wheel: `build.py PROGRAM VERSION DIRECTORY` puts supkit with the program into DIRECTORY and
prints its path.

A wheel is a zip file with a list of its contents, so no build tool is needed. The same input gives
the same bytes. What the tag promises is read from the program: a static one runs with any C library.
"""

import base64
import hashlib
import os
import re
import subprocess
import sys
import time
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SUMMARY = "Deploys a buildout project and keeps its processes alive: a drop-in supervisord in Rust"
SCRIPTS = ("supkit", "supervisord", "supervisorctl", "echo_supervisord_conf", "pidproxy")
# What every manylinux system has.
LIBRARIES = {
    "libc.so.6", "libgcc_s.so.1", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1",
    "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1",
}


def main(program, version, directory):
    tags = tags_of(program)
    name = "supkit-{}-py3-none-{}.whl".format(version, ".".join(tags))
    info = "supkit-{}.dist-info".format(version)
    files = package("supkit")
    files["supkit/bin/supkit"] = read(program), 0o755
    texts = {
        "METADATA": metadata(version),
        "WHEEL": wheel(tags),
        "entry_points.txt": entry_points(),
        "top_level.txt": "supkit\n",
    }
    for licence in ("LICENSE-MIT", "LICENSE-APACHE"):
        texts["licenses/" + licence] = read(os.path.join(ROOT, licence)).decode()
    for name_in_info, text in texts.items():
        files[info + "/" + name_in_info] = text.encode(), 0o644
    path = os.path.join(directory, name)
    write(path, files, info + "/RECORD")
    print(path)


def package(name):
    """The Python files of a package, with their modes."""
    directory = os.path.join(HERE, name)
    return {
        name + "/" + file: (read(os.path.join(directory, file)), 0o644)
        for file in os.listdir(directory)
        if file.endswith(".py")
    }


def metadata(version):
    head = [
        ("Metadata-Version", "2.1"),
        ("Name", "supkit"),
        ("Version", version),
        ("Summary", SUMMARY),
        ("License", "MIT OR Apache-2.0"),
        ("License-File", "LICENSE-MIT"),
        ("License-File", "LICENSE-APACHE"),
        ("Requires-Python", ">=3.6"),
        ("Classifier", "Operating System :: POSIX :: Linux"),
        ("Classifier", "Programming Language :: Rust"),
        ("Classifier", "Framework :: Buildout :: Recipe"),
        ("Description-Content-Type", "text/markdown"),
    ]
    lines = ["{}: {}\n".format(name, value) for name, value in head]
    readme = read(os.path.join(ROOT, "README.md")).decode()
    return "".join(lines) + "\n" + without_relative_links(readme)


def without_relative_links(text):
    """Outside of the repository they lead nowhere."""
    text = re.sub(r"!\[[^]]*\]\((?!https?:)[^)]*\)\n*", "", text)
    return re.sub(r"\[([^]]*)\]\((?!https?:|#)[^)]*\)", r"\1", text)


def wheel(tags):
    lines = ["Wheel-Version: 1.0", "Generator: supkit", "Root-Is-Purelib: false"]
    return "\n".join(lines + ["Tag: py3-none-" + tag for tag in tags]) + "\n"


def entry_points():
    scripts = ["{0} = supkit:{0}".format(name) for name in SCRIPTS]
    recipe = ["[zc.buildout]", "default = supkit.buildout:Recipe"]
    return "\n".join(["[console_scripts]"] + scripts + [""] + recipe) + "\n"


def tags_of(program):
    """The platforms that the program runs on."""
    machine = {"62": "x86_64", "183": "aarch64"}.get(str(elf_machine(program)))
    if machine is None:
        sys.exit("{}: wheels are made for x86_64 and aarch64 only".format(program))
    needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", readelf("--dynamic", program)))
    if not needed:
        # The system calls that Rust's library uses need a kernel that is no older than
        # manylinux2014's (3.10).
        names = ["manylinux_2_17", "manylinux2014", "musllinux_1_1"]
        return [name + "_" + machine for name in names]
    if needed - LIBRARIES:
        names = ", ".join(sorted(needed - LIBRARIES))
        sys.exit("{}: a wheel may not need {}".format(program, names))
    versions = re.findall(r"Name: GLIBC_2\.(\d+)", readelf("--version-info", program))
    return ["manylinux_2_{}_{}".format(max(map(int, versions)), machine)]


def elf_machine(program):
    with open(program, "rb") as file:
        head = file.read(20)
    if head[:4] != b"\x7fELF":
        sys.exit("{}: not a program for Linux".format(program))
    return int.from_bytes(head[18:20], "little")


def readelf(option, program):
    command = ["readelf", "--wide", option, program]
    environment = dict(os.environ, LC_ALL="C")
    return subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, check=True, universal_newlines=True
    ).stdout


def write(path, files, record):
    """Writes the archive beside its path and renames it."""
    lines = ["{},sha256={},{}\n".format(name, digest(data), len(data)) for name, (data, _) in sorted(files.items())]
    files[record] = ("".join(lines) + record + ",,\n").encode(), 0o644
    moment = time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", "315532800")))[:6]
    with zipfile.ZipFile(path + ".part", "w", zipfile.ZIP_DEFLATED) as archive:
        # The list comes last, as the format recommends.
        for name in sorted(files, key=lambda name: (".dist-info/" in name, name == record, name)):
            data, mode = files[name]
            entry = zipfile.ZipInfo(name, moment)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o100000 | mode) << 16
            entry.create_system = 3
            archive.writestr(entry, data)
    os.replace(path + ".part", path)


def digest(data):
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def read(path):
    with open(path, "rb") as file:
        return file.read()


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__.splitlines()[0])
    main(*sys.argv[1:])
