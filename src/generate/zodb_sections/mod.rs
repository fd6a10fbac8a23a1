//! The sections that nti.recipes.zodb adds to a project: the storages, their clients, the ZEO server
//! and the files with their addresses. Other sections refer to them.

mod adapter;
mod relstorage;
mod schemaless;
mod section_text;
mod zeo;

pub(super) use relstorage::add as add_relstorages;
pub(super) use zeo::add as add_zeo_storages;
