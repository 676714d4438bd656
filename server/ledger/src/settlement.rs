//! Which usage of an account an invoice or statement has taken: each at most one.

use onmon_store::StoreError;
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AnyExecutor, Row};

use crate::account::{AccountId, AccountKind};
use crate::error::LedgerError;
use crate::record::small;
use crate::sen::Sen;

/// Usage of one kind, form and tax rate, summed up. What was taken back counts below nothing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct UsageLine {
    /// The transfers' kind.
    pub kind: String,
    /// The form of usage.
    pub form: String,
    /// The rate of the consumption tax, in ppm.
    pub tax_ppm: u32,
    /// How many uses.
    pub quantity: i64,
    /// What the account's owner owes (a user) or is owed (an organisation), without tax.
    pub amount: Sen,
}

const TAKE: &str = "UPDATE ledger_usage SET batch = $1 \
    WHERE account = $2 AND posted_ms < $3 AND batch IS NULL";

/// Uses count up or down as their money does: what is taken back, or let go, debits where it had
/// credited. All postings of a transfer are read, and other accounts' count nothing: a condition on
/// accounts would lead PostgreSQL, where it has no statistics, to all postings of the account for
/// each transfer.
const LINES: &str = "SELECT kind, form, tax_ppm, \
    CAST(SUM(CASE WHEN amount < 0 THEN -quantity ELSE quantity END) AS BIGINT), \
    CAST(SUM(amount) AS BIGINT) FROM ( \
    SELECT t.kind AS kind, t.form AS form, t.tax_ppm AS tax_ppm, t.quantity AS quantity, \
    CAST($1 AS BIGINT) * (SELECT SUM(CASE WHEN p.debit = u.account THEN p.amount \
    WHEN p.credit = u.account THEN -p.amount ELSE 0 END) FROM ledger_posting p \
    WHERE p.transfer_id = u.transfer_id) AS amount \
    FROM ledger_usage u JOIN ledger_transfer t ON t.id = u.transfer_id \
    WHERE u.account = $2 AND u.batch = $3) AS used GROUP BY kind, form, tax_ppm";

/// Takes an account's usage that was posted before `until_ms` and that no other batch has, for the
/// invoice or statement `batch`; summed up, in the order of kind, form and rate.
///
/// Usage that is posted later with an earlier time goes into a later batch, so nothing falls
/// between two.
///
/// # Errors
/// The database's.
pub async fn settle(
    connection: &mut AnyConnection,
    account: &AccountId,
    until_ms: i64,
    batch: &str,
) -> Result<Vec<UsageLine>, LedgerError> {
    sqlx::query(TAKE)
        .bind(batch)
        .bind(account.as_str())
        .bind(until_ms)
        .execute(&mut *connection)
        .await?;
    let sign: i64 = if account.kind() == AccountKind::UserDue { 1 } else { -1 };
    let rows = sqlx::query(LINES)
        .bind(sign)
        .bind(account.as_str())
        .bind(batch)
        .fetch_all(connection)
        .await?;
    let mut lines = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    lines.sort();
    Ok(lines)
}

fn read(row: &AnyRow) -> Result<UsageLine, LedgerError> {
    Ok(UsageLine {
        kind: row.try_get(0)?,
        form: row.try_get(1)?,
        tax_ppm: small(row.try_get(2)?)?,
        quantity: row.try_get(3)?,
        amount: Sen::new(row.try_get(4)?),
    })
}

/// Gives back what a batch has taken, for a later one: its invoice was withdrawn.
///
/// # Errors
/// The database's.
pub async fn unsettle(connection: &mut AnyConnection, batch: &str) -> Result<(), LedgerError> {
    sqlx::query("UPDATE ledger_usage SET batch = NULL WHERE batch = $1")
        .bind(batch)
        .execute(connection)
        .await?;
    Ok(())
}

/// The owners of accounts of this kind with usage that was posted before `until_ms` and that no
/// batch has: who gets an invoice or a statement.
///
/// # Errors
/// The database's.
pub async fn unsettled<'e>(
    executor: impl AnyExecutor<'e>,
    kind: AccountKind,
    until_ms: i64,
) -> Result<Vec<String>, LedgerError> {
    let open = "SELECT DISTINCT a.owner FROM ledger_usage u JOIN ledger_account a \
        ON a.id = u.account WHERE u.batch IS NULL AND u.posted_ms < $1 AND a.kind = $2";
    let rows = sqlx::query(open).bind(until_ms).bind(kind.as_str()).fetch_all(executor).await?;
    let owners = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<String>, _>>();
    let mut owners = owners.map_err(StoreError::from)?;
    owners.sort();
    Ok(owners)
}
