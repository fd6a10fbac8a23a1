//! plone.recipe.varnish:script: the script that starts varnishd.

use crate::buildout::paths::join;

use super::part::{Part, Unsupported};
use super::products::Products;
use super::script::word;

pub(super) fn build(part: &Part<'_>) -> Result<Products, Unsupported> {
    let mut products = Products::default();
    let location = part.or("location", &part.location()).to_owned();
    let storage = if let Some(own) = part.get("cache-location") {
        own.to_owned()
    } else {
        products.directory(&location);
        let storage = join(&location, "storage");
        products.directory(&storage);
        storage
    };
    let required = |option: &str| {
        part.given(option).ok_or_else(|| Unsupported::new(option, "its value is not known"))
    };
    let mut words: Vec<String> = vec![
        "-f".into(),
        word(required("configuration-file")?),
        "-P".into(),
        word(&join(&location, "varnish.pid")),
        "-a".into(),
        word(required("bind")?),
    ];
    let mut add = |option: &str, value: &str| words.extend([option.to_owned(), word(value)]);
    if let Some(telnet) = part.given("telnet") {
        add("-T", telnet);
    }
    let kind = part.or("cache-type", "file").to_lowercase();
    let size = part.or("cache-size", "256M");
    let place = if kind == "file" { format!("{storage},") } else { String::new() };
    add("-s", &format!("{kind},{place}{size}"));
    if part.or("mode", "daemon") == "foreground" {
        words.push("-F".into());
    }
    let mut add = |option: &str, value: &str| words.extend([option.to_owned(), word(value)]);
    if let Some(name) = part.given("name") {
        add("-n", name);
    }
    let secret = part.or("secret-file", "nosecret");
    match secret.to_lowercase().as_str() {
        "disabled" => add("-S", ""),
        "nosecret" => {}
        _ => add("-S", secret),
    }
    for parameter in part.or("runtime-parameters", "").split_whitespace() {
        add("-p", parameter);
    }
    let text = format!(
        "#!/bin/sh\n# Made by supkit build for the part {}.\nexec {} \\\n    {} \\\n    \"$@\"\n",
        part.name,
        required("daemon")?,
        words.chunks(2).map(|pair| pair.join(" ")).collect::<Vec<_>>().join(" \\\n    ")
    );
    products.program(required("script-filename")?, text);
    Ok(products)
}
