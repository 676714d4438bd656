//! What operators do, recorded in the transaction that does it.

use sqlx::{AnyConnection, AnyPool, Row};

use crate::caller::{Caller, Role, confirm};
use crate::error::AccountsError;
use crate::id::AccountId;

/// Somebody who may administer. Functions that do ask for one, so none is called without.
#[derive(Debug, Clone)]
pub struct Admin {
    /// `None` is the console.
    operator: Option<AccountId>,
    origin: String,
    at_ms: i64,
}

/// What an operator did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// From 1, without a gap.
    pub seq: i64,
    /// When, in Unix milliseconds.
    pub at_ms: i64,
    /// Who: an account, or `console`.
    pub actor: String,
    /// What, as `room.verb`.
    pub action: String,
    /// To whom or what: an id.
    pub subject: String,
    /// In which way, for people.
    pub detail: String,
    /// From which address.
    pub origin: String,
}

impl Admin {
    /// An operator, from this address.
    ///
    /// # Errors
    /// [`AccountsError::Forbidden`] for all other roles.
    pub fn operator(caller: &Caller, origin: &str, now_ms: i64) -> Result<Admin, AccountsError> {
        caller.require_operator()?;
        let operator = Some(caller.account_id.clone());
        Ok(Admin { operator, origin: origin.to_owned(), at_ms: now_ms })
    }

    /// Who has the machine, or the admin token it was set up with.
    pub fn console(origin: &str, now_ms: i64) -> Admin {
        Admin { operator: None, origin: origin.to_owned(), at_ms: now_ms }
    }

    /// When it acts, in Unix milliseconds.
    pub fn at_ms(&self) -> i64 {
        self.at_ms
    }
}

/// Records what an operator does, in the transaction that does it, and returns its number. An
/// operator who was suspended since its token was issued is refused here. Where the deed itself
/// fails the transaction is to be dropped, and the record with it.
///
/// # Errors
/// [`AccountsError::Suspended`], [`AccountsError::Forbidden`]; the database.
pub async fn record(
    connection: &mut AnyConnection,
    admin: &Admin,
    action: &str,
    subject: &str,
    detail: &str,
) -> Result<i64, AccountsError> {
    if let Some(operator) = &admin.operator {
        let caller = Caller { account_id: operator.clone(), role: Role::Operator };
        confirm(&mut *connection, &caller).await?;
    }
    // One writer at a time: nobody takes the same number.
    let row = sqlx::query(
        "INSERT INTO admin_action (seq, at_ms, actor, action, subject, detail, origin) \
         SELECT COALESCE(MAX(seq), 0) + 1, CAST($1 AS BIGINT), $2, $3, $4, $5, $6 \
         FROM admin_action RETURNING seq",
    )
    .bind(admin.at_ms)
    .bind(admin.operator.as_ref().map_or(CONSOLE, AccountId::as_str))
    .bind(action)
    .bind(subject)
    .bind(detail)
    .bind(&admin.origin)
    .fetch_one(connection)
    .await?;
    Ok(row.try_get(0)?)
}

/// What operators did, newest first: those with a number under `before`, at most `limit` of them,
/// to one `subject` or to all. Operators alone may ask.
///
/// # Errors
/// [`AccountsError::Forbidden`]; the database.
pub async fn actions(
    pool: &AnyPool,
    caller: &Caller,
    subject: Option<&str>,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<Action>, AccountsError> {
    caller.require_operator()?;
    let rows = sqlx::query(
        "SELECT seq, at_ms, actor, action, subject, detail, origin FROM admin_action \
         WHERE seq < $1 AND (subject = $2 OR $3 = 1) ORDER BY seq DESC LIMIT $4",
    )
    .bind(before.unwrap_or(i64::MAX))
    .bind(subject.unwrap_or_default())
    .bind(i64::from(subject.is_none()))
    .bind(i64::from(limit))
    .fetch_all(pool)
    .await?;
    let action = |row: &sqlx::any::AnyRow| -> Result<Action, sqlx::Error> {
        Ok(Action {
            seq: row.try_get("seq")?,
            at_ms: row.try_get("at_ms")?,
            actor: row.try_get("actor")?,
            action: row.try_get("action")?,
            subject: row.try_get("subject")?,
            detail: row.try_get("detail")?,
            origin: row.try_get("origin")?,
        })
    };
    Ok(rows.iter().map(action).collect::<Result<_, _>>()?)
}

const CONSOLE: &str = "console";
