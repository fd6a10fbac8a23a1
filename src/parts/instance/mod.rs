//! plone.recipe.zope2instance: a WSGI instance of Zope.

mod storage;
mod switch;
mod wsgi;
mod zcml;
mod zope_conf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha1::{Digest as _, Sha1};

use crate::buildout::paths::join;

use super::egg;
use super::environment::Distributions;
use super::part::{Part, Unsupported};
use super::products::Products;
use super::script::{Call, interpreter, quoted};
use switch::{OFF, ON};

/// `found` is `None` before the eggs are installed.
pub(super) fn build(
    part: &Part<'_>,
    found: Option<&Distributions>,
) -> Result<Products, Unsupported> {
    let mut products = Products::default();
    let location = part.location();
    for name in ["bin", "etc", "var"] {
        products.directory(join(&location, name));
    }
    if let Some(user) = part.given("user") {
        products.initial_file(join(&location, "inituser"), initial_user(user)?);
    }
    let own = part.get("zope-conf");
    let conf = own.map_or_else(|| join(&location, "etc/zope.conf"), str::to_owned);
    if own.is_none() {
        zope_conf::build(part, found, &mut products)?;
    }
    wsgi::build(part, &mut products)?;
    zcml::build(part, &mut products)?;
    add_scripts(part, &conf, &mut products)?;
    if part.get("scripts") != Some("") {
        if part.get("eggs").is_none() {
            return Err(Unsupported::new("eggs", "it is not set"));
        }
        products.extend(egg::build(part, found)?);
    }
    Ok(products)
}

/// `NAME:{SHA}HASH`, which Zope reads at its first start and deletes.
fn initial_user(user: &str) -> Result<String, Unsupported> {
    let (name, password) = user
        .split_once(':')
        .ok_or_else(|| Unsupported::new("user", "it is not `NAME:PASSWORD`"))?;
    Ok(format!("{name}:{{SHA}}{}\n", BASE64.encode(Sha1::digest(password.as_bytes()))))
}

fn add_scripts(part: &Part<'_>, conf: &str, products: &mut Products) -> Result<(), Unsupported> {
    let location = part.location();
    let python = &part.place.python;
    let own_interpreter = join(&location, "bin/interpreter");
    let ini = match part.or("wsgi", "on") {
        on if ON.contains(&on.to_lowercase().as_str()) => join(&location, "etc/wsgi.ini"),
        off if off.is_empty() || OFF.contains(&off.to_lowercase().as_str()) => {
            return Err(Unsupported::new("wsgi", "only WSGI is supported"));
        }
        path => path.to_owned(),
    };
    let extra_paths = egg::extra_paths(part);
    let words = ["-C", conf, "-p", &own_interpreter, "-w", &ini].map(quoted).join(", ");
    let call = Call {
        part: part.name,
        module: "plone.recipe.zope2instance.ctl",
        attribute: "main",
        arguments: &format!("[{words}] + sys.argv[1:]"),
        initialization: "",
        extra_paths: &extra_paths,
    };
    products.program(part.bin(part.or("control-script", part.name)), call.text(python));
    products.program(own_interpreter, interpreter(part.name, python, &extra_paths));
    Ok(())
}
