//! The server as a state machine: takes messages, returns messages, and names what is to be checked.
//!
//! A check is made outside, because it may take long. A newer text of the same configuration makes it
//! worthless: then it is to be ended and made again.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use lsp_types::{
    CodeDescription, CompletionOptions, Diagnostic, DiagnosticRelatedInformation,
    DiagnosticSeverity, DidChangeTextDocumentParams, DidCloseTextDocumentParams,
    DidOpenTextDocumentParams, HoverProviderCapability, InitializeResult, Location, MessageType,
    NumberOrString, OneOf, PositionEncodingKind, PublishDiagnosticsParams, RenameOptions,
    SaveOptions, ServerCapabilities, ServerInfo, ShowMessageParams, TextDocumentSyncCapability,
    TextDocumentSyncKind, TextDocumentSyncOptions, TextDocumentSyncSaveOptions, Uri,
    WorkDoneProgressOptions,
};
use serde_json::Value;

use super::answers::Answers;
use super::check::{CheckRequest, Checked, Place, Problem};
use super::convert;
use super::messages::{Code, Failure, Id, Message, notification, params, reply};
use super::open_files::{OpenFile, OpenFiles};
use super::subject::Subject;
use super::system::System;
use super::uri;
use crate::buildout::EnvOverlay;
use crate::conf::overlay::Overlay;
use crate::conf::python::path;
use crate::editor::text::Text;
use crate::editor::{main_file, project};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Uninitialized,
    Running,
    ShutDown,
    /// With the exit status.
    Ended(u8),
}

#[derive(Debug, Default)]
pub struct Server {
    phase: Phase,
    files: OpenFiles,
    /// What is to be checked.
    pending: BTreeSet<Subject>,
    /// The files that have diagnostics at the client, for each subject.
    published: BTreeMap<Subject, BTreeSet<String>>,
    /// The page that explains the codes of diagnostics.
    docs: Option<Uri>,
}

impl Server {
    /// `docs` is the URL of the page that explains the codes of diagnostics.
    pub fn new(docs: Option<&str>) -> Self {
        Self { docs: docs.and_then(|docs| docs.parse().ok()), ..Self::default() }
    }

    /// The exit status, once the client has ended the server.
    pub fn exit_status(&self) -> Option<u8> {
        match self.phase {
            Phase::Ended(status) => Some(status),
            _ => None,
        }
    }

    /// The exit status if the client has closed the connection.
    pub fn status_without_exit(&self) -> u8 {
        u8::from(self.phase != Phase::ShutDown)
    }

    /// Takes messages that have arrived together and returns the replies. A request that one of them
    /// cancels is not executed.
    pub fn receive(&mut self, messages: &[Vec<u8>], system: &System<'_>) -> Vec<Value> {
        let messages: Vec<Message> = messages.iter().map(|bytes| Message::read(bytes)).collect();
        let cancelled: Vec<Id> = messages.iter().filter_map(cancelled).collect();
        let mut replies = Vec::new();
        for message in messages {
            match message {
                _ if self.exit_status().is_some() => break,
                Message::Request { id, .. } if cancelled.contains(&id) => {
                    let failure = Failure::new(Code::RequestCancelled, "cancelled");
                    replies.push(reply(&id, Err(failure)));
                }
                Message::Request { id, method, params } => {
                    replies.push(reply(&id, self.request(&method, params, system)));
                }
                Message::Notification { method, params } => {
                    replies.extend(self.notified(&method, params, system));
                }
                Message::Reply => {}
                Message::Invalid { id, error } => replies.push(reply(&id, Err(error))),
            }
        }
        replies
    }

    fn request(
        &mut self,
        method: &str,
        params: Value,
        system: &System<'_>,
    ) -> Result<Value, Failure> {
        match (self.phase, method) {
            (Phase::Uninitialized, "initialize") => {
                self.phase = Phase::Running;
                serde_json::to_value(abilities())
                    .map_err(|error| Failure::new(Code::InternalError, error.to_string()))
            }
            (Phase::Uninitialized, _) => {
                Err(Failure::new(Code::ServerNotInitialized, "`initialize` comes first"))
            }
            (Phase::Running, "initialize") => {
                Err(Failure::new(Code::InvalidRequest, "the server is initialized already"))
            }
            (Phase::Running, "shutdown") => {
                self.phase = Phase::ShutDown;
                Ok(Value::Null)
            }
            (Phase::Running, _) => {
                let answers = Answers::new(&self.files, system);
                // A defect ends a request, not the server.
                catch_unwind(AssertUnwindSafe(|| answers.answer(method, params))).unwrap_or_else(
                    |_| Err(Failure::new(Code::InternalError, "this is a defect of supkit")),
                )
            }
            (Phase::ShutDown | Phase::Ended(_), _) => {
                Err(Failure::new(Code::InvalidRequest, "the server is shut down"))
            }
        }
    }

    fn notified(&mut self, method: &str, value: Value, system: &System<'_>) -> Vec<Value> {
        if method == "exit" {
            self.phase = Phase::Ended(self.status_without_exit());
        }
        if self.phase != Phase::Running {
            return Vec::new();
        }
        let result = match method {
            "textDocument/didOpen" => params(value).map(|it| self.opened(it, system)),
            "textDocument/didChange" => params(value).map(|it| self.changed(it, system)),
            "textDocument/didClose" => params(value).map(|it| self.closed(&it, system)),
            "textDocument/didSave" | "workspace/didChangeWatchedFiles" => Ok(self.moved(system)),
            _ => Ok(Vec::new()),
        };
        result.unwrap_or_else(|failure| {
            let message = format!("{method}: {failure:?}");
            let params = ShowMessageParams { typ: MessageType::ERROR, message };
            vec![notification("window/logMessage", &params)]
        })
    }

    fn opened(&mut self, opened: DidOpenTextDocumentParams, system: &System<'_>) -> Vec<Value> {
        let document = opened.text_document;
        let path = uri::path_of(&document.uri, &system.host.current_dir());
        let text = Text::new(document.text);
        let subject = Subject::Fragment(path.clone());
        let file = OpenFile { uri: document.uri, version: document.version, text, subject };
        self.files.0.insert(path, file);
        self.moved(system)
    }

    fn changed(&mut self, changed: DidChangeTextDocumentParams, system: &System<'_>) -> Vec<Value> {
        let path = uri::path_of(&changed.text_document.uri, &system.host.current_dir());
        if let Some(file) = self.files.0.get_mut(&path) {
            file.version = changed.text_document.version;
            file.change(changed.content_changes);
            let subject = self.subject(&path, system);
            if self.files.0.get(&path).is_some_and(|file| file.subject == subject) {
                self.pending.insert(subject);
                return Vec::new();
            }
        }
        self.moved(system)
    }

    fn closed(&mut self, closed: &DidCloseTextDocumentParams, system: &System<'_>) -> Vec<Value> {
        let path = uri::path_of(&closed.text_document.uri, &system.host.current_dir());
        self.files.0.remove(&path);
        self.moved(system)
    }

    /// What an opened file belongs to.
    fn subject(&self, path: &str, system: &System<'_>) -> Subject {
        let texts = self.files.texts();
        if path.rsplit_once('.').is_some_and(|(_, end)| end == "cfg") {
            let env = EnvOverlay::new(system.env, &texts);
            return Subject::Project(project::main_file(path, &env));
        }
        let host = Overlay::new(system.host, &texts);
        let known = self.files.0.get(path).map(|file| file.subject.path());
        let open = known.into_iter().chain(self.files.0.keys().map(String::as_str));
        main_file::main_file(path, open, &host).into()
    }

    /// Files were opened, closed or saved: finds out anew what each belongs to, checks all, and removes
    /// the diagnostics of what is no longer open.
    fn moved(&mut self, system: &System<'_>) -> Vec<Value> {
        let paths: Vec<String> = self.files.0.keys().cloned().collect();
        for path in paths {
            let subject = self.subject(&path, system);
            self.pending.insert(subject.clone());
            if let Some(file) = self.files.0.get_mut(&path) {
                file.subject = subject;
            }
        }
        let files = &self.files;
        self.pending.retain(|subject| files.is_about(subject));
        let gone: Vec<Subject> =
            self.published.keys().filter(|subject| !files.is_about(subject)).cloned().collect();
        let mut messages = Vec::new();
        for subject in gone {
            let paths = self.published.remove(&subject).unwrap_or_default();
            messages.extend(paths.iter().filter_map(|path| self.publish(path, Vec::new())));
        }
        messages
    }

    /// What is to be checked next.
    pub fn next_check(&mut self) -> Option<CheckRequest> {
        let subject = self.pending.pop_first()?;
        Some(CheckRequest { subject, texts: self.files.texts() })
    }

    /// Whether the texts of a check have changed, or nobody needs it any more.
    pub fn is_outdated(&self, request: &CheckRequest) -> bool {
        self.pending.contains(&request.subject) || !self.files.is_about(&request.subject)
    }

    /// Takes the result of a check, or why there is none.
    pub fn checked(
        &mut self,
        request: &CheckRequest,
        result: Result<Checked, String>,
        system: &System<'_>,
    ) -> Vec<Value> {
        let Checked { files, problems } = match result {
            Ok(checked) => checked,
            Err(error) => {
                let message = format!("cannot check {}: {error}", request.file());
                let params = ShowMessageParams { typ: MessageType::ERROR, message };
                return vec![notification("window/logMessage", &params)];
            }
        };
        let texts = Texts { request, system, files: &self.files };
        let mut found: BTreeMap<String, Vec<Diagnostic>> = BTreeMap::new();
        let earlier = self.published.get(&request.subject).into_iter().flatten().cloned();
        for file in files.iter().map(|file| texts.path(file)).chain(earlier) {
            found.entry(file).or_default();
        }
        for problem in problems {
            let file = problem.place.as_ref().map_or(request.file(), |place| &place.file);
            let file = texts.path(file);
            let diagnostic = self.diagnostic(problem, &texts);
            found.entry(file).or_default().extend(diagnostic);
        }
        let with_problems = found.iter().filter(|(_, problems)| !problems.is_empty());
        let paths = with_problems.map(|(path, _)| path.clone()).collect();
        self.published.insert(request.subject.clone(), paths);
        let messages = found.into_iter();
        messages.filter_map(|(path, problems)| self.publish(&path, problems)).collect()
    }

    fn publish(&self, path: &str, diagnostics: Vec<Diagnostic>) -> Option<Value> {
        let uri = self.uri_of(path)?;
        let version = self.files.0.get(path).map(|file| file.version);
        let params = PublishDiagnosticsParams { uri, diagnostics, version };
        Some(notification("textDocument/publishDiagnostics", &params))
    }

    fn uri_of(&self, path: &str) -> Option<Uri> {
        let open = self.files.0.get(path).map(|file| file.uri.clone());
        open.or_else(|| uri::of_path(path))
    }

    /// The diagnostic of a problem. One whose place is behind the text is about what was added to it.
    fn diagnostic(&self, problem: Problem, texts: &Texts<'_>) -> Option<Diagnostic> {
        let range = match &problem.place {
            Some(place) => texts.range(place)?,
            None => lsp_types::Range::default(),
        };
        let related = problem.related.iter().filter_map(|(place, note)| {
            let uri = self.uri_of(&texts.path(&place.file))?;
            let location = Location { uri, range: texts.range(place)? };
            Some(DiagnosticRelatedInformation { location, message: note.clone() })
        });
        let related: Vec<_> = related.collect();
        let severity =
            if problem.is_error { DiagnosticSeverity::ERROR } else { DiagnosticSeverity::WARNING };
        Some(Diagnostic {
            range,
            severity: Some(severity),
            code: Some(NumberOrString::String(problem.code)),
            code_description: self.docs.clone().map(|href| CodeDescription { href }),
            source: Some("supkit".to_owned()),
            message: problem.message,
            related_information: Some(related).filter(|related| !related.is_empty()),
            ..Diagnostic::default()
        })
    }
}

/// The texts that were checked.
struct Texts<'a> {
    request: &'a CheckRequest,
    system: &'a System<'a>,
    files: &'a OpenFiles,
}

impl Texts<'_> {
    /// The path under which a file is known to the client.
    fn path(&self, name: &str) -> String {
        let host = self.system.host;
        self.files.known_as(path::abspath(name, &host.current_dir()), host)
    }

    fn range(&self, place: &Place) -> Option<lsp_types::Range> {
        let path = self.path(&place.file);
        let saved = || {
            let bytes = self.system.host.read(&path).unwrap_or_default();
            Text::new(String::from_utf8_lossy(&bytes))
        };
        let text = self.request.texts.get(&path).map_or_else(saved, |it| Text::new(it.as_str()));
        let is_behind = self.request.is_fragment() && place.start > text.as_str().len();
        (!is_behind).then(|| convert::range(&text, &(place.start..place.end)))
    }
}

/// The number of the request that a message cancels.
fn cancelled(message: &Message) -> Option<Id> {
    match message {
        Message::Notification { method, params } if method == "$/cancelRequest" => {
            params.get("id").cloned()
        }
        _ => None,
    }
}

fn abilities() -> InitializeResult {
    let sync = TextDocumentSyncOptions {
        open_close: Some(true),
        change: Some(TextDocumentSyncKind::INCREMENTAL),
        save: Some(TextDocumentSyncSaveOptions::SaveOptions(SaveOptions::default())),
        ..TextDocumentSyncOptions::default()
    };
    let completion = CompletionOptions {
        trigger_characters: Some(["[", "%", "(", "=", ",", ":"].map(str::to_owned).to_vec()),
        ..CompletionOptions::default()
    };
    let rename = RenameOptions {
        prepare_provider: Some(true),
        work_done_progress_options: WorkDoneProgressOptions::default(),
    };
    let capabilities = ServerCapabilities {
        position_encoding: Some(PositionEncodingKind::UTF16),
        text_document_sync: Some(TextDocumentSyncCapability::Options(sync)),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        completion_provider: Some(completion),
        definition_provider: Some(OneOf::Left(true)),
        references_provider: Some(OneOf::Left(true)),
        document_symbol_provider: Some(OneOf::Left(true)),
        rename_provider: Some(OneOf::Right(rename)),
        ..ServerCapabilities::default()
    };
    let name = "supkit".to_owned();
    let version = Some(env!("CARGO_PKG_VERSION").to_owned());
    InitializeResult { capabilities, server_info: Some(ServerInfo { name, version }) }
}
