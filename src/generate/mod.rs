//! From a project to files, on paper: parts find their recipes, recipes make programs, programs and
//! the sections around them become a configuration, and the configuration with its scripts becomes
//! a plan of what to write. Touches no file; knows nothing of running processes.

pub mod catalogue;
mod collective;
pub mod deployment;
pub mod derive;
pub mod differ;
mod egg_script;
mod frame;
mod groups;
pub mod input;
pub mod inspect;
pub mod layout;
pub mod listing;
mod obliging;
mod options;
mod order;
pub mod paths;
pub mod phrase;
pub mod plan;
pub mod readback;
pub mod reading;
pub mod recipe;
pub mod record;
pub mod render;
mod seal;
pub mod templated;
mod unlisted;
