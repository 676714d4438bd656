//! What a store promises, on SQLite and on PostgreSQL.

use onmon_store::testing::{ENGINES, Scratch};
use onmon_store::{Schema, Store, StoreError};
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
