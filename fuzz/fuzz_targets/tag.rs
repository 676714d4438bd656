//! Any bytes as a tag, a release or a set of keys: no panic, and nothing unsigned passes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use onmon_tag::{PublicKeys, Release, Tag};

fuzz_target!(|bytes: &[u8]| {
    let _ = PublicKeys::from_cose(bytes);
    let _ = std::str::from_utf8(bytes).map(PublicKeys::from_jwks);
    let nobody = PublicKeys::default();
    assert!(Tag::verify(bytes, &nobody).is_err());
    assert!(Release::verify(bytes, &nobody).is_err());
    if let Ok((tag, _)) = Tag::unverified(bytes) {
        assert!(!tag.permit_id.is_empty());
    }
});
