//! Any bytes as a file that is to carry a tag: no panic, and what was written is found.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use onmon_tag::{KeyId, TAG_VERSION, Tag, files};

fuzz_target!(|file: &[u8]| {
    let tag = Tag {
        version: TAG_VERSION,
        recording_id: "r".into(),
        permit_id: "p".into(),
        essence: [0xff; 32],
        fingerprint: [0; 32],
        issued_ms: 1,
        encoder: 2,
    };
    let bytes = tag.sign(KeyId([1; 16]), |_| [0xff; 64]).expect("a tag");
    let _ = (files::read(Cursor::new(file)), files::strip(file));
    if let Ok(tagged) = files::write(file, &bytes) {
        assert!(files::read(Cursor::new(&tagged)).expect("still read").is_some());
        let _ = files::strip(&tagged);
    }
});
