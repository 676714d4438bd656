//! Signed tags and releases: what was signed comes back, and nothing else passes.

use coset::cbor::value::Value;
use coset::{CborSerializable, CoseSign1, TaggedCborSerializable};
use ed25519_dalek::{Signer, SigningKey};
use onmon_tag::{KeyId, KeysError, Locked, PublicKeys, Release, TAG_VERSION, Tag, TagError};
use proptest::prelude::*;

const KEY_ID: KeyId = KeyId(*b"a key of 16 byte");

fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn signer(bytes: &[u8]) -> [u8; 64] {
    key().sign(bytes).to_bytes()
}

fn keys() -> PublicKeys {
    PublicKeys::new(&[(KEY_ID, key().verifying_key().to_bytes())]).unwrap()
}

fn tag() -> Tag {
    Tag {
        version: TAG_VERSION,
        recording_id: "rec_01J9ZQ5W8N3V7K2M4T6Y8X0ABC".into(),
        permit_id: "prm_01J9ZQ5W8N3V7K2M4T6Y8X0ABC".into(),
        essence: [0xee; 32],
        fingerprint: [0xff; 32],
        issued_ms: 1_795_000_000_000,
        encoder: 2,
    }
}

fn release() -> Release {
    Release {
        permit_id: tag().permit_id,
        account_id: "acc_01J9ZQ5W8N3V7K2M4T6Y8X0ABC".into(),
        essence: tag().essence,
        issued_ms: 1_795_000_000_000,
        expires_ms: 1_795_000_300_000,
    }
}

#[test]
fn a_tag_is_small_and_comes_back() {
    let bytes = tag().sign(KEY_ID, signer).unwrap();
    assert_eq!(bytes.len(), 273);
    assert_eq!(Tag::verify(&bytes, &keys()), Ok(tag()));
    assert_eq!(Tag::unverified(&bytes), Ok((tag(), KEY_ID)));
    let bytes = release().sign(KEY_ID, signer).unwrap();
    assert_eq!(bytes.len(), 250);
    assert_eq!(Release::verify(&bytes, &keys()), Ok(release()));
}

#[test]
fn the_bytes_are_those_of_any_cose_library() {
    let bytes = tag().sign(KEY_ID, signer).unwrap();
    let message = CoseSign1::from_tagged_slice(&bytes).unwrap();
    let key = key().verifying_key();
    message
        .verify_signature(&[], |signature, signed| {
            key.verify_strict(signed, &signature.try_into().unwrap())
        })
        .unwrap();
    assert!(message.unprotected.is_empty());
    assert_eq!(message.protected.header.key_id, KEY_ID.0);
}

#[test]
fn one_kind_never_passes_as_the_other() {
    let a_tag = tag().sign(KEY_ID, signer).unwrap();
    let a_release = release().sign(KEY_ID, signer).unwrap();
    assert_eq!(Release::verify(&a_tag, &keys()), Err(TagError::WrongKind));
    assert_eq!(Tag::verify(&a_release, &keys()), Err(TagError::WrongKind));
    assert_eq!(Tag::unverified(&a_release), Err(TagError::WrongKind));
}

#[test]
fn keys_that_are_unknown_or_another_are_told_apart() {
    let bytes = tag().sign(KEY_ID, signer).unwrap();
    let nobody = PublicKeys::default();
    assert_eq!(Tag::verify(&bytes, &nobody), Err(TagError::UnknownKey(KEY_ID)));
    let other = SigningKey::from_bytes(&[8; 32]).verifying_key().to_bytes();
    let other = PublicKeys::new(&[(KEY_ID, other)]).unwrap();
    assert_eq!(Tag::verify(&bytes, &other), Err(TagError::BadSignature));
}

#[test]
fn any_altered_byte_fails() {
    let signed_release = release().sign(KEY_ID, signer).unwrap();
    for bytes in [tag().sign(KEY_ID, signer).unwrap(), signed_release] {
        for at in 0..bytes.len() {
            for flip in [1, 2, 4, 8, 16, 32, 64, 128, 0xff] {
                let mut altered = bytes.clone();
                altered[at] ^= flip;
                Tag::verify(&altered, &keys()).unwrap_err();
                Release::verify(&altered, &keys()).unwrap_err();
            }
        }
    }
}

#[test]
fn nothing_may_be_cut_off_or_added() {
    let bytes = tag().sign(KEY_ID, signer).unwrap();
    for len in 0..bytes.len() {
        Tag::verify(&bytes[..len], &keys()).unwrap_err();
    }
    let longer = [bytes.as_slice(), &[0]].concat();
    assert!(matches!(Tag::verify(&longer, &keys()), Err(TagError::Malformed { .. })));
    Tag::verify(&[0xd2; 5_000], &keys()).unwrap_err();
}

/// A message with changed parts, signed by the true key.
fn resigned(change: impl FnOnce(&mut CoseSign1)) -> Vec<u8> {
    let bytes = tag().sign(KEY_ID, signer).unwrap();
    let mut message = CoseSign1::from_tagged_slice(&bytes).unwrap();
    change(&mut message);
    message.protected.original_data = None;
    message.signature = signer(&message.tbs_data(&[])).to_vec();
    message.to_tagged_vec().unwrap()
}

fn with_payload(change: impl FnOnce(&mut Vec<(Value, Value)>)) -> Vec<u8> {
    resigned(|message| {
        let payload = message.payload.take().unwrap();
        let mut value: Value = coset::cbor::from_reader(payload.as_slice()).unwrap();
        change(value.as_map_mut().unwrap());
        let mut payload = Vec::new();
        coset::cbor::into_writer(&value, &mut payload).unwrap();
        message.payload = Some(payload);
    })
}

#[test]
fn what_the_true_key_signed_is_still_read_strictly() {
    let critical = resigned(|message| {
        let label = coset::Label::Text("onmon-new".into());
        message
            .protected
            .header
            .crit
            .push(coset::RegisteredLabelWithPrivate::Text("onmon-new".into()));
        message.protected.header.rest.push((label, Value::from(1)));
    });
    let extra = resigned(|message| message.protected.header.iv = vec![1]);
    let unprotected = resigned(|message| message.unprotected.key_id = vec![1]);
    let algorithm = resigned(|message| message.protected.header.alg = None);
    let field = with_payload(|map| map.push((Value::from(12), Value::from(1))));
    let order = with_payload(|map| map.reverse());
    let twice = with_payload(|map| map.push(map[1].clone()));
    let missing = with_payload(|map| drop(map.pop()));
    let negative = with_payload(|map| map[5].1 = Value::from(-1));
    for bytes in [critical, extra, unprotected, algorithm, field, order, twice, missing, negative] {
        let error = Tag::verify(&bytes, &keys()).unwrap_err();
        assert!(matches!(error, TagError::Malformed { .. }), "{error:?}");
    }
    let unchanged = resigned(|_| {});
    assert_eq!(Tag::verify(&unchanged, &keys()), Ok(tag()));
}

#[test]
fn a_layout_of_tomorrow_says_so() {
    let bytes = with_payload(|map| {
        map[0].1 = Value::from(2);
        map.push((Value::from(20), Value::Bool(true)));
    });
    assert_eq!(Tag::verify(&bytes, &keys()), Err(TagError::TooNew { version: 2 }));
}

#[test]
fn what_cannot_be_said_is_not_signed() {
    let refused = |tag: Tag| tag.sign(KEY_ID, |_| panic!("signed")).unwrap_err().code();
    let good = tag();
    assert_eq!(refused(Tag { recording_id: String::new(), ..good.clone() }), "tag_invalid_field");
    assert_eq!(refused(Tag { permit_id: "x".repeat(256), ..good.clone() }), "tag_invalid_field");
    assert_eq!(refused(Tag { permit_id: "a\nb".into(), ..good.clone() }), "tag_invalid_field");
    assert_eq!(refused(Tag { issued_ms: -1, ..good.clone() }), "tag_invalid_field");
    assert_eq!(refused(Tag { version: 2, ..good }), "tag_invalid_field");
    let longest = Tag { recording_id: "曲".repeat(85), permit_id: "x".repeat(255), ..tag() };
    let bytes = longest.sign(KEY_ID, signer).unwrap();
    assert_eq!(Tag::verify(&bytes, &keys()), Ok(longest));
    let backwards = Release { expires_ms: release().issued_ms, ..release() };
    assert_eq!(
        backwards.sign(KEY_ID, |_| panic!("signed")).unwrap_err().code(),
        "tag_invalid_field"
    );
}

#[test]
fn a_release_unlocks_its_file_for_its_account_in_its_time() {
    let (release, tag) = (release(), tag());
    let account = release.account_id.as_str();
    assert_eq!(release.unlocks(&tag, account, release.issued_ms), Ok(()));
    assert_eq!(release.unlocks(&tag, account, release.expires_ms), Err(Locked::Expired));
    assert_eq!(release.unlocks(&tag, "acc_other", 0), Err(Locked::OtherAccount));
    let copied = Tag { essence: [1; 32], ..tag.clone() };
    assert_eq!(release.unlocks(&copied, account, 0), Err(Locked::OtherFile));
    let other = Tag { permit_id: "prm_other".into(), ..tag };
    assert_eq!(release.unlocks(&other, account, 0), Err(Locked::OtherFile));
}

/// The key of RFC 8037, appendix A, under an id of ours.
const JWKS: &str = r#"{"keys":[
    {"kty":"EC","crv":"P-256","kid":"not ours","x":"AA","y":"AA"},
    {"kty":"OKP","crv":"Ed25519","use":"sig","alg":"EdDSA","kid":"00112233445566778899aabbccddeeff",
     "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

#[test]
fn keys_are_read_as_servers_publish_them() {
    assert_eq!(PublicKeys::from_jwks(JWKS).unwrap().len(), 1);
    for (from, to, error) in [
        ("00112233445566778899aabbccddeeff", "0011", KeysError::BadKeyId),
        (
            "00112233445566778899aabbccddeeff",
            "00112233445566778899AABBCCDDEEFF",
            KeysError::BadKeyId,
        ),
        ("11qYAYKx", "", KeysError::BadKey),
        ("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", &"A".repeat(43), KeysError::BadKey),
        ("]}", "", KeysError::Malformed),
    ] {
        assert_eq!(PublicKeys::from_jwks(&JWKS.replace(from, to)).unwrap_err(), error, "{to}");
    }
    assert!(PublicKeys::from_jwks(r#"{"keys":[]}"#).unwrap().is_empty());

    let cose = coset::CoseKeySet(vec![
        coset::CoseKeyBuilder::new_okp_key()
            .key_id(KEY_ID.0.to_vec())
            .param(-1, Value::from(6))
            .param(-2, Value::Bytes(key().verifying_key().to_bytes().to_vec()))
            .build(),
    ]);
    let read = PublicKeys::from_cose(&cose.to_vec().unwrap()).unwrap();
    let bytes = tag().sign(KEY_ID, signer).unwrap();
    assert_eq!(Tag::verify(&bytes, &read), Ok(tag()));
}

#[test]
fn two_keys_under_one_id_are_refused() {
    let (one, two) = (key(), SigningKey::from_bytes(&[9; 32]));
    let of = |key: &SigningKey| (KEY_ID, key.verifying_key().to_bytes());
    assert_eq!(PublicKeys::new(&[of(&one), of(&one)]).unwrap().len(), 1);
    assert_eq!(PublicKeys::new(&[of(&one), of(&two)]).unwrap_err(), KeysError::Twice);
}

/// `vectors.json` is what the TypeScript side verifies as well (`wasm/npm/test/tag.test.mjs`).
#[test]
fn the_vectors_are_these() {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let x = URL_SAFE_NO_PAD.encode(key().verifying_key().to_bytes());
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let tag_bytes = tag().sign(KEY_ID, signer).unwrap();
    let release_bytes = release().sign(KEY_ID, signer).unwrap();
    let made = format!(
        "{{\n  \"keys\": [{{ \"kty\": \"OKP\", \"crv\": \"Ed25519\", \"kid\": \"{KEY_ID}\", \
         \"x\": \"{x}\" }}],\n  \"permitId\": \"{}\",\n  \"accountId\": \"{}\",\n  \
         \"issuedMs\": {},\n  \"expiresMs\": {},\n  \"tag\": \"{}\",\n  \"release\": \"{}\"\n}}\n",
        tag().permit_id,
        release().account_id,
        release().issued_ms,
        release().expires_ms,
        hex(&tag_bytes),
        hex(&release_bytes),
    );
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors.json");
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(made == kept, "not as kept; if meant, write:\n{made}");
}

proptest! {
    #[test]
    fn any_bytes_are_safe(bytes in proptest::collection::vec(any::<u8>(), 0..400), json in ".{0,200}") {
        prop_assert!(Tag::verify(&bytes, &keys()).is_err());
        prop_assert!(Release::verify(&bytes, &keys()).is_err());
        let _ = PublicKeys::from_cose(&bytes);
        let _ = PublicKeys::from_jwks(&json);
    }

    #[test]
    fn mutated_messages_fail(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let good = tag().sign(KEY_ID, signer).unwrap();
        let mut bytes = good.clone();
        for (at, to) in changes {
            let at = at.index(bytes.len());
            bytes[at] = to;
        }
        prop_assert_eq!(Tag::verify(&bytes, &keys()).is_ok(), bytes == good);
        bytes.insert(cut.index(bytes.len()), 0x18);
        prop_assert!(Tag::verify(&bytes, &keys()).is_err());
    }

    #[test]
    fn any_tag_comes_back(
        recording_id in "[^\\p{Cc}]{1,60}", permit_id in "[a-z0-9_]{1,255}", essence: [u8; 32],
        fingerprint: [u8; 32], issued_ms in 0..(1_i64 << 53), encoder: u16,
    ) {
        let tag =
            Tag { version: TAG_VERSION, recording_id, permit_id, essence, fingerprint, issued_ms, encoder };
        let bytes = tag.sign(KEY_ID, signer).unwrap();
        prop_assert_eq!(Tag::verify(&bytes, &keys()), Ok(tag));
    }
}
