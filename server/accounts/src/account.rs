//! Accounts: made, looked up, suspended.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AnyPool, Row};

use crate::admin::{Admin, record};
use crate::api_key::{self, ApiKey};
use crate::caller::{Caller, Role};
use crate::error::AccountsError;
use crate::id::{AccountId, OrganisationId, plain};

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// As what it acts.
    pub role: Role,
    /// As people call it; not unique.
    pub name: String,
    /// Since when there is one, in Unix milliseconds.
    pub made_ms: i64,
    /// Since when it is suspended, where it is.
    pub suspended_ms: Option<i64>,
}

/// Whether users may make accounts for themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Registration {
    /// They may.
    Open,
    /// Operators make all of them.
    #[default]
    Closed,
}

/// Makes an account, with its first API key, which is shown this once.
///
/// # Errors
/// [`AccountsError::Malformed`] names; as [`record`]; the database.
pub async fn create(
    connection: &mut AnyConnection,
    admin: &Admin,
    role: &Role,
    name: &str,
) -> Result<(Account, ApiKey), AccountsError> {
    let made = insert(connection, role, name, admin.at_ms()).await?;
    let id = made.0.id.as_str();
    record(connection, admin, "account.create", id, &words(role)).await?;
    Ok(made)
}

/// A user makes an account for itself, with its first API key, which is shown this once.
///
/// # Errors
/// [`AccountsError::RegistrationClosed`], [`AccountsError::Malformed`] names; the database.
pub async fn register(
    connection: &mut AnyConnection,
    registration: Registration,
    name: &str,
    now_ms: i64,
) -> Result<(Account, ApiKey), AccountsError> {
    match registration {
        Registration::Open => insert(connection, &Role::User, name, now_ms).await,
        Registration::Closed => Err(AccountsError::RegistrationClosed),
    }
}

/// Suspends an account: its API keys are exchanged no more, its tokens end within their five
/// minutes. False if it was suspended before.
///
/// # Errors
/// [`AccountsError::NotFound`]; as [`record`]; the database.
pub async fn suspend(
    connection: &mut AnyConnection,
    admin: &Admin,
    id: &AccountId,
    reason: &str,
) -> Result<bool, AccountsError> {
    let reason = plain("reason", reason)?;
    set_suspended(connection, admin, id, Some(admin.at_ms()), ("account.suspend", reason)).await
}

/// Ends a suspension. False if there was none.
///
/// # Errors
/// As [`suspend`].
pub async fn restore(
    connection: &mut AnyConnection,
    admin: &Admin,
    id: &AccountId,
) -> Result<bool, AccountsError> {
    set_suspended(connection, admin, id, None, ("account.restore", "")).await
}

/// Gives an account another role. Tokens that were issued before keep the old one until they end.
///
/// # Errors
/// [`AccountsError::NotFound`]; as [`record`]; the database.
pub async fn set_role(
    connection: &mut AnyConnection,
    admin: &Admin,
    id: &AccountId,
    role: &Role,
) -> Result<(), AccountsError> {
    // Recorded first: who is refused there must not have changed its own role before.
    record(connection, admin, "account.role", id.as_str(), &words(role)).await?;
    let changed = sqlx::query("UPDATE account SET role = $1, organisation = $2 WHERE id = $3")
        .bind(role.name())
        .bind(role.organisation().map(OrganisationId::as_str))
        .bind(id.as_str())
        .execute(connection)
        .await?;
    if changed.rows_affected() == 0 { Err(AccountsError::NotFound) } else { Ok(()) }
}

/// An account, to itself and to operators.
///
/// # Errors
/// [`AccountsError::NotFound`], the same for one that is not there and one that is another's; the
/// database.
pub async fn account(
    pool: &AnyPool,
    caller: &Caller,
    id: &AccountId,
) -> Result<Account, AccountsError> {
    let row = sqlx::query(
        "SELECT id, role, organisation, name, made_ms, suspended_ms FROM account \
         WHERE id = $1 AND (id = $2 OR $3 = 1)",
    )
    .bind(id.as_str())
    .bind(caller.account_id.as_str())
    .bind(i64::from(caller.is_operator()))
    .fetch_optional(pool)
    .await?;
    read(&row.ok_or(AccountsError::NotFound)?)
}

/// Accounts in the order of their ids, those behind `after`, at most `limit` of them. Operators
/// alone may ask.
///
/// # Errors
/// [`AccountsError::Forbidden`]; the database.
pub async fn accounts(
    pool: &AnyPool,
    caller: &Caller,
    after: Option<&AccountId>,
    limit: u32,
) -> Result<Vec<Account>, AccountsError> {
    caller.require_operator()?;
    let rows = sqlx::query(
        "SELECT id, role, organisation, name, made_ms, suspended_ms FROM account \
         WHERE id > $1 ORDER BY id LIMIT $2",
    )
    .bind(after.map_or("", AccountId::as_str))
    .bind(i64::from(limit))
    .fetch_all(pool)
    .await?;
    rows.iter().map(read).collect()
}

/// Columns id, role, organisation, name, made_ms, suspended_ms.
fn read(row: &AnyRow) -> Result<Account, AccountsError> {
    let id: String = row.try_get("id")?;
    Ok(Account {
        id: id.parse().map_err(foreign)?,
        role: role(row)?,
        name: row.try_get("name")?,
        made_ms: row.try_get("made_ms")?,
        suspended_ms: row.try_get("suspended_ms")?,
    })
}

/// Columns role, organisation.
pub(crate) fn role(row: &AnyRow) -> Result<Role, AccountsError> {
    let (name, organisation): (String, Option<String>) =
        (row.try_get("role")?, row.try_get("organisation")?);
    Role::from_parts(&name, organisation.as_deref())
        .ok_or_else(|| foreign(AccountsError::Malformed("role")))
}

/// A value in the tables that this program never writes.
pub(crate) fn foreign(error: AccountsError) -> AccountsError {
    AccountsError::Store(onmon_store::StoreError::foreign(error))
}

fn words(role: &Role) -> String {
    match role.organisation() {
        Some(organisation) => format!("{} {organisation}", role.name()),
        None => role.name().to_owned(),
    }
}

async fn insert(
    connection: &mut AnyConnection,
    role: &Role,
    name: &str,
    now_ms: i64,
) -> Result<(Account, ApiKey), AccountsError> {
    let name = plain("name", name)?;
    let id = AccountId::random()?;
    sqlx::query(
        "INSERT INTO account (id, role, organisation, name, made_ms) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(id.as_str())
    .bind(role.name())
    .bind(role.organisation().map(OrganisationId::as_str))
    .bind(name)
    .bind(now_ms)
    .execute(&mut *connection)
    .await?;
    let (key, _) = api_key::insert(connection, &id, "first", now_ms).await?;
    let (role, name) = (role.clone(), name.to_owned());
    Ok((Account { id, role, name, made_ms: now_ms, suspended_ms: None }, key))
}

async fn set_suspended(
    connection: &mut AnyConnection,
    admin: &Admin,
    id: &AccountId,
    since_ms: Option<i64>,
    (action, detail): (&str, &str),
) -> Result<bool, AccountsError> {
    // Recorded first: who is refused there must not have ended its own suspension before.
    record(connection, admin, action, id.as_str(), detail).await?;
    let row = sqlx::query("SELECT suspended_ms FROM account WHERE id = $1")
        .bind(id.as_str())
        .fetch_optional(&mut *connection)
        .await?;
    let before: Option<i64> = row.ok_or(AccountsError::NotFound)?.try_get(0)?;
    if before.is_some() == since_ms.is_some() {
        return Ok(false);
    }
    sqlx::query("UPDATE account SET suspended_ms = $1 WHERE id = $2")
        .bind(since_ms)
        .bind(id.as_str())
        .execute(connection)
        .await?;
    Ok(true)
}
