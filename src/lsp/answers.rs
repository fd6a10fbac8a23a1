//! The answers to requests about an opened file.

use std::collections::{BTreeMap, HashMap};

use lsp_types::{
    CompletionParams, DocumentSymbol, DocumentSymbolParams, GotoDefinitionParams, Hover,
    HoverContents, HoverParams, Location, PrepareRenameResponse, ReferenceParams, RenameParams,
    SymbolKind, TextDocumentPositionParams, TextEdit, Uri, WorkspaceEdit,
};
use serde::Serialize;
use serde_json::Value;

use super::convert;
use super::messages::{Code, Failure, params};
use super::open_files::{OpenFile, OpenFiles};
use super::subject::Subject;
use super::system::System;
use super::uri;
use crate::buildout::EnvOverlay;
use crate::conf::overlay::Overlay;
use crate::editor::completion::completions;
use crate::editor::configuration::{Configuration, SourceFile};
use crate::editor::definition::{self, definition, definitions_of};
use crate::editor::hover::hover;
use crate::editor::rename::{references, rename, symbol_at};
use crate::editor::text::Text;
use crate::editor::{outline::Outline, project};

type Answer = Result<Value, Failure>;

/// What an answer is made from.
pub(super) struct Answers<'a> {
    files: &'a OpenFiles,
    system: &'a System<'a>,
    texts: BTreeMap<String, String>,
}

/// A position of an opened file.
struct Place<'a> {
    path: String,
    file: &'a OpenFile,
    offset: usize,
}

impl<'a> Answers<'a> {
    pub(super) fn new(files: &'a OpenFiles, system: &'a System<'a>) -> Self {
        Self { files, system, texts: files.texts() }
    }

    pub(super) fn answer(&self, method: &str, value: Value) -> Answer {
        match method {
            "textDocument/hover" => self.hover(&params::<HoverParams>(value)?),
            "textDocument/completion" => self.completion(&params::<CompletionParams>(value)?),
            "textDocument/definition" => self.definition(&params::<GotoDefinitionParams>(value)?),
            "textDocument/documentSymbol" => self.symbols(&params::<DocumentSymbolParams>(value)?),
            "textDocument/references" => self.references(&params::<ReferenceParams>(value)?),
            "textDocument/prepareRename" => {
                self.prepare_rename(&params::<TextDocumentPositionParams>(value)?)
            }
            "textDocument/rename" => self.rename(&params::<RenameParams>(value)?),
            _ => Err(Failure::new(Code::MethodNotFound, format!("unknown method `{method}`"))),
        }
    }

    fn host(&self) -> Overlay<'_> {
        Overlay::new(self.system.host, &self.texts)
    }

    fn file(&self, uri: &Uri) -> Result<(String, &'a OpenFile), Failure> {
        let path = uri::path_of(uri, &self.system.host.current_dir());
        let not_open = || format!("`{}` is not open", uri.as_str());
        let file = self.files.0.get(&path);
        let file = file.ok_or_else(|| Failure::new(Code::InvalidParams, not_open()))?;
        Ok((path, file))
    }

    fn place(&self, at: &TextDocumentPositionParams) -> Result<Place<'a>, Failure> {
        let (path, file) = self.file(&at.text_document.uri)?;
        let offset = file.text.offset(convert::position(at.position));
        Ok(Place { path, file, offset })
    }

    /// The configuration that a file belongs to. A file that it does not have is one of its own.
    fn configuration(&self, place: &Place<'_>) -> Option<Configuration> {
        let main = match &place.file.subject {
            Subject::Project(_) => return None,
            Subject::Configuration(main) | Subject::Fragment(main) => main,
        };
        let mut configuration = Configuration::read(main, &self.host());
        for file in &mut configuration.files {
            let path = std::mem::take(&mut file.path);
            file.path = self.files.known_as(path, self.system.host);
        }
        if configuration.file(&place.path).is_none() {
            let file = SourceFile::new(place.path.as_str(), place.file.text.as_str());
            configuration.files.push(file);
        }
        Some(configuration)
    }

    fn hover(&self, at: &HoverParams) -> Answer {
        let place = self.place(&at.text_document_position_params)?;
        let found = self.configuration(&place).and_then(|configuration| {
            let file = configuration.file(&place.path)?;
            hover(&configuration, file, place.offset)
        });
        value(found.map(|found| Hover {
            contents: HoverContents::Markup(convert::markdown(found.markdown)),
            range: Some(convert::range(&place.file.text, &found.range)),
        }))
    }

    fn completion(&self, at: &CompletionParams) -> Answer {
        let place = self.place(&at.text_document_position)?;
        let found = self.configuration(&place).and_then(|configuration| {
            let file = configuration.file(&place.path)?;
            Some(completions(&configuration, file, place.offset, self.system.host))
        });
        let items = found.into_iter().flatten().enumerate();
        let text = &place.file.text;
        value(items.map(|(at, it)| convert::completion_item(text, at, it)).collect::<Vec<_>>())
    }

    fn definition(&self, at: &GotoDefinitionParams) -> Answer {
        let place = self.place(&at.text_document_position_params)?;
        let found = if let Subject::Project(main) = &place.file.subject {
            let env = EnvOverlay::new(self.system.env, &self.texts);
            project::definition(main, &place.path, &place.file.text, place.offset, &env)
        } else {
            let found = self.configuration(&place).and_then(|configuration| {
                let file = configuration.file(&place.path)?;
                Some(definition(&configuration, file, place.offset, &self.host()))
            });
            found.unwrap_or_default()
        };
        value(self.locations(found))
    }

    fn references(&self, at: &ReferenceParams) -> Answer {
        let place = self.place(&at.text_document_position)?;
        let Some(configuration) = self.configuration(&place) else { return Ok(Value::Null) };
        let mut found = references(&configuration, &place.path, place.offset);
        if !at.context.include_declaration {
            let symbol = symbol_at(&configuration, &place.path, place.offset);
            let headers = symbol.map(|symbol| definitions_of(&configuration, &symbol));
            found.retain(|it| headers.as_ref().is_none_or(|headers| !headers.contains(it)));
        }
        value(self.locations(found))
    }

    fn prepare_rename(&self, at: &TextDocumentPositionParams) -> Answer {
        let place = self.place(at)?;
        let configuration = self.configuration(&place);
        let mention =
            configuration.as_ref().and_then(|it| it.mention_at(&place.path, place.offset));
        value(mention.map(|mention| PrepareRenameResponse::RangeWithPlaceholder {
            range: convert::range(&mention.file.text, &mention.range),
            placeholder: mention.symbol.name().to_owned(),
        }))
    }

    #[expect(clippy::mutable_key_type, reason = "the key of a struct of the protocol")]
    fn rename(&self, at: &RenameParams) -> Answer {
        let place = self.place(&at.text_document_position)?;
        let Some(configuration) = self.configuration(&place) else { return Ok(Value::Null) };
        let failed = |message: String| Failure::new(Code::RequestFailed, message);
        let symbol = symbol_at(&configuration, &place.path, place.offset);
        let symbol =
            symbol.ok_or_else(|| failed("there is no program or group here".to_owned()))?;
        let found = rename(&configuration, &symbol, &at.new_name).map_err(failed)?;
        let mut changes: HashMap<Uri, Vec<TextEdit>> = HashMap::new();
        for Location { uri, range } in self.locations(found) {
            changes.entry(uri).or_default().push(TextEdit { range, new_text: at.new_name.clone() });
        }
        value(WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() })
    }

    fn locations(&self, found: Vec<definition::Location>) -> Vec<Location> {
        found.into_iter().filter_map(|it| self.location(&it)).collect()
    }

    fn location(&self, location: &definition::Location) -> Option<Location> {
        if let Some(file) = self.files.0.get(&location.path) {
            let range = convert::range(&file.text, &location.range);
            return Some(Location { uri: file.uri.clone(), range });
        }
        let uri = uri::of_path(&location.path)?;
        if location.range == (0..0) {
            return Some(Location { uri, range: lsp_types::Range::default() });
        }
        let bytes = self.system.host.read(&location.path).ok()?;
        let text = Text::new(String::from_utf8_lossy(&bytes));
        Some(Location { uri, range: convert::range(&text, &location.range) })
    }

    fn symbols(&self, of: &DocumentSymbolParams) -> Answer {
        let (_, file) = self.file(&of.text_document.uri)?;
        let text = &file.text;
        let sections: Vec<_> = if let Subject::Project(_) = file.subject {
            project::sections(text.as_str())
        } else {
            let blocks = Outline::new(text.as_str()).blocks.into_iter();
            blocks.map(|block| (block.name, block.name_range, block.range)).collect()
        };
        let symbol = |(name, selected, whole)| {
            #[expect(deprecated, reason = "the struct has no other constructor")]
            DocumentSymbol {
                name,
                detail: None,
                kind: SymbolKind::MODULE,
                tags: None,
                deprecated: None,
                range: convert::range(text, &whole),
                selection_range: convert::range(text, &selected),
                children: None,
            }
        };
        value(sections.into_iter().map(symbol).collect::<Vec<_>>())
    }
}

fn value(answer: impl Serialize) -> Answer {
    serde_json::to_value(answer)
        .map_err(|error| Failure::new(Code::InternalError, error.to_string()))
}
