//! Renders a diagnostic: message, marked lines, chain and remedy.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::{Diagnostic, Severity, SourceMap, Span};

impl Diagnostic {
    /// Renders a diagnostic, with colours if `styled`.
    pub fn render(&self, sources: &SourceMap, styled: bool) -> String {
        let level = match self.severity {
            Severity::Warning => Level::WARNING,
            Severity::Error => Level::ERROR,
        };
        let mut group = Group::with_title(level.primary_title(&self.message).id(self.code));
        for (span, doing) in &self.chain {
            let kind = AnnotationKind::Context.span(range(sources, *span)).label(doing);
            group = group.element(snippet(sources, *span).annotation(kind));
        }
        if let Some(span) = self.span {
            let kind = AnnotationKind::Primary.span(range(sources, span));
            let kind = kind.label(self.label.as_deref());
            group = group.element(snippet(sources, span).annotation(kind));
        }
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help));
        }
        let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
        renderer.render(&[group])
    }

    /// The diagnostic on one line: position, message, remedy.
    pub fn line(&self, sources: &SourceMap) -> String {
        let place = self.span.map(|span| format!("{}: ", sources.place(span)));
        let help = self.help.as_ref().map(|help| format!("; {help}"));
        let text = [place.unwrap_or_default(), self.message.clone(), help.unwrap_or_default()];
        text.concat().split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

fn snippet(sources: &SourceMap, span: Span) -> Snippet<'_, annotate_snippets::Annotation<'_>> {
    Snippet::source(sources.text(span.source)).path(sources.name(span.source)).fold(true)
}

/// Clamps a span to whole characters of its text.
fn range(sources: &SourceMap, span: Span) -> std::ops::Range<usize> {
    let text = sources.text(span.source);
    let floor = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(span.start);
    start..floor(span.end).max(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_culprit_is_marked_and_the_chain_told() {
        let mut sources = SourceMap::default();
        let file = sources.add("buildout.cfg", "[a]\nx = ${b:y}\n[b]\ny = ${c:z}\n");
        let diagnostic = Diagnostic::error("missing-option", "no option `z` in `c`")
            .at(Span::new(file, 23, 29))
            .via(Span::new(file, 8, 14), "needed here")
            .help("set it");
        insta::assert_snapshot!(diagnostic.render(&sources, false), @"
        error[missing-option]: no option `z` in `c`
         --> buildout.cfg:2:5
          |
        2 | x = ${b:y}
          |     ------ needed here
          |
         ::: buildout.cfg:4:5
          |
        4 | y = ${c:z}
          |     ^^^^^^
          |
          = help: set it
        ");
    }
}
