//! The facts in `zope.conf` (which storage the instance opens, debug mode) and in `zeo.conf` (where
//! the ZEO server listens, which file it opens).

use super::project_files::Reader;
use super::zconfig::{self, Key, Section};
use crate::diag::{Diagnostic, Span};

/// A value and its position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fact {
    pub(super) text: String,
    pub(super) span: Span,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ZopeConf {
    /// The addresses of ZEO servers.
    pub(super) zeo: Vec<Fact>,
    /// The database file that the process opens by itself.
    pub(super) data: Option<Fact>,
    pub(super) debug: Option<Fact>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ZeoConf {
    pub(super) address: Option<Fact>,
    pub(super) data: Option<Fact>,
}

/// The section of ZEO's own options.
const ZEO: &str = "zeo";
/// The sections for a client of ZEO, in ZODB's and in ZEO's own names.
const CLIENTS: [&str; 2] = ["zeoclient", "clientstorage"];
const FILE_STORAGE: &str = "filestorage";

/// Whether a text configures a ZEO server.
pub(super) fn is_zeo_server(text: &str) -> bool {
    zconfig::has_section(text, ZEO)
}

pub(super) fn read_zope(reader: &Reader<'_>, path: &str) -> Result<ZopeConf, Box<Diagnostic>> {
    let root = zconfig::read(reader, path)?;
    let clients = root.descendants().into_iter().filter(|it| CLIENTS.contains(&&*it.kind));
    let zeo = clients.flat_map(|client| client.all("server").map(fact)).collect();
    let debug = root.all("debug-mode").last().map(fact);
    Ok(ZopeConf { zeo, data: file_storage(&root), debug })
}

pub(super) fn read_zeo(reader: &Reader<'_>, path: &str) -> Result<ZeoConf, Box<Diagnostic>> {
    let root = zconfig::read(reader, path)?;
    let own = root.sections.iter().find(|section| section.kind == ZEO);
    let address = own.and_then(|own| own.all("address").last()).map(fact);
    Ok(ZeoConf { address, data: file_storage(&root) })
}

/// The first file storage that is opened for writing.
fn file_storage(root: &Section) -> Option<Fact> {
    let is_read_only = |section: &Section| {
        let mut values = section.all("read-only");
        values.any(|key| ["true", "yes", "on"].contains(&&*key.value.to_lowercase()))
    };
    let storages = root.descendants().into_iter().filter(|it| it.kind == FILE_STORAGE);
    let mut written = storages.filter(|it| !is_read_only(it));
    written.find_map(|storage| storage.all("path").last().map(fact))
}

fn fact(key: &Key) -> Fact {
    Fact { text: key.value.clone(), span: key.span }
}
