//! Makes Python environments: with uv, if it is there, because it takes a fraction of the time, else with
//! venv and pip.

use std::ffi::OsString;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::runner::Runner;
use super::workshop;

/// Makes an environment, if it is not there, and installs what `arguments` of pip name.
pub(super) fn install(
    environment: &Path,
    python: &str,
    arguments: &[OsString],
    runner: &mut Runner<'_>,
) -> Result<()> {
    let own_python = environment.join("bin/python");
    let environment = environment.as_os_str().to_owned();
    if let Some(uv) = workshop::program("uv") {
        let make = ["venv", "--allow-existing", "--python", python].map(Into::into);
        runner.run(&uv, &[&make[..], &[environment]].concat())?;
        let install = ["pip", "install", "--python"].map(Into::into);
        let words = [&install[..], &[own_python.into()], arguments].concat();
        // uv has another option for it.
        let words: Vec<OsString> = words
            .into_iter()
            .map(|word| if word == "--pre" { "--prerelease=allow".into() } else { word })
            .collect();
        return runner.run(&uv, &words);
    }
    let program = workshop::program(python)
        .with_context(|| format!("there is no program `{python}`; --python names another one"))?;
    runner.run(&program, &["-m".into(), "venv".into(), environment])?;
    let install = ["-m", "pip", "install", "--disable-pip-version-check"].map(Into::into);
    runner.run(&own_python, &[&install[..], arguments].concat())
}
