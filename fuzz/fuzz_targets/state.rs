//! Any bytes as the saved state of a daemon: an error or a core, which is saved and loaded again as
//! it is.
#![no_main]

use libfuzzer_sys::fuzz_target;
use supkit::core::snapshot;

fuzz_target!(|bytes: &[u8]| {
    let Ok(core) = snapshot::load(bytes) else { return };
    let saved = snapshot::save(&core).expect("a core can be saved");
    let again = snapshot::load(&saved).expect("what was saved can be loaded");
    assert_eq!(snapshot::save(&again).expect("a core can be saved"), saved);
});
