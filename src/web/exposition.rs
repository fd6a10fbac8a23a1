//! The text formats in which Prometheus reads metrics: 0.0.4, and that of `OpenMetrics` 1.0.

use std::fmt::{Display, Write};

/// A text format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Text,
    OpenMetrics,
}

impl Format {
    /// What a client prefers, which lists types with their weights. `OpenMetrics` only on request.
    pub(super) fn preferred(accept: &str) -> Self {
        let weight = |wanted: &str| {
            let types = accept.split(',').map(|it| it.trim().to_ascii_lowercase());
            let weights = types.filter(|it| it.split(';').next().unwrap_or("").trim() == wanted);
            let weights = weights.map(|it| {
                let mut parameters = it.split(';').map(str::trim);
                let weight = parameters.find_map(|it| it.strip_prefix("q=")?.parse::<f64>().ok());
                weight.unwrap_or(1.0)
            });
            weights.fold(0.0, f64::max)
        };
        let open = weight("application/openmetrics-text");
        let others = weight("text/plain").max(weight("text/*"));
        if open > 0.0 && open >= others { Self::OpenMetrics } else { Self::Text }
    }

    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// The kind of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Its samples end in `_total`.
    Counter,
    Gauge,
    /// A constant 1 with labels; its samples end in `_info`.
    Info,
    Histogram,
}

/// A document that is being written.
pub(super) struct Exposition {
    format: Format,
    text: String,
}

impl Exposition {
    pub(super) fn new(format: Format) -> Self {
        Self { format, text: String::new() }
    }

    /// Begins the samples of a metric, of which there is at least one. The name has no suffix.
    pub(super) fn begin(&mut self, name: &str, kind: Kind, help: &str) {
        let (suffix, kind) = match (kind, self.format) {
            (Kind::Counter, Format::OpenMetrics) => ("", "counter"),
            (Kind::Counter, Format::Text) => ("_total", "counter"),
            (Kind::Info, Format::OpenMetrics) => ("", "info"),
            (Kind::Info, Format::Text) => ("_info", "gauge"),
            (Kind::Gauge, _) => ("", "gauge"),
            (Kind::Histogram, _) => ("", "histogram"),
        };
        let _ = writeln!(self.text, "# HELP {name}{suffix} {help}");
        let _ = writeln!(self.text, "# TYPE {name}{suffix} {kind}");
    }

    /// Writes a sample. `name` has its suffix, and `labels` are escaped.
    pub(super) fn sample(&mut self, name: &str, labels: &str, value: impl Display) {
        let _ = match labels {
            "" => writeln!(self.text, "{name} {value}"),
            labels => writeln!(self.text, "{name}{{{labels}}} {value}"),
        };
    }

    pub(super) fn finish(mut self) -> String {
        if self.format == Format::OpenMetrics {
            self.text.push_str("# EOF\n");
        }
        self.text
    }
}

/// `name="value",other="value"`
pub(super) fn labels<const N: usize>(pairs: [(&str, &str); N]) -> String {
    let mut text = String::new();
    for (name, value) in pairs {
        let separator = if text.is_empty() { "" } else { "," };
        let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let _ = write!(text, "{separator}{name}=\"{value}\"");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_gets_openmetrics_if_it_prefers_that() {
        let cases = [
            ("", Format::Text),
            ("*/*", Format::Text),
            ("application/openmetrics-text", Format::OpenMetrics),
            (
                "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.1",
                Format::OpenMetrics,
            ),
            ("application/openmetrics-text; q=0.2, text/plain;q=0.9", Format::Text),
            ("application/openmetrics-text;q=0", Format::Text),
        ];
        for (accept, want) in cases {
            assert_eq!(Format::preferred(accept), want, "{accept}");
        }
    }

    #[test]
    fn both_formats_name_counters_in_their_way() {
        let document = |format| {
            let mut out = Exposition::new(format);
            out.begin("x_seconds", Kind::Counter, "A time.");
            out.sample("x_seconds_total", &labels([("name", "a\\b\"c\nd")]), 1.5);
            out.finish()
        };
        assert_eq!(
            document(Format::Text),
            "# HELP x_seconds_total A time.\n# TYPE x_seconds_total counter\n\
             x_seconds_total{name=\"a\\\\b\\\"c\\nd\"} 1.5\n"
        );
        assert_eq!(
            document(Format::OpenMetrics),
            "# HELP x_seconds A time.\n# TYPE x_seconds counter\n\
             x_seconds_total{name=\"a\\\\b\\\"c\\nd\"} 1.5\n# EOF\n"
        );
    }
}
