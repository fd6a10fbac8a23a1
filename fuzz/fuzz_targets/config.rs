//! Any bytes as a supervisord.conf: each error is reported, nothing panics.
#![no_main]

use libfuzzer_sys::fuzz_target;
use supkit::conf::fake_host::examine_bytes;

fuzz_target!(|bytes: &[u8]| {
    let examined = examine_bytes(bytes);
    assert!(examined.config.is_some() || !examined.faults.is_empty());
});
