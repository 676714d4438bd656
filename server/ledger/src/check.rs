//! The nightly check: whether everything still adds up.

use std::collections::BTreeMap;

use serde::Serialize;
use sqlx::{AnyConnection, AnyPool, Row};

use crate::error::LedgerError;

/// What was counted, and what does not agree.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Balance {
    /// How many accounts there are,
    pub accounts: u64,
    /// transfers,
    pub transfers: u64,
    /// and postings.
    pub postings: u64,
    /// All posted debits together, in sen,
    pub debits_posted: i128,
    /// all posted credits,
    pub credits_posted: i128,
    /// all pending debits,
    pub debits_pending: i128,
    /// and all pending credits.
    pub credits_pending: i128,
    /// Whatever does not agree; empty in a sound ledger.
    pub discrepancies: Vec<Discrepancy>,
}

impl Balance {
    /// Whether everything agrees.
    pub fn is_sound(&self) -> bool {
        self.discrepancies.is_empty()
    }
}

/// A total of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Posted debits.
    DebitsPosted,
    /// Posted credits.
    CreditsPosted,
    /// Pending debits.
    DebitsPending,
    /// Pending credits.
    CreditsPending,
}

/// One thing that does not agree. Amounts are in sen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "discrepancy", rename_all = "snake_case")]
pub enum Discrepancy {
    /// Over all accounts, posted debits and credits differ.
    Posted {
        /// The debits,
        debits: i128,
        /// and the credits.
        credits: i128,
    },
    /// Over all accounts, pending debits and credits differ.
    Pending {
        /// The debits,
        debits: i128,
        /// and the credits.
        credits: i128,
    },
    /// A total is not the sum of its postings.
    Total {
        /// Whose,
        account: String,
        /// which,
        side: Side,
        /// what the account says,
        kept: i128,
        /// and what its postings add up to.
        counted: i128,
    },
    /// Postings name an account that is not there.
    NoAccount {
        /// Which.
        account: String,
    },
    /// A posting belongs to no transfer.
    NoTransfer {
        /// To which it says it belongs.
        transfer_id: String,
    },
    /// A transfer has no postings.
    NoPostings {
        /// Which.
        transfer_id: String,
    },
    /// A transfer is neither pending nor concluded, or both.
    State {
        /// Which.
        transfer_id: String,
    },
    /// Posted usage stands before no invoice or statement.
    Usage {
        /// Which.
        transfer_id: String,
    },
    /// A reversal whose transfer is not posted, or whose postings are not its contrary.
    Reversal {
        /// The reversal.
        transfer_id: String,
    },
}

/// Checks the whole ledger as it is at one moment, while others go on writing: debits equal
/// credits over all accounts, each total is the sum of its postings, no posting is without its
/// transfer nor the reverse, each transfer is pending or concluded, each reversal mirrors what it
/// takes back. Reads every posting.
///
/// # Errors
/// The database's. What does not agree is no error but in the answer.
pub async fn check(pool: &AnyPool) -> Result<Balance, LedgerError> {
    let mut connection = pool.acquire().await?;
    // SQLite's readers see one moment anyway.
    let begin = match connection.backend_name() {
        "PostgreSQL" => "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY",
        _ => "BEGIN",
    };
    let mut moment = sqlx::Connection::begin_with(&mut *connection, begin).await?;
    let mut balance = Balance::default();
    totals(&mut moment, &mut balance).await?;
    orphans(&mut moment, &mut balance).await?;
    moment.rollback().await?;
    Ok(balance)
}

type Totals = BTreeMap<(String, Side), i128>;

const KEPT: &str = "SELECT id, debits_posted, credits_posted, debits_pending, credits_pending \
    FROM ledger_account";

/// In two halves, so that no sum leaves 64 bits whatever the rows say.
const DEBITS: &str = "SELECT p.debit, COALESCE(o.outcome, 'pending'), \
    CAST(SUM(p.amount / 1000000000) AS BIGINT), CAST(SUM(p.amount % 1000000000) AS BIGINT) \
    FROM ledger_posting p JOIN ledger_transfer t ON t.id = p.transfer_id \
    LEFT JOIN ledger_outcome o ON o.transfer_id = p.transfer_id \
    GROUP BY p.debit, COALESCE(o.outcome, 'pending')";

const CREDITS: &str = "SELECT p.credit, COALESCE(o.outcome, 'pending'), \
    CAST(SUM(p.amount / 1000000000) AS BIGINT), CAST(SUM(p.amount % 1000000000) AS BIGINT) \
    FROM ledger_posting p JOIN ledger_transfer t ON t.id = p.transfer_id \
    LEFT JOIN ledger_outcome o ON o.transfer_id = p.transfer_id \
    GROUP BY p.credit, COALESCE(o.outcome, 'pending')";

async fn totals(moment: &mut AnyConnection, balance: &mut Balance) -> Result<(), LedgerError> {
    let mut kept = Totals::new();
    let sides =
        [Side::DebitsPosted, Side::CreditsPosted, Side::DebitsPending, Side::CreditsPending];
    for row in sqlx::query(KEPT).fetch_all(&mut *moment).await? {
        let account: String = row.try_get(0)?;
        balance.accounts += 1;
        for (column, side) in sides.into_iter().enumerate() {
            let total: i64 = row.try_get(column + 1)?;
            kept.insert((account.clone(), side), i128::from(total));
        }
    }
    let mut counted = Totals::new();
    count(moment, DEBITS, Side::DebitsPosted, Side::DebitsPending, &mut counted).await?;
    count(moment, CREDITS, Side::CreditsPosted, Side::CreditsPending, &mut counted).await?;
    let over = |wanted: Side| kept.iter().filter(move |((_, side), _)| *side == wanted);
    let sum = |wanted| over(wanted).map(|(_, total)| total).sum();
    balance.debits_posted = sum(Side::DebitsPosted);
    balance.credits_posted = sum(Side::CreditsPosted);
    balance.debits_pending = sum(Side::DebitsPending);
    balance.credits_pending = sum(Side::CreditsPending);
    let found = &mut balance.discrepancies;
    if balance.debits_posted != balance.credits_posted {
        let (debits, credits) = (balance.debits_posted, balance.credits_posted);
        found.push(Discrepancy::Posted { debits, credits });
    }
    if balance.debits_pending != balance.credits_pending {
        let (debits, credits) = (balance.debits_pending, balance.credits_pending);
        found.push(Discrepancy::Pending { debits, credits });
    }
    for ((account, side), &total) in &kept {
        let sum = counted.remove(&(account.clone(), *side)).unwrap_or(0);
        if sum != total {
            let (account, side) = (account.clone(), *side);
            found.push(Discrepancy::Total { account, side, kept: total, counted: sum });
        }
    }
    let mut absent: Vec<String> = counted.into_keys().map(|(account, _)| account).collect();
    absent.dedup();
    found.extend(absent.into_iter().map(|account| Discrepancy::NoAccount { account }));
    Ok(())
}

async fn count(
    moment: &mut AnyConnection,
    sql: &'static str,
    posted: Side,
    pending: Side,
    counted: &mut Totals,
) -> Result<(), LedgerError> {
    for row in sqlx::query(sql).fetch_all(moment).await? {
        let side = match row.try_get::<String, _>(1)?.as_str() {
            "posted" => posted,
            "pending" => pending,
            // Voided and expired amounts count nowhere.
            _ => continue,
        };
        let (high, low): (i64, i64) = (row.try_get(2)?, row.try_get(3)?);
        let sum = i128::from(high) * 1_000_000_000 + i128::from(low);
        counted.insert((row.try_get(0)?, side), sum);
    }
    Ok(())
}

const NO_TRANSFER: &str = "SELECT DISTINCT p.transfer_id FROM ledger_posting p \
    LEFT JOIN ledger_transfer t ON t.id = p.transfer_id WHERE t.id IS NULL";

const NO_POSTINGS: &str = "SELECT t.id FROM ledger_transfer t \
    WHERE NOT EXISTS (SELECT 1 FROM ledger_posting p WHERE p.transfer_id = t.id)";

const STATE: &str = "SELECT t.id FROM ledger_transfer t \
    LEFT JOIN ledger_outcome o ON o.transfer_id = t.id \
    LEFT JOIN ledger_pending p ON p.transfer_id = t.id \
    WHERE (o.transfer_id IS NULL) = (p.transfer_id IS NULL)";

/// Reversals of what is not posted, and postings of either without a mirror in the other.
const REVERSAL: &str = "SELECT t.id FROM ledger_transfer t \
    WHERE t.reverses IS NOT NULL AND (\
    NOT EXISTS (SELECT 1 FROM ledger_outcome o \
    WHERE o.transfer_id = t.reverses AND o.outcome = 'posted') \
    OR (SELECT COUNT(*) FROM ledger_posting p WHERE p.transfer_id = t.id) <> \
    (SELECT COUNT(*) FROM ledger_posting p WHERE p.transfer_id = t.reverses) \
    OR EXISTS (SELECT 1 FROM ledger_posting p WHERE p.transfer_id = t.id AND NOT EXISTS (\
    SELECT 1 FROM ledger_posting m WHERE m.transfer_id = t.reverses AND m.line = p.line \
    AND m.debit = p.credit AND m.credit = p.debit AND m.amount = p.amount)))";

/// Posted usage that no invoice or statement would ever see.
const USAGE: &str = "SELECT DISTINCT t.id FROM ledger_transfer t \
    JOIN ledger_outcome o ON o.transfer_id = t.id AND o.outcome = 'posted' \
    JOIN ledger_posting p ON p.transfer_id = t.id \
    JOIN ledger_account a ON a.id IN (p.debit, p.credit) \
    AND a.kind IN ('user_due', 'organisation_payable', 'organisation_held') \
    LEFT JOIN ledger_usage u ON u.account = a.id AND u.transfer_id = t.id \
    WHERE t.form IS NOT NULL AND u.account IS NULL";

/// What a transfer's id is found as.
type Found = fn(String) -> Discrepancy;

async fn orphans(moment: &mut AnyConnection, balance: &mut Balance) -> Result<(), LedgerError> {
    balance.transfers = rows(moment, "SELECT COUNT(*) FROM ledger_transfer").await?;
    balance.postings = rows(moment, "SELECT COUNT(*) FROM ledger_posting").await?;
    let kinds: [(&'static str, Found); 5] = [
        (NO_TRANSFER, |transfer_id| Discrepancy::NoTransfer { transfer_id }),
        (NO_POSTINGS, |transfer_id| Discrepancy::NoPostings { transfer_id }),
        (STATE, |transfer_id| Discrepancy::State { transfer_id }),
        (REVERSAL, |transfer_id| Discrepancy::Reversal { transfer_id }),
        (USAGE, |transfer_id| Discrepancy::Usage { transfer_id }),
    ];
    for (sql, discrepancy) in kinds {
        for row in sqlx::query(sql).fetch_all(&mut *moment).await? {
            balance.discrepancies.push(discrepancy(row.try_get(0)?));
        }
    }
    Ok(())
}

async fn rows(moment: &mut AnyConnection, sql: &'static str) -> Result<u64, LedgerError> {
    let count: i64 = sqlx::query(sql).fetch_one(moment).await?.try_get(0)?;
    // A count is never below nothing.
    Ok(count.unsigned_abs())
}
