//! Writes `ZConfig`, the format of zope.conf and zeo.conf: lines `name value` in nested sections.

/// A text with the indentation of its sections.
#[derive(Debug, Default)]
pub(super) struct Writer {
    text: String,
    /// The open sections.
    open: Vec<String>,
}

impl Writer {
    pub(super) fn line(&mut self, line: &str) {
        if !line.trim().is_empty() {
            let indent = if line.starts_with('%') { 0 } else { self.open.len() };
            self.text.push_str(&"  ".repeat(indent));
            self.text.push_str(line.trim());
            self.text.push('\n');
        }
    }

    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.line(&format!("{name} {value}"));
    }

    /// Sets a value that is not empty.
    pub(super) fn set_given(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.set(name, value);
        }
    }

    /// Lines that a person wrote.
    pub(super) fn lines(&mut self, text: &str) {
        text.lines().for_each(|line| self.line(line));
    }

    /// Begins a section: `zodb_db main`.
    pub(super) fn begin(&mut self, head: &str) {
        self.line(&format!("<{head}>"));
        let kind = head.split(' ').next().unwrap_or(head);
        self.open.push(kind.to_owned());
    }

    pub(super) fn end(&mut self) {
        if let Some(kind) = self.open.pop() {
            self.line(&format!("</{kind}>"));
        }
    }

    pub(super) fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.end();
        }
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_indented_and_closed() {
        let mut writer = Writer::default();
        writer.begin("zodb_db main");
        writer.set("cache-size", "1");
        writer.begin("filestorage");
        writer.lines("path /x\n\n  # why\n%import y");
        writer.set_given("pack-gc", None);
        writer.end();
        let wanted = "<zodb_db main>\n  cache-size 1\n  <filestorage>\n    path /x\n    # why\n\
                      %import y\n  </filestorage>\n</zodb_db>\n";
        assert_eq!(writer.finish(), wanted);
    }
}
