//! The environment with the eggs: reads which distributions are in it.

use std::fs;
use std::path::Path;

use crate::parts::{Distribution, Distributions, scripts};

/// The distributions of the environment.
pub(super) fn read(environment: &Path) -> Distributions {
    let mut found = Distributions::default();
    let libraries = fs::read_dir(environment.join("lib")).into_iter().flatten().flatten();
    for library in libraries {
        let packages = fs::read_dir(library.path().join("site-packages"));
        for entry in packages.into_iter().flatten().flatten() {
            let path = entry.path();
            let is_distribution = path.extension().is_some_and(|end| end == "dist-info");
            if let Some(distribution) = is_distribution.then(|| distribution(&path)).flatten() {
                found.insert(distribution);
            }
        }
    }
    found
}

fn distribution(path: &Path) -> Option<Distribution> {
    let metadata = fs::read_to_string(path.join("METADATA")).ok()?;
    let value = |name: &str| {
        let line = metadata.lines().find_map(|line| line.strip_prefix(name));
        line.map(|value| value.trim().to_owned())
    };
    let entry_points = fs::read_to_string(path.join("entry_points.txt")).unwrap_or_default();
    let (name, version) = (value("Name:")?, value("Version:")?);
    Some(Distribution { name, version, scripts: scripts(&entry_points) })
}
