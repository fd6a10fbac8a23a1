//! nti.recipes.zodb:relstorage: several storages in a relational database.

use super::adapter::{Arguments, Storage};
use super::section_text::{
    Compression, ENVIRONMENT, SectionText, add_database_files, add_directories, add_options,
    database, existing, given, in_section, indented, is_true, storages, template, zconfig,
};
use crate::buildout::{Fault, Part};

const IMPORT: &str = "%import relstorage";

pub(in crate::generate) fn add(part: &mut Part<'_>) -> Result<(), Fault> {
    let name = part.name().to_owned();
    let options = add_options(part)?;
    let compression = Compression::of(part)?;
    let base = add_base(part, compression, &options)?;
    let storages = storages(part)?;
    let converts = is_true(part.get("write-zodbconvert")?.as_deref());
    let (mut directories, mut databases) = (Vec::new(), Vec::new());
    for storage in &storages {
        let section = format!("{name}_{}_storage", storage.to_lowercase());
        let own = [options.clone(), format!("{name}_opts"), format!("{section}_opts")];
        let own = existing(part, own);
        let storage = Storage { section: &section, name: storage, options: &own, base: &base };
        let arguments = storage.arguments(part)?;
        let text = storage_text(&section, &storage, &arguments).set("name", storage.name);
        text.add(part)?;
        directories.push(format!("${{{section}:blob_dir}}"));
        directories.push(format!("${{{section}:cache-local-dir}}"));
        databases.push(format!("${{{section}:client_zcml}}"));
        if converts {
            add_conversions(part, compression, &storage, &arguments)?;
            directories.push(format!("${{zodbconvert_{section}_src:dump_dir}}"));
            directories.push(format!("${{zodbconvert_{section}_destination:blob_dump_dir}}"));
        }
    }
    add_directories(part, "blob_dirs", &directories)?;
    add_database_files(part, [compression.import(), IMPORT], databases, &storages)
}

/// The beginning of a section for a storage.
fn storage_text(section: &str, storage: &Storage<'_>, arguments: &Arguments) -> SectionText {
    let mut bases = vec![storage.base.to_owned()];
    bases.extend(storage.options.iter().cloned());
    let mut lines = vec!["# This comment preserves whitespace".to_owned()];
    lines.extend(arguments.arguments.lines("          "));
    let text = SectionText::new(section).extends(&bases);
    let text = text.set_if("shared-blob-dir", arguments.shares_blobs.then_some("true"));
    text.lines("sql_adapter_args", lines)
}

/// The files for zodbconvert.
fn add_conversions(
    part: &mut Part<'_>,
    compression: Compression,
    storage: &Storage<'_>,
    arguments: &Arguments,
) -> Result<(), Fault> {
    let dump = storage.name.to_lowercase();
    let source = format!("zodbconvert_{}_src", storage.section);
    let destination = format!("zodbconvert_{}_destination", storage.section);
    let arguments = storage.arguments_of_copy(part, arguments)?;
    for (section, name, file) in
        [(&source, "source", "destination"), (&destination, "destination", "source")]
    {
        storage_text(section, storage, &arguments)
            .set("dump_name", &dump)
            .set("filestorage_name", file)
            .set("name", name)
            .set("sql_db", storage.name)
            .add(part)?;
    }
    for (way, section) in [("to", &destination), ("from", &source)] {
        let name = format!("{dump}_{way}_relstorage_conf");
        let lines = [
            compression.import().to_owned(),
            IMPORT.to_owned(),
            format!("${{{section}:storage_zcml}}"),
            format!("${{{section}:filestorage_zcml}}"),
        ];
        template(&name, &format!("relstorage/{name}.xml"), lines).add(part)?;
    }
    Ok(())
}

/// The option of the part, else that of `[environment]`.
fn shared_option(part: &mut Part<'_>, option: &str) -> Result<Option<String>, Fault> {
    match given(part, option)? {
        None => in_section(part, ENVIRONMENT, option),
        value => Ok(value),
    }
}

/// The section that all storages extend.
fn add_base(part: &mut Part<'_>, compression: Compression, options: &str) -> Result<String, Fault> {
    let section = format!("{}_base_storage", part.name());
    let own_options = format!("{}_opts", part.name());
    let mut timeout = in_section(part, &own_options, "pool_timeout")?;
    if timeout.is_none() {
        timeout = in_section(part, options, "pool_timeout")?;
    }
    let servers = shared_option(part, "cache_servers")?.unwrap_or_default();
    let servers = Some(servers.trim()).filter(|servers| !servers.is_empty());
    let blobs = given(part, "blob-cache-size")?;
    let is_persistent = part.get("enable-persistent-cache")?;
    let is_persistent = is_persistent.is_none_or(|value| is_true(Some(&value)));
    let cache =
        if is_persistent { "${deployment:cache-directory}/data_cache/${:name}.cache" } else { "" };
    let prefix = part.get("relstorage-name-prefix")?.unwrap_or_default();
    let adapter = given(part, "sql_adapter")?.unwrap_or_else(|| "mysql".to_owned());
    let mut text = SectionText::new(&section)
        .set_if("blob-cache-size", blobs.as_deref())
        .set("blob_dir", "${:data_dir}/${:name}.blobs")
        .set("blob_dump_dir", "${:data_dir}/relstorage_dump/${:dump_name}/blobs")
        .set("cache-local-dir", cache)
        .set("cache-local-mb", "${:cache_local_mb}")
        .set("cache-size", "${:cache_size}")
        .set_if("cache_module_name", servers.map(|_| "memcache"))
        .set_if("cache_servers", servers)
        .lines("client_zcml", database(timeout.is_some(), vec!["${:storage_zcml}".to_owned()]))
        .set("data_dir", "${deployment:data-directory}")
        .set("dump_dir", "${:data_dir}/relstorage_dump/${:dump_name}")
        .set("dump_name", "${:name}")
        .set("filestorage_name", "NONE")
        .lines("filestorage_zcml", file_storage(compression))
        .set("name", "BASE")
        .set("pack-gc", "${:pack_gc}")
        .set("relstorage-name-prefix", &prefix)
        .set("shared-blob-dir", "${:shared_blob_dir}")
        .set("sql_adapter", &adapter)
        .lines("sql_adapter_args", default_arguments())
        .set("sql_adapter_extra_args", "")
        .set("sql_db", "${:name}");
    for option in ["sql_host", "sql_passwd", "sql_user"] {
        let value = shared_option(part, option)?.unwrap_or_default();
        text = text.set(option, &value);
    }
    text.lines("storage_zcml", storage_lines(compression, blobs.is_some(), servers))
        .set("cache_local_mb", "300")
        .set("cache_size", "100000")
        .set("pool_size", "60")
        .set_if("pool_timeout", timeout.as_deref())
        .set("commit_lock_timeout", "60")
        .set("pack_gc", "false")
        .set("shared_blob_dir", "false")
        .add(part)?;
    Ok(section)
}

fn default_arguments() -> [String; 5] {
    [
        "db ${:sql_db}",
        "host ${:sql_host}",
        "passwd ${:sql_passwd}",
        "user ${:sql_user}",
        "  ${:sql_adapter_extra_args}",
    ]
    .map(str::to_owned)
}

fn file_storage(compression: Compression) -> Vec<String> {
    let values = ["blob-dir ${:blob_dump_dir}", "path ${:dump_dir}/data.fs"].map(str::to_owned);
    let name = "${:filestorage_name}";
    let storage = zconfig(&format!("filestorage {name}"), &values);
    compression.wrap("zlibstorage", &format!(" {name}"), storage)
}

fn storage_lines(
    compression: Compression,
    limits_blobs: bool,
    servers: Option<&str>,
) -> Vec<String> {
    let adapter = zconfig("${:sql_adapter}", &["${:sql_adapter_args}".to_owned()]);
    let values = [
        limits_blobs.then_some("blob-cache-size ${:blob-cache-size}"),
        Some("blob-dir ${:blob_dir}"),
        Some("cache-local-dir ${:cache-local-dir}"),
        Some("cache-local-mb ${:cache-local-mb}"),
        Some("cache-prefix ${:name}"),
        Some("commit-lock-timeout ${:commit_lock_timeout}"),
        Some("keep-history false"),
        Some("name ${:relstorage-name-prefix}${:name}"),
        Some("pack-gc ${:pack-gc}"),
        Some("shared-blob-dir ${:shared-blob-dir}"),
        servers.map(|_| "cache-module-name memcache"),
    ];
    let mut lines = vec!["<relstorage ${:name}>".to_owned()];
    lines.extend(indented("    ", adapter));
    lines.extend(values.into_iter().flatten().map(|value| format!("  {value}")));
    lines.extend(servers.map(|servers| format!("  cache-servers {servers}")));
    lines.push("</relstorage>".to_owned());
    compression.wrap("zlibstorage", " ${:name}", lines)
}
