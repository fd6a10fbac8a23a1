//! The kinds of option values: how each is parsed, and the error messages, which are identical to
//! Supervisor's.

use std::marker::PhantomData;
use std::time::Duration;

use super::account::Role;
use super::config::{
    AutoRestart, Environment, FcgiAddress, LogLevel, LogTarget, OrphanPolicy, ResultHandler,
    RpcFactory, Secret, User,
};
use super::dependency::{self, Requirement};
use super::drain::{self, HaproxyServer, Page, VarnishBackend};
use super::env_file::{self, EnvFile};
use super::events::EventType;
use super::host::Host;
use super::kill_mode::{self, KillMode};
use super::limits::{self, ResourceLimit};
use super::log_format::{self, LogFormat};
use super::origins;
use super::probe::HttpUrl;
use super::probe_values as probe;
use super::python::{int, path, repr, shlex, strip};
use super::schedule::{self, Schedule};
use super::signals::Signal;
use crate::ini::text::is_space;
use crate::password;

/// A kind of value. Kinds are used as types in the option table and never instantiated.
pub trait Kind: 'static {
    type Value: Clone + Default + PartialEq;
    /// The name in the documentation.
    const NAME: &'static str;
    /// What to write instead, for error messages.
    const HINT: &'static str;
    fn parse(text: &str, host: &dyn Host) -> Result<Self::Value, String>;
    /// The value as a file would spell it; `parse` reads it back.
    fn show(value: &Self::Value) -> String;
    /// The words that a value may be or contain, if there are certain ones.
    fn words() -> Vec<&'static str> {
        Vec::new()
    }
}

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $kind:ident -> $value:ty, $name:literal, $hint:literal, $parse:expr, $show:expr $(, $words:expr)?;)+) => {
        $(
            $(#[doc = $doc])+
            #[derive(Debug)]
            pub enum $kind {}

            impl Kind for $kind {
                type Value = $value;
                const NAME: &'static str = $name;
                const HINT: &'static str = $hint;

                fn parse(text: &str, host: &dyn Host) -> Result<$value, String> {
                    $parse(text, host)
                }

                fn show(value: &$value) -> String {
                    $show(value)
                }

                $(fn words() -> Vec<&'static str> {
                    $words.into_iter().collect()
                })?
            }
        )+
    };
}

kinds! {
    /// Any text.
    Text -> String, "text", "any text", |text: &str, _| Ok(text.to_owned()), String::clone;
    /// The password of an account of a server, clear or as a hash.
    AccountPassword -> Secret, "password", "write the password, or what `supkit hash-password` prints", |text: &str, _| password::Password::parse(text).map(|_| Secret::new(text)), |secret: &Secret| secret.as_str().to_owned();
    /// What an account may do.
    UserRole -> Role, "role", "write `viewer`, `operator` or `admin`", |text, _| role(text), |role: &Role| role.name().to_owned(), Role::ALL.iter().map(|role| role.name());
    /// A text that is not printed.
    Password -> Secret, "text", "any text", |text: &str, _| Ok(Secret::new(text)), |secret: &Secret| secret.as_str().to_owned();
    /// A boolean.
    Flag -> bool, "boolean", "write `true` or `false`", |text, _| boolean(text), bool::to_string, ["true", "false"];
    /// An integer.
    Integer -> i64, "integer", "write an integer", |text, _| int::decimal(text), i64::to_string;
    /// A number of bytes, with or without a unit.
    Bytes -> i64, "bytes", "write a number, or a number with `KB`, `MB` or `GB`", |text, _| bytes(text), i64::to_string;
    /// An octal number, such as a file mode.
    Octal -> u32, "octal", "write digits from 0 to 7, such as `022`", |text, _| octal(text), |mode: &u32| format!("{mode:03o}");
    /// A signal.
    SignalName -> Signal, "signal", "write a name such as `TERM`, or a number", |text, _| signal(text), |signal: &Signal| show_signal(*signal), Signal::names();
    /// Exit codes, separated by commas.
    ExitCodes -> Vec<i64>, "exit codes", "write numbers from 0 to 255, separated by commas", |text, _| exit_codes(text), |codes: &Vec<i64>| joined(codes.iter().map(i64::to_string));
    /// When to restart a process.
    Restart -> AutoRestart, "restart rule", "write `true`, `false` or `unexpected`", |text, _| restart(text), |rule: &AutoRestart| show_restart(*rule), ["true", "false", "unexpected"];
    /// The log level.
    Level -> LogLevel, "log level", "write critical, error, warn, info, debug, trace or blather", |text, _| level(text), |level: &LogLevel| level.name().to_owned(), LogLevel::names();
    /// What a starting daemon does with programs of a killed one.
    Orphans -> OrphanPolicy, "orphan policy", "write `stop`, `keep` or `refuse`", |text, _| orphan_policy(text), |policy: &OrphanPolicy| policy.name().to_owned(), OrphanPolicy::ALL.iter().map(|policy| policy.name());
    /// An existing directory.
    Directory -> String, "directory", "create the directory first", directory, String::clone;
    /// A file in an existing directory.
    FilePath -> String, "file", "create the directory first", file_path, String::clone;
    /// A file, `AUTO`, `NONE` or `syslog`.
    LogFile -> LogTarget, "log file", "write a path in a directory that exists, `AUTO` or `NONE`", log_file, show_log_file, ["AUTO", "NONE"];
    /// Environment variables.
    Variables -> Environment, "environment", "write `KEY=\"value\",KEY2=\"value\"`, with quotes around everything but letters and digits", |text, _| shlex::pairs(text), show_variables;
    /// A user, by name or number.
    Account -> User, "user", "name a user of this system; `ignore_user_without_root = true` in [supervisord] ignores it where root does not start the daemon", user, |user: &User| user.name.clone();
    /// An owner, or owner and group separated by a colon.
    Owner -> (u32, u32), "user:group", "write `user` or `user:group`", owner, |(user, group): &(u32, u32)| format!("{user}:{group}");
    /// A TCP port, with or without a host.
    Address -> (String, u16), "address", "write `port`, `host:port` or `*:port`", |text, _| address(text), |(host, port): &(String, u16)| format!("{host}:{port}");
    /// Comma-separated words.
    List -> Vec<String>, "list", "write names separated by commas", |text, _| Ok(list(text)), |words: &Vec<String>| words.join(",");
    /// Event types, each once.
    EventTypes -> Vec<EventType>, "list", "write names of event types, separated by commas", |text: &str, _| event_types(text), |types: &Vec<EventType>| show_event_types(types), EventType::all().map(|(_, name)| name);
    /// The function that evaluates the result of an event listener.
    Handler -> ResultHandler, "text", "write the name of a built-in function", |text: &str, _| built_in(text, ResultHandler::ALL, ResultHandler::name), |handler: &ResultHandler| handler.name().to_owned(), ResultHandler::ALL.iter().map(|handler| handler.name());
    /// The function that makes an RPC interface.
    Factory -> RpcFactory, "text", "write the name of a built-in function", |text: &str, _| built_in(text, RpcFactory::ALL, RpcFactory::name), |factory: &RpcFactory| factory.name().to_owned(), RpcFactory::ALL.iter().map(|factory| factory.name());
    /// The address of a FastCGI socket.
    SocketUrl -> FcgiAddress, "text", "write `unix:///PATH` or `tcp://HOST:PORT`", fcgi_address, FcgiAddress::url;
    /// Origins of web pages.
    Origins -> Vec<String>, "origins", "write `https://host` or `https://host:port`, without a path, separated by commas", |text, _| origins::parse(text), |origins: &Vec<String>| origins.join(",");
    /// Names of programs or groups, each with a condition.
    Dependencies -> Vec<Requirement>, "dependencies", "write `NAME:CONDITION`, separated by commas; the condition is `running`, `ready` or `completed`; `any(A, B)` if one of them suffices", |text: &str, _| dependency::parse(text), |all: &Vec<Requirement>| dependency::show(all);
    /// Files of environment variables.
    EnvFiles -> Vec<EnvFile>, "environment files", "write paths separated by commas, with a `-` before one that may be missing", |text: &str, _| Ok(env_file::files(text)), |files: &Vec<EnvFile>| env_file::show_files(files);
    /// A TCP port, with or without an IP address.
    TcpAddress -> String, "ip:port", "write `port` or `127.0.0.1:port`; names other than localhost would have to be looked up", |text: &str, _| probe::tcp_address(text), String::clone;
    /// An http URL.
    Url -> HttpUrl, "http url", "write `http://127.0.0.1:port/path`; other names belong into the `Host` field", |text: &str, _| probe::http_url(text), HttpUrl::to_string;
    /// HTTP statuses.
    Statuses -> Vec<(u16, u16)>, "http statuses", "write `200`, `200-399` or several of them separated by commas", |text: &str, _| probe::statuses(text), |ranges: &Vec<(u16, u16)>| probe::show_statuses(ranges);
    /// A header field.
    HeaderField -> String, "header field", "write `Name: value`", |text: &str, _| probe::header(text), String::clone;
    /// A regular expression.
    Pattern -> String, "pattern", "write a regular expression, with `%%` for a percent sign", |text: &str, _| probe::pattern(text), String::clone;
    /// Seconds, with decimals.
    Seconds -> Duration, "seconds", "write a number above 0, such as `0.5`", |text: &str, _| probe::seconds(text), |duration: &Duration| probe::show_seconds(*duration);
    /// A number of results.
    Count -> u32, "count", "write a number of 1 or more", |text: &str, _| probe::count(text), u32::to_string;
    /// The format of the logs of a program.
    LogLineFormat -> LogFormat, "log format", "write `raw`, `text` or `json`", |text: &str, _| log_format::parse(text), |format: &LogFormat| format.name().to_owned(), LogFormat::ALL.map(LogFormat::name);
    /// What is killed with a program.
    Killed -> KillMode, "kill mode", "write `process`, `group` or `tree`", |text: &str, _| kill_mode::parse(text), |mode: &KillMode| mode.name().to_owned(), KillMode::ALL.map(KillMode::name);
    /// A resource limit in bytes: one number, or soft and hard limit separated by a colon.
    ByteLimit -> ResourceLimit, "bytes limit", "write a number such as `64MB`, `SOFT:HARD` or `unlimited`", |text: &str, _| limits::parse(text, bytes), limits::show, ["unlimited"];
    /// A resource limit without a unit.
    CountLimit -> ResourceLimit, "limit", "write a number, `SOFT:HARD` or `unlimited`", |text: &str, _| limits::parse(text, int::decimal), limits::show, ["unlimited"];
    /// The niceness of a process.
    Niceness -> i32, "niceness", "write a number from -20 to 19", |text: &str, _| limits::within(text, -20, 19), i32::to_string;
    /// An adjustment of the OOM score.
    OomScore -> i32, "oom score", "write a number from -1000 to 1000", |text: &str, _| limits::within(text, -1000, 1000), i32::to_string;
    /// When a program is started.
    Cron -> Schedule, "cron expression", "write five fields `minute hour day month weekday`, such as `30 3 * * *`, or @hourly, @daily, @weekly, @monthly, @yearly", |text: &str, _| schedule::schedule(text), |schedule: &Schedule| schedule.expression.clone(), ["@hourly", "@daily", "@weekly", "@monthly", "@yearly"];
    /// A time zone.
    ZoneName -> String, "time zone", "write a name such as `Europe/Berlin` or `UTC`; the rules are in /usr/share/zoneinfo (package tzdata)", schedule::zone_name, String::clone;
    /// A backend of a Varnish.
    Varnish -> VarnishBackend, "varnish backend", "write `BACKEND` or `DIRECTORY BACKEND`, where the directory is that of varnishd's `-n`", |text: &str, _| drain::varnish_backend(text), VarnishBackend::to_string;
    /// A server of a HAProxy.
    Haproxy -> HaproxyServer, "haproxy server", "write `SOCKET BACKEND/SERVER`, where the socket is a path or `ip:port`", |text: &str, _| drain::haproxy_server(text), HaproxyServer::to_string;
    /// Pages of a web server.
    Pages -> Vec<Page>, "pages", "write paths that begin with `/`, or `http://127.0.0.1:port/path`, separated by commas", |text: &str, _| drain::pages(text), |pages: &Vec<Page>| drain::show_pages(pages);
    /// The name of a process or group.
    Name -> String, "name", "leave out blanks, `:` and `/`", |text, _| name(text), String::clone;
    /// The server URL for children; `AUTO` is `None`.
    ServerUrl -> Option<String>, "url", "write a URL or `AUTO`", |text, _| Ok(server_url(text)), |url: &Option<String>| url.clone().unwrap_or_else(|| "AUTO".to_owned()), ["AUTO"];
}

/// An option that may be absent.
#[derive(Debug)]
pub struct Maybe<K>(PhantomData<K>);

impl<K: Kind> Kind for Maybe<K> {
    type Value = Option<K::Value>;
    const NAME: &'static str = K::NAME;
    const HINT: &'static str = K::HINT;

    fn parse(text: &str, host: &dyn Host) -> Result<Self::Value, String> {
        K::parse(text, host).map(Some)
    }

    fn show(value: &Self::Value) -> String {
        value.as_ref().map_or_else(String::new, K::show)
    }

    fn words() -> Vec<&'static str> {
        K::words()
    }
}

/// The same for a large value that few programs have: absent it takes no more space than a pointer.
#[derive(Debug)]
pub struct Rare<K>(PhantomData<K>);

impl<K: Kind> Kind for Rare<K> {
    type Value = Option<Box<K::Value>>;
    const NAME: &'static str = K::NAME;
    const HINT: &'static str = K::HINT;

    fn parse(text: &str, host: &dyn Host) -> Result<Self::Value, String> {
        K::parse(text, host).map(|value| Some(Box::new(value)))
    }

    fn show(value: &Self::Value) -> String {
        value.as_deref().map_or_else(String::new, K::show)
    }
}

fn joined(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(",")
}

fn truth(text: &str) -> Option<bool> {
    match text {
        "yes" | "true" | "on" | "1" => Some(true),
        "no" | "false" | "off" | "0" => Some(false),
        _ => None,
    }
}

fn boolean(text: &str) -> Result<bool, String> {
    truth(&text.to_lowercase()).ok_or_else(|| format!("not a valid boolean value: {}", repr(text)))
}

fn bytes(text: &str) -> Result<i64, String> {
    let text = text.to_lowercase();
    let (digits, unit) = [("kb", 1 << 10), ("mb", 1 << 20), ("gb", 1 << 30)]
        .into_iter()
        .find_map(|(suffix, unit)| Some((text.strip_suffix(suffix)?, unit)))
        .unwrap_or((&text, 1));
    Ok(int::decimal(digits)?.saturating_mul(unit))
}

fn octal(text: &str) -> Result<u32, String> {
    let number = int::octal(text);
    let message = |_| format!("{text} can not be converted to an octal type");
    number.map(|number| number as u32).map_err(message)
}

fn signal(text: &str) -> Result<Signal, String> {
    let known = match int::decimal(text) {
        Ok(number) => Signal::from_number(number).ok_or("number"),
        Err(_) => Signal::from_name(strip(text)).ok_or("name"),
    };
    known.map_err(|what| format!("value {} is not a valid signal {what}", repr(text)))
}

fn show_signal(signal: Signal) -> String {
    let name = signal.to_string();
    name.strip_prefix("SIG").map_or_else(|| signal.0.to_string(), str::to_owned)
}

fn exit_codes(text: &str) -> Result<Vec<i64>, String> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let codes: Option<Vec<i64>> = text
        .split(',')
        .map(|code| int::decimal(code).ok().filter(|code| (0..=255).contains(code)))
        .collect();
    codes.ok_or_else(|| format!("not a valid list of exit codes: {}", repr(text)))
}

fn restart(text: &str) -> Result<AutoRestart, String> {
    let text = text.to_lowercase();
    match truth(&text) {
        Some(true) => Ok(AutoRestart::Always),
        Some(false) => Ok(AutoRestart::Never),
        None if text == "unexpected" => Ok(AutoRestart::Unexpected),
        None => Err(format!("invalid 'autorestart' value {}", repr(&text))),
    }
}

fn show_restart(rule: AutoRestart) -> String {
    match rule {
        AutoRestart::Never => "false",
        AutoRestart::Unexpected => "unexpected",
        AutoRestart::Always => "true",
    }
    .to_owned()
}

fn level(text: &str) -> Result<LogLevel, String> {
    let found = LogLevel::from_name(&text.to_lowercase());
    found.ok_or_else(|| format!("bad logging level name {}", repr(text)))
}

fn orphan_policy(text: &str) -> Result<OrphanPolicy, String> {
    let found = OrphanPolicy::from_name(&text.to_lowercase());
    found.ok_or_else(|| format!("invalid value for orphans: {}", repr(text)))
}

fn role(text: &str) -> Result<Role, String> {
    let found = Role::from_name(&text.to_lowercase());
    found.ok_or_else(|| format!("invalid value for role: {}", repr(text)))
}

/// `os.path.expanduser` for this system.
pub fn expand_user(path: &str, host: &dyn Host) -> String {
    path::expanduser(path, |name| host.home(name))
}

/// A normalized absolute path, `~` expanded.
pub fn normalize_path(path: &str, host: &dyn Host) -> String {
    path::abspath(&expand_user(path, host), &host.current_dir())
}

fn directory(text: &str, host: &dyn Host) -> Result<String, String> {
    let path = expand_user(text, host);
    if host.is_dir(&path) { Ok(path) } else { Err(format!("{text} is not an existing directory")) }
}

fn file_path(text: &str, host: &dyn Host) -> Result<String, String> {
    let path = expand_user(text, host);
    let parent = path::dirname(&path);
    if parent.is_empty() || host.is_dir(parent) {
        return Ok(path);
    }
    Err(format!("The directory named as part of the path {text} does not exist"))
}

fn log_file(text: &str, host: &dyn Host) -> Result<LogTarget, String> {
    match text.to_lowercase().as_str() {
        "none" | "off" | SYSLOG => Ok(LogTarget::None),
        "auto" => Ok(LogTarget::Auto),
        _ => file_path(text, host).map(LogTarget::File),
    }
}

const SYSLOG: &str = "syslog";

/// Whether a log file option has the obsolete form of `stdout_syslog=true`: no file, but syslog.
pub fn is_syslog(text: &str) -> bool {
    text.eq_ignore_ascii_case(SYSLOG)
}

fn show_log_file(target: &LogTarget) -> String {
    match target {
        LogTarget::None => "NONE",
        LogTarget::Auto => "AUTO",
        LogTarget::File(path) => path,
    }
    .to_owned()
}

/// Sorted, because the order makes no difference.
fn show_variables(variables: &Environment) -> String {
    let mut pairs: Vec<String> =
        variables.iter().map(|(key, value)| format!("{key}=\"{value}\"")).collect();
    pairs.sort_unstable();
    pairs.join(",")
}

fn user(text: &str, host: &dyn Host) -> Result<User, String> {
    let account = match int::decimal(text) {
        Ok(number) => u32::try_from(number)
            .ok()
            .and_then(|uid| host.user_by_id(uid))
            .ok_or_else(|| format!("Invalid user id {text}"))?,
        Err(_) if text.contains('\0') => return Err("embedded null byte".to_owned()),
        Err(_) => host.user(text).ok_or_else(|| format!("Invalid user name {text}"))?,
    };
    Ok(User { uid: account.uid, gid: account.gid, name: account.name })
}

fn group(text: &str, host: &dyn Host) -> Option<u32> {
    match int::decimal(text) {
        Ok(number) => u32::try_from(number).ok().filter(|gid| host.has_group(*gid)),
        Err(_) => host.group(text),
    }
}

/// In the numbers of `chown(2)`, where the maximum value leaves the group unchanged.
fn owner(text: &str, host: &dyn Host) -> Result<(u32, u32), String> {
    let (name, of_group) = match text.split_once(':') {
        Some((name, group)) => (name, Some(group)),
        None => (text, None),
    };
    let gid = of_group.map_or(Some(u32::MAX), |name| group(name, host));
    match (user(name, host), gid) {
        (Ok(user), Some(gid)) => Ok((user.uid, gid)),
        _ => Err(format!("Invalid user:group definition {text}")),
    }
}

/// A port number within its limits, or Supervisor's error message.
pub fn port(text: &str) -> Result<u16, String> {
    let number = int::decimal(text)?;
    match u16::try_from(number) {
        Ok(port) if port > 0 => Ok(port),
        _ if number < 1 => Err(format!("{number} is below lower bound (1)")),
        _ => Err(format!("{number} is above upper bound (65535)")),
    }
}

fn address(text: &str) -> Result<(String, u16), String> {
    let Some((host, digits)) = text.rsplit_once(':') else {
        let port = port(text).map_err(|_| format!("not a valid port number: {} ", repr(text)))?;
        return Ok((String::new(), port));
    };
    if digits.is_empty() {
        return Err("no port number specified in ''".to_owned());
    }
    let port = port(digits)?;
    let host = host.to_lowercase();
    Ok((if host == "*" { String::new() } else { host }, port))
}

fn list(text: &str) -> Vec<String> {
    if text.is_empty() {
        return Vec::new();
    }
    text.split(',').map(|word| strip(word).to_owned()).collect()
}

/// The error is the name of the first type that does not exist.
fn event_types(text: &str) -> Result<Vec<EventType>, String> {
    let mut types = Vec::new();
    for name in list(text) {
        match EventType::from_name(&name) {
            Some(event) if types.contains(&event) => {}
            Some(event) => types.push(event),
            None => return Err(name.to_uppercase()),
        }
    }
    Ok(types)
}

/// Sorted, because the order makes no difference.
fn show_event_types(types: &[EventType]) -> String {
    let mut names: Vec<&str> = types.iter().map(|event| event.name()).collect();
    names.sort_unstable();
    names.join(",")
}

/// Whether a text refers to a Python object; blanks around the colon are ignored.
pub fn is_reference_to(name: &str, text: &str) -> bool {
    name.split(':').eq(text.split(':').map(str::trim))
}

fn built_in<T: Copy>(
    reference: &str,
    all: &[T],
    name: impl Fn(T) -> &'static str,
) -> Result<T, String> {
    let found = all.iter().find(|it| is_reference_to(name(**it), reference)).copied();
    found.ok_or_else(|| format!("{reference} cannot be resolved"))
}

fn fcgi_address(text: &str, host: &dyn Host) -> Result<FcgiAddress, String> {
    if let Some(path) = text.strip_prefix("unix://") {
        if !path.starts_with('/') {
            return Err(format!("Unix socket path {path} is not an absolute path"));
        }
        return Ok(FcgiAddress::Unix { path: normalize_path(path, host) });
    }
    let (host, digits) = tcp_url(text).ok_or_else(|| format!("Bad socket format {text}"))?;
    Ok(FcgiAddress::Tcp { host: host.to_lowercase(), port: port(digits)? })
}

/// Host and port of `tcp://HOST:PORT`: no blank or second colon in the host, only digits after it.
fn tcp_url(text: &str) -> Option<(&str, &str)> {
    let (host, port) = text.strip_prefix("tcp://")?.split_once(':')?;
    let port = port.strip_suffix('\n').unwrap_or(port);
    let is_digit = |c: char| int::decimal(c.encode_utf8(&mut [0; 4])).is_ok();
    let good = !host.is_empty() && !host.contains(is_space) && !port.is_empty();
    (good && port.chars().all(is_digit)).then_some((host, port))
}

fn name(text: &str) -> Result<String, String> {
    let stripped = strip(text);
    match [' ', ':', '/'].into_iter().find(|c| stripped.contains(*c)) {
        Some(c) => Err(format!("Invalid name: {} because of character: '{c}'", repr(text))),
        None => Ok(stripped.to_owned()),
    }
}

fn server_url(text: &str) -> Option<String> {
    (strip(text).to_uppercase() != "AUTO").then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use super::*;
    use crate::conf::fake_host::FakeHost;

    fn is_read_back<K: Kind<Value: Debug>>(texts: &[&str]) {
        let host = FakeHost::default();
        for text in texts {
            let value = K::parse(text, &host).expect("the text is valid");
            assert_eq!(K::parse(&K::show(&value), &host), Ok(value), "{} {text}", K::NAME);
        }
    }

    #[test]
    fn each_word_of_a_kind_is_a_value_of_it() {
        fn are_values<K: Kind<Value: Debug>>() {
            assert!(!K::words().is_empty(), "{}", K::NAME);
            is_read_back::<K>(&K::words());
        }
        are_values::<UserRole>();
        are_values::<Flag>();
        are_values::<SignalName>();
        are_values::<Restart>();
        are_values::<Level>();
        are_values::<Orphans>();
        are_values::<LogFile>();
        are_values::<EventTypes>();
        are_values::<Handler>();
        are_values::<Factory>();
        are_values::<Killed>();
        are_values::<LogLineFormat>();
        are_values::<Maybe<ByteLimit>>();
        are_values::<Maybe<CountLimit>>();
        are_values::<Maybe<Cron>>();
        are_values::<ServerUrl>();
    }

    #[test]
    fn a_value_that_is_shown_is_read_back() {
        is_read_back::<Text>(&["", "a b"]);
        is_read_back::<Password>(&["", "secret"]);
        is_read_back::<AccountPassword>(&["a b", "{SHA}x"]);
        is_read_back::<UserRole>(&["Viewer", "operator", "admin"]);
        is_read_back::<EventTypes>(&["", "event, TICK_5,TICK_5"]);
        is_read_back::<Handler>(&["supervisor.dispatchers : default_handler"]);
        is_read_back::<Factory>(&["supervisor_twiddler.rpcinterface:make_twiddler_rpcinterface"]);
        is_read_back::<SocketUrl>(&["unix:///tmp/../x", "tcp://LocalHost:9002"]);
        is_read_back::<Flag>(&["on", "0"]);
        is_read_back::<Integer>(&["-7", "1_000"]);
        is_read_back::<Bytes>(&["0", "5KB", "50MB"]);
        is_read_back::<Octal>(&["22", "0o1777", "0"]);
        is_read_back::<Maybe<Octal>>(&["077"]);
        is_read_back::<SignalName>(&["hup", "SIGKILL", "0", "29"]);
        is_read_back::<ExitCodes>(&["", "0,2"]);
        is_read_back::<Restart>(&["yes", "no", "unexpected"]);
        is_read_back::<Orphans>(&["stop", "KEEP", "refuse"]);
        is_read_back::<Level>(&["CRITICAL", "blather"]);
        is_read_back::<Directory>(&["/tmp"]);
        is_read_back::<FilePath>(&["/tmp/x"]);
        is_read_back::<LogFile>(&["AUTO", "off", "/tmp/x", "syslog"]);
        is_read_back::<Variables>(&["", "A=1,B='x y'"]);
        is_read_back::<Account>(&["nobody", "0"]);
        is_read_back::<Owner>(&["root:root", "0:0"]);
        is_read_back::<Address>(&["9001", "*:9001", "localhost:1"]);
        is_read_back::<List>(&["", "a, b"]);
        is_read_back::<Origins>(&["", "https://A:443/, http://b:80"]);
        is_read_back::<Dependencies>(&["", "a, b:completed g:p", "any(a, b:ready), c"]);
        is_read_back::<EnvFiles>(&["", "/a.env, -b.env"]);
        is_read_back::<TcpAddress>(&["8100", "10.0.0.1:1", "[::1]:80"]);
        is_read_back::<Url>(&["http://localhost:8080", "http://127.0.0.1/a?b"]);
        is_read_back::<Statuses>(&["200, 300-399"]);
        is_read_back::<HeaderField>(&["Host: example.org"]);
        is_read_back::<Pattern>(&["ready .* handle"]);
        is_read_back::<Seconds>(&["2", "0.25"]);
        is_read_back::<Count>(&["3"]);
        is_read_back::<Killed>(&["process", "group", "TREE"]);
        is_read_back::<LogLineFormat>(&["raw", "text", "JSON"]);
        is_read_back::<ByteLimit>(&["0", "64MB:1gb", "1:unlimited"]);
        is_read_back::<CountLimit>(&["0:5", "unlimited"]);
        is_read_back::<Niceness>(&["-20", "19"]);
        is_read_back::<OomScore>(&["-1000", "5"]);
        is_read_back::<Varnish>(&["web", "/a b/v *.web"]);
        is_read_back::<Haproxy>(&["/run/h.sock a/b", "9999 a/b"]);
        is_read_back::<Pages>(&["", "/, http://localhost:8080/x"]);
        is_read_back::<Name>(&[" a "]);
        is_read_back::<ServerUrl>(&["auto", "http://x"]);
    }
}
