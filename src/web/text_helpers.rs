//! The texts in templates: `{{t "key" name=value}}`, `{{count "key" n}}`, `{{word "family" member}}`,
//! and `{{rich "key"}}`, in which backquotes mark code. The language is that of the page.

use std::fmt::Display;

use handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, JsonRender, Output, RenderContext,
    RenderError, RenderErrorReason, ScopedJson, html_escape,
};

use super::texts::{self, Language, Value};

/// The field of a page's data that has the code of its language.
pub(super) const FIELD: &str = "lang";

pub(super) fn register(templates: &mut Handlebars<'static>) {
    templates.register_helper("t", Box::new(Text(Kind::Text)));
    templates.register_helper("count", Box::new(Text(Kind::Count)));
    templates.register_helper("word", Box::new(Text(Kind::Word)));
    templates.register_helper("rich", Box::new(Rich));
}

enum Kind {
    Text,
    Count,
    Word,
}

struct Text(Kind);

/// The parameters of a helper as texts.
struct Params<'a> {
    language: Language,
    plain: Vec<String>,
    named: Vec<(&'a str, String)>,
}

impl<'a> Params<'a> {
    fn of(helper: &'a Helper<'_>, context: &Context) -> Self {
        let code = context.data().get(FIELD).and_then(serde_json::Value::as_str);
        Self {
            language: code.and_then(Language::from_code).unwrap_or(Language::English),
            plain: helper.params().iter().map(|it| it.value().render()).collect(),
            named: helper.hash().iter().map(|(name, it)| (*name, it.value().render())).collect(),
        }
    }

    fn values(&self) -> Vec<Value<'_>> {
        self.named.iter().map(|(name, value)| (*name, value as &dyn Display)).collect()
    }

    fn get(&self, at: usize) -> Result<&str, RenderError> {
        self.plain
            .get(at)
            .map(String::as_str)
            .ok_or_else(|| RenderErrorReason::ParamNotFoundForIndex("text", at).into())
    }
}

impl HelperDef for Text {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        context: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let params = Params::of(helper, context);
        let (language, key, values) = (params.language, params.get(0)?, params.values());
        let text = match self.0 {
            Kind::Text => language.fill(key, &values),
            Kind::Count => {
                let n = params.get(1)?.parse().unwrap_or_default();
                language.count(key, n, &values)
            }
            Kind::Word => language.word(key, params.get(1)?, &values),
        };
        Ok(ScopedJson::Derived(text.into()))
    }
}

struct Rich;

impl HelperDef for Rich {
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        context: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let params = Params::of(helper, context);
        let text = params.language.text(params.get(0)?);
        Ok(out.write(&rich(text, &params.values()))?)
    }
}

/// The text as HTML, with its odd parts between backquotes as code. Values are never markup.
fn rich(text: &str, values: &[Value<'_>]) -> String {
    let parts = text.split('`').enumerate().map(|(at, part)| {
        let part = html_escape(&texts::fill(part, values));
        if at % 2 == 1 { format!("<code>{part}</code>") } else { part }
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn render(template: &str, lang: &str) -> String {
        let mut templates = Handlebars::new();
        templates.set_strict_mode(true);
        register(&mut templates);
        let data =
            json!({ "lang": lang, "name": "<`a`>", "state": "running", "n": 1, "list": [2] });
        templates.render_template(template, &data).expect("the template is valid")
    }

    #[test]
    fn texts_are_in_the_language_of_the_page() {
        let template = r#"{{word "state" state}}, {{count "processes" n}}, {{#each list}}{{count "processes" this}}{{/each}}"#;
        assert_eq!(render(template, "en"), "running, 1 process, 2 processes");
        assert_eq!(render(template, "de"), "läuft, 1 Prozess, 2 Prozesse");
    }

    #[test]
    fn values_are_escaped_and_never_code() {
        assert_eq!(
            render(r#"{{t "list.select" name=name}}"#, "en"),
            "Select &lt;&#x60;a&#x60;&gt;"
        );
        let text = render(r#"{{rich "forbidden.host-name" section=name}}"#, "en");
        assert!(text.starts_with("Set <code>username</code>"), "{text}");
        assert!(text.contains("<code>[&lt;&#x60;a&#x60;&gt;]</code>"), "{text}");
    }
}
