//! Any bytes as sealed content: no panic, little memory, and both ways of opening agree.
#![no_main]

use std::io::{Cursor, Read};

use libfuzzer_sys::fuzz_target;
use onmon_seal::{ContentKey, Sealed};

fuzz_target!(|bytes: &[u8]| {
    let key = ContentKey::new([0; 16]);
    let mut content = Vec::new();
    let whole = Sealed::read(bytes)
        .is_ok_and(|sealed| sealed.unlock(&key).read_to_end(&mut content).is_ok());
    let Ok(sealed) = Sealed::read(Cursor::new(bytes)) else { return };
    if let Ok(mut seeker) = sealed.unlock_seekable(&key) {
        let len = seeker.len();
        if let (true, Ok(sought)) = (whole, seeker.open_range(0, len)) {
            assert_eq!(sought, content);
        }
    }
});
