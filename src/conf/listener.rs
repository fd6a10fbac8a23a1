//! The options of an `[eventlistener:x]` that are exceptions.

use super::config::{Pool, ResultHandler};
use super::events::EventType;
use super::kinds::{EventTypes, Handler, Integer, Kind as _};
use super::nearest::nearest;
use super::option_reader::{OptionReader, Read, Scope};
use super::section::Opt;
use super::section_reader::SectionReader;
use super::sections::program::REDIRECT_STDERR;

pub(super) fn buffer_size(
    reader: &mut SectionReader<'_, '_>,
    option: &Opt<Integer>,
    _: &Pool,
) -> Read<i64> {
    let (reader, scope) = reader.parts();
    let size = reader.get(scope, option)?;
    if size < 1 {
        let message = format!("[{}] section sets invalid buffer_size ({size})", scope.section);
        return Err(reader.refuse(scope, option.name, message, "write 1 or more"));
    }
    Ok(size)
}

pub(super) fn result_handler(
    reader: &mut SectionReader<'_, '_>,
    option: &Opt<Handler>,
    _: &Pool,
) -> Read<ResultHandler> {
    let (reader, scope) = reader.parts();
    let text = reader.text(scope, option)?.unwrap_or_default();
    Handler::parse(&text, reader.host).map_err(|message| {
        let names: Vec<_> = ResultHandler::ALL.iter().map(|handler| handler.name()).collect();
        let message = format!("{message} within [{}]", scope.section);
        let help = format!("supkit loads no Python; it has built in: {}", names.join(", "));
        reader.refuse(scope, option.name, message, &help)
    })
}

/// At least one is required.
pub(super) fn events(
    reader: &mut SectionReader<'_, '_>,
    option: &Opt<EventTypes>,
    _: &Pool,
) -> Read<Vec<EventType>> {
    let (reader, scope) = reader.parts();
    let text = reader.text(scope, option)?.unwrap_or_default();
    if text.is_empty() {
        let message = format!("[{}] section requires an \"events\" line", scope.section);
        let help = "add `events = PROCESS_STATE`, or another type";
        return Err(reader.refuse(scope, "", message, help));
    }
    EventTypes::parse(&text, reader.host).map_err(|unknown| {
        let message = format!("Unknown event type {unknown} in [{}] events", scope.section);
        let help = match nearest(&unknown, EventType::all().map(|row| row.1)) {
            Some(near) => format!("did you mean `{near}`?"),
            None if unknown.is_empty() => "remove the comma that nothing follows".to_owned(),
            None => "EVENT stands for all of them".to_owned(),
        };
        reader.refuse(scope, option.name, message, &help)
    })
}

pub(super) fn refuse_redirect(reader: &mut OptionReader<'_>, scope: Scope<'_>) {
    if reader.get(scope, &REDIRECT_STDERR) == Ok(true) {
        let message = format!(
            "[{}] section sets redirect_stderr=true but this is not allowed because it will \
             interfere with the eventlistener protocol",
            scope.section
        );
        reader.refuse(scope, REDIRECT_STDERR.name, message, "remove the option");
    }
}
