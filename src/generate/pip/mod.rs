//! Projects that pip builds: a Zope with a WSGI configuration, as `mkwsgiinstance` and
//! cookiecutter-zope-instance write it, and a ZEO server with a `zeo.conf`, without a buildout.cfg. The
//! files are found by their contents and read into facts, which become the parts of an [`Input`], so
//! that the rest of the generator is that of a buildout.
//!
//! [`Input`]: super::input::Input

mod instance_yaml;
mod parts;
mod project;
mod project_files;
mod search;
mod wsgi;
mod zconfig;
mod zope_conf;

pub use parts::input;
pub use project::{PipProject, Unreadable};
pub use project_files::{DirectoryEntry, ProjectFiles};

#[cfg(test)]
mod tests;
