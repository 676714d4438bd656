//! Songs whose codes move as those of music do, and a platform that knows some of them.

// Each test binary uses some of these.
#![allow(dead_code)]

mod codes;

use std::sync::Arc;

pub use codes::{query, query_at, reference, song};

use onmon_keys::{MasterKey, MasterKeys};
use onmon_ledger::{Date, Rate, Sen, Tariff, tariff_add};
use onmon_library::{Entry, Library, Recording, Rights};
use onmon_sharing::{Method, Platform, SCHEMAS, Settings, ShareRequest};
use onmon_store::testing::Scratch;
use onmon_store::{Engine, Store};
use tempfile::TempDir;

/// 2026-04-15, noon in Japan.
pub const NOON: i64 = 1_776_222_000_000;

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

/// Puts a recording of one work into the register, all of it entrusted to one organisation.
pub async fn register(
    connection: &mut sqlx::AnyConnection,
    recording: &str,
    work: &str,
    claimant: &str,
) {
    let claimant: onmon_rights::OrganisationId = claimant.parse().unwrap();
    let claim = onmon_rights::Claim {
        claimant: claimant.clone(),
        party: None,
        share_ppm: 1_000_000,
        form: onmon_rights::FormSet::ALL,
        territory: onmon_rights::TerritorySet::WORLD,
        period: onmon_rights::Period::ALWAYS,
        state: onmon_rights::ClaimState::Entrusted,
    };
    let organisation = onmon_rights::register::Organisation {
        name: claimant.to_string(),
        id: claimant,
        dpid: None,
        ipi: None,
    };
    onmon_rights::register::put_organisation(connection, &organisation).await.unwrap();
    let work = onmon_rights::register::Work {
        work_id: work.to_owned(),
        claims: vec![claim],
        ..Default::default()
    };
    onmon_rights::register::replace_work(connection, &work).await.unwrap();
    let recording = onmon_rights::register::Recording {
        recording_id: recording.to_owned(),
        work_ids: vec![work.work_id],
        ..Default::default()
    };
    onmon_rights::register::replace_recording(connection, &recording).await.unwrap();
}
