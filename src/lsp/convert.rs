//! The values of `editor` as those of the protocol.

use std::ops;

use lsp_types::{
    CompletionItem, CompletionItemKind, CompletionTextEdit, Documentation, MarkupContent,
    MarkupKind, Position, Range, TextEdit,
};

use crate::editor::completion::{Completion, CompletionKind};
use crate::editor::text::{self, Text};

pub(super) fn position(position: Position) -> text::Position {
    text::Position { line: position.line, character: position.character }
}

fn shown(position: text::Position) -> Position {
    Position { line: position.line, character: position.character }
}

pub(super) fn range(text: &Text, range: &ops::Range<usize>) -> Range {
    Range { start: shown(text.position(range.start)), end: shown(text.position(range.end)) }
}

pub(super) fn markdown(value: String) -> MarkupContent {
    MarkupContent { kind: MarkupKind::Markdown, value }
}

/// Clients sort by `sort_text`: in this order.
pub(super) fn completion_item(text: &Text, place: usize, completion: Completion) -> CompletionItem {
    let kind = match completion.kind {
        CompletionKind::Section => CompletionItemKind::MODULE,
        CompletionKind::Option => CompletionItemKind::PROPERTY,
        CompletionKind::Word => CompletionItemKind::ENUM_MEMBER,
        CompletionKind::Name => CompletionItemKind::REFERENCE,
        CompletionKind::Placeholder => CompletionItemKind::VARIABLE,
    };
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    let doc = some(completion.doc).map(|doc| Documentation::MarkupContent(markdown(doc)));
    let edit = TextEdit { range: range(text, &completion.range), new_text: completion.insert };
    CompletionItem {
        kind: Some(kind),
        detail: some(completion.detail),
        documentation: doc,
        sort_text: Some(format!("{place:04}")),
        filter_text: Some(completion.label.clone()),
        text_edit: Some(CompletionTextEdit::Edit(edit)),
        label: completion.label,
        ..CompletionItem::default()
    }
}
