//! Nothing acknowledged is lost: not by a missing close, a lost or damaged snapshot, a full disk.

mod homes;
mod songs;

use std::fs;
use std::path::Path;

use homes::Home;
use onmon_library::{
    IndexDamage, Library, LibraryError, Place, Progress, index_stats, verify_index,
};
use onmon_store::Engine;
use onmon_store::testing::ENGINES;
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

async fn filled_and_closed(place: &Place) {
    let library = Library::open_at(place).await.unwrap();
    fill(&library).await;
    library.close().await.unwrap();
}

#[tokio::test]
async fn closed_and_opened_again() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        filled_and_closed(&home.place).await;
        assert!(
            fs::read_dir(home.dir.path().join("index")).unwrap().next().is_some(),
            "no snapshot"
        );
        assert_all_there(&Library::open_at(&home.place).await.unwrap()).await;
    }
}

#[tokio::test]
async fn never_closed() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        fill(&Library::open_at(&home.place).await.unwrap()).await;
        assert_all_there(&reopened(&home.place).await).await;
    }
}

#[tokio::test]
async fn changes_after_the_snapshot_are_replayed() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let library = Library::open_at(&home.place).await.unwrap();
        library.enrol((0..SONGS - 3).map(entry).collect()).await.unwrap();
        library.close().await.unwrap();
        let library = Library::open_at(&home.place).await.unwrap();
        library.enrol((SONGS - 3..SONGS).map(entry).collect()).await.unwrap();
        library.remove(&id(SONGS - 1)).await.unwrap();
        drop(library);
        assert_all_there(&reopened(&home.place).await).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_changes_make_a_snapshot_by_themselves() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let library = Library::open_at(&home.place).await.unwrap();
        let snapshot = || home.dir.path().join("index/manifest.onmman").exists();
        library.enrol((0..999).map(entry).collect()).await.unwrap();
        assert!(!snapshot());
        // Written beside the answer: one of the next changes finds it.
        let mut seed = 999;
        while !snapshot() {
            library.enrol(vec![entry(seed)]).await.unwrap();
            seed += 1;
        }
        drop(library);
        let library = reopened(&home.place).await;
        assert_eq!(library.stats().await.unwrap().recordings, seed);
    }
}

#[tokio::test]
async fn the_index_folder_was_deleted() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        filled_and_closed(&home.place).await;
        fs::remove_dir_all(home.dir.path().join("index")).unwrap();
        assert_all_there(&Library::open_at(&home.place).await.unwrap()).await;
    }
}

#[tokio::test]
async fn every_file_of_the_snapshot_damaged_cut_or_gone() {
    for engine in ENGINES {
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
        let home = Home::new(engine).await;
        filled_and_closed(&home.place).await;
        let folder = home.dir.path().join("index");
        let files: Vec<_> =
            fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
        assert!(!files.is_empty());
        for file in &files {
            for harm in harm {
                if file.exists() {
                    harm(file);
                    // A reader finds everything too, and leaves the files as they are.
                    let reader = Library::open_to_read_at(&home.place).await.unwrap();
                    assert_all_there(&reader).await;
                    reader.close().await.unwrap();
                    let library = Library::open_at(&home.place).await.unwrap();
                    assert_all_there(&library).await;
                    library.close().await.unwrap();
                }
            }
        }
    }
}

#[tokio::test]
async fn an_older_catalogue_came_back_from_a_backup() {
    let dir = tempdir().unwrap();
    filled_and_closed(&Place::new(dir.path())).await;
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
    filled_and_closed(&Place::new(dir.path())).await;
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
    filled_and_closed(&Place::new(dir.path())).await;
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
    for engine in ENGINES {
        let home = Home::new(engine).await;
        filled_and_closed(&home.place).await;
        home.execute("UPDATE schema_version SET version = 99 WHERE name = 'catalogue'").await;
        for error in [
            Library::open_at(&home.place).await.unwrap_err(),
            Library::open_to_read_at(&home.place).await.unwrap_err(),
        ] {
            assert!(matches!(error, LibraryError::NewerSchema { found: 99, .. }), "{error:?}");
        }
    }
}

/// Opens again after a library was dropped: its connections close on threads of their own.
async fn reopened(place: &Place) -> Library {
    loop {
        match Library::open_at(place).await {
            Err(LibraryError::Locked { .. }) => tokio::task::yield_now().await,
            opened => return opened.unwrap(),
        }
    }
}

/// What builds before the first release left: the same tables, and the number of their version
/// where SQLite has a place for it.
#[tokio::test]
async fn a_catalogue_of_an_earlier_build_opens() {
    for reader_first in [false, true] {
        let home = Home::new(Engine::Sqlite).await;
        filled_and_closed(&home.place).await;
        home.execute("DROP TABLE schema_version").await;
        home.execute("DROP TABLE catalogue_opening").await;
        home.execute("PRAGMA user_version = 1").await;
        fs::remove_file(home.dir.path().join("index/catalogue.mark")).unwrap();
        if reader_first {
            let reader = Library::open_to_read_at(&home.place).await.unwrap();
            assert_all_there(&reader).await;
            reader.close().await.unwrap();
        }
        let library = Library::open_at(&home.place).await.unwrap();
        assert_all_there(&library).await;
        library.enrol(vec![entry(70)]).await.unwrap();
        library.close().await.unwrap();
        let library = Library::open_at(&home.place).await.unwrap();
        assert_eq!(library.stats().await.unwrap().recordings, SONGS);
    }
}

async fn found(library: &Library, seed: u64) -> usize {
    library.identify(&query(&song(seed))).await.unwrap().matches.len()
}

#[tokio::test]
async fn an_index_of_another_catalogue_is_not_taken_for_its_own() {
    let one = Home::new(Engine::Postgres).await;
    filled_and_closed(&one.place).await;
    // As many changes and more, of other songs.
    let other = Home::new(Engine::Postgres).await;
    let library = Library::open_at(&other.place).await.unwrap();
    library.enrol((100..100 + 2 * SONGS).map(entry).collect()).await.unwrap();
    library.close().await.unwrap();

    let moved = other.with_dir_of(&one);
    let error = index_stats(&moved).await.unwrap_err();
    assert!(matches!(error, LibraryError::OtherIndex { .. }), "{error:?}");
    let progress = Progress::default();
    let verified = verify_index(&moved, &progress, |damage| {
        assert!(matches!(damage, IndexDamage::OtherCatalogue), "{damage}");
    });
    assert_eq!(verified.await.unwrap().damages, 1);
    let reader = Library::open_to_read_at(&moved).await.unwrap();
    assert_eq!((found(&reader, 1).await, found(&reader, 100).await), (0, 1));
    reader.close().await.unwrap();
    let library = Library::open_at(&moved).await.unwrap();
    assert_eq!((found(&library, 1).await, found(&library, 100).await), (0, 1));
    library.close().await.unwrap();
    index_stats(&moved).await.unwrap();
    // And back again.
    assert_all_there(&Library::open_at(&one.place).await.unwrap()).await;
}

#[tokio::test]
async fn a_catalogue_in_the_directory_is_not_forgotten_for_an_empty_database() {
    let home = Home::new(Engine::Postgres).await;
    filled_and_closed(&Place::new(home.dir.path())).await;
    let error = Library::open_at(&home.place).await.unwrap_err();
    assert!(matches!(error, LibraryError::CatalogueElsewhere { .. }), "{error:?}");
    assert!(error.to_string().contains("onmon.sqlite"), "{error}");
    let file = home.dir.path().join("onmon.sqlite");
    fs::rename(&file, home.dir.path().join("away")).unwrap();
    Library::open_at(&home.place).await.unwrap().close().await.unwrap();
    fs::rename(home.dir.path().join("away"), &file).unwrap();
    Library::open_at(&home.place).await.unwrap();
}

/// Two libraries from one backup: the index of the one is as far as the other's catalogue.
#[tokio::test]
async fn a_backup_that_went_on_differently_is_another_catalogue() {
    let (dir, copy) = (tempdir().unwrap(), tempdir().unwrap());
    filled_and_closed(&Place::new(dir.path())).await;
    fs::copy(dir.path().join("onmon.sqlite"), copy.path().join("onmon.sqlite")).unwrap();
    let library = Library::open(dir.path()).await.unwrap();
    library.enrol(vec![entry(70), entry(71)]).await.unwrap();
    library.close().await.unwrap();
    let library = Library::open(copy.path()).await.unwrap();
    library.enrol((80..90).map(entry).collect()).await.unwrap();
    library.close().await.unwrap();

    fs::copy(copy.path().join("onmon.sqlite"), dir.path().join("onmon.sqlite")).unwrap();
    let library = Library::open(dir.path()).await.unwrap();
    assert_eq!((found(&library, 70).await, found(&library, 80).await), (0, 1));
    assert_eq!(library.stats().await.unwrap().recordings, SONGS - 1 + 10);
}

#[tokio::test]
async fn a_server_that_goes_away_loses_nothing_that_was_acknowledged() {
    let home = Home::new(Engine::Postgres).await;
    let library = Library::open_at(&home.place).await.unwrap();
    library.enrol(vec![entry(1)]).await.unwrap();
    // Started again: the library goes on by itself.
    home.cut_off(false).await;
    library.enrol(vec![entry(2)]).await.unwrap();
    assert_eq!((found(&library, 1).await, found(&library, 2).await), (1, 1));
    // Away for a while.
    home.cut_off(true).await;
    let error = library.enrol(vec![entry(3)]).await.unwrap_err();
    let typed = ["catalogue_unreachable", "catalogue_busy"];
    assert!(typed.contains(&error.code()), "{error:?}");
    let error = library.identify(&query(&song(1))).await.unwrap_err();
    assert!(typed.contains(&error.code()), "{error:?}");
    home.cut_off(false).await;
    library.enrol(vec![entry(4)]).await.unwrap();
    assert_eq!((found(&library, 1).await, found(&library, 4).await), (1, 1));
    assert!(library.remove(&id(2)).await.unwrap());
    let stats = library.stats().await.unwrap();
    assert_eq!((stats.recordings, stats.applied_seq), (2, stats.last_seq));
}

#[tokio::test]
async fn what_another_machine_enrolled_meanwhile_is_found() {
    let home = Home::new(Engine::Postgres).await;
    let library = Library::open_at(&home.place).await.unwrap();
    library.enrol(vec![entry(1)]).await.unwrap();
    // Another machine, with an index of its own.
    let elsewhere = tempdir().unwrap();
    let place = home.place_in(elsewhere.path());
    let error = Library::open_at(&place).await.unwrap_err();
    assert!(matches!(&error, LibraryError::Locked { library } if library.contains("scratch")));
    home.cut_off(false).await;
    let other = Library::open_at(&place).await.unwrap();
    other.enrol(vec![entry(2)]).await.unwrap();
    // Whoever has lost the lock does not write beside who has it.
    let error = library.enrol(vec![entry(3)]).await.unwrap_err();
    assert!(matches!(error, LibraryError::Locked { .. }), "{error:?}");
    other.close().await.unwrap();
    library.enrol(vec![entry(4)]).await.unwrap();
    for seed in [1, 2, 4] {
        assert_eq!(found(&library, seed).await, 1, "{seed}");
    }
    library.close().await.unwrap();
    // What the index has written since is of this catalogue still.
    let library = Library::open_at(&home.place).await.unwrap();
    assert_eq!(library.stats().await.unwrap().recordings, 3);
    assert_eq!(found(&library, 2).await, 1);
}
