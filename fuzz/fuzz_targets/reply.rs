//! Any bytes as what a server sends to supervisorctl, in pieces whose size is the first byte: no panic,
//! and the same body as in one piece.
#![no_main]

use libfuzzer_sys::fuzz_target;
use supkit::ctl::head;
use supkit::rpc::xml;

fuzz_target!(|bytes: &[u8]| {
    let Some((size, bytes)) = bytes.split_first() else { return };
    let Ok(Some((head, length))) = head::parse(bytes) else { return };
    let read = |size: usize| {
        let (mut framing, mut input, mut body) = (head.framing, Vec::new(), Vec::new());
        for piece in bytes[length..].chunks(size) {
            input.extend_from_slice(piece);
            framing.take(&mut input, &mut body)?;
            // The client reads no further.
            if framing.is_over() {
                break;
            }
        }
        Ok::<_, String>((framing.is_over(), body))
    };
    let whole = read(bytes.len().max(1));
    if let Ok((_, body)) = &whole {
        let _ = xml::decode_response(body);
        assert_eq!(read(usize::from(*size).max(1)), whole);
    }
});
