//! What is sealed comes back, at any place; what was changed, cut or reordered does not.

use std::io::{self, Cursor, Read, Seek, SeekFrom};

use onmon_seal::{
    ContentKey, Header, RECORD_BYTES, SealError, Sealed, Sealer, is_sealed, sealed_len,
};
use proptest::prelude::*;

fn key() -> ContentKey {
    ContentKey::new(*b"sixteen byte key")
}

fn sealed(content: &[u8], record_bytes: u32) -> Vec<u8> {
    let mut out = Vec::new();
    Sealer::with_record_bytes(content, &key(), &[1; 16], [2; 16], record_bytes)
        .unwrap()
        .read_to_end(&mut out)
        .unwrap();
    out
}

fn opened(sealed: &[u8], key: &ContentKey) -> Result<Vec<u8>, (Vec<u8>, &'static str)> {
    let source = Sealed::read(sealed).map_err(|error| (Vec::new(), error.code()))?;
    let mut content = Vec::new();
    match source.unlock(key).read_to_end(&mut content) {
        Ok(_) => Ok(content),
        Err(error) => Err((content, SealError::of(&error).map_or("other", SealError::code))),
    }
}

fn content(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 31 + i / 256) as u8).collect()
}

#[test]
fn every_length_around_the_ends_of_records() {
    for record_bytes in [18, 19, 33, 100] {
        for len in 0..300 {
            let content = content(len);
            let sealed = sealed(&content, record_bytes);
            assert_eq!(Some(sealed.len() as u64), sealed_len(len as u64, record_bytes));
            assert_eq!(opened(&sealed, &key()), Ok(content));
        }
    }
    assert_eq!(sealed_len(0, RECORD_BYTES), Some(37 + 17));
    assert_eq!(sealed_len(1, 17), None);
    assert_eq!(sealed_len(u64::MAX, RECORD_BYTES), None);
}

#[test]
fn cut_anywhere_it_is_truncated() {
    let content = content(200);
    let whole = sealed(&content, 50);
    for len in 37..whole.len() {
        let (given, code) = opened(&whole[..len], &key()).unwrap_err();
        assert!(["seal_truncated", "seal_altered"].contains(&code), "{len}: {code}");
        assert_eq!(code == "seal_altered", len > 37 && len < 37 + 50, "{len}: {code}");
        assert!(content.starts_with(&given), "{len}");
        let source = Sealed::read(Cursor::new(&whole[..len])).unwrap();
        assert!(source.unlock_seekable(&key()).is_err(), "{len}");
    }
    for len in 0..37 {
        assert_eq!(opened(&whole[..len], &key()).unwrap_err().1, "seal_not_sealed");
    }
}

#[test]
fn records_cannot_be_moved_repeated_or_left_out() {
    let whole = sealed(&content(200), 50);
    let (head, body) = whole.split_at(37);
    let records: Vec<&[u8]> = body.chunks(50).collect();
    let count = records.len();
    let arranged = |order: &[usize]| {
        let mut bytes = head.to_vec();
        order.iter().for_each(|i| bytes.extend(records[*i]));
        bytes
    };
    assert_eq!(opened(&arranged(&[0, 1, 2, 3, 4, 5, 6]), &key()), Ok(content(200)));
    assert_eq!(count, 7);
    for order in [
        &[1, 0, 2, 3, 4, 5, 6][..],
        &[0, 0, 1, 2, 3, 4, 5, 6],
        &[0, 2, 3, 4, 5, 6],
        &[6],
        &[0, 1, 2, 3, 4, 5, 6, 6],
    ] {
        opened(&arranged(order), &key()).unwrap_err();
    }
}

#[test]
fn one_altered_byte_is_found_and_nothing_of_its_record_is_given() {
    let content = content(200);
    let whole = sealed(&content, 50);
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        match opened(&bytes, &key()) {
            // The key id: a server would not know it.
            Ok(same) => assert!((21..37).contains(&at) && same == content, "{at}"),
            Err((given, _)) => {
                assert!(content.starts_with(&given), "{at}");
                let before = at.saturating_sub(37) / 50;
                assert!(given.len() <= before * 33, "{at}: {}", given.len());
            }
        }
    }
    let wrong = ContentKey::new([0; 16]);
    assert_eq!(opened(&whole, &wrong), Err((Vec::new(), "seal_altered")));
    assert_eq!(format!("{wrong:?}"), "ContentKey(..)");
}

#[test]
fn hostile_headers_are_refused_without_memory() {
    for bytes in [0, 1, 17, (16 << 20) + 1, u32::MAX] {
        let header = Header { salt: [0; 16], record_bytes: bytes, key_id: vec![0; 16] };
        let error = Sealed::read(header.encode().as_slice()).map(|_| ()).unwrap_err();
        assert!(matches!(error, SealError::RecordSize { bytes: said } if said == bytes));
        let made = Sealer::with_record_bytes(io::empty(), &key(), &[0; 16], [0; 16], bytes);
        assert!(made.is_err());
    }
    // Records of 16 MiB are announced and not there.
    let header = Header { salt: [0; 16], record_bytes: 16 << 20, key_id: Vec::new() };
    let bytes = [header.encode(), vec![1; 100]].concat();
    assert_eq!(opened(&bytes, &key()).unwrap_err().1, "seal_altered");
}

#[test]
fn a_broken_opener_stays_broken() {
    let mut bytes = sealed(&content(200), 50);
    bytes[40] ^= 1;
    let mut opener = Sealed::read(bytes.as_slice()).unwrap().unlock(&key());
    for _ in 0..3 {
        opener.read(&mut [0; 8]).unwrap_err();
    }
}

#[test]
fn other_errors_of_the_source_come_through() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::ConnectionReset.into())
        }
    }
    let error = Sealed::read(Failing).map(|_| ()).unwrap_err();
    assert_eq!(error.code(), "read_failed");
    let mut sealer = Sealer::new(Failing, &key(), &[0; 16], [0; 16]);
    let error = sealer.read_to_end(&mut Vec::new()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
}

#[test]
fn sealed_files_are_told_from_others() {
    assert!(is_sealed(&sealed(b"x", RECORD_BYTES)));
    for head in [&b"ID3"[..], b"fLaC", b"RIFF....WAVEfmt and more and more and more", &[0; 64]] {
        assert!(!is_sealed(head));
    }
}

/// `vectors.json` is what the TypeScript side seals to and opens as well (`wasm/npm/test/sealed`).
#[test]
fn the_vectors_are_these() {
    let mut lines = Vec::new();
    for (len, record_bytes) in [(0, 18), (1, 18), (2, 18), (100, 50), (99, 50), (1_000, 4_096)] {
        let (plain, bytes) = (content(len), sealed(&content(len), record_bytes));
        let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
        lines.push(format!(
            "  {{ \"key\": \"{}\", \"kid\": \"{}\", \"salt\": \"{}\", \"recordBytes\": {record_bytes},\n    \
             \"content\": \"{}\",\n    \"sealed\": \"{}\" }}",
            hex(b"sixteen byte key"),
            hex(&[1; 16]),
            hex(&[2; 16]),
            hex(&plain),
            hex(&bytes),
        ));
    }
    let made = format!("[\n{}\n]\n", lines.join(",\n"));
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors.json");
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(made == kept, "not as kept; if meant, write:\n{made}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_content_comes_back(
        content in proptest::collection::vec(any::<u8>(), 0..5_000),
        record_bytes in 18_u32..6_000,
        pieces in proptest::collection::vec(1_usize..700, 1..20),
        kid: [u8; 16], salt: [u8; 16], secret: [u8; 16],
    ) {
        let key = ContentKey::new(secret);
        let source = content.as_slice();
        let sealer = Sealer::with_record_bytes(source, &key, &kid, salt, record_bytes).unwrap();
        let mut sealer = sealer;
        let mut sealed = Vec::new();
        for piece in pieces.iter().cycle() {
            let mut buffer = vec![0; *piece];
            let count = sealer.read(&mut buffer).unwrap();
            if count == 0 {
                break;
            }
            sealed.extend(&buffer[..count]);
        }
        prop_assert_eq!(Some(sealed.len() as u64), sealed_len(content.len() as u64, record_bytes));
        let source = Sealed::read(sealed.as_slice()).unwrap();
        prop_assert_eq!(source.kid(), Some(kid));
        drop(sealer);
        prop_assert_eq!(opened(&sealed, &key), Ok(content));
    }

    #[test]
    fn any_place_is_reached(
        len in 0_usize..3_000, record_bytes in 18_u32..500,
        places in proptest::collection::vec((any::<prop::sample::Index>(), 0_usize..600), 1..20),
    ) {
        let content = content(len);
        let source = Cursor::new(sealed(&content, record_bytes));
        let mut opener = Sealed::read(source).unwrap().unlock_seekable(&key()).unwrap();
        prop_assert_eq!(opener.len(), len as u64);
        prop_assert_eq!(opener.is_empty(), len == 0);
        for (at, count) in places {
            let at = at.index(len + 10);
            let expected = &content[at.min(len)..(at + count).min(len)];
            prop_assert_eq!(opener.open_range(at as u64, (at + count) as u64).unwrap(), expected);
            opener.seek(SeekFrom::Start(at as u64)).unwrap();
            let mut read = Vec::new();
            opener.by_ref().take(count as u64).read_to_end(&mut read).unwrap();
            prop_assert_eq!(&read, expected);
        }
        let from_end = opener.seek(SeekFrom::End(-(len as i64 / 2))).unwrap();
        prop_assert_eq!(from_end, (len - len / 2) as u64);
    }

    #[test]
    fn any_bytes_are_safe(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = opened(&bytes, &key());
        if let Ok(source) = Sealed::read(Cursor::new(&bytes)) {
            let _ = source.unlock_seekable(&key()).map(|mut opener| opener.open_range(0, 100));
        }
    }
}
