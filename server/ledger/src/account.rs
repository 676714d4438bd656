//! Accounts: their names, what each is for, their totals, and how far debts may go.
//!
//! The name says everything: kind and owner are read from it, and an account is opened by the first
//! posting that names it.
//!
//! | name | debited by | credited by |
//! |---|---|---|
//! | `user:ACCOUNT:due` | usage, at its price without tax | an invoice, which takes the usage over |
//! | `user:ACCOUNT:receivable` | an invoice, with tax, whole yen | a payment |
//! | `org:ORGANISATION:payable` | a statement, which takes it over | usage; a minimum; held money let go |
//! | `org:ORGANISATION:held` | held money let go | usage whose claims conflict |
//! | `org:ORGANISATION:stated` | a payout | a statement, with tax, whole yen |
//! | `tax:PERCENT:collected` | | tax on invoices |
//! | `tax:PERCENT:paid` | tax on statements | |
//! | `minimum` | what organisations' monthly minimums cost beyond usage | |
//! | `rounding` | what rounding to whole yen costs | what it gains |
//! | `revenue` | | the operator's own part of a price |
//! | `provider:NAME:cash` | payments | payouts |

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AnyExecutor, Row};

use crate::error::LedgerError;
use crate::sen::Sen;

/// Longest name of an owner: an account's or organisation's id, a provider's name.
const OWNER_BYTES_MAX: usize = 80;

/// What an account is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountKind {
    /// A user's usage that is not on an invoice yet.
    UserDue,
    /// A user's invoices that are not paid yet.
    UserReceivable,
    /// An organisation's usage that is not on a statement yet.
    OrganisationPayable,
    /// Money whose claimants are in conflict.
    OrganisationHeld,
    /// An organisation's statements that are not paid out yet.
    OrganisationStated,
    /// Consumption tax on invoices, by rate.
    TaxCollected,
    /// Consumption tax on statements, by rate.
    TaxPaid,
    /// What monthly minimums cost beyond usage.
    Minimum,
    /// The differences to whole yen.
    Rounding,
    /// The operator's own part.
    Revenue,
    /// Money at a payment provider or bank.
    ProviderCash,
}

impl AccountKind {
    /// As the database has it.
    pub fn as_str(self) -> &'static str {
        match self {
            AccountKind::UserDue => "user_due",
            AccountKind::UserReceivable => "user_receivable",
            AccountKind::OrganisationPayable => "organisation_payable",
            AccountKind::OrganisationHeld => "organisation_held",
            AccountKind::OrganisationStated => "organisation_stated",
            AccountKind::TaxCollected => "tax_collected",
            AccountKind::TaxPaid => "tax_paid",
            AccountKind::Minimum => "minimum",
            AccountKind::Rounding => "rounding",
            AccountKind::Revenue => "revenue",
            AccountKind::ProviderCash => "provider_cash",
        }
    }

    /// Whether invoices or statements take over what usage booked here.
    pub fn is_settled(self) -> bool {
        matches!(
            self,
            AccountKind::UserDue | AccountKind::OrganisationPayable | AccountKind::OrganisationHeld
        )
    }
}

/// An account's name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct AccountId {
    name: String,
    kind: AccountKind,
}

impl AccountId {
    /// `user:ACCOUNT:due`.
    ///
    /// # Errors
    /// [`LedgerError::AccountName`], here and below, where the owner is not 1 to 80 of
    /// `A-Z a-z 0-9 _ . -`.
    pub fn user_due(account: &str) -> Result<AccountId, LedgerError> {
        format!("user:{account}:due").parse()
    }

    /// `user:ACCOUNT:receivable`.
    ///
    /// # Errors
    /// [`LedgerError::AccountName`].
    pub fn user_receivable(account: &str) -> Result<AccountId, LedgerError> {
        format!("user:{account}:receivable").parse()
    }

    /// `org:ORGANISATION:payable`.
    ///
    /// # Errors
    /// [`LedgerError::AccountName`].
    pub fn organisation_payable(organisation: &str) -> Result<AccountId, LedgerError> {
        format!("org:{organisation}:payable").parse()
    }

    /// `org:ORGANISATION:held`.
    ///
    /// # Errors
    /// [`LedgerError::AccountName`].
    pub fn organisation_held(organisation: &str) -> Result<AccountId, LedgerError> {
        format!("org:{organisation}:held").parse()
    }

    /// `org:ORGANISATION:stated`.
    ///
    /// # Errors
    /// [`LedgerError::AccountName`].
    pub fn organisation_stated(organisation: &str) -> Result<AccountId, LedgerError> {
        format!("org:{organisation}:stated").parse()
    }

    /// `tax:PERCENT:collected`; 100,000 ppm make `tax:10:collected`.
    pub fn tax_collected(tax_ppm: u32) -> AccountId {
        let name = format!("tax:{}:collected", percent(tax_ppm));
        AccountId { name, kind: AccountKind::TaxCollected }
    }

    /// `tax:PERCENT:paid`.
    pub fn tax_paid(tax_ppm: u32) -> AccountId {
        let name = format!("tax:{}:paid", percent(tax_ppm));
        AccountId { name, kind: AccountKind::TaxPaid }
    }

    /// `minimum`.
    pub fn minimum() -> AccountId {
        AccountId { name: "minimum".to_owned(), kind: AccountKind::Minimum }
    }

    /// `rounding`.
    pub fn rounding() -> AccountId {
        AccountId { name: "rounding".to_owned(), kind: AccountKind::Rounding }
    }

    /// `revenue`.
    pub fn revenue() -> AccountId {
        AccountId { name: "revenue".to_owned(), kind: AccountKind::Revenue }
    }

    /// `provider:NAME:cash`.
    ///
    /// # Errors
    /// [`LedgerError::AccountName`].
    pub fn provider_cash(provider: &str) -> Result<AccountId, LedgerError> {
        format!("provider:{provider}:cash").parse()
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// What it is for.
    pub fn kind(&self) -> AccountKind {
        self.kind
    }

    /// Whose it is: the account, organisation or provider in the name, the percentage of a tax.
    pub fn owner(&self) -> Option<&str> {
        self.name.split(':').nth(1)
    }
}

/// A rate as percent without needless zeros: `10`, `7.8`.
fn percent(ppm: u32) -> String {
    let (whole, rest) = (ppm / 10_000, ppm % 10_000);
    match rest {
        0 => whole.to_string(),
        _ => format!("{whole}.{rest:04}").trim_end_matches('0').to_owned(),
    }
}

impl FromStr for AccountId {
    type Err = LedgerError;

    fn from_str(name: &str) -> Result<AccountId, LedgerError> {
        let mut parts = name.split(':');
        let parts = [(); 4].map(|()| parts.next());
        let kind = match parts {
            [Some("user"), Some(_), Some("due"), None] => AccountKind::UserDue,
            [Some("user"), Some(_), Some("receivable"), None] => AccountKind::UserReceivable,
            [Some("org"), Some(_), Some("payable"), None] => AccountKind::OrganisationPayable,
            [Some("org"), Some(_), Some("held"), None] => AccountKind::OrganisationHeld,
            [Some("org"), Some(_), Some("stated"), None] => AccountKind::OrganisationStated,
            [Some("tax"), Some(_), Some("collected"), None] => AccountKind::TaxCollected,
            [Some("tax"), Some(_), Some("paid"), None] => AccountKind::TaxPaid,
            [Some("minimum"), None, ..] => AccountKind::Minimum,
            [Some("rounding"), None, ..] => AccountKind::Rounding,
            [Some("revenue"), None, ..] => AccountKind::Revenue,
            [Some("provider"), Some(_), Some("cash"), None] => AccountKind::ProviderCash,
            _ => return Err(LedgerError::AccountName(name.to_owned())),
        };
        if !parts[1].is_none_or(is_owner) {
            return Err(LedgerError::AccountName(name.to_owned()));
        }
        Ok(AccountId { name: name.to_owned(), kind })
    }
}

fn is_owner(owner: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    (1..=OWNER_BYTES_MAX).contains(&owner.len()) && owner.bytes().all(allowed)
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl From<AccountId> for String {
    fn from(id: AccountId) -> String {
        id.name
    }
}

impl TryFrom<String> for AccountId {
    type Error = LedgerError;

    fn try_from(name: String) -> Result<AccountId, LedgerError> {
        name.parse()
    }
}

/// An account's totals, each at or above nothing. They only grow, but for what is pending.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Account {
    /// Its name.
    pub id: AccountId,
    /// All posted amounts that debit it.
    pub debits_posted: Sen,
    /// All posted amounts that credit it.
    pub credits_posted: Sen,
    /// All pending amounts that would debit it.
    pub debits_pending: Sen,
    /// All pending amounts that would credit it.
    pub credits_pending: Sen,
}

impl Account {
    /// What is posted: debits less credits.
    pub fn balance(&self) -> Sen {
        // Both are at or above nothing: their difference fits.
        Sen::new(self.debits_posted.get() - self.credits_posted.get())
    }
}

const TOTALS: &str = "SELECT id, debits_posted, credits_posted, debits_pending, credits_pending \
    FROM ledger_account WHERE id = $1";

const TOTALS_OF_OWNER: &str = "SELECT id, debits_posted, credits_posted, debits_pending, \
    credits_pending FROM ledger_account WHERE owner = $1 ORDER BY id";

/// One account; none that nothing was ever booked on.
///
/// # Errors
/// The database's.
pub async fn account<'e>(
    executor: impl AnyExecutor<'e>,
    id: &AccountId,
) -> Result<Option<Account>, LedgerError> {
    let row = sqlx::query(TOTALS).bind(id.as_str()).fetch_optional(executor).await?;
    row.as_ref().map(read).transpose()
}

/// All accounts of an owner (an account's or organisation's id, a provider's name).
///
/// # Errors
/// The database's.
pub async fn accounts_of<'e>(
    executor: impl AnyExecutor<'e>,
    owner: &str,
) -> Result<Vec<Account>, LedgerError> {
    let rows = sqlx::query(TOTALS_OF_OWNER).bind(owner).fetch_all(executor).await?;
    rows.iter().map(read).collect()
}

fn read(row: &AnyRow) -> Result<Account, LedgerError> {
    let id: String = row.try_get(0)?;
    Ok(Account {
        id: id.parse()?,
        debits_posted: Sen::new(row.try_get(1)?),
        credits_posted: Sen::new(row.try_get(2)?),
        debits_pending: Sen::new(row.try_get(3)?),
        credits_pending: Sen::new(row.try_get(4)?),
    })
}

/// Sets how far a user's debts may go, or (`None`) lets them go on without end. What is owed
/// already stands.
///
/// # Errors
/// [`LedgerError::Amount`] below nothing; the database's.
pub async fn set_limit(
    connection: &mut AnyConnection,
    user: &str,
    limit: Option<Sen>,
) -> Result<(), LedgerError> {
    let Some(limit) = limit else {
        sqlx::query("DELETE FROM ledger_limit WHERE owner = $1")
            .bind(user)
            .execute(connection)
            .await?;
        return Ok(());
    };
    if limit < Sen::ZERO {
        return Err(LedgerError::Amount(limit));
    }
    let set = "INSERT INTO ledger_limit (owner, amount) VALUES ($1, $2) \
        ON CONFLICT (owner) DO UPDATE SET amount = excluded.amount";
    sqlx::query(set).bind(user).bind(limit.get()).execute(connection).await?;
    Ok(())
}

/// What a user owes and may come to owe: debits, posted and pending, less posted credits, over
/// usage that is not on an invoice and invoices that are not paid.
///
/// # Errors
/// The database's.
pub async fn exposure<'e>(executor: impl AnyExecutor<'e>, user: &str) -> Result<Sen, LedgerError> {
    let sum = "SELECT CAST(COALESCE(SUM(debits_posted + debits_pending - credits_posted), 0) \
        AS BIGINT) FROM ledger_account \
        WHERE owner = $1 AND kind IN ('user_due', 'user_receivable')";
    let row = sqlx::query(sum).bind(user).fetch_one(executor).await?;
    Ok(Sen::new(row.try_get(0)?))
}

/// A user's limit, if there is one.
pub(crate) async fn limit<'e>(
    executor: impl AnyExecutor<'e>,
    user: &str,
) -> Result<Option<Sen>, LedgerError> {
    let row = sqlx::query("SELECT amount FROM ledger_limit WHERE owner = $1")
        .bind(user)
        .fetch_optional(executor)
        .await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?.map(Sen::new))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_kind_and_owner() {
        for (id, name) in [
            (AccountId::user_due("acc_1").unwrap(), "user:acc_1:due"),
            (AccountId::user_receivable("acc_1").unwrap(), "user:acc_1:receivable"),
            (AccountId::organisation_payable("JASRAC").unwrap(), "org:JASRAC:payable"),
            (AccountId::organisation_held("JASRAC").unwrap(), "org:JASRAC:held"),
            (AccountId::organisation_stated("JASRAC").unwrap(), "org:JASRAC:stated"),
            (AccountId::tax_collected(100_000), "tax:10:collected"),
            (AccountId::tax_paid(78_000), "tax:7.8:paid"),
            (AccountId::minimum(), "minimum"),
            (AccountId::rounding(), "rounding"),
            (AccountId::revenue(), "revenue"),
            (AccountId::provider_cash("bank").unwrap(), "provider:bank:cash"),
        ] {
            assert_eq!(id.as_str(), name);
            assert_eq!(name.parse::<AccountId>().unwrap(), id);
            assert_eq!(id.owner(), name.split(':').nth(1));
        }
        let long = format!("user:{}:due", "x".repeat(81));
        for name in [
            "",
            "user",
            "user::due",
            "user:a:due:b",
            "user:a b:due",
            "user:a:Due",
            "x:a:due",
            &long,
        ] {
            assert!(name.parse::<AccountId>().is_err(), "{name}");
        }
        assert!(AccountId::user_due("a:due:b").is_err());
    }
}
