//! Any bytes, and any bytes behind a right prefix and checksum: what decodes keeps its promises
//! and encodes to the same fingerprint again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use onmon_core::wire;

fuzz_target!(|bytes: &[u8]| {
    check(bytes);
    // Behind the checksum, where chance does not lead.
    let mut sealed = [wire::MAGIC.as_slice(), &[wire::VERSION], bytes].concat();
    sealed.extend(crc32fast::hash(&sealed).to_le_bytes());
    check(&sealed);
});

fn check(bytes: &[u8]) {
    let Ok(fingerprint) = wire::decode(bytes) else { return };
    let codes: usize = fingerprint.samples().map(|sample| sample.codes.len()).sum();
    assert_eq!(codes, fingerprint.codes().len());
    let mut again = vec![0; wire::encoded_len_max(codes)];
    let len = wire::encode(&fingerprint, &mut again).expect("the buffer is as large as asked for");
    assert_eq!(wire::decode(&again[..len]), Ok(fingerprint));
}
