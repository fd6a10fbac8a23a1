//! The commands with which a rolling restart controls Varnish, and what their output means.

use serde_json::Value;

use crate::conf::drain::VarnishBackend;
use crate::core::effect::WaitStatus;
use crate::core::exchange::{Answer, Exchange};

/// The program and its arguments.
pub(super) fn command(exchange: Exchange, backend: &VarnishBackend) -> (&'static str, Vec<String>) {
    let name = &backend.name;
    let directory = backend.directory.iter().flat_map(|it| ["-n".to_owned(), it.clone()]);
    let words = |words: &[&str]| words.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
    let (program, own) = match exchange {
        Exchange::Drain(_) | Exchange::Detach(_) => {
            ("varnishadm", words(&["backend.set_health", name, "sick"]))
        }
        Exchange::Enable(_) => ("varnishadm", words(&["backend.set_health", name, "auto"])),
        Exchange::Count(_) => ("varnishstat", words(&["-1", "-f", &counters(name)])),
        Exchange::CheckUse(_) | Exchange::Warm(_) => {
            ("varnishadm", words(&["backend.list", "-j", name]))
        }
    };
    (program, directory.chain(own).collect())
}

/// The connections in use, in every VCL that is loaded.
fn counters(name: &str) -> String {
    if name.contains('.') { format!("VBE.{name}.conn") } else { format!("VBE.*.{name}.conn") }
}

/// What the output of a command that ended means.
pub(super) fn answer(
    exchange: Exchange,
    backend: &VarnishBackend,
    status: WaitStatus,
    output: &str,
) -> Answer {
    if status != WaitStatus::Exited(0) {
        let line = output.lines().map(str::trim).find(|line| !line.is_empty());
        return Err(line.map_or_else(|| status.description(), str::to_owned));
    }
    match exchange {
        Exchange::Count(_) => connections(output, &backend.name),
        Exchange::CheckUse(_) => check_use(output, &backend.name).map(|()| 0),
        _ => Ok(0),
    }
}

/// `VBE.boot.instance1.conn   2   .   Concurrent connections used`
fn connections(output: &str, name: &str) -> Answer {
    let numbers: Vec<u64> =
        output.lines().filter_map(|line| line.split_whitespace().nth(1)?.parse().ok()).collect();
    if numbers.is_empty() { Err(format!("no backend {name}")) } else { Ok(numbers.iter().sum()) }
}

fn check_use(output: &str, name: &str) -> Result<(), String> {
    let reply: Value = serde_json::from_str(output).map_err(|_| "no JSON".to_owned())?;
    let objects = reply.as_array().into_iter().flatten().filter_map(Value::as_object);
    let backends: Vec<(&String, &Value)> =
        objects.flatten().filter(|(_, it)| it.get("admin_health").is_some()).collect();
    if backends.is_empty() {
        return Err(format!("no backend {name}"));
    }
    match backends.iter().find(|(_, backend)| !is_used(backend)) {
        Some((name, _)) => Err(format!("{name} is sick")),
        None => Ok(()),
    }
}

/// Whether requests are sent to a backend: an operator has decided that, or else its probe.
fn is_used(backend: &Value) -> bool {
    match backend.get("admin_health").and_then(Value::as_str) {
        Some("healthy") => true,
        Some("sick") => false,
        _ => !backend
            .get("probe_message")
            .is_some_and(|message| message.to_string().to_lowercase().contains("sick")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conf::drain::Proxy::Varnish;

    fn backend(name: &str) -> VarnishBackend {
        VarnishBackend { directory: Some("/v".into()), name: name.into() }
    }

    fn ask(exchange: Exchange, code: i32, output: &str) -> Answer {
        answer(exchange, &backend("a"), WaitStatus::Exited(code), output)
    }

    #[test]
    fn the_connections_of_all_vcls_are_added() {
        let (program, args) = command(Exchange::Count(Varnish), &backend("a"));
        assert_eq!((program, args.join(" ").as_str()), ("varnishstat", "-n /v -1 -f VBE.*.a.conn"));
        let (_, args) = command(Exchange::Count(Varnish), &backend("boot.a"));
        assert_eq!(args.last().map(String::as_str), Some("VBE.boot.a.conn"));
        let output = "VBE.boot.a.conn   2   .   Concurrent connections used\n\
                      VBE.reload_1.a.conn   1   .   Concurrent connections used\n";
        assert_eq!(ask(Exchange::Count(Varnish), 0, output), Ok(3));
        assert_eq!(ask(Exchange::Count(Varnish), 0, ""), Err("no backend a".to_owned()));
    }

    #[test]
    fn the_health_is_that_of_the_operator_or_of_the_probe() {
        let list = |admin: &str, probe: &str| {
            let backend = format!(
                r#"{{"boot.a": {{"type": "backend", "admin_health": "{admin}", "probe_message": {probe}}}}}"#
            );
            ask(
                Exchange::CheckUse(Varnish),
                0,
                &format!("[ 3, [\"backend.list\"], 1.5,\n{backend}]\n\n"),
            )
        };
        assert_eq!(list("probe", r#"[3, 3, "healthy"]"#), Ok(0));
        assert_eq!(list("healthy", "[0, 0, \"healthy\"]"), Ok(0));
        assert_eq!(list("auto", r#""Healthy (no probe)""#), Ok(0));
        assert_eq!(list("sick", r#"[3, 3, "healthy"]"#), Err("boot.a is sick".to_owned()));
        assert_eq!(list("probe", r#"[1, 3, "sick"]"#), Err("boot.a is sick".to_owned()));
        assert_eq!(
            ask(Exchange::CheckUse(Varnish), 0, "[3, [], 1.5]"),
            Err("no backend a".to_owned())
        );
    }

    #[test]
    fn a_command_that_fails_has_its_first_line_as_reason() {
        let output = "\nNo Backends matches\nCommand failed with error code 106\n";
        assert_eq!(ask(Exchange::Drain(Varnish), 1, output), Err("No Backends matches".to_owned()));
        assert_eq!(ask(Exchange::Drain(Varnish), 1, ""), Err("exit status 1".to_owned()));
        assert_eq!(ask(Exchange::Drain(Varnish), 0, ""), Ok(0));
    }
}
