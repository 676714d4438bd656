//! Who may have a library open at once.

mod homes;
mod songs;

use homes::Home;
use onmon_library::{Library, LibraryError};
use onmon_store::testing::ENGINES;
use songs::{entry, id, query, song};
use tempfile::tempdir;

#[tokio::test]
async fn a_second_writer_is_told_so_and_may_come_later() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let first = Library::open_at(&home.place).await.unwrap();
        let error = Library::open_at(&home.place).await.unwrap_err();
        assert!(matches!(error, LibraryError::Locked { .. }), "{error:?}");
        assert!(error.to_string().contains(&*home.dir.path().to_string_lossy()), "{error}");
        first.close().await.unwrap();
        Library::open_at(&home.place).await.unwrap().close().await.unwrap();
    }
}

#[tokio::test]
async fn readers_work_beside_a_writer() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let writer = Library::open_at(&home.place).await.unwrap();
        writer.enrol(vec![entry(1)]).await.unwrap();
        let readers = [
            Library::open_to_read_at(&home.place).await.unwrap(),
            Library::open_to_read_at(&home.place).await.unwrap(),
        ];
        writer.enrol(vec![entry(2)]).await.unwrap();
        for reader in readers {
            let answer = reader.identify(&query(&song(1))).await.unwrap();
            assert_eq!(answer.matches[0].recording.recording_id, id(1));
            reader.close().await.unwrap();
        }
        // One that opens later sees what came later.
        let reader = Library::open_to_read_at(&home.place).await.unwrap();
        assert_eq!(reader.identify(&query(&song(2))).await.unwrap().matches.len(), 1);
        writer.enrol(vec![entry(3)]).await.unwrap();
        writer.close().await.unwrap();
        assert_eq!(reader.identify(&query(&song(1))).await.unwrap().matches.len(), 1);
    }
}

#[tokio::test]
async fn a_reader_cannot_write() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        Library::open_at(&home.place).await.unwrap().close().await.unwrap();
        let reader = Library::open_to_read_at(&home.place).await.unwrap();
        assert!(matches!(reader.enrol(vec![entry(1)]).await, Err(LibraryError::ReadOnly)));
        assert!(matches!(reader.remove("a").await, Err(LibraryError::ReadOnly)));
    }
}

#[tokio::test]
async fn nothing_there_to_read() {
    let dir = tempdir().unwrap();
    let absent = dir.path().join("absent");
    for path in [dir.path(), &absent] {
        let error = Library::open_to_read(path).await.unwrap_err();
        assert!(matches!(error, LibraryError::NotALibrary { .. }), "{error:?}");
    }
    assert!(!absent.exists(), "a reader made a directory");
}

#[tokio::test]
async fn closed_for_every_clone() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let library = Library::open_at(&home.place).await.unwrap();
        let clone = library.clone();
        library.close().await.unwrap();
        assert!(matches!(clone.enrol(vec![entry(1)]).await, Err(LibraryError::Closed)));
        assert!(matches!(clone.identify(&query(&song(1))).await, Err(LibraryError::Closed)));
    }
}

#[tokio::test]
async fn odd_paths() {
    let dir = tempdir().unwrap();
    for name in ["a b", "50%", "曲?x=1#y", "a&mode=ro", "%2e%2e", "file:x", ":memory:"] {
        let path = dir.path().join(name);
        let library = Library::open(&path).await.unwrap();
        library.enrol(vec![entry(1)]).await.unwrap();
        library.close().await.unwrap();
        assert!(path.join("onmon.sqlite").is_file(), "{name}");
        let reader = Library::open_to_read(&path).await.unwrap();
        assert_eq!(reader.stats().await.unwrap().recordings, 1, "{name}");
    }
}

#[tokio::test]
async fn a_directory_that_cannot_be_one() {
    let dir = tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "x").unwrap();
    let error = Library::open(&file).await.unwrap_err();
    assert!(matches!(error, LibraryError::Directory { .. }), "{error:?}");
}
