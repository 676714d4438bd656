//! The check finds what a foreign hand has done, on both engines.

mod books;

use books::{Books, download, due, entry, held, payable, posting};
use onmon_ledger::{Discrepancy, Entry, Side};
use onmon_store::Engine;
use onmon_store::testing::ENGINES;
use sqlx::{AnyConnection, Connection, raw_sql};

/// Runs statements without the rules that keys between tables make.
async fn tamper(books: &Books, engine: Engine, sql: &'static str) {
    let url = match &books.scratch.location {
        onmon_store::Location::Sqlite(path) => format!("sqlite:{}", path.display()),
        onmon_store::Location::Postgres(url) => url.clone(),
    };
    let mut connection = AnyConnection::connect(&url).await.unwrap();
    let unruly = match engine {
        Engine::Sqlite => "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON",
        Engine::Postgres => "SET session_replication_role = replica",
    };
    raw_sql(unruly).execute(&mut connection).await.unwrap();
    raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

async fn found(engine: Engine, sql: &'static str) -> Vec<Discrepancy> {
    let books = Books::new(engine).await;
    let both = [posting(&due(), &payable(), 700), posting(&due(), &held(), 70)];
    let first = books.book(&entry("a", &both)).await.unwrap();
    let usage = download();
    let used = [posting(&due(), &payable(), 3)];
    books.book(&Entry { usage: Some(&usage), ..entry("e", &used) }).await.unwrap();
    books.reserve(&entry("b", &both[..1]), None).await.unwrap();
    books.reverse(&first.transfer_id, "c", 2_000).await.unwrap();
    let voided = books.reserve(&entry("d", &both), None).await.unwrap();
    books.void(&voided.transfer_id, 2_000).await.unwrap();
    let sound = books.check().await;
    assert!(sound.is_sound(), "{sound:?}");
    assert_eq!((sound.debits_posted, sound.debits_pending), (1_543, 700));
    tamper(&books, engine, sql).await;
    let balance = books.check().await;
    assert!(!balance.is_sound(), "{engine:?} {sql}");
    balance.discrepancies
}

#[tokio::test]
async fn a_changed_total_is_found() {
    for engine in ENGINES {
        let sql = "UPDATE ledger_account SET credits_posted = credits_posted + 1 \
            WHERE id = 'org:JASRAC:held'";
        let total = Discrepancy::Total {
            account: "org:JASRAC:held".to_owned(),
            side: Side::CreditsPosted,
            kept: 71,
            counted: 70,
        };
        let sum = Discrepancy::Posted { debits: 1_543, credits: 1_544 };
        assert_eq!(found(engine, sql).await, [sum, total]);

        let sql = "UPDATE ledger_account SET debits_pending = 0 WHERE id = 'user:acc_1:due'";
        let total = Discrepancy::Total {
            account: "user:acc_1:due".to_owned(),
            side: Side::DebitsPending,
            kept: 0,
            counted: 700,
        };
        let sum = Discrepancy::Pending { debits: 0, credits: 700 };
        assert_eq!(found(engine, sql).await, [sum, total]);
    }
}

#[tokio::test]
async fn a_changed_posting_is_found() {
    for engine in ENGINES {
        // Of the pending transfer, and so large that sums of such leave 64 bits.
        let sql = "UPDATE ledger_posting SET amount = 9223372036854775807 WHERE transfer_id IN \
            (SELECT id FROM ledger_transfer WHERE idempotency IN ('b', 'c'))";
        let found = found(engine, sql).await;
        let totals = found.iter().filter(|found| matches!(found, Discrepancy::Total { .. }));
        assert_eq!(totals.count(), 5, "{found:?}");
        let counted = 2 * i128::from(i64::MAX);
        assert!(found.iter().any(|found| {
            matches!(found, Discrepancy::Total { counted: sum, .. } if *sum == counted)
        }));
        assert!(found.iter().any(|found| matches!(found, Discrepancy::Reversal { .. })));
    }
}

#[tokio::test]
async fn what_hangs_in_the_air_is_found() {
    for engine in ENGINES {
        let all = "DELETE FROM ledger_transfer WHERE idempotency = 'd'";
        assert!(matches!(found(engine, all).await[..], [Discrepancy::NoTransfer { .. }]));
        let all = "DELETE FROM ledger_posting WHERE transfer_id = \
            (SELECT id FROM ledger_transfer WHERE idempotency = 'd')";
        assert!(matches!(found(engine, all).await[..], [Discrepancy::NoPostings { .. }]));
        let all = "DELETE FROM ledger_pending";
        assert!(matches!(found(engine, all).await[..], [Discrepancy::State { .. }]));
        let all = "INSERT INTO ledger_pending (transfer_id) SELECT id FROM ledger_transfer \
            WHERE idempotency = 'd'";
        assert!(matches!(found(engine, all).await[..], [Discrepancy::State { .. }]));
        let all = "UPDATE ledger_transfer SET reverses = \
            (SELECT id FROM ledger_transfer WHERE idempotency = 'd') WHERE idempotency = 'c'";
        assert!(matches!(found(engine, all).await[..], [Discrepancy::Reversal { .. }]));
        let all = "DELETE FROM ledger_usage WHERE account = 'user:acc_1:due'";
        assert!(matches!(found(engine, all).await[..], [Discrepancy::Usage { .. }]));
        let all = "DELETE FROM ledger_account WHERE id = 'org:JASRAC:held'";
        let found = found(engine, all).await;
        assert!(found.contains(&Discrepancy::NoAccount { account: "org:JASRAC:held".to_owned() }));
    }
}
