//! The names in `depends_on`: which processes they mean, and whether they make sense together. A
//! name that means nothing and programs that depend on each other are errors.

use std::sync::Arc;

use super::config::{Group, Process};
use super::dependency::{Condition, Dependency, Requirement};
use super::nearest::nearest;
use super::option_reader::{OptionReader, Scope};
use super::sections::{Section, group, program};

/// Whether a name means a process of a group.
type Meaning<'m> = &'m dyn Fn(&str, &Process) -> bool;

/// The keys of the processes that a name means: those of the program of that name, else those of the
/// group, else those of `group:process` or `group:*`.
pub fn resolve<'a, K>(
    name: &str,
    all: &(impl Iterator<Item = (&'a str, &'a Process, K)> + Clone),
) -> Vec<K> {
    let is_program = |_: &str, process: &Process| own_name(&process.program) == name;
    let is_group = |group: &str, _: &Process| group == name;
    let is_member = |group: &str, process: &Process| {
        name.split_once(':')
            .is_some_and(|(of, member)| of == group && (member == "*" || member == process.name))
    };
    let meanings: [Meaning<'_>; 3] = [&is_program, &is_group, &is_member];
    let mut found = meanings.into_iter().map(|means| {
        let all = all.clone().filter(|(group, process, _)| means(group, process));
        all.map(|(_, _, key)| key).collect::<Vec<K>>()
    });
    found.find(|keys| !keys.is_empty()).unwrap_or_default()
}

/// The name after the colon of a section.
fn own_name(section: &str) -> &str {
    section.split_once(':').map_or(section, |(_, name)| name)
}

/// Adds what a group depends on to each of its processes.
pub(super) fn add_to_all(processes: &mut [Process], of_group: &[Requirement]) {
    for process in processes {
        for requirement in of_group {
            if !process.depends_on.contains(requirement) {
                process.depends_on.push(requirement.clone());
            }
        }
    }
}

/// A process of the configuration, with what it depends on by position.
struct Node<'g> {
    group: &'g str,
    process: &'g Arc<Process>,
    on: Vec<usize>,
}

impl Node<'_> {
    fn name(&self) -> String {
        let Self { group, process, .. } = self;
        if *group == process.name {
            process.name.clone()
        } else {
            format!("{group}:{}", process.name)
        }
    }
}

/// Reports what is wrong with the dependencies of all groups.
pub(super) fn check(reader: &mut OptionReader<'_>, groups: &[Group]) {
    let mut nodes: Vec<Node<'_>> = groups
        .iter()
        .flat_map(|group| group.processes.iter().map(|process| (group.name.as_str(), process)))
        .map(|(group, process)| Node { group, process, on: Vec::new() })
        .collect();
    if nodes.iter().all(|node| node.process.depends_on.is_empty()) {
        return;
    }
    for at in 0..nodes.len() {
        let process = nodes[at].process;
        for dependency in process.depends_on.iter().flat_map(Requirement::dependencies) {
            let on = resolve(
                &dependency.name,
                &nodes.iter().enumerate().map(|(at, it)| (it.group, it.process.as_ref(), at)),
            );
            if on.is_empty() {
                refuse_unknown(reader, &nodes, at, dependency);
            }
            if dependency.condition == Condition::Ready {
                refuse_unprobed(reader, &nodes, at, dependency, &on);
            }
            nodes[at].on.extend(on);
        }
    }
    for cycle in cycles(&nodes) {
        refuse_cycle(reader, &nodes, &cycle);
    }
}

/// The section in which a dependency of a process is written: its own or that of its group.
fn section_of(reader: &OptionReader<'_>, node: &Node<'_>, name: &str) -> String {
    let own = reader.entry(&node.process.program, program::DEPENDS_ON.name);
    let is_own = own.is_some_and(|entry| entry.value.contains(name));
    let of_group = format!("{}:{}", group::SECTION.word, node.group);
    let is_of_group = reader.entry(&of_group, group::DEPENDS_ON.name).is_some();
    if is_own || !is_of_group { node.process.program.clone() } else { of_group }
}

fn refuse(reader: &mut OptionReader<'_>, section: &str, message: String, help: &str) {
    let names = reader.here();
    let scope = Scope { section, names: &names, program: false };
    reader.refuse(scope, program::DEPENDS_ON.name, message, help);
}

fn refuse_unknown(
    reader: &mut OptionReader<'_>,
    nodes: &[Node<'_>],
    at: usize,
    dependency: &Dependency,
) {
    let name = dependency.name.as_str();
    if has_faulty_section(reader, nodes, name) {
        // Its own section has an error, which is reported.
        return;
    }
    let section = section_of(reader, &nodes[at], name);
    let message = format!("[{section}] depends on unknown program or group {name}");
    let mut names: Vec<String> = nodes.iter().map(Node::name).collect();
    names.extend(
        nodes.iter().flat_map(|it| [own_name(&it.process.program), it.group]).map(str::to_owned),
    );
    let help = match (misspelt_condition(name), nearest(name, names.iter().map(String::as_str))) {
        (Some((name, condition)), _) => format!("did you mean `{name}:{condition}`?"),
        (None, Some(near)) => format!("did you mean `{near}`?"),
        (None, None) if name.contains(':') => "name a process of that group".to_owned(),
        (None, None) => {
            format!("write a section `[{}:{name}]`, or remove the name", program::SECTION.word)
        }
    };
    refuse(reader, &section, message, &help);
}

fn misspelt_condition(name: &str) -> Option<(&str, &'static str)> {
    let (name, last) = name.rsplit_once(':')?;
    Some((name, nearest(last, Condition::ALL.map(Condition::name))?))
}

/// Whether there is a section of that name without a process.
fn has_faulty_section(reader: &OptionReader<'_>, nodes: &[Node<'_>], name: &str) -> bool {
    let name = name.split(':').next().unwrap_or(name);
    let own = |section: &str| {
        Section::of(section).and_then(|kind| kind.own_name(section)).map(str::to_owned)
    };
    let mut sections = reader.loaded.document.sections().iter();
    sections.any(|section| own(&section.name).as_deref() == Some(name))
        && !nodes.iter().any(|it| it.group == name || own_name(&it.process.program) == name)
}

/// Without a probe a process would never be ready.
fn refuse_unprobed(
    reader: &mut OptionReader<'_>,
    nodes: &[Node<'_>],
    at: usize,
    dependency: &Dependency,
    on: &[usize],
) {
    let Some(bare) = on.iter().find(|on| !nodes[**on].process.has_readiness_probe()) else {
        return;
    };
    let (section, bare) = (section_of(reader, &nodes[at], &dependency.name), &nodes[*bare]);
    let program = &bare.process.program;
    let message =
        format!("[{section}] depends on {dependency}, but [{program}] has no ready_ option");
    let help = format!(
        "add {} to [{program}], or write `{}:running`",
        program::READY_TCP.name,
        dependency.name
    );
    refuse(reader, &section, message, &help);
}

fn refuse_cycle(reader: &mut OptionReader<'_>, nodes: &[Node<'_>], cycle: &[usize]) {
    let step = |(from, to): (&usize, &usize)| {
        let (from, to) = (&nodes[*from], &nodes[*to]);
        let section = section_of(reader, from, own_name(&to.process.program));
        let entry = reader.entry(&section, program::DEPENDS_ON.name);
        let place = entry.map(|entry| reader.loaded.sources.place(entry.key_span));
        match place {
            Some(place) => format!("{} ({}:{}) -> ", from.name(), place.file, place.line),
            None => format!("{} -> ", from.name()),
        }
    };
    let next = cycle.iter().skip(1).chain(&cycle[..1]);
    let path: String = cycle.iter().zip(next).map(step).collect();
    let first = &nodes[cycle[0]];
    let message = format!("depends_on is circular: {path}{}", first.name());
    let section = section_of(reader, first, "");
    refuse(reader, &section, message, "remove one of these dependencies");
}

/// One cycle for each set of processes that depend on each other.
fn cycles(nodes: &[Node<'_>]) -> Vec<Vec<usize>> {
    let mut found = Vec::new();
    let mut is_done = vec![false; nodes.len()];
    for start in 0..nodes.len() {
        let mut path: Vec<(usize, usize)> = if is_done[start] { vec![] } else { vec![(start, 0)] };
        while let Some((node, next)) = path.last_mut() {
            let (at, step) = (*node, *next);
            *next += 1;
            let Some(on) = nodes[at].on.get(step).copied() else {
                is_done[at] = true;
                path.pop();
                continue;
            };
            if let Some(from) = path.iter().position(|(node, _)| *node == on) {
                found.push(path[from..].iter().map(|(node, _)| *node).collect());
                for (node, _) in path.drain(..) {
                    is_done[node] = true;
                }
            } else if !is_done[on] {
                path.push((on, 0));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::conf::fake_host::examine_bytes;

    const PROGRAMS: &str = "[supervisord]\n\
        [program:zeo]\ncommand=/bin/zeo\n\
        [program:one]\ncommand=/bin/one\nnumprocs=2\nprocess_name=%(program_name)s-%(process_num)d\n\
        [program:two]\ncommand=/bin/two\n\
        [group:app]\nprograms=one,two\n";

    /// The faults of [`PROGRAMS`] and more, each with its position and help.
    fn faults(more: &str) -> Vec<String> {
        let examined = examine_bytes(format!("{PROGRAMS}{more}").as_bytes());
        let place = |span| examined.loaded.sources.place(span).line;
        let line = |fault: &crate::conf::Fault| {
            let at = fault.diagnostic.span.map_or(0, place);
            format!("{at}: {} ({})", fault.text, fault.diagnostic.help.as_deref().unwrap_or("-"))
        };
        examined.faults.iter().map(line).collect()
    }

    #[test]
    fn names_may_mean_programs_groups_and_processes() {
        for name in [
            "zeo",
            "zeo:running",
            "app",
            "app:*",
            "one",
            "app:one-1",
            "app:two:completed",
            "zeo, any(one, app:two:completed)",
        ] {
            let more = format!("[program:x]\ncommand=/bin/x\ndepends_on={name}\n");
            assert_eq!(faults(&more), [""; 0], "{name}");
        }
    }

    #[test]
    fn an_unknown_name_is_an_error_with_its_place_and_remedy() {
        let x = "[program:x]\ncommand=/bin/x\ndepends_on=";
        insta::assert_snapshot!(
            [
                faults(&format!("{x}zoe")),
                faults(&format!("{x}zeo:runing")),
                faults(&format!("{x}app:three")),
                faults(&format!("{x}postgres")),
                faults(&format!("{x}:running")),
                faults(&format!("{x}any(zeo, zoe)")),
                faults(&format!("{x}any(zeo, two:ready)")),
                faults(&format!("{x}any(zeo")),
                faults(&format!("{x}zeo\n[group:g]\nprograms=x\ndepends_on=ap")),
            ].concat().join("\n"),
            @r"
    14: [program:x] depends on unknown program or group zoe (did you mean `zeo`?)
    14: [program:x] depends on unknown program or group zeo:runing (did you mean `zeo:running`?)
    14: [program:x] depends on unknown program or group app:three (name a process of that group)
    14: [program:x] depends on unknown program or group postgres (write a section `[program:postgres]`, or remove the name)
    14: not a dependency: ':running' in section 'program:x' (file: '/etc/supervisord.conf') (write `NAME:CONDITION`, separated by commas; the condition is `running`, `ready` or `completed`; `any(A, B)` if one of them suffices)
    14: [program:x] depends on unknown program or group zoe (did you mean `zeo`?)
    14: [program:x] depends on two:ready, but [program:two] has no ready_ option (add ready_tcp to [program:two], or write `two:running`)
    14: not a dependency: 'any(zeo' in section 'program:x' (file: '/etc/supervisord.conf') (write `NAME:CONDITION`, separated by commas; the condition is `running`, `ready` or `completed`; `any(A, B)` if one of them suffices)
    17: [group:g] depends on unknown program or group ap (did you mean `app`?)
    "
        );
    }

    #[test]
    fn a_program_that_can_never_be_ready_is_an_error() {
        let more = |probe: &str| {
            format!(
                "[program:x]\ncommand=/bin/x\ndepends_on=y:ready\n[program:y]\ncommand=/bin/y\n{probe}"
            )
        };
        assert_eq!(faults(&more("ready_log=ok")), [""; 0]);
        insta::assert_snapshot!(faults(&more("live_tcp=80")).join("\n"), @r"
    14: [program:x] depends on y:ready, but [program:y] has no ready_ option (add ready_tcp to [program:y], or write `y:running`)
    ");
    }

    #[test]
    fn a_name_whose_own_section_is_wrong_is_no_second_error() {
        let more = "[program:y]\ncommand=/bin/y\nstartsecs=x\n\
                    [program:x]\ncommand=/bin/x\ndepends_on=y\n[program:z]\nnumprocs=no\n";
        assert_eq!(faults(more).iter().filter(|fault| fault.contains("depends")).count(), 0);
    }

    #[test]
    fn programs_that_depend_on_each_other_are_an_error_that_shows_the_path() {
        let of =
            |name: &str, on: &str| format!("[program:{name}]\ncommand=/bin/x\ndepends_on={on}\n");
        insta::assert_snapshot!(
            [
                faults(&[of("a", "b"), of("b", "zeo,c"), of("c", "a")].concat()),
                faults(&of("self", "self")),
                faults(&[of("a", "any(b, zeo)"), of("b", "a")].concat()),
                faults(&[of("x", "g"), "[group:g]\nprograms=x\n".to_owned()].concat()),
                faults(&[of("x", "zeo"), of("y", "g"), "[group:g]\nprograms=x\ndepends_on=y\n".to_owned()].concat()),
            ].concat().join("\n"),
            @r"
    14: depends_on is circular: a (/etc/supervisord.conf:14) -> b (/etc/supervisord.conf:17) -> c (/etc/supervisord.conf:20) -> a (remove one of these dependencies)
    14: depends_on is circular: self (/etc/supervisord.conf:14) -> self (remove one of these dependencies)
    14: depends_on is circular: a (/etc/supervisord.conf:14) -> b (/etc/supervisord.conf:17) -> a (remove one of these dependencies)
    14: depends_on is circular: g:x (/etc/supervisord.conf:14) -> g:x (remove one of these dependencies)
    14: depends_on is circular: g:x (/etc/supervisord.conf:20) -> y (/etc/supervisord.conf:17) -> g:x (remove one of these dependencies)
    "
        );
    }
}
