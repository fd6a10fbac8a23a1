//! Renders templates. A missing field is an error. Nothing is escaped, because the output is not
//! HTML.

use handlebars::{Handlebars, no_escape};
use serde_json::{Value, json};

use super::deployment::{Deployment, Section};
use super::paths;

/// Why a template could not be rendered. The built-in templates are tested not to fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderFault(pub String);

/// The text of the configuration. `source` is the main file of the project, for a comment.
pub fn configuration(deployment: &Deployment, source: &str) -> Result<String, RenderFault> {
    let sections: Vec<Value> = deployment.sections().iter().map(section).collect();
    let additions =
        deployment.includes.iter().any(|pattern| pattern.ends_with(paths::LOCAL_ADDITIONS));
    let data = json!({ "additions": additions, "source": source, "sections": sections });
    template("supervisord.conf.hbs", &data)
}

/// Renders a template of `templates/`.
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

/// The text after `=`. Further lines are indented as continuation lines. A value that begins like a
/// comment follows without a blank, because a blank would make it a comment.
fn written(value: &str) -> String {
    let blank = if value.is_empty() || value.starts_with(['#', ';', '\n']) { "" } else { " " };
    format!("{blank}{}", value.lines().collect::<Vec<_>>().join("\n    "))
}
