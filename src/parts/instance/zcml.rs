//! site.zcml, and the files of package-includes that it includes.

use crate::buildout::paths::join;

use super::super::part::{Part, Unsupported};
use super::super::products::Products;

const ZOPE: &str = "http://namespaces.zope.org/zope";

/// What every site includes, in this order.
const SITE: &str = r#"<!-- Made by supkit build. -->
<configure xmlns="http://namespaces.zope.org/zope"
           xmlns:five="http://namespaces.zope.org/five"
           xmlns:meta="http://namespaces.zope.org/meta">
  <include package="Products.Five" />
  <meta:redefinePermission from="zope2.Public" to="zope.Public" />
  <include files="package-includes/*-meta.zcml" />
  <five:loadProducts file="meta.zcml" />
  <include files="package-includes/*-configure.zcml" />
  <five:loadProducts />
  <includeOverrides files="package-includes/*-overrides.zcml" />
  <five:loadProductsOverrides />
  <securityPolicy component="AccessControl.security.SecurityPolicy" />
</configure>
"#;

pub(super) fn build(part: &Part<'_>, products: &mut Products) -> Result<(), Unsupported> {
    let etc = join(&part.location(), "etc");
    if let Some(own) = part.given("site-zcml") {
        products.file(join(&etc, "site.zcml"), own);
        return Ok(());
    }
    products.file(join(&etc, "site.zcml"), SITE);
    let includes = join(&etc, "package-includes");
    if let Some(own) = part.given("zcml-additional") {
        let text = format!("<configure xmlns=\"{ZOPE}\">\n{own}\n</configure>");
        products.file(join(&includes, "999-additional-overrides.zcml"), text);
    }
    if let Some(path) = part.given("resources") {
        let path = path.trim();
        products.directory(path);
        let text = format!(
            "<configure xmlns=\"{ZOPE}\"\n           \
             xmlns:plone=\"http://namespaces.plone.org/plone\">\n  \
             <include package=\"plone.resource\" file=\"meta.zcml\"/>\n  \
             <plone:static directory=\"{path}\"/>\n</configure>\n"
        );
        products.file(join(&includes, "998-resources-configure.zcml"), text);
    }
    if let Some(path) = part.given("locales") {
        let path = path.trim();
        products.directory(path);
        let text = format!(
            "<configure xmlns=\"{ZOPE}\"\n           \
             xmlns:i18n=\"http://namespaces.zope.org/i18n\">\n  \
             <i18n:registerTranslations directory=\"{path}\" />\n</configure>\n"
        );
        products.file(join(&includes, "001-locales-configure.zcml"), text);
    }
    // 001 is reserved for the locales.
    for (package, number) in packages(part.or("zcml", "")).into_iter().zip(2..) {
        let slug = Slug::of(package)?;
        let name = format!("{number:03}-{}-{}.zcml", slug.package, slug.kind);
        let text = format!("<include package=\"{}\" file=\"{}\" />\n", slug.package, slug.file);
        products.file(join(&includes, &name), text);
    }
    Ok(())
}

/// The words of an option without its comments.
fn packages(text: &str) -> Vec<&str> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
    lines.flat_map(str::split_whitespace).collect()
}

/// What a word such as `my.package-meta:file.zcml` includes.
struct Slug<'a> {
    package: &'a str,
    kind: String,
    file: String,
}

impl<'a> Slug<'a> {
    fn of(text: &'a str) -> Result<Self, Unsupported> {
        let unsupported = || Unsupported::new("zcml", format!("`{text}` is not a package"));
        let (package, file) = match text.split_once(':') {
            Some((package, file)) if !file.contains(':') => (package, Some(file)),
            Some(_) => return Err(unsupported()),
            None => (text, None),
        };
        let (package, suffix) = match package.split_once('-') {
            Some((package, suffix)) if !suffix.contains('-') => (package, suffix),
            Some(_) => return Err(unsupported()),
            None => (package, "configure"),
        };
        let is_word =
            |word: &str| !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || c == '_');
        if !package.split('.').all(is_word) {
            return Err(unsupported());
        }
        let is_standard = ["configure", "meta", "overrides"].contains(&suffix);
        let kind = if is_standard { suffix.to_owned() } else { format!("{suffix}-configure") };
        let file = file.map_or_else(|| format!("{suffix}.zcml"), str::to_owned);
        Ok(Self { package, kind, file })
    }
}
