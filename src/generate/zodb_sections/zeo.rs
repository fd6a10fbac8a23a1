//! nti.recipes.zodb:zeo: a ZEO server with several storages, and a client for each.

use super::section_text::{
    Compression, SectionText, add_addresses, add_database_files, add_directories, add_options,
    database, existing, indented, storages, zconfig,
};
use crate::buildout::{Fault, Part};

const SOCKET: &str = "${deployment:run-directory}/zeosocket";

pub(in crate::generate) fn add(part: &mut Part<'_>) -> Result<(), Fault> {
    let name = part.name().to_owned();
    let options = add_options(part)?;
    let storages = storages(part)?;
    let compression = Compression::of(part)?;
    add_base_storage(part, compression)?;
    add_base_client(part, compression)?;

    let pack_gc = part.get("pack-gc")?.unwrap_or_else(|| "false".to_owned());
    let own = format!("{name}_opts");
    for (number, storage) in numbered(&storages) {
        let section = storage_section(storage);
        let bases = existing(
            part,
            [format!("{name}_base_storage"), options.clone(), own.clone(), with_options(&section)],
        );
        SectionText::new(&section)
            .extends(&bases)
            .set("name", storage)
            .set("number", &number.to_string())
            .set("pack-gc", &pack_gc)
            .add(part)?;
    }
    add_server(part, compression, &storages)?;
    for (number, storage) in numbered(&storages) {
        let (section, client) = (storage_section(storage), client_section(storage));
        let bases = existing(
            part,
            [
                section.clone(),
                format!("{name}_base_client"),
                options.clone(),
                own.clone(),
                with_options(&section),
                with_options(&client),
            ],
        );
        SectionText::new(&client)
            .extends(&bases)
            .set("name", storage)
            .set("storage_num", &number.to_string())
            .add(part)?;
    }
    add_files(part, compression, &storages)
}

fn numbered(storages: &[String]) -> impl Iterator<Item = (usize, &String)> {
    (1..).zip(storages)
}

fn storage_section(storage: &str) -> String {
    format!("{}_storage", storage.to_lowercase())
}

fn client_section(storage: &str) -> String {
    format!("{}_client", storage.to_lowercase())
}

fn with_options(section: &str) -> String {
    format!("{section}_opts")
}

fn add_base_storage(part: &mut Part<'_>, compression: Compression) -> Result<(), Fault> {
    let values = ["blob-dir ${:blob_dir}", "pack-gc ${:pack-gc}", "path ${:data_file}"];
    let storage = zconfig("filestorage ${:number}", &values.map(str::to_owned));
    let server = compression.wrap("serverzlibstorage", " ${:number}", storage);
    SectionText::new(&format!("{}_base_storage", part.name()))
        .set("blob_dir", "${:data_dir}/${:name}.blobs")
        .set("data_dir", "${deployment:data-directory}")
        .set("data_file", "${:data_dir}/${:name}.fs")
        .set("name", "BASE")
        .set("number", "0")
        .set("pack-gc", "false")
        .lines("server_zcml", server)
        .add(part)
}

fn add_base_client(part: &mut Part<'_>, compression: Compression) -> Result<(), Fault> {
    let values = [
        "blob-dir ${:blob_dir}".to_owned(),
        "name ${:name}".to_owned(),
        format!("server {SOCKET}"),
        "shared-blob-dir true".to_owned(),
        "storage ${:storage_num}".to_owned(),
    ];
    let client = compression.wrap("zlibstorage", "", zconfig("zeoclient", &values));
    let timeout = part.get("pool_timeout")?;
    let base = format!("{}_base_storage", part.name());
    SectionText::new(&format!("{}_base_client", part.name()))
        .extends(&[base])
        .set("cache-size", "${:cache_size}")
        .lines("client_zcml", database(timeout.is_some(), client))
        .set("name", "BASE")
        .set("storage_num", "1")
        .set("cache_size", "100000")
        .set("pool_size", "60")
        .set_if("pool_timeout", timeout.as_deref())
        .add(part)
}

/// `base_zeo`: the server.
fn add_server(
    part: &mut Part<'_>,
    compression: Compression,
    storages: &[String],
) -> Result<(), Fault> {
    let name = part.get("name")?.unwrap_or_else(|| part.name().to_owned());
    let log = ["format %(asctime)s %(message)s", "level DEBUG", "path ${:logFile}"];
    let log = indented("    ", zconfig("logfile", &log.map(str::to_owned)));
    let mut lines = vec![compression.import().to_owned()];
    lines.extend(zconfig("zeo", &["address ${:clientPipe}".to_owned()]));
    lines.extend(
        storages.iter().map(|storage| format!("${{{}:server_zcml}}", storage_section(storage))),
    );
    lines.push("<eventlog>".to_owned());
    lines.extend(log);
    lines.push("</eventlog>".to_owned());
    SectionText::new("base_zeo")
        .set("recipe", "zc.zodbrecipes:server")
        .set("clientPipe", SOCKET)
        .set("deployment", "deployment")
        .set("logFile", "${deployment:log-directory}/zeo.log")
        .set("name", &name)
        .lines("zeo.conf", lines)
        .add(part)
}

fn add_files(
    part: &mut Part<'_>,
    compression: Compression,
    storages: &[String],
) -> Result<(), Fault> {
    let databases =
        storages.iter().map(|storage| format!("${{{}:client_zcml}}", client_section(storage)));
    add_database_files(part, [compression.import(), ""], databases.collect(), storages)?;
    let direct = storages.iter().map(|storage| {
        let client = client_section(storage);
        format!(
            "zlibfile://${{{client}:data_file}}?database_name=${{{client}:name}}\
             &blobstorage_dir=${{{client}:blob_dir}}"
        )
    });
    let direct: Vec<String> = direct.collect();
    add_addresses(part, "zodb_direct_file_uris_conf", "zodb_file_uris.ini", &direct)?;
    let directories =
        storages.iter().map(|storage| format!("${{{}:blob_dir}}", storage_section(storage)));
    let directories: Vec<String> = directories.collect();
    add_directories(part, &format!("{}_mkdirs", part.name()), &directories)
}
