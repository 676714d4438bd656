//! Songs whose codes move as those of music do, and a platform that knows some of them.

// Each test binary uses some of these.
#![allow(dead_code)]

use std::sync::Arc;

use onmon_core::{CODES_PER_SECOND, Fingerprint, HOP_MS, QueryBuilder, plan, wire};
use onmon_keys::{MasterKey, MasterKeys};
use onmon_ledger::{Date, Rate, Sen, Tariff, tariff_add};
use onmon_library::{Entry, Library, Recording, Rights};
use onmon_sharing::{Method, Platform, SCHEMAS, Settings, ShareRequest};
use onmon_store::testing::Scratch;
use onmon_store::{Engine, Store};
use tempfile::TempDir;

/// 2026-04-15, noon in Japan.
pub const NOON: i64 = 1_776_222_000_000;

/// Three minutes of codes of which each keeps most of its bits from the one before.
pub fn song(seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    let mut code = 0;
    let mut next = || {
        // Each bit flips one time in four.
        code ^= random() & random();
        code
    };
    (0..180 * CODES_PER_SECOND).map(|_| next()).collect()
}

/// The wire bytes that enrol these codes.
pub fn reference(codes: &[u8]) -> Vec<u8> {
    encode(&Fingerprint::reference(codes.len() as u32 * HOP_MS, codes).unwrap())
}

/// The wire bytes that a client sends of it.
pub fn query(codes: &[u8]) -> Vec<u8> {
    query_at(codes, &plan::spans(codes.len() as u32).unwrap())
}

/// The same with samples in other places.
pub fn query_at(codes: &[u8], spans: &[plan::Span]) -> Vec<u8> {
    let mut builder = QueryBuilder::new(codes.len() as u32 * HOP_MS);
    for span in spans {
        builder.push(span.start, &codes[span.start as usize..][..span.len as usize]).unwrap();
    }
    encode(&builder.finish().unwrap())
}

fn encode(fingerprint: &Fingerprint<'_>) -> Vec<u8> {
    let mut bytes = vec![0; wire::encoded_len_max(fingerprint.codes().len())];
    let len = wire::encode(fingerprint, &mut bytes).unwrap();
    bytes.truncate(len);
    bytes
}

/// A platform over a database and a library of its own.
pub struct Site {
    pub platform: Platform,
    pub scratch: Scratch,
    pub dir: TempDir,
}

/// A site that knows song 1 (entrusted), song 2 (not entrusted) and song 3 (unknown rights).
pub async fn site(engine: Engine) -> Site {
    site_with(engine, |_| {}).await
}

pub async fn site_with(engine: Engine, change: impl FnOnce(&mut Settings)) -> Site {
    let scratch = Scratch::new(engine).await;
    let dir = tempfile::tempdir().unwrap();
    let library = Library::open(dir.path()).await.unwrap();
    for (seed, rights) in [(1, Rights::Entrusted), (2, Rights::NotEntrusted), (3, Rights::Unknown)]
    {
        enrol(&library, &format!("song-{seed}"), seed, rights).await;
    }
    let store = Arc::new(Store::open(&scratch.location, &SCHEMAS).await.unwrap());
    let mut write = store.begin().await.unwrap();
    tariff_add(&mut write, &tariff("JASRAC", "download_paid", 770)).await.unwrap();
    write.commit().await.unwrap();
    let mut settings = Settings::japan("JASRAC".parse().unwrap());
    change(&mut settings);
    let masters = MasterKeys::new(MasterKey::from_bytes(&[7; 32]), None);
    let platform = Platform::open(library, store, masters, settings, NOON).await.unwrap();
    Site { platform, scratch, dir }
}

pub async fn enrol(library: &Library, id: &str, seed: u64, rights: Rights) {
    let mut recording = Recording::new(id);
    recording.rights = rights;
    recording.title = Some(format!("Song {seed}"));
    let reference = reference(&song(seed));
    library.enrol(vec![Entry { recording, reference }]).await.unwrap();
}

pub fn tariff(organisation: &str, form: &str, sen: i64) -> Tariff {
    Tariff {
        organisation: organisation.to_owned(),
        form: form.to_owned(),
        valid_from: Date::in_japan(0).unwrap(),
        valid_to: None,
        rate: Rate::Share { ppm: 77_000, floor: Sen::new(sen) },
        month_minimum: Sen::ZERO,
        source: "a test".to_owned(),
    }
}

pub fn request<'a>(wire: &'a [u8], method: Method, key: &'a str) -> ShareRequest<'a> {
    ShareRequest { wire, method, essence: [9; 32], idempotency_key: key, challenge: None }
}
