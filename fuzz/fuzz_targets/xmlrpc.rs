//! Any bytes as a call or a response: no panic, and what was read survives being written and read. A
//! carriage return does not, as in Python: it is written as it is, and a reader of XML takes it for a line feed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use supkit::rpc::xml;

fuzz_target!(|bytes: &[u8]| {
    let _ = xml::decode_response(bytes);
    if let Ok(call) = xml::decode_call(bytes) {
        let copy = |written: &[u8]| xml::decode_call(written).map(|call| xml::encode_call(&call));
        let written = copy(&xml::encode_call(&call)).expect("what was written can be read");
        assert_eq!(copy(&written).as_deref(), Ok(written.as_slice()));
    }
});
