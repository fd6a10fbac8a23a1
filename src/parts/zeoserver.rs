//! plone.recipe.zeoserver: zeo.conf, and the scripts that start, pack and back up the server.

use crate::buildout::paths::{absolute, join};

use super::part::{Part, Unsupported};
use super::products::Products;
use super::script::{Call, quoted, word};
use super::zconfig::Writer;

const ADDRESS: &str = "8100";
const REALM: &str = "ZEO";

pub(super) fn build(part: &Part<'_>) -> Result<Products, Unsupported> {
    let mut products = Products::default();
    let location = part.location();
    for name in ["bin", "etc", "log", "var"] {
        products.directory(join(&location, name));
    }
    products.directory(part.var());
    let conf = join(&location, "etc/zeo.conf");
    // The server is started with the project's own configuration, if there is one.
    let read = if let Some(own) = part.get("zeo-conf") {
        let own_path = absolute(&part.place.directory, own);
        products.file(&conf, format!("%include {own_path}\n"));
        own.to_owned()
    } else {
        let paths = Paths::of(part);
        for file in [&paths.socket, &paths.log, &paths.storage] {
            products.directory_of(file);
        }
        products.file(&conf, configuration(part, &location, &paths)?);
        conf.clone()
    };
    for (script, module) in [("runzeo", "ZEO.runzeo"), ("zeoctl", "ZEO.zeoctl")] {
        products.program(join(&location, &format!("bin/{script}")), starter(part, module, &conf));
    }
    let extra_paths: Vec<String> =
        part.lines("extra-paths").into_iter().map(str::to_owned).collect();
    let call = Call { part: part.name, extra_paths: &extra_paths, ..Call::default() };
    let python = &part.place.python;
    let control = Call {
        module: "plone.recipe.zeoserver.ctl",
        attribute: "main",
        arguments: &format!("['-C', {}] + sys.argv[1:]", quoted(&read)),
        ..call.clone()
    };
    products.program(part.bin(part.name), control.text(python));
    let pack = Call {
        module: "plone.recipe.zeoserver.pack",
        attribute: "main",
        arguments: &pack_arguments(part),
        initialization: "import getopt\n\
             options = dict(getopt.getopt(sys.argv[1:], 'S:B:D:W1')[0])",
        ..call.clone()
    };
    products.program(part.bin(part.or("zeopack-script-name", "zeopack")), pack.text(python));
    let backup = Call { module: "ZODB.scripts.repozo", attribute: "main", ..call };
    products.program(part.bin(part.or("repozo-script-name", "repozo")), backup.text(python));
    Ok(products)
}

/// The files of the server.
struct Paths {
    socket: String,
    log: String,
    pid: String,
    storage: String,
    /// Unless there is none.
    blobs: Option<String>,
}

impl Paths {
    fn of(part: &Part<'_>) -> Self {
        let var = part.var();
        let below = |option: &str, default: &str| join(&var, part.or(option, default));
        let blobs = part.or("blob-storage", "blobstorage");
        Self {
            socket: part.get("socket-name").map_or(format!("{var}/zeo.zdsock"), str::to_owned),
            log: below("zeo-log", &format!("log/{}.log", part.name)),
            pid: part
                .get("pid-file")
                .map_or_else(|| join(&var, &format!("{}.pid", part.name)), str::to_owned),
            storage: below("file-storage", "filestorage/Data.fs"),
            blobs: (!blobs.is_empty()).then(|| join(&var, blobs)),
        }
    }
}

fn configuration(part: &Part<'_>, location: &str, paths: &Paths) -> Result<String, Unsupported> {
    let mut out = Writer::default();
    out.set("%define INSTANCE", location);
    out.begin("zeo");
    out.set("address", part.or("zeo-address", ADDRESS));
    out.set("read-only", part.or("read-only", "false"));
    out.set("invalidation-queue-size", part.or("invalidation-queue-size", "100"));
    out.set("pid-filename", &paths.pid);
    if let Some(database) = part.given("authentication-database") {
        out.set("authentication-protocol", "digest");
        out.set("authentication-database", database);
        out.set("authentication-realm", part.or("authentication-realm", REALM));
    }
    out.set_given("monitor-address", part.get("monitor-address"));
    out.end();

    out.begin(&format!("filestorage {}", part.or("storage-number", "1")));
    out.set("path", &paths.storage);
    out.set_given("blob-dir", paths.blobs.as_deref());
    for option in ["pack-gc", "pack-keep-old"] {
        switched_off(part, option, &mut out)?;
    }
    out.end();

    out.begin("eventlog");
    out.set("level", part.or("zeo-log-level", "info"));
    if let Some(own) = part.get("zeo-log-custom") {
        out.lines(own);
    } else {
        out.begin("logfile");
        out.set("path", &paths.log);
        out.set("format", part.or("zeo-log-format", "%(asctime)s %(message)s"));
        if let Some(size) = part.given("zeo-log-max-size") {
            out.set("max-size", size);
            out.set("old-files", part.or("zeo-log-old-files", "1"));
        }
        out.end();
    }
    out.end();

    out.begin("runner");
    out.set("program", "$INSTANCE/bin/runzeo");
    out.set("socket-name", &paths.socket);
    out.lines("daemon true\nforever false\nbackoff-limit 10\nexit-codes 0, 2");
    out.lines("directory $INSTANCE\ndefault-to-interactive true");
    out.set_given("user", part.get("effective-user"));
    out.set("logfile", &paths.log);
    out.end();
    out.lines(part.or("zeo-conf-additional", ""));
    Ok(out.finish())
}

/// The option is written only if it switches something off.
fn switched_off(part: &Part<'_>, option: &str, out: &mut Writer) -> Result<(), Unsupported> {
    match part.or(option, "").to_lowercase().as_str() {
        "" => {}
        "false" => out.set(option, "false"),
        _ => return Err(Unsupported::new(option, "its value is neither `false` nor empty")),
    }
    Ok(())
}

/// A script for the shell that starts a module with the configuration.
fn starter(part: &Part<'_>, module: &str, conf: &str) -> String {
    let python = word(&part.place.python);
    let paths = part.lines("extra-paths").join(":");
    let extra = if paths.is_empty() {
        String::new()
    } else {
        format!("PYTHONPATH={}${{PYTHONPATH:+:$PYTHONPATH}}\nexport PYTHONPATH\n", word(&paths))
    };
    let conf = word(conf);
    format!(
        "#!/bin/sh\n# Made by supkit build for the part {}.\n{extra}\
         exec {python} -m {module} -C {conf} \"$@\"\n",
        part.name
    )
}

/// What the script that packs is called with, in order. Options of its command line override some.
fn pack_arguments(part: &Part<'_>) -> String {
    let address = part.or("zeo-address", ADDRESS);
    let (host, port, socket) = match address.split_once(':') {
        Some((host, port)) => (host, port, ""),
        None if address.parse::<u32>().is_ok() => ("127.0.0.1", address, ""),
        None => ("", "", address),
    };
    let literal = |text: &str| if text.is_empty() { "None".into() } else { quoted(text) };
    let option = |name: &str| literal(part.or(name, ""));
    let realm = match part.get("pack-user") {
        Some(_) => literal(part.or("authentication-realm", REALM)),
        None => "None".to_owned(),
    };
    let days = literal(part.or("pack-days", "1"));
    let storage = literal(part.or("storage-number", "1"));
    [
        literal(host),
        literal(port),
        literal(socket),
        format!("options.get('-D') or {days}"),
        option("pack-user"),
        option("pack-password"),
        realm,
        format!("options.get('-B') or {}", option("blob-storage")),
        format!("options.get('-S') or {storage}"),
    ]
    .join(", ")
}
