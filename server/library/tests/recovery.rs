//! Nothing acknowledged is lost: not by a missing close, a lost or damaged snapshot, a full disk.

mod songs;

use std::fs;
use std::path::Path;

use onmon_library::{Library, LibraryError};
use songs::{entry, id, query, song};
use tempfile::tempdir;

const SONGS: u64 = 12;

/// Enrols twelve songs, replaces none, removes the last.
async fn fill(library: &Library) {
    library.enrol((0..SONGS).map(entry).collect()).await.unwrap();
    assert!(library.remove(&id(SONGS - 1)).await.unwrap());
}

async fn assert_all_there(library: &Library) {
    for seed in 0..SONGS {
        let answer = library.identify(&query(&song(seed))).await.unwrap();
        let found: Vec<_> =
            answer.matches.iter().map(|found| found.recording.recording_id.clone()).collect();
        let want: &[String] = if seed == SONGS - 1 { &[] } else { &[id(seed)] };
        assert_eq!(found, want);
    }
    let stats = library.stats().await.unwrap();
    assert_eq!(
        (stats.recordings, stats.applied_seq, stats.last_seq),
        (SONGS - 1, SONGS + 1, SONGS + 1)
    );
}

async fn filled_and_closed(dir: &Path) {
    let library = Library::open(dir).await.unwrap();
    fill(&library).await;
    library.close().await.unwrap();
}

#[tokio::test]
async fn closed_and_opened_again() {
    let dir = tempdir().unwrap();
    filled_and_closed(dir.path()).await;
    assert!(fs::read_dir(dir.path().join("index")).unwrap().next().is_some(), "no snapshot");
    assert_all_there(&Library::open(dir.path()).await.unwrap()).await;
}

#[tokio::test]
async fn never_closed() {
    let dir = tempdir().unwrap();
    fill(&Library::open(dir.path()).await.unwrap()).await;
    assert_all_there(&reopened(dir.path()).await).await;
}

#[tokio::test]
async fn changes_after_the_snapshot_are_replayed() {
    let dir = tempdir().unwrap();
    let library = Library::open(dir.path()).await.unwrap();
    library.enrol((0..SONGS - 3).map(entry).collect()).await.unwrap();
    library.close().await.unwrap();
    let library = Library::open(dir.path()).await.unwrap();
    library.enrol((SONGS - 3..SONGS).map(entry).collect()).await.unwrap();
    library.remove(&id(SONGS - 1)).await.unwrap();
    drop(library);
    assert_all_there(&reopened(dir.path()).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_changes_make_a_snapshot_by_themselves() {
    let dir = tempdir().unwrap();
    let library = Library::open(dir.path()).await.unwrap();
    let snapshot = || dir.path().join("index/manifest.onmman").exists();
    library.enrol((0..999).map(entry).collect()).await.unwrap();
    assert!(!snapshot());
    // Written beside the answer: one of the next changes finds it.
    let mut seed = 999;
    while !snapshot() {
        library.enrol(vec![entry(seed)]).await.unwrap();
        seed += 1;
    }
    drop(library);
    let library = reopened(dir.path()).await;
    assert_eq!(library.stats().await.unwrap().recordings, seed);
}

#[tokio::test]
async fn the_index_folder_was_deleted() {
    let dir = tempdir().unwrap();
    filled_and_closed(dir.path()).await;
    fs::remove_dir_all(dir.path().join("index")).unwrap();
    assert_all_there(&Library::open(dir.path()).await.unwrap()).await;
}

#[tokio::test]
async fn every_file_of_the_snapshot_damaged_cut_or_gone() {
    let harm: [fn(&Path); 4] = [
        |file| fs::write(file, b"").unwrap(),
        |file| fs::write(file, b"not an index at all").unwrap(),
        |file| {
            let mut bytes = fs::read(file).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 0x10;
            fs::write(file, bytes).unwrap();
        },
        |file| fs::remove_file(file).unwrap(),
    ];
    let dir = tempdir().unwrap();
    filled_and_closed(dir.path()).await;
    let folder = dir.path().join("index");
    let files: Vec<_> = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(!files.is_empty());
    for file in &files {
        for harm in harm {
            if file.exists() {
                harm(file);
                // A reader finds everything too, and leaves the files as they are.
                let reader = Library::open_to_read(dir.path()).await.unwrap();
                assert_all_there(&reader).await;
                reader.close().await.unwrap();
                let library = Library::open(dir.path()).await.unwrap();
                assert_all_there(&library).await;
                library.close().await.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn an_older_catalogue_came_back_from_a_backup() {
    let dir = tempdir().unwrap();
    filled_and_closed(dir.path()).await;
    let backup = fs::read(dir.path().join("onmon.sqlite")).unwrap();
    let library = Library::open(dir.path()).await.unwrap();
    library.enrol(vec![entry(70), entry(71)]).await.unwrap();
    library.remove(&id(3)).await.unwrap();
    library.close().await.unwrap();
    fs::write(dir.path().join("onmon.sqlite"), backup).unwrap();
    let library = Library::open(dir.path()).await.unwrap();
    assert_all_there(&library).await;
    assert!(library.identify(&query(&song(70))).await.unwrap().matches.is_empty());
}

#[tokio::test]
async fn a_damaged_catalogue_is_named() {
    let dir = tempdir().unwrap();
    filled_and_closed(dir.path()).await;
    let file = dir.path().join("onmon.sqlite");
    let mut bytes = fs::read(&file).unwrap();
    bytes[..100].fill(0xAA);
    fs::write(&file, bytes).unwrap();
    let error = Library::open(dir.path()).await.unwrap_err();
    assert!(matches!(error, LibraryError::CatalogueCorrupt(_)), "{error:?}");
    assert!(error.to_string().contains("backup"), "{error}");
    let error = Library::open_to_read(dir.path()).await.unwrap_err();
    assert!(matches!(error, LibraryError::CatalogueCorrupt(_)), "{error:?}");
}

#[tokio::test]
async fn damage_found_after_a_kill() {
    let dir = tempdir().unwrap();
    filled_and_closed(dir.path()).await;
    let library = Library::open(dir.path()).await.unwrap();
    library.enrol(vec![entry(70)]).await.unwrap();
    // What a kill -9 leaves behind: the catalogue and its log, as they are while it is open.
    let killed = tempdir().unwrap();
    for file in ["onmon.sqlite", "onmon.sqlite-wal"] {
        fs::copy(dir.path().join(file), killed.path().join(file)).unwrap();
    }
    let intact = tempdir().unwrap();
    for file in ["onmon.sqlite", "onmon.sqlite-wal"] {
        fs::copy(killed.path().join(file), intact.path().join(file)).unwrap();
    }
    let reopened = Library::open(intact.path()).await.unwrap();
    assert_eq!(reopened.identify(&query(&song(70))).await.unwrap().matches.len(), 1);

    // One byte in the tree of the table of codes, where no start reads by itself.
    let file = killed.path().join("onmon.sqlite");
    let mut bytes = fs::read(&file).unwrap();
    let pages = bytes.len() / 4_096;
    bytes[(pages - 2) * 4_096..][..4].fill(0xFF);
    fs::write(&file, bytes).unwrap();
    let error = Library::open(killed.path()).await.unwrap_err();
    assert!(matches!(error, LibraryError::CatalogueCorrupt(_)), "{error:?}");
}

#[tokio::test]
async fn a_catalogue_of_a_newer_build_is_left_alone() {
    let dir = tempdir().unwrap();
    filled_and_closed(dir.path()).await;
    let file = dir.path().join("onmon.sqlite");
    let mut bytes = fs::read(&file).unwrap();
    // PRAGMA user_version is the big-endian number at byte 60
    // (https://sqlite.org/fileformat2.html).
    bytes[60..64].copy_from_slice(&99_u32.to_be_bytes());
    fs::write(&file, &bytes).unwrap();
    for error in [
        Library::open(dir.path()).await.unwrap_err(),
        Library::open_to_read(dir.path()).await.unwrap_err(),
    ] {
        assert!(matches!(error, LibraryError::NewerSchema { found: 99, .. }), "{error:?}");
    }
}

/// Opens again after a library was dropped: its connections close on threads of their own.
async fn reopened(dir: &Path) -> Library {
    loop {
        match Library::open(dir).await {
            Err(LibraryError::Locked { .. }) => tokio::task::yield_now().await,
            opened => return opened.unwrap(),
        }
    }
}
