"""Makes the wheels: `build.py PROGRAM VERSION DIRECTORY` puts them into DIRECTORY and prints their
paths.

`supkit` contains the program. `supervisor` is what Python programs import of Supervisor; it stands in
for the original where something requires that. A wheel is a zip file with a list of its contents, so
no build tool is needed. The same input gives the same bytes. What the tag promises is read from the
program: a static one runs with any C library.
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
# Supervisor's programs, and its modules that contain them.
MODULES = {
    "supervisord": "supervisord",
    "supervisorctl": "supervisorctl",
    "echo_supervisord_conf": "confecho",
    "pidproxy": "pidproxy",
}
LICENCES = ("LICENSE-MIT", "LICENSE-APACHE")
CLASSIFIERS = (
    "Operating System :: POSIX :: Linux",
    "Programming Language :: Rust",
    "Framework :: Buildout :: Recipe",
)
# What every manylinux system has.
LIBRARIES = {
    "libc.so.6", "libgcc_s.so.1", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1",
    "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1",
}


def main(program, version, directory):
    print(supkit(program, version, directory))
    print(supervisor(program, version, directory))


def supkit(program, version, directory):
    """The program and the scripts that call it."""
    scripts = {name: "supkit:" + name for name in ("supkit",) + tuple(MODULES)}
    groups = {"console_scripts": scripts, "zc.buildout": {"default": "supkit.buildout:Recipe"}}
    files = package("supkit")
    files["supkit/bin/supkit"] = read(program), 0o755
    head = {"Name": "supkit", "Version": version, "Summary": SUMMARY}
    readme = read(os.path.join(ROOT, "README.md")).decode()
    return wheel(directory, head, tags_of(program), files, groups, without_relative_links(readme))


def supervisor(program, version, directory):
    """Python's side of Supervisor, for programs that import it."""
    compatible = output([program, "supervisord", "--version"]).strip()
    scripts = {name: "supervisor.{}:main".format(module) for name, module in MODULES.items()}
    files = package("supervisor")
    for name, (text, mode) in files.items():
        files[name] = text.replace(b"@SUPERVISOR@", compatible.encode()), mode
    head = {
        "Name": "supervisor",
        "Version": "{}+supkit.{}".format(compatible, version),
        "Summary": "What programs import of Supervisor, for supkit",
        "Requires-Dist": "supkit=={}".format(version),
    }
    description = files["supervisor/__init__.py"][0].decode().strip('"\n')
    return wheel(directory, head, ["any"], files, {"console_scripts": scripts}, description)


def package(name):
    """The Python files of a package, with their modes."""
    directory = os.path.join(HERE, name)
    return {
        name + "/" + file: (read(os.path.join(directory, file)), 0o644)
        for file in os.listdir(directory)
        if file.endswith(".py")
    }


def wheel(directory, head, tags, files, groups, description):
    """Writes a wheel and returns its path."""
    name = "{}-{}".format(head["Name"], head["Version"])
    info = name + ".dist-info/"
    texts = {
        "METADATA": metadata(head, description),
        "WHEEL": about_the_format(tags),
        "entry_points.txt": entry_points(groups),
        "top_level.txt": head["Name"] + "\n",
    }
    for licence in LICENCES:
        texts["licenses/" + licence] = read(os.path.join(ROOT, licence)).decode()
    files.update({info + file: (text.encode(), 0o644) for file, text in texts.items()})
    path = os.path.join(directory, "{}-py3-none-{}.whl".format(name, ".".join(tags)))
    write(path, files, info + "RECORD")
    return path


def metadata(head, description):
    fields = [("Metadata-Version", "2.1")] + list(head.items())
    fields += [("License", "MIT OR Apache-2.0")]
    fields += [("License-File", licence) for licence in LICENCES]
    fields += [("Requires-Python", ">=3.6")]
    fields += [("Classifier", classifier) for classifier in CLASSIFIERS]
    fields += [("Description-Content-Type", "text/markdown")]
    lines = ["{}: {}\n".format(name, value) for name, value in fields]
    return "".join(lines) + "\n" + description


def without_relative_links(text):
    """Outside of the repository they lead nowhere."""
    text = re.sub(r"!\[[^]]*\]\((?!https?:)[^)]*\)\n*", "", text)
    return re.sub(r"\[([^]]*)\]\((?!https?:|#)[^)]*\)", r"\1", text)


def about_the_format(tags):
    pure = "true" if tags == ["any"] else "false"
    lines = ["Wheel-Version: 1.0", "Generator: supkit", "Root-Is-Purelib: " + pure]
    return "\n".join(lines + ["Tag: py3-none-" + tag for tag in tags]) + "\n"


def entry_points(groups):
    lines = []
    for group, entries in groups.items():
        lines += ["[{}]".format(group)]
        lines += ["{} = {}".format(name, place) for name, place in entries.items()] + [""]
    return "\n".join(lines)


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
    return output(["readelf", "--wide", option, program])


def output(command):
    environment = dict(os.environ, LC_ALL="C")
    return subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, check=True, universal_newlines=True
    ).stdout


def write(path, files, record):
    """Writes the archive beside its path and renames it."""
    lines = [
        "{},sha256={},{}\n".format(name, digest(data), len(data))
        for name, (data, _) in sorted(files.items())
    ]
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
