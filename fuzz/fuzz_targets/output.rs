//! Any bytes as the output of a program, in pieces whose size is the first byte: what is logged is the
//! same as in one piece, also with the tokens of captured messages. With `strip_ansi` an overlong escape
//! sequence is dropped up to the end of its piece, as in Supervisor; so the pieces matter.
#![no_main]

use libfuzzer_sys::fuzz_target;
use supkit::conf::fake_host::examine_bytes;
use supkit::core::Supervisor;
use supkit::core::effect::{Effect, Input, OutputStream, Pid, ProcId};
use supkit::core::time::Now;

const CONFIG: &str = "[program:a]\ncommand=/bin/a\nstdout_capture_maxbytes=100\n\
                      stdout_events_enabled=true\n[supervisord]\nstrip_ansi=";

fuzz_target!(|bytes: &[u8]| {
    let Some((size, bytes)) = bytes.split_first() else { return };
    let strip_ansi = size % 2 == 1;
    let in_pieces = logged(bytes, usize::from(*size / 2).max(1), strip_ansi);
    let whole = logged(bytes, bytes.len().max(1), strip_ansi);
    assert!(strip_ansi || in_pieces == whole);
});

fn logged(bytes: &[u8], size: usize, strip_ansi: bool) -> Vec<u8> {
    let config = format!("{CONFIG}{strip_ansi}\n");
    let config = examine_bytes(config.as_bytes()).config.expect("a valid configuration");
    let mut core = Supervisor::new(config);
    let id = start(&mut core);
    let stream = OutputStream::Stdout;
    for piece in bytes.chunks(size) {
        core.take(Input::Output { id, stream, bytes: piece.to_vec() }, Now::default());
    }
    core.take(Input::OutputClosed { id, stream }, Now::default());
    let effects = std::iter::from_fn(|| core.next_effect());
    let logged = effects.filter_map(|effect| match effect {
        Effect::ChildLog { bytes, .. } => Some(bytes),
        _ => None,
    });
    logged.flatten().collect()
}

fn start(core: &mut Supervisor) -> ProcId {
    core.boot(Now::default());
    core.run(Now::default());
    core.expire(Now::default());
    let spawned = std::iter::from_fn(|| core.next_effect()).find_map(|effect| match effect {
        Effect::Spawn { id } => Some(id),
        _ => None,
    });
    let id = spawned.expect("the program is started");
    core.take(Input::Spawned { id, pid: Pid(2) }, Now::default());
    id
}
