//! Why a build failed.

use super::super::deployment::report_error;
use super::super::generate::{self, ProjectError};

pub(super) enum Failure {
    /// The project cannot be read.
    Project(ProjectError),
    Other(anyhow::Error),
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Other(error)
    }
}

impl From<ProjectError> for Failure {
    fn from(error: ProjectError) -> Self {
        Self::Project(error)
    }
}

impl Failure {
    pub(super) fn report(&self) {
        match self {
            Self::Project(error) => generate::output::report(error),
            Self::Other(error) => report_error(&format!("supkit build: {error:#}")),
        }
    }
}
