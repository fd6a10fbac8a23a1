//! Any bytes as a call or a response: no panic, and what was read survives being written and read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use supkit::rpc::xml;

fuzz_target!(|bytes: &[u8]| {
    let _ = xml::decode_response(bytes);
    if let Ok(call) = xml::decode_call(bytes) {
        let written = xml::encode_call(&call);
        let again = xml::decode_call(&written).map(|call| xml::encode_call(&call));
        assert_eq!(again.as_deref(), Ok(written.as_slice()));
    }
});
