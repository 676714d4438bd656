//! A ledger of a test's own, and entries to book on it.

#![allow(dead_code, reason = "each test takes what it needs")]

use onmon_ledger::{AccountId, Balance, Booked, Entry, LedgerError, Posting, SCHEMA, Sen, Usage};
use onmon_store::testing::Scratch;
use onmon_store::{Engine, Store};

pub struct Books {
    pub scratch: Scratch,
    pub store: Store,
}

impl Books {
    pub async fn new(engine: Engine) -> Books {
        let scratch = Scratch::new(engine).await;
        let store = Store::open(&scratch.location, &[SCHEMA]).await.unwrap();
        Books { scratch, store }
    }

    pub async fn book(&self, entry: &Entry<'_>) -> Result<Booked, LedgerError> {
        let mut write = self.store.begin().await?;
        let booked = onmon_ledger::book(&mut write, entry).await;
        // Whatever was refused has changed nothing, so committing is always right.
        write.commit().await?;
        booked
    }

    pub async fn reserve(
        &self,
        entry: &Entry<'_>,
        expires_ms: Option<i64>,
    ) -> Result<Booked, LedgerError> {
        let mut write = self.store.begin().await?;
        let booked = onmon_ledger::reserve(&mut write, entry, expires_ms).await;
        write.commit().await?;
        booked
    }

    pub async fn post(&self, id: &str, at_ms: i64) -> Result<Booked, LedgerError> {
        let mut write = self.store.begin().await?;
        let booked = onmon_ledger::post(&mut write, id, at_ms).await;
        write.commit().await?;
        booked
    }

    pub async fn void(&self, id: &str, at_ms: i64) -> Result<Booked, LedgerError> {
        let mut write = self.store.begin().await?;
        let booked = onmon_ledger::void(&mut write, id, at_ms).await;
        write.commit().await?;
        booked
    }

    pub async fn reverse(&self, id: &str, key: &str, at_ms: i64) -> Result<Booked, LedgerError> {
        let mut write = self.store.begin().await?;
        let booked = onmon_ledger::reverse(&mut write, id, key, at_ms).await;
        write.commit().await?;
        booked
    }

    /// Posted debits, posted credits, pending debits, pending credits.
    pub async fn totals(&self, id: &AccountId) -> [i64; 4] {
        let account = onmon_ledger::account(self.store.readers(), id).await.unwrap();
        account.map_or([0; 4], |account| {
            [
                account.debits_posted.get(),
                account.credits_posted.get(),
                account.debits_pending.get(),
                account.credits_pending.get(),
            ]
        })
    }

    pub async fn check(&self) -> Balance {
        onmon_ledger::check(self.store.readers()).await.unwrap()
    }
}

pub fn due() -> AccountId {
    AccountId::user_due("acc_1").unwrap()
}

pub fn payable() -> AccountId {
    AccountId::organisation_payable("JASRAC").unwrap()
}

pub fn held() -> AccountId {
    AccountId::organisation_held("JASRAC").unwrap()
}

pub fn posting(debit: &AccountId, credit: &AccountId, amount: i64) -> Posting {
    Posting { debit: debit.clone(), credit: credit.clone(), amount: Sen::new(amount) }
}

pub fn download() -> Usage {
    Usage { form: "download_paid".to_owned(), tax_ppm: 100_000, quantity: 1 }
}

pub fn entry<'a>(key: &'a str, postings: &'a [Posting]) -> Entry<'a> {
    Entry {
        idempotency: key,
        kind: "purchase",
        reference: "buy_1",
        at_ms: 1_000,
        usage: None,
        postings,
    }
}
