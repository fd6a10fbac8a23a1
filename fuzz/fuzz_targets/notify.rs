//! Any text as messages in the protocol of `sd_notify`, a NUL byte between two of them: no panic, a
//! short status, and a state that survives being saved and loaded.
#![no_main]

use libfuzzer_sys::fuzz_target;
use supkit::conf::fake_host::examine_bytes;
use supkit::core::Supervisor;
use supkit::core::effect::{Effect, Input, Pid};
use supkit::core::snapshot;
use supkit::core::time::Now;

const CONFIG: &[u8] = b"[supervisord]\n[program:a]\ncommand=/bin/a\nready_notify=true\n";

fuzz_target!(|bytes: &[u8]| {
    let config = examine_bytes(CONFIG).config.expect("a valid configuration");
    let now = Now::default();
    let mut core = Supervisor::new(config);
    core.boot(now);
    core.run(now);
    core.expire(now);
    let spawned = std::iter::from_fn(|| core.next_effect()).find_map(|effect| match effect {
        Effect::Spawn { id } => Some(id),
        _ => None,
    });
    let id = spawned.expect("the program is started");
    core.take(Input::Spawned { id, pid: Pid(2) }, now);
    for message in String::from_utf8_lossy(bytes).split('\0') {
        core.take(Input::Notified { id, message: message.to_owned() }, now);
        while core.next_effect().is_some() {}
    }
    let saved = snapshot::save(&core).expect("a core can be saved");
    let again = snapshot::load(&saved).expect("what was saved can be loaded");
    assert_eq!(snapshot::save(&again).expect("a core can be saved"), saved);
});
