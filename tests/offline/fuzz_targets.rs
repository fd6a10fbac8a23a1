//! The fuzz targets, without a fuzzer: each input of `fuzz/corpus` and a few mutations of it. So a
//! target that does not compile any longer, or an input that breaks it, is found by `make test`.

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

/// Each target is a module with a function `run`, made by the macro below in the place of the fuzzer's.
macro_rules! targets {
    ($($name:ident $path:literal;)*) => {
        $(
            #[allow(unused_attributes, reason = "`no_main` is for the fuzzer's program")]
            #[path = $path]
            mod $name;

            #[test]
            fn $name() {
                replay(stringify!($name), $name::run);
            }
        )*

        const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

targets! {
    buildout "../../fuzz/fuzz_targets/buildout.rs";
    config "../../fuzz/fuzz_targets/config.rs";
    editor "../../fuzz/fuzz_targets/editor.rs";
    env_file "../../fuzz/fuzz_targets/env_file.rs";
    http "../../fuzz/fuzz_targets/http.rs";
    listener "../../fuzz/fuzz_targets/listener.rs";
    notify "../../fuzz/fuzz_targets/notify.rs";
    output "../../fuzz/fuzz_targets/output.rs";
    reply "../../fuzz/fuzz_targets/reply.rs";
    state "../../fuzz/fuzz_targets/state.rs";
    xmlrpc "../../fuzz/fuzz_targets/xmlrpc.rs";
}

// Below the targets, which import it as they import that of the fuzzer.
macro_rules! fuzz_target {
    (|$bytes:ident: &[u8]| $body:block) => {
        pub(super) fn run($bytes: &[u8]) {
            $body
        }
    };
}
pub(crate) use fuzz_target;

/// How many mutated inputs each target gets.
const MUTATED: usize = 600;
/// Longer inputs are replayed, but not mutated: a debug build is slow.
const MAX_MUTATED: usize = 4096;

#[test]
fn every_target_is_replayed() {
    let mut targets = names(&root().join("fuzz_targets"));
    for name in &mut targets {
        *name = name.trim_end_matches(".rs").to_owned();
    }
    assert_eq!(targets, NAMES);
    assert_eq!(names(&root().join("corpus")), NAMES);
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz"))
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn replay(name: &str, target: fn(&[u8])) {
    let directory = root().join("corpus").join(name);
    let inputs: Vec<Vec<u8>> =
        names(&directory).iter().map(|it| fs::read(directory.join(it)).unwrap()).collect();
    assert!(!inputs.is_empty());
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for input in &inputs {
        check(target, input);
        if input.len() > MAX_MUTATED {
            continue;
        }
        let other = &inputs[random.below(inputs.len())];
        let mut mutated = input.clone();
        for _ in 0..MUTATED.div_ceil(inputs.len()) {
            mutate(&mut mutated, other, &mut random);
            check(target, &mutated);
        }
    }
}

fn check(target: fn(&[u8]), input: &[u8]) {
    assert!(catch_unwind(|| target(input)).is_ok(), "with the input \"{}\"", input.escape_ascii());
}

fn mutate(input: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    let at = random.below(input.len() + 1);
    let end = at + random.below(input.len() + 1 - at);
    match random.below(4) {
        0 => drop(input.drain(at..end)),
        1 => input.extend_from_within(at..end),
        2 => {
            let rest = other.get(at..).unwrap_or_default();
            input.splice(at..end, rest.iter().copied().take(16));
        }
        _ => input.get_mut(at).into_iter().for_each(|byte| *byte ^= 1 << random.below(8)),
    }
}

/// Xorshift: the same inputs in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(limit).unwrap()).unwrap()
    }
}
