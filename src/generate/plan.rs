//! The plan of a deployment: the configuration, as text and as the typed value that the daemon will
//! have, and the files and directories to write.

use super::catalogue::Catalogue;
use super::deployment::Deployment;
use super::derive::{Derived, derive};
use super::input::Input;
use super::layout;
use super::paths::Place;
use super::planned_file::File;
use super::read_back::{read, read_back, text_of};
use super::render::RenderFault;
use crate::conf::Config;
use crate::diag::Diagnostic;

/// What to generate.
pub struct Request<'a> {
    /// The path of the configuration, absolute; `None` for the path that the project sets, or
    /// `etc/supervisord.conf`.
    pub conf: Option<String>,
    /// Only the text of the configuration is used.
    pub is_printed: bool,
    /// Whether bin/buildout calls `supkit buildout`.
    pub with_buildout: bool,
    /// The main file of the project.
    pub project_file: &'a str,
    /// Converts a path of the project to an absolute one.
    pub absolute: &'a dyn Fn(&str) -> String,
}

pub struct Plan {
    pub derived: Derived,
    /// The absolute path of the configuration.
    pub conf: String,
    pub text: String,
    /// The configuration as the daemon reads it. Errors that depend on the host are not detected:
    /// users, directories and variables are assumed to exist.
    pub config: Config,
    pub files: Vec<File>,
    /// Directories that the daemon requires.
    pub directories: Vec<String>,
}

/// Plans the deployment of a project.
pub fn plan(
    input: &Input,
    catalogue: &Catalogue,
    request: &Request<'_>,
) -> Result<Plan, Vec<Diagnostic>> {
    let (mut derived, conf) = derive_at(input, catalogue, request)?;
    derived.rebase(&conf);
    let place = Place::new(&input.directory, &conf);
    if !derived.is_verbatim && (request.is_printed || !place.is_inside()) {
        derived.deployment.includes.clear();
    }
    let write = |deployment: &Deployment, conf: &str| {
        layout::configuration(deployment, conf, request.project_file).map_err(failed)
    };
    let file = write(&derived.deployment, &conf)?;
    let text = text_of(&file).to_owned();
    let config = read_back(&derived, &text, &conf)?;
    let mut fragments = Vec::new();
    for fragment in &derived.fragments {
        let file = write(&fragment.deployment, &fragment.conf)?;
        read(&fragment.deployment, text_of(&file), &fragment.conf)?;
        fragments.push(file);
    }
    let (mut files, mut directories) = (vec![file], Vec::new());
    if place.is_inside() && !request.is_printed {
        files.extend(fragments);
        let installation = layout::installation(input, &derived, &conf, request.with_buildout);
        files.extend(installation.map_err(failed)?);
        directories = layout::directories(input, &derived, &conf);
    }
    Ok(Plan { derived, conf, text, config, files, directories })
}

/// The deployment and the path of its configuration, which the project may set.
fn derive_at(
    input: &Input,
    catalogue: &Catalogue,
    request: &Request<'_>,
) -> Result<(Derived, String), Vec<Diagnostic>> {
    let default = || format!("{}/etc/supervisord.conf", input.directory);
    let wanted = request.conf.clone().unwrap_or_else(default);
    let derive_for = |conf: &str| derive(input, catalogue, &Place::new(&input.directory, conf));
    let derived = derive_for(&wanted)?;
    match derived.conf.as_deref().filter(|_| request.conf.is_none()) {
        None => Ok((derived, wanted)),
        Some(own) => {
            let own = (request.absolute)(own);
            // The paths of a verbatim configuration do not depend on its place.
            let derived = if derived.is_verbatim { derived } else { derive_for(&own)? };
            Ok((derived, own))
        }
    }
}

fn failed(fault: RenderFault) -> Vec<Diagnostic> {
    vec![Diagnostic::error("failed", fault.0)]
}
