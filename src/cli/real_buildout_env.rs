//! The real environment of a buildout project: files, environment variables and the Python
//! interpreter that would run buildout. The interpreter is executed only if a section has a
//! condition and no `pyvenv.cfg` states its version.

use std::cell::OnceCell;
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::buildout::{BuildoutEnv, Python, ReadFault};
use crate::ini::text::decode;

/// The assumed version if no interpreter can be queried.
const DEFAULT_VERSION: &str = "3.11.0";

pub(super) struct RealBuildoutEnv {
    /// The directory of the main file, which may contain `bin/buildout`.
    project: PathBuf,
    executable: OnceCell<PathBuf>,
}

impl RealBuildoutEnv {
    pub(super) fn around(file: &str) -> Self {
        let project = Path::new(file).parent().map(Path::to_path_buf).unwrap_or_default();
        Self { project, executable: OnceCell::new() }
    }

    fn interpreter(&self) -> &Path {
        self.executable.get_or_init(|| find_interpreter(&self.project))
    }
}

impl BuildoutEnv for RealBuildoutEnv {
    fn read(&self, path: &str) -> Result<String, ReadFault> {
        let bytes = fs::read(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => ReadFault::Missing,
            ErrorKind::IsADirectory => ReadFault::Directory,
            _ => ReadFault::Other(error.to_string()),
        })?;
        decode(bytes).map_err(|(words, _)| ReadFault::Other(words))
    }

    fn exists(&self, path: &str) -> bool {
        Path::new(path).exists()
    }

    fn directory(&self) -> String {
        env::current_dir().map_or_else(|_| "/".into(), |path| path.to_string_lossy().into_owned())
    }

    #[allow(deprecated, reason = "before Rust 1.87, for what it does on Windows")]
    fn home(&self) -> String {
        env::home_dir().map_or_else(|| "/".into(), |path| path.to_string_lossy().into_owned())
    }

    fn buildout_home(&self) -> Option<String> {
        env::var("BUILDOUT_HOME").ok()
    }

    fn executable(&self) -> String {
        self.interpreter().to_string_lossy().into_owned()
    }

    fn python(&self) -> Python {
        let interpreter = self.interpreter();
        let facts = read_venv_config(interpreter).or_else(|| query_interpreter(interpreter));
        let (version, implementation) =
            facts.unwrap_or_else(|| (DEFAULT_VERSION.into(), "cpython".into()));
        let uname = nix::sys::utsname::uname().ok();
        let fact = |read: fn(&nix::sys::utsname::UtsName) -> &OsStr| {
            uname.as_ref().map_or_else(String::new, |u| read(u).to_string_lossy().into_owned())
        };
        Python {
            version,
            implementation,
            platform: if cfg!(target_os = "macos") { "darwin" } else { env::consts::OS }.into(),
            system: fact(|u| u.sysname()),
            release: fact(|u| u.release()),
            system_version: fact(|u| u.version()),
            machine: fact(|u| u.machine()),
            bits: usize::BITS,
            little_endian: cfg!(target_endian = "little"),
        }
    }
}

/// Where an environment with zc.buildout may be, below the project.
const ENVIRONMENTS: [&str; 4] = ["", ".venv", "env", "venv"];

/// The environment of a project that zc.buildout is installed in.
pub(super) fn buildout_environment(project: &Path) -> Option<PathBuf> {
    let mut environments = ENVIRONMENTS.iter().map(|name| project.join(name));
    environments
        .find(|path| path.join("pyvenv.cfg").exists() && is_program(&path.join("bin/buildout")))
}

/// The interpreter in the first line of a `buildout` script (that of the project or of its
/// environment, else one on PATH), else that of the active virtual environment, else `python3` or `python` on PATH.
fn find_interpreter(project: &Path) -> PathBuf {
    // bin/buildout may be supkit's, which names no interpreter.
    let own = buildout_environment(project).map(|environment| environment.join("bin/buildout"));
    let scripts = [Some(project.join("bin/buildout")), own, programs("buildout").next()];
    let named = scripts.into_iter().flatten().find_map(|script| shebang(&script));
    let active = || {
        let python = PathBuf::from(env::var_os("VIRTUAL_ENV")?).join("bin/python");
        is_program(&python).then_some(python)
    };
    named
        .or_else(active)
        .or_else(|| programs("python3").find(|path| !is_script(path)))
        .or_else(|| programs("python").find(|path| !is_script(path)))
        .unwrap_or_else(|| "/usr/bin/python3".into())
}

/// The programs with a name on PATH.
pub(super) fn programs(name: &str) -> impl Iterator<Item = PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let all: Vec<PathBuf> = env::split_paths(&path).map(|dir| dir.join(name)).collect();
    all.into_iter().filter(|path| is_program(path))
}

/// A script that selects an interpreter, such as a pyenv shim, is not an interpreter.
fn is_script(path: &Path) -> bool {
    fs::File::open(path)
        .and_then(|mut file| {
            let mut start = [0; 2];
            file.read_exact(&mut start).map(|()| start == *b"#!")
        })
        .unwrap_or(false)
}

pub(super) fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

fn shebang(script: &Path) -> Option<PathBuf> {
    let text = fs::read(script).ok()?;
    let line = text.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    let line = std::str::from_utf8(line).ok()?;
    let program = Path::new(line.split_whitespace().next()?);
    let name = program.file_name()?.to_str()?;
    (name.starts_with("python") && is_program(program)).then(|| program.to_path_buf())
}

/// Version and implementation from the `pyvenv.cfg` of a virtual environment.
fn read_venv_config(interpreter: &Path) -> Option<(String, String)> {
    let config = fs::read_to_string(interpreter.parent()?.parent()?.join("pyvenv.cfg")).ok()?;
    let value = |wanted: &str| {
        let line = config
            .lines()
            .find_map(|line| line.split_once('=').filter(|(k, _)| k.trim() == wanted));
        line.map(|(_, value)| value.trim().to_owned())
    };
    let version = value("version").or_else(|| value("version_info"))?;
    let numbers: Vec<&str> = version.split('.').take(3).collect();
    let implementation = value("implementation").unwrap_or_else(|| "cpython".into());
    (numbers.len() == 3).then(|| (numbers.join("."), implementation.to_lowercase()))
}

#[expect(clippy::disallowed_methods, reason = "runs before any daemon, and waits for the output")]
fn query_interpreter(interpreter: &Path) -> Option<(String, String)> {
    let question =
        "import platform, sys; print(platform.python_version(), sys.implementation.name)";
    let output = Command::new(interpreter)
        .args(["-I", "-S", "-c", question])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (version, implementation) = text.trim().split_once(' ')?;
    Some((version.to_owned(), implementation.to_owned()))
}
