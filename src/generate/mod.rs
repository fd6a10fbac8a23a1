//! Generates a deployment from a project: recipes convert parts to programs, programs and base
//! sections form the configuration, and [`plan::plan`] lists the files to write. Pure: accesses no
//! files and no running processes.

mod address;
mod autostart;
mod base_sections;
mod blank_paths;
mod build_commands;
pub mod catalogue;
mod checksum_header;
mod collective;
pub mod config_diff;
mod configurations;
pub mod deployment;
pub mod derive;
mod drains;
mod egg_script;
mod environment_lines;
mod groups;
pub mod input;
pub mod inspect;
pub mod installed_cfg;
pub mod layout;
pub mod listing;
pub mod machine;
mod maker;
mod options;
mod order;
pub mod part_options;
mod part_roles;
pub mod paths;
mod permissive_host;
pub mod plan;
pub mod planned_file;
mod programs;
pub mod project_reader;
mod proxies;
pub mod read_back;
mod readiness;
pub mod recipe;
pub mod render;
pub mod scaffold;
mod server_config;
mod shared_build;
pub mod template_string;
mod templated;
mod unlisted;
mod zodb_sections;
