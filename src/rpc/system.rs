//! The `system` methods: what there is, and many calls in one.

use super::args::Args;
use super::fault::{Code, Fault};
use super::methods::{self, Answer, Method, Space};
use super::promise::{Outcome, Promise};
use super::value::Value;
use super::world::World;

pub(super) fn list_methods(world: &mut World<'_>, _: &Args<'_>) -> Answer {
    let mut names: Vec<&str> = methods::available(world.supervisor.config())
        .filter(|method| method.space != Space::Supkit)
        .map(|method| method.name)
        .collect();
    names.sort_unstable();
    Ok(Value::Array(names.into_iter().map(Value::str).collect()).into())
}

pub(super) fn method_help(world: &mut World<'_>, args: &Args<'_>) -> Answer {
    Ok(Value::Str(named(world, args)?.documentation()).into())
}

pub(super) fn method_signature(world: &mut World<'_>, args: &Args<'_>) -> Answer {
    let method = named(world, args)?;
    let kinds = std::iter::once(method.returns).chain(method.params.iter().map(|it| it.kind));
    Ok(Value::Array(kinds.map(Value::str).collect()).into())
}

fn named(world: &World<'_>, args: &Args<'_>) -> Result<&'static Method, Fault> {
    let name = args.value(0).as_str().unwrap_or_default();
    let mut all = methods::available(world.supervisor.config());
    all.find(|method| method.name == name).ok_or_else(|| Fault::bare(Code::SignatureUnsupported))
}

pub(super) fn multicall(world: &mut World<'_>, args: &Args<'_>) -> Answer {
    let Value::Array(calls) = args.value(0) else {
        return Err(Fault::bare(Code::IncorrectParameters));
    };
    let mut calls = Multicall::new(calls.clone());
    Ok(match calls.poll(world) {
        Some(results) => Outcome::Now(results),
        None => Outcome::Later(Promise::Multicall(calls)),
    })
}

/// Calls that are made one after the other, each when the one before it is answered.
#[derive(Clone, Debug)]
pub struct Multicall {
    /// Last first.
    calls: Vec<Value>,
    waiting: Option<Box<Promise>>,
    results: Vec<Value>,
}

impl Multicall {
    pub fn new(mut calls: Vec<Value>) -> Self {
        calls.reverse();
        Self { calls, waiting: None, results: Vec::new() }
    }

    /// The results, bare values or structs of faults, once all are there.
    pub fn poll(&mut self, world: &mut World<'_>) -> Option<Value> {
        loop {
            if let Some(promise) = &mut self.waiting {
                let result = promise.poll(world)?;
                self.waiting = None;
                self.results.push(result.unwrap_or_else(|fault| fault_value(&fault)));
            }
            let Some(call) = self.calls.pop() else {
                return Some(Value::Array(std::mem::take(&mut self.results)));
            };
            match dispatch(world, &call) {
                Ok(Outcome::Now(value)) => self.results.push(value),
                Ok(Outcome::Later(promise)) => self.waiting = Some(Box::new(promise)),
                Err(fault) => self.results.push(fault_value(&fault)),
            }
        }
    }
}

fn dispatch(world: &mut World<'_>, call: &Value) -> Answer {
    let incorrect = |why: &str| Fault::new(Code::IncorrectParameters, why);
    let name = match call.get("methodName") {
        None | Some(Value::Nil) => return Err(incorrect("No methodName")),
        Some(name) => name.as_str().ok_or_else(|| Fault::bare(Code::IncorrectParameters))?,
    };
    if name == "system.multicall" {
        return Err(incorrect("Recursive system.multicall forbidden"));
    }
    match call.get("params") {
        None => methods::call(world, name, &[]),
        Some(Value::Array(params)) => methods::call(world, name, params),
        Some(_) => Err(Fault::bare(Code::IncorrectParameters)),
    }
}

fn fault_value(fault: &Fault) -> Value {
    Value::Struct(vec![
        ("faultCode".to_owned(), Value::Int(fault.code)),
        ("faultString".to_owned(), Value::str(&fault.string)),
    ])
}
