//! What a store promises, on SQLite and on PostgreSQL.

use std::time::Duration;

use onmon_store::testing::{ENGINES, Scratch};
use onmon_store::{Engine, Location, Schema, Store, StoreError};
use sqlx::Row;

const ONE: Schema = Schema {
    name: "one",
    steps: &[
        "-- A comment; with a semicolon and the word INTEGER.
         CREATE TABLE pair (id TEXT PRIMARY KEY, n INTEGER NOT NULL CHECK (n >= 0), b BLOB) STRICT;",
        "CREATE TABLE other (id TEXT PRIMARY KEY REFERENCES pair (id)) STRICT;",
    ],
};

async fn count(store: &Store) -> i64 {
    let row = sqlx::query("SELECT COUNT(*) FROM pair").fetch_one(store.readers()).await.unwrap();
    row.try_get(0).unwrap()
}

#[tokio::test]
async fn what_is_committed_is_kept_and_nothing_else() {
    for engine in ENGINES {
        let scratch = Scratch::new(engine).await;
        let store = Store::open(&scratch.location, &[ONE]).await.unwrap();
        let insert = "INSERT INTO pair (id, n, b) VALUES ($1, $2, $3)";
        let mut write = store.begin().await.unwrap();
        sqlx::query(insert)
            .bind("kept")
            .bind(i64::MAX)
            .bind(&b"\0\xff"[..])
            .execute(&mut *write)
            .await
            .unwrap();
        write.commit().await.unwrap();
        let mut write = store.begin().await.unwrap();
        let none: Option<Vec<u8>> = None;
        sqlx::query(insert).bind("lost").bind(1i64).bind(none).execute(&mut *write).await.unwrap();
        drop(write);
        assert_eq!(count(&store).await, 1, "{engine:?}");

        let mut write = store.begin().await.unwrap();
        let negative = sqlx::query(insert).bind("x").bind(-1i64).bind(&b""[..]);
        let error = StoreError::from(negative.execute(&mut *write).await.unwrap_err());
        assert!(matches!(error, StoreError::Constraint(_)), "{engine:?} {error:?}");
        drop(write);

        store.close().await;
        let store = Store::open(&scratch.location, &[ONE]).await.unwrap();
        let row = sqlx::query("SELECT n, b FROM pair").fetch_one(store.readers()).await.unwrap();
        assert_eq!(row.try_get::<i64, _>(0).unwrap(), i64::MAX);
        assert_eq!(row.try_get::<Vec<u8>, _>(1).unwrap(), b"\0\xff");
    }
}

#[tokio::test]
async fn writers_come_one_after_another_and_lose_nothing() {
    for engine in ENGINES {
        let scratch = Scratch::new(engine).await;
        // Two programs on one database, four tasks in each.
        let mut stores = Vec::new();
        for _ in 0..2 {
            let store = Store::open(&scratch.location, &[ONE]).await.unwrap();
            stores.push(std::sync::Arc::new(store));
        }
        let mut write = stores[0].begin().await.unwrap();
        sqlx::query("INSERT INTO pair (id, n) VALUES ('sum', 0)")
            .execute(&mut *write)
            .await
            .unwrap();
        write.commit().await.unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        for task in 0..8 {
            let store = std::sync::Arc::clone(&stores[task % 2]);
            tasks.spawn(async move {
                for _ in 0..10 {
                    let mut write = store.begin().await.unwrap();
                    let row =
                        sqlx::query("SELECT n FROM pair").fetch_one(&mut *write).await.unwrap();
                    let n: i64 = row.try_get(0).unwrap();
                    tokio::task::yield_now().await;
                    sqlx::query("UPDATE pair SET n = $1")
                        .bind(n + 1)
                        .execute(&mut *write)
                        .await
                        .unwrap();
                    write.commit().await.unwrap();
                }
            });
        }
        tasks.join_all().await;
        let row = sqlx::query("SELECT n FROM pair").fetch_one(stores[0].readers()).await.unwrap();
        assert_eq!(row.try_get::<i64, _>(0).unwrap(), 80, "{engine:?}");
    }
}

#[tokio::test]
async fn schemas_grow_by_steps_and_a_newer_one_is_refused() {
    for engine in ENGINES {
        let scratch = Scratch::new(engine).await;
        let older = Schema { name: "one", steps: &ONE.steps[..1] };
        let store = Store::open(&scratch.location, &[older]).await.unwrap();
        assert!(sqlx::query("SELECT * FROM other").fetch_all(store.readers()).await.is_err());
        store.close().await;
        let store = Store::open(&scratch.location, &[ONE]).await.unwrap();
        assert!(sqlx::query("SELECT * FROM other").fetch_all(store.readers()).await.is_ok());
        store.close().await;
        let error = Store::open(&scratch.location, &[older]).await.unwrap_err();
        assert!(matches!(error, StoreError::NewerSchema { found: 2, known: 1, .. }), "{error:?}");
    }
}

#[tokio::test]
async fn opening_what_is_up_to_date_waits_for_nobody_who_writes() {
    for engine in ENGINES {
        let scratch = Scratch::new(engine).await;
        let writer = Store::open(&scratch.location, &[ONE]).await.unwrap();
        let write = writer.begin().await.unwrap();
        // On SQLite a writer that waits is refused after 5 s; on PostgreSQL it waits for ever.
        let opened = Store::open_beside(&scratch.location, &[ONE]);
        let beside = tokio::time::timeout(Duration::from_secs(4), opened).await.unwrap().unwrap();
        assert_eq!(count(&beside).await, 0, "{engine:?}");
        drop(write);
    }
}

#[tokio::test]
async fn whoever_writes_alone_keeps_others_out_until_it_is_gone() {
    const LOCK: i64 = 7;
    let scratch = Scratch::new(Engine::Postgres).await;
    let first = Store::open_alone(&scratch.location, &[ONE], LOCK).await.unwrap();
    let second = async || Store::open_alone(&scratch.location, &[ONE], LOCK).await;
    let error = second().await.unwrap_err();
    assert!(matches!(&error, StoreError::Locked { location } if location.contains("scratch")));
    // Others write to their own tables meanwhile.
    let other = Store::open(&scratch.location, &[ONE]).await.unwrap();
    let write = other.begin().await.unwrap();
    first.begin().await.unwrap().commit().await.unwrap();
    drop(write);

    // The lock goes with the session that writes, and comes back with the next.
    let write = first.begin().await.unwrap();
    scratch.cut_off(false).await;
    let error = write.commit().await.unwrap_err();
    assert!(matches!(error, StoreError::Unreachable(_)), "{error:?}");
    first.begin().await.unwrap().commit().await.unwrap();
    assert!(matches!(second().await, Err(StoreError::Locked { .. })));

    // Whoever has lost it to another does not write beside it.
    scratch.cut_off(false).await;
    let second = second().await.unwrap();
    assert!(matches!(first.begin().await, Err(StoreError::Locked { .. })));
    second.stop_writing().await;
    assert!(matches!(second.begin().await, Err(StoreError::Closed)));
    assert_eq!(count(&second).await, 0);
    first.begin().await.unwrap().commit().await.unwrap();

    // When a store is closed its lock is free, not only when the server has ended its session.
    first.close().await;
    for _ in 0..30 {
        let next = Store::open_alone(&scratch.location, &[ONE], LOCK).await.unwrap();
        next.close().await;
        let held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 7";
        let held = sqlx::query(held).fetch_one(other.readers()).await.unwrap();
        assert_eq!(held.get::<i64, _>(0), 0);
    }
}

#[tokio::test]
async fn writing_goes_on_after_a_full_disk() {
    let scratch = Scratch::new(Engine::Sqlite).await;
    let store = Store::open(&scratch.location, &[ONE]).await.unwrap();
    let insert = "INSERT INTO pair (id, n, b) VALUES ('large', 1, $1)";
    let mut write = store.begin().await.unwrap();
    sqlx::query("PRAGMA max_page_count = 20").execute(&mut *write).await.unwrap();
    let large = vec![7_u8; 1 << 20];
    let full = sqlx::query(insert).bind(large.clone()).execute(&mut *write).await;
    let error = StoreError::from(full.unwrap_err());
    assert!(matches!(error, StoreError::DiskFull(_)), "{error:?}");
    drop(write);
    let mut write = store.begin().await.unwrap();
    sqlx::query("PRAGMA max_page_count = 1000000").execute(&mut *write).await.unwrap();
    sqlx::query(insert).bind(large).execute(&mut *write).await.unwrap();
    write.commit().await.unwrap();
    assert_eq!(count(&store).await, 1);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_named_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("broken.sqlite");
    std::fs::write(&file, vec![0xAA; 8_192]).unwrap();
    let location = Location::file(&file);
    let opened = Store::open(&location, &[ONE]);
    let error = tokio::time::timeout(Duration::from_secs(4), opened).await.unwrap().unwrap_err();
    assert!(matches!(error, StoreError::Corrupt(_)), "{error:?}");
}
