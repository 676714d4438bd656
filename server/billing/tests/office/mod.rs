//! A ledger and billing of a test's own, with downloads to bill.

#![allow(dead_code, reason = "each test takes what it needs")]

use onmon_ledger::{AccountId, Balance, Entry, Month, Posting, Sen, Usage};
use onmon_store::testing::Scratch;
use onmon_store::{Engine, Schema, Store};

pub const SCHEMAS: &[Schema] = &[onmon_ledger::SCHEMA, onmon_billing::SCHEMA];

pub struct Office {
    pub scratch: Scratch,
    pub store: Store,
}

/// One use of music: who pays how many sen to whom.
pub struct Use<'a> {
    pub key: &'a str,
    pub user: &'a str,
    pub form: &'a str,
    pub tax_ppm: u32,
    pub at_ms: i64,
    /// Organisation, sen payable, sen held.
    pub to: &'a [(&'a str, i64, i64)],
}

impl Office {
    pub async fn new(engine: Engine) -> Office {
        let scratch = Scratch::new(engine).await;
        let store = Store::open(&scratch.location, SCHEMAS).await.unwrap();
        Office { scratch, store }
    }

    /// Books a use; its transfer.
    pub async fn used(&self, used: &Use<'_>) -> String {
        let due = AccountId::user_due(used.user).unwrap();
        let mut postings = Vec::new();
        for (organisation, payable, held) in used.to {
            let accounts = [
                (AccountId::organisation_payable(organisation).unwrap(), *payable),
                (AccountId::organisation_held(organisation).unwrap(), *held),
            ];
            for (credit, sen) in accounts.into_iter().filter(|(_, sen)| *sen > 0) {
                postings.push(Posting { debit: due.clone(), credit, amount: Sen::new(sen) });
            }
        }
        let usage = Usage { form: used.form.to_owned(), tax_ppm: used.tax_ppm, quantity: 1 };
        let entry = Entry {
            idempotency: used.key,
            kind: "purchase",
            reference: used.key,
            at_ms: used.at_ms,
            usage: Some(&usage),
            postings: &postings,
        };
        let mut write = self.store.begin().await.unwrap();
        let booked = onmon_ledger::book(&mut write, &entry).await.unwrap();
        write.commit().await.unwrap();
        booked.transfer_id
    }

    pub async fn reversed(&self, transfer_id: &str, at_ms: i64) {
        let mut write = self.store.begin().await.unwrap();
        let key = format!("back {transfer_id}");
        onmon_ledger::reverse(&mut write, transfer_id, &key, at_ms).await.unwrap();
        write.commit().await.unwrap();
    }

    /// Posted debits less credits, in sen.
    pub async fn balance(&self, account: &AccountId) -> i64 {
        let account = onmon_ledger::account(self.store.readers(), account).await.unwrap();
        account.map_or(0, |account| account.balance().get())
    }

    pub async fn check(&self) -> Balance {
        let balance = onmon_ledger::check(self.store.readers()).await.unwrap();
        assert!(balance.is_sound(), "{balance:?}");
        balance
    }
}

pub fn month(text: &str) -> Month {
    text.parse().unwrap()
}

/// A paid download by `acc_1` for JASRAC.
pub fn download<'a>(key: &'a str, at_ms: i64, to: &'a [(&'a str, i64, i64)]) -> Use<'a> {
    Use { key, user: "acc_1", form: "download_paid", tax_ppm: 100_000, at_ms, to }
}
