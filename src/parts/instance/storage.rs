//! The storage of the main database in zope.conf: a file, with or without blobs, or a ZEO server.

use crate::buildout::paths::join;

use super::super::part::{Part, Unsupported};
use super::super::products::Products;
use super::super::zconfig::Writer;

/// Options of a ZEO client that are written if they are not empty, in order, after `cache-size`.
const BLOB_CACHE: [(&str, &str); 2] = [
    ("zeo-client-blob-cache-size", "blob-cache-size"),
    ("zeo-client-blob-cache-size-check", "blob-cache-size-check"),
];
const CONNECTION: [(&str, &str); 3] = [
    ("min-disconnect-poll", "min-disconnect-poll"),
    ("max-disconnect-poll", "max-disconnect-poll"),
    ("zeo-client-drop-cache-rather-verify", "drop-cache-rather-verify"),
];

pub(super) fn write(
    part: &Part<'_>,
    out: &mut Writer,
    products: &mut Products,
) -> Result<(), Unsupported> {
    if part.is("zeo-client", "", &["yes", "true", "on", "1"]) {
        return client(part, out, products);
    }
    file(part, out, products);
    Ok(())
}

/// The file of the database, unless there is none. Its directory is made for clients, too.
fn data_file(part: &Part<'_>, products: &mut Products) -> Option<String> {
    let path = Some(part.or("file-storage", "filestorage/Data.fs")).filter(|it| !it.is_empty());
    let path = join(&part.var(), path?);
    products.directory_of(&path);
    Some(path)
}

fn file(part: &Part<'_>, out: &mut Writer, products: &mut Products) {
    let var = part.var();
    let default = join(&var, "blobstorage");
    let blobs = part.or("blob-storage", &default);
    if !blobs.is_empty() {
        let blobs = join(&part.place.directory, blobs);
        products.private_directory(&blobs);
        out.begin("blobstorage");
        out.set("blob-dir", &blobs);
    }
    if let Some(path) = data_file(part, products) {
        out.begin("filestorage");
        out.set("path", &path);
        out.end();
    } else {
        out.line("<demostorage />");
    }
    if !blobs.is_empty() {
        out.end();
    }
}

fn client(part: &Part<'_>, out: &mut Writer, products: &mut Products) -> Result<(), Unsupported> {
    data_file(part, products);
    let shared = part.or("shared-blob", "no");
    let default = if shared == "no" { "blobcache" } else { "blobstorage" };
    let default = join(&part.var(), default);
    let blobs = part.or("blob-storage", &default);
    if !blobs.is_empty() {
        products.private_directory(join(&part.place.directory, blobs));
    }
    out.begin("zeoclient");
    out.set("read-only", part.or("read-only", "false"));
    let fallback = part.or("zeo-client-read-only-fallback", "false");
    out.set_given("read-only-fallback", Some(fallback));
    if !blobs.is_empty() {
        out.set("blob-dir", blobs);
        out.set("shared-blob-dir", shared);
    }
    for address in part.or("zeo-address", "8100").split(' ').filter(|it| !it.is_empty()) {
        out.set("server", address);
    }
    out.set("storage", part.or("zeo-storage", "1"));
    out.set("name", "zeostorage");
    out.set("cache-size", part.or("zeo-client-cache-size", "128MB"));
    if !blobs.is_empty() {
        set_all(part, &BLOB_CACHE, out);
    }
    if let Some(user) = part.given("zeo-username") {
        let password = part.given("zeo-password");
        let password = password
            .ok_or_else(|| Unsupported::new("zeo-username", "`zeo-password` is not set"))?;
        out.set("realm", part.or("zeo-realm", "ZEO"));
        out.set("username", user);
        out.set("password", password);
    }
    if let Some(client) = part.given("zeo-client-client") {
        out.set("var", part.given("zeo-var").unwrap_or("$(ZEO_TMP)"));
        out.set("client", client);
    }
    set_all(part, &CONNECTION, out);
    out.end();
    Ok(())
}

fn set_all(part: &Part<'_>, options: &[(&str, &str)], out: &mut Writer) {
    for (option, name) in options {
        out.set_given(name, part.get(option));
    }
}
