//! From values to text, by templates: strict, so a forgotten field is an error and not a blank, and
//! without escaping, since configurations and scripts are no HTML.

use handlebars::{Handlebars, no_escape};
use serde_json::{Value, json};

use super::deployment::{Deployment, Section};

/// Why a template could not be filled. A template that ships with supkit never says this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderFault(pub String);

/// The configuration as a text. `source` is the project's file, for the reader.
pub fn configuration(deployment: &Deployment, source: &str) -> Result<String, RenderFault> {
    let sections: Vec<Value> = deployment.sections().iter().map(section).collect();
    template("supervisord.conf.hbs", &json!({ "source": source, "sections": sections }))
}

/// A template of `templates/`, filled.
pub fn template(name: &str, data: &Value) -> Result<String, RenderFault> {
    let source = crate::assets::template(name)
        .ok_or_else(|| RenderFault(format!("there is no template `{name}`")))?;
    let mut registry = Handlebars::new();
    registry.set_strict_mode(true);
    registry.register_escape_fn(no_escape);
    registry.render_template(source, data).map_err(|fault| RenderFault(fault.to_string()))
}

fn section(section: &Section) -> Value {
    let settings: Vec<Value> = section
        .settings
        .iter()
        .map(|setting| json!({ "option": setting.option, "value": written(&setting.value) }))
        .collect();
    json!({ "name": section.name, "settings": settings })
}

/// A value as it stands behind the `=`. The lines of a longer one are indented, so that it stays
/// one value; one that begins like a comment stands close, where it is none.
fn written(value: &str) -> String {
    let blank = if value.is_empty() || value.starts_with(['#', ';', '\n']) { "" } else { " " };
    format!("{blank}{}", value.lines().collect::<Vec<_>>().join("\n    "))
}
