//! Any bytes as a file of environment variables: no panic, an error names a line of the file, and what
//! was read is a variable that a program can have.
#![no_main]

use libfuzzer_sys::fuzz_target;
use supkit::conf::env_file;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    match env_file::variables(&text) {
        Ok(variables) => {
            for (name, _) in variables {
                assert!(!name.is_empty() && !name.contains(['=', '\n', ' ']), "{name:?}");
            }
        }
        Err(error) => assert!((1..=text.split('\n').count()).contains(&error.line), "{error:?}"),
    }
});
