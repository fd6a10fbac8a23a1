//! The `system` methods: introspection and multicall.

use super::answer::{Outcome, Pending};
use super::args::Args;
use super::context::Context;
use super::fault::{Code, Fault};
use super::methods::{self, Answer, Method, Namespace};
use super::value::Value;

pub(super) fn list_methods(context: &mut Context<'_>, _: &Args<'_>) -> Answer {
    let mut names: Vec<&str> = methods::available(context.supervisor.config())
        .filter(|method| method.namespace != Namespace::Supkit)
        .map(|method| method.name)
        .collect();
    names.sort_unstable();
    Ok(Value::Array(names.into_iter().map(Value::str).collect()).into())
}

pub(super) fn method_help(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    Ok(Value::Str(find_method(context, args)?.documentation()).into())
}

pub(super) fn method_signature(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    let method = find_method(context, args)?;
    let kinds = std::iter::once(method.returns).chain(method.params.iter().map(|it| it.kind));
    Ok(Value::Array(kinds.map(Value::str).collect()).into())
}

fn find_method(context: &Context<'_>, args: &Args<'_>) -> Result<&'static Method, Fault> {
    let name = args.value(0).as_str().unwrap_or_default();
    let mut all = methods::available(context.supervisor.config());
    all.find(|method| method.name == name).ok_or_else(|| Fault::bare(Code::SignatureUnsupported))
}

pub(super) fn multicall(context: &mut Context<'_>, args: &Args<'_>) -> Answer {
    let Value::Array(calls) = args.value(0) else {
        return Err(Fault::bare(Code::IncorrectParameters));
    };
    let mut calls = Multicall::new(calls.clone());
    Ok(match calls.poll(context) {
        Some(results) => Outcome::Now(results),
        None => Outcome::Later(Pending::Multicall(calls)),
    })
}

/// Calls that are made in sequence, each after the previous one was answered.
#[derive(Clone, Debug)]
pub struct Multicall {
    /// In reverse order.
    calls: Vec<Value>,
    pending: Option<Box<Pending>>,
    results: Vec<Value>,
}

impl Multicall {
    pub fn new(mut calls: Vec<Value>) -> Self {
        calls.reverse();
        Self { calls, pending: None, results: Vec::new() }
    }

    /// The results, values or fault structs, when all calls are answered.
    pub fn poll(&mut self, context: &mut Context<'_>) -> Option<Value> {
        loop {
            if let Some(pending) = &mut self.pending {
                let result = pending.poll(context)?;
                self.pending = None;
                self.results.push(result.unwrap_or_else(|fault| fault_value(&fault)));
            }
            let Some(call) = self.calls.pop() else {
                return Some(Value::Array(std::mem::take(&mut self.results)));
            };
            match dispatch(context, &call) {
                Ok(Outcome::Now(value)) => self.results.push(value),
                Ok(Outcome::Later(pending)) => self.pending = Some(Box::new(pending)),
                Err(fault) => self.results.push(fault_value(&fault)),
            }
        }
    }
}

fn dispatch(context: &mut Context<'_>, call: &Value) -> Answer {
    let incorrect = |detail: &str| Fault::new(Code::IncorrectParameters, detail);
    let name = match call.get("methodName") {
        None | Some(Value::Nil) => return Err(incorrect("No methodName")),
        Some(name) => name.as_str().ok_or_else(|| Fault::bare(Code::IncorrectParameters))?,
    };
    if name == "system.multicall" {
        return Err(incorrect("Recursive system.multicall forbidden"));
    }
    match call.get("params") {
        None => methods::call(context, name, &[]),
        Some(Value::Array(params)) => methods::call(context, name, params),
        Some(_) => Err(Fault::bare(Code::IncorrectParameters)),
    }
}

fn fault_value(fault: &Fault) -> Value {
    Value::Struct(vec![
        ("faultCode".to_owned(), Value::Int(fault.code)),
        ("faultString".to_owned(), Value::str(&fault.string)),
    ])
}
