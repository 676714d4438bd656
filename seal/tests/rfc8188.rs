//! The examples of RFC 8188, section 3.

use std::io::{Cursor, Read};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use onmon_seal::{ContentKey, SealError, Sealed, Sealer};

fn bytes(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

fn key(text: &str) -> ContentKey {
    ContentKey::new(bytes(text).try_into().unwrap())
}

const ONE: &str = "I1BsxtFttlv3u_Oo94xnmwAAEAAA-NAVub2qFgBEuQKRapoZu-IxkIva3MEB1PD-ly8Thjg";
const ONE_KEY: &str = "yqdlZ-tYemfogSmv7Ws5PQ";
const TWO: &str = "uNCkWiNYzKTnBN9ji3-qWAAAABkCYTHOG8chz_gnvgOqdGYovxyjuqRyJFjEDyoF1Fvkj6hQPdPHI51OEUKEpgz3\
                   SsLWIqS_uA";
const TWO_KEY: &str = "BO3ZVPxUlnLORbVGMpbT1Q";

#[test]
fn section_3_1_one_record() {
    let sealed = Sealed::read(Cursor::new(bytes(ONE))).unwrap();
    assert_eq!(sealed.header().record_bytes, 4_096);
    assert_eq!((sealed.header().key_id.as_slice(), sealed.kid()), (&[][..], None));
    let mut content = String::new();
    sealed.unlock(&key(ONE_KEY)).read_to_string(&mut content).unwrap();
    assert_eq!(content, "I am the walrus");
    let again = Sealed::read(Cursor::new(bytes(ONE))).unwrap();
    let mut again = again.unlock_seekable(&key(ONE_KEY)).unwrap();
    assert_eq!(again.open_range(9, 99).unwrap(), b"walrus");
}

#[test]
fn section_3_2_two_records_and_padding() {
    let sealed = Sealed::read(Cursor::new(bytes(TWO))).unwrap();
    assert_eq!(sealed.header().record_bytes, 25);
    assert_eq!(sealed.header().key_id, b"a1");
    let mut content = String::new();
    sealed.unlock(&key(TWO_KEY)).read_to_string(&mut content).unwrap();
    assert_eq!(content, "I am the walrus");
    // The first record is padded: no place behind it can be known without reading it.
    let again = Sealed::read(Cursor::new(bytes(TWO))).unwrap();
    let padded = again.unlock_seekable(&key(TWO_KEY)).unwrap().open_range(0, 15);
    assert!(matches!(padded, Err(SealError::Padded { record: 0 })), "{padded:?}");
}

/// Sealing is the same up to the key id, which is longer with us.
#[test]
fn sealing_gives_the_rfc_s_record() {
    let salt = bytes(ONE)[..16].try_into().unwrap();
    let mut sealed = Vec::new();
    Sealer::with_record_bytes(&b"I am the walrus"[..], &key(ONE_KEY), &[3; 16], salt, 4_096)
        .unwrap()
        .read_to_end(&mut sealed)
        .unwrap();
    assert_eq!(sealed[37..], bytes(ONE)[21..]);
}
