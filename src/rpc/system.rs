//! The `system` methods: introspection and multicall. The method table calls them and passes itself.

use super::answer::{Answer, Call, Multicall, Outcome, Pending};
use super::args::Args;
use super::context::Context;
use super::fault::{Code, Fault};
use super::method::{Method, Namespace};
use super::value::Value;

pub(super) fn list_methods(methods: impl Iterator<Item = (String, &'static Method)>) -> Value {
    let listed = methods.filter(|(_, method)| method.namespace != Namespace::Supkit);
    let mut names: Vec<String> = listed.map(|(name, _)| name).collect();
    names.sort_unstable();
    Value::Array(names.into_iter().map(Value::Str).collect())
}

pub(super) fn signature(method: &Method) -> Value {
    let kinds = std::iter::once(method.returns).chain(method.params.iter().map(|it| it.kind));
    Value::Array(kinds.map(Value::str).collect())
}

/// `call` dispatches one call.
pub(super) fn multicall(context: &mut Context<'_>, args: &Args<'_>, call: Call) -> Answer {
    let Value::Array(calls) = args.value(0) else {
        return Err(Fault::bare(Code::IncorrectParameters));
    };
    let mut calls = Multicall::new(calls.clone(), call);
    Ok(match calls.poll(context) {
        Some(results) => Outcome::Now(results?),
        None => Outcome::Later(Pending::Multicall(calls)),
    })
}
