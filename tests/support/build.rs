//! A project that is built. Python and zc.buildout are scripts that record how they were called.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::process::{Command, Output};

use super::printed;
use super::project::{SMALL, project};
use super::sandbox::Sandbox;

/// `python3 -m venv DIR` and `python -m pip install ...`, which installs a buildout and an egg with two
/// scripts.
const PYTHON: &str = "\
#!/bin/sh
echo \"python $*\" >>\"$CALLS\"
case \"$2\" in
venv) mkdir -p \"$3/bin\"; touch \"$3/pyvenv.cfg\"; cp \"$0\" \"$3/bin/python\" ;;
pip)
    [ ! -e pip-fails ] || { echo 'ERROR: no such distribution' >&2; exit 1; }
    cp \"$TOOLS/buildout\" \"${0%/*}/buildout\"
    packages=\"${0%/bin/*}/lib/python3/site-packages/tool-1.0.dist-info\"
    mkdir -p \"$packages\"
    printf 'Name: tool\\nVersion: 1.0\\n' >\"$packages/METADATA\"
    printf '[console_scripts]\\ntool = tool.cli:main\\nother = tool.cli:more\\n' >\"$packages/entry_points.txt\"
    ;;
esac
";

/// Builds a part of one file.
const BUILDOUT: &str = "\
#!/bin/sh
echo \"buildout $*\" >>\"$CALLS\"
echo Installing web.
[ ! -e fails ] || { echo 'Error: no such distribution' >&2; exit 1; }
mkdir -p bin
case \"$*\" in *annotate*) exit 0 ;; esac
[ ! -e slow ] || { touch started; while [ -e slow ]; do sleep 0.1; done; }
printf '#!/bin/sh\\n' >bin/web; chmod +x bin/web
printf '[buildout]\\nparts = web\\n\\n[web]\\n__buildout_installed__ = %s/bin/web\\nrecipe = some.recipe\\n' \"$PWD\" >.installed.cfg
";

pub struct Project {
    pub sandbox: Sandbox,
}

/// What selects proxies and certificates.
const NETWORK: [&str; 14] = [
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
    "PIP_PROXY",
    "PIP_CERT",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];

impl Project {
    pub fn new() -> Self {
        let sandbox = project(SMALL);
        sandbox.script("tools/python3", PYTHON);
        sandbox.script("tools/buildout", BUILDOUT);
        Self { sandbox }
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let sandbox = &self.sandbox;
        let mut command = sandbox.command(env!("CARGO_BIN_EXE_supkit"));
        let path = format!("{}:/usr/bin:/bin", sandbox.path("tools").display());
        for name in NETWORK {
            command.env_remove(name);
        }
        command.args([&["build"], args].concat()).env("HOME", sandbox.dir()).env("PATH", path);
        command.env("CALLS", sandbox.path("calls")).env("TOOLS", sandbox.path("tools"));
        command
    }

    pub fn run(&self, args: &[&str]) -> Output {
        let _ = fs::remove_file(self.sandbox.path("calls"));
        self.command(args).output().expect("it runs")
    }

    /// The calls of a build that succeeds.
    pub fn calls(&self, args: &[&str]) -> Vec<String> {
        self.calls_of(self.command(args))
    }

    /// The same for a command that begins a build.
    pub fn calls_of(&self, mut command: Command) -> Vec<String> {
        let _ = fs::remove_file(self.sandbox.path("calls"));
        let output = command.output().expect("it runs");
        assert!(output.status.success(), "{}", printed(&output));
        let calls = fs::read_to_string(self.sandbox.path("calls")).unwrap_or_default();
        let here = format!("{}/", self.sandbox.dir().display());
        calls.lines().map(|line| line.replace(&here, "")).collect()
    }

    /// All files and directories, with what every change of them changes.
    pub fn changes(&self) -> BTreeMap<PathBuf, (u64, i64, i64)> {
        let entries = walkdir::WalkDir::new(self.sandbox.dir()).into_iter();
        let entries = entries.map(|entry| entry.expect("it can be read"));
        entries
            .map(|entry| {
                let it = entry.metadata().expect("it is there");
                (entry.into_path(), (it.ino(), it.ctime(), it.ctime_nsec()))
            })
            .collect()
    }
}
