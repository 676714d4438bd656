//! Transfers: reserved and then posted or voided, booked at once, or taken back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sqlx::{AnyConnection, Row};

use crate::account::{AccountId, AccountKind, exposure, limit};
use crate::error::LedgerError;
use crate::id::new_id;
use crate::record::{Outcome, Phase, Transfer, by_idempotency, transfer};
use crate::sen::Sen;
use crate::totals::{Move, changes, check_room, move_totals};

/// Longest key, kind, reference and form.
const TEXT_CHARACTERS_MAX: usize = 200;

/// One amount from a credit account to a debit account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    /// Who receives, or comes to owe.
    pub debit: AccountId,
    /// Who gives, or comes to be owed.
    pub credit: AccountId,
    /// How much; above nothing.
    pub amount: Sen,
}

/// What was used, for the lines of invoices and statements. Payer and organisations are the owners
/// of the accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// The form of usage, as tariffs name it.
    pub form: String,
    /// The rate of the consumption tax that invoice and statement add, in ppm of the amount.
    pub tax_ppm: u32,
    /// How many uses.
    pub quantity: u32,
}

/// A transfer to be made.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// What makes this one of its kind: whoever tries again gives the same key.
    pub idempotency: &'a str,
    /// What happens, in a word: `purchase`, `payment` …
    pub kind: &'a str,
    /// Of what: an id of a purchase, an invoice …
    pub reference: &'a str,
    /// When (Unix milliseconds); no part of the content that a key stands for.
    pub at_ms: i64,
    /// What was used, where invoices and statements are to count it.
    pub usage: Option<&'a Usage>,
    /// What moves; at least one.
    pub postings: &'a [Posting],
}

/// A transfer that is in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booked {
    /// Its id, `trf_…`.
    pub transfer_id: String,
    /// Whether this call did it; otherwise it was done before and this call changed nothing.
    pub fresh: bool,
}

impl Booked {
    fn before(transfer: Transfer) -> Booked {
        Booked { transfer_id: transfer.id, fresh: false }
    }
}

/// Sets amounts aside: they are pending until [`post`], [`void`], or `expires_ms` (Unix
/// milliseconds), from which on they are no longer posted and [`expire`] takes them back.
///
/// # Errors
/// [`LedgerError::KeyReused`], [`LedgerError::LimitExceeded`], an entry that breaks a rule, the
/// database's.
pub async fn reserve(
    connection: &mut AnyConnection,
    entry: &Entry<'_>,
    expires_ms: Option<i64>,
) -> Result<Booked, LedgerError> {
    if let Some(known) = known(connection, entry, Phase::Reserved).await? {
        return Ok(known);
    }
    check_limits(connection, entry.postings).await?;
    let id = insert(connection, entry, Phase::Reserved, None).await?;
    sqlx::query("INSERT INTO ledger_pending (transfer_id, expires_ms) VALUES ($1, $2)")
        .bind(&id)
        .bind(expires_ms)
        .execute(connection)
        .await?;
    Ok(Booked { transfer_id: id, fresh: true })
}

/// Reserves and posts at once.
///
/// # Errors
/// As [`reserve`].
pub async fn book(
    connection: &mut AnyConnection,
    entry: &Entry<'_>,
) -> Result<Booked, LedgerError> {
    if let Some(known) = known(connection, entry, Phase::Booked).await? {
        return Ok(known);
    }
    check_limits(connection, entry.postings).await?;
    let id = insert(connection, entry, Phase::Booked, None).await?;
    conclude(connection, &id, Outcome::Posted, entry.at_ms).await?;
    note_usage(connection, &id, entry.usage, entry.postings, entry.at_ms).await?;
    Ok(Booked { transfer_id: id, fresh: true })
}

/// Makes a pending transfer's amounts count. Posted already: nothing happens, `fresh` is false.
///
/// # Errors
/// [`LedgerError::UnknownTransfer`], [`LedgerError::AlreadyVoided`], [`LedgerError::Expired`] (also
/// where `at_ms` is too late), the database's.
pub async fn post(
    connection: &mut AnyConnection,
    transfer_id: &str,
    at_ms: i64,
) -> Result<Booked, LedgerError> {
    let found = transfer(connection, transfer_id).await?.ok_or(LedgerError::UnknownTransfer)?;
    match found.outcome {
        Some((Outcome::Posted, _)) => return Ok(Booked::before(found)),
        Some((Outcome::Voided, _)) => return Err(LedgerError::AlreadyVoided),
        Some((Outcome::Expired, _)) => return Err(LedgerError::Expired),
        None if found.expires_ms.is_some_and(|end| end <= at_ms) => {
            return Err(LedgerError::Expired);
        }
        None => {}
    }
    move_totals(connection, Move::Post, &changes(&found.postings)?).await?;
    conclude_pending(connection, &found.id, Outcome::Posted, at_ms).await?;
    note_usage(connection, &found.id, found.usage.as_ref(), &found.postings, at_ms).await?;
    Ok(Booked { transfer_id: found.id, fresh: true })
}

/// Takes a pending transfer back. Voided or expired already: nothing happens, `fresh` is false.
///
/// # Errors
/// [`LedgerError::UnknownTransfer`], [`LedgerError::AlreadyPosted`], the database's.
pub async fn void(
    connection: &mut AnyConnection,
    transfer_id: &str,
    at_ms: i64,
) -> Result<Booked, LedgerError> {
    take_back(connection, transfer_id, Outcome::Voided, at_ms).await
}

/// Takes back up to `most` pending transfers whose time is over at `now_ms`, the oldest first;
/// which they were.
///
/// # Errors
/// The database's.
pub async fn expire(
    connection: &mut AnyConnection,
    now_ms: i64,
    most: u32,
) -> Result<Vec<String>, LedgerError> {
    let over = "SELECT transfer_id FROM ledger_pending WHERE expires_ms <= $1 \
        ORDER BY expires_ms LIMIT $2";
    let rows =
        sqlx::query(over).bind(now_ms).bind(i64::from(most)).fetch_all(&mut *connection).await?;
    let mut ids = Vec::new();
    for row in rows {
        let id: String = row.try_get(0)?;
        take_back(connection, &id, Outcome::Expired, now_ms).await?;
        ids.push(id);
    }
    Ok(ids)
}

/// Books the contrary of a posted transfer, under a key of its own: the only way to mend one. Kind,
/// reference and usage are those of the transfer; limits do not bind it.
///
/// # Errors
/// [`LedgerError::UnknownTransfer`], [`LedgerError::NotPosted`], [`LedgerError::AlreadyReversed`],
/// [`LedgerError::IsReversal`], [`LedgerError::KeyReused`], the database's.
pub async fn reverse(
    connection: &mut AnyConnection,
    transfer_id: &str,
    idempotency: &str,
    at_ms: i64,
) -> Result<Booked, LedgerError> {
    if let Some(known) = by_idempotency(connection, idempotency).await? {
        return match known.reverses.as_deref() == Some(transfer_id) {
            true => Ok(Booked::before(known)),
            false => Err(LedgerError::KeyReused { transfer_id: known.id }),
        };
    }
    let found = transfer(connection, transfer_id).await?.ok_or(LedgerError::UnknownTransfer)?;
    if found.reverses.is_some() {
        return Err(LedgerError::IsReversal);
    }
    if let Some(by) = found.reversed_by {
        return Err(LedgerError::AlreadyReversed { by });
    }
    if !matches!(found.outcome, Some((Outcome::Posted, _))) {
        return Err(LedgerError::NotPosted);
    }
    let contrary = |posting: Posting| Posting {
        debit: posting.credit,
        credit: posting.debit,
        amount: posting.amount,
    };
    let postings: Vec<Posting> = found.postings.into_iter().map(contrary).collect();
    let entry = Entry {
        idempotency,
        kind: &found.kind,
        reference: &found.reference,
        at_ms,
        usage: found.usage.as_ref(),
        postings: &postings,
    };
    check_entry(&entry)?;
    let id = insert(connection, &entry, Phase::Reversal, Some(transfer_id)).await?;
    conclude(connection, &id, Outcome::Posted, at_ms).await?;
    note_usage(connection, &id, entry.usage, entry.postings, at_ms).await?;
    Ok(Booked { transfer_id: id, fresh: true })
}

/// The transfer that has the entry's key, if it has the entry's content too.
async fn known(
    connection: &mut AnyConnection,
    entry: &Entry<'_>,
    phase: Phase,
) -> Result<Option<Booked>, LedgerError> {
    check_entry(entry)?;
    let Some(known) = by_idempotency(connection, entry.idempotency).await? else {
        return Ok(None);
    };
    let same = known.phase == phase
        && known.kind == entry.kind
        && known.reference == entry.reference
        && known.usage.as_ref() == entry.usage
        && known.postings == entry.postings;
    match same {
        true => Ok(Some(Booked::before(known))),
        false => Err(LedgerError::KeyReused { transfer_id: known.id }),
    }
}

fn check_entry(entry: &Entry<'_>) -> Result<(), LedgerError> {
    let texts = [
        ("idempotency", entry.idempotency),
        ("kind", entry.kind),
        ("reference", entry.reference),
        ("form", entry.usage.map_or("none", |usage| &usage.form)),
    ];
    for (name, text) in texts {
        // PostgreSQL's texts hold no NUL.
        let fits = (1..=TEXT_CHARACTERS_MAX).contains(&text.chars().count());
        if !fits || text.contains('\0') {
            return Err(LedgerError::Text(name));
        }
    }
    if entry.postings.is_empty() {
        return Err(LedgerError::NoPostings);
    }
    for posting in entry.postings {
        if posting.amount <= Sen::ZERO {
            return Err(LedgerError::Amount(posting.amount));
        }
        if posting.debit == posting.credit {
            return Err(LedgerError::SameAccount);
        }
    }
    Ok(())
}

/// Whether every user whose `due` is debited stays within their limit.
async fn check_limits(
    connection: &mut AnyConnection,
    postings: &[Posting],
) -> Result<(), LedgerError> {
    let mut more: BTreeMap<&str, Sen> = BTreeMap::new();
    for posting in postings {
        if let (AccountKind::UserDue, Some(user)) = (posting.debit.kind(), posting.debit.owner()) {
            let sum = more.entry(user).or_default();
            *sum = sum.plus(posting.amount)?;
        }
    }
    for (user, more) in more {
        if let Some(limit) = limit(&mut *connection, user).await? {
            let would_be = exposure(&mut *connection, user).await?.plus(more)?;
            if would_be > limit {
                return Err(LedgerError::LimitExceeded { owner: user.to_owned(), limit, would_be });
            }
        }
    }
    Ok(())
}

/// Writes a transfer and counts it on its accounts, as pending or as posted.
async fn insert(
    connection: &mut AnyConnection,
    entry: &Entry<'_>,
    phase: Phase,
    reverses: Option<&str>,
) -> Result<String, LedgerError> {
    let changes = changes(entry.postings)?;
    check_room(connection, &changes).await?;
    let open = "INSERT INTO ledger_account (id, kind, owner, opened_ms) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (id) DO NOTHING";
    for id in changes.keys() {
        sqlx::query(open)
            .bind(id.as_str())
            .bind(id.kind().as_str())
            .bind(id.owner())
            .bind(entry.at_ms)
            .execute(&mut *connection)
            .await?;
    }
    let moved = if phase == Phase::Reserved { Move::Reserve } else { Move::Book };
    move_totals(connection, moved, &changes).await?;
    let id = new_id("trf_")?;
    let add = "INSERT INTO ledger_transfer (id, idempotency, phase, kind, reference, at_ms, form, \
        tax_ppm, quantity, reverses) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    sqlx::query(add)
        .bind(&id)
        .bind(entry.idempotency)
        .bind(phase.as_str())
        .bind(entry.kind)
        .bind(entry.reference)
        .bind(entry.at_ms)
        .bind(entry.usage.map(|usage| usage.form.as_str()))
        .bind(entry.usage.map(|usage| i64::from(usage.tax_ppm)))
        .bind(entry.usage.map(|usage| i64::from(usage.quantity)))
        .bind(reverses)
        .execute(&mut *connection)
        .await?;
    let add = "INSERT INTO ledger_posting (transfer_id, line, debit, credit, amount) \
        VALUES ($1, $2, $3, $4, $5)";
    for (line, posting) in entry.postings.iter().enumerate() {
        sqlx::query(add)
            .bind(&id)
            .bind(line as i64)
            .bind(posting.debit.as_str())
            .bind(posting.credit.as_str())
            .bind(posting.amount.get())
            .execute(&mut *connection)
            .await?;
    }
    Ok(id)
}

async fn take_back(
    connection: &mut AnyConnection,
    transfer_id: &str,
    outcome: Outcome,
    at_ms: i64,
) -> Result<Booked, LedgerError> {
    let found = transfer(connection, transfer_id).await?.ok_or(LedgerError::UnknownTransfer)?;
    match found.outcome {
        Some((Outcome::Posted, _)) => return Err(LedgerError::AlreadyPosted),
        Some(_) => return Ok(Booked::before(found)),
        None => {}
    }
    move_totals(connection, Move::TakeBack, &changes(&found.postings)?).await?;
    conclude_pending(connection, &found.id, outcome, at_ms).await?;
    Ok(Booked { transfer_id: found.id, fresh: true })
}

async fn conclude_pending(
    connection: &mut AnyConnection,
    id: &str,
    outcome: Outcome,
    at_ms: i64,
) -> Result<(), LedgerError> {
    sqlx::query("DELETE FROM ledger_pending WHERE transfer_id = $1")
        .bind(id)
        .execute(&mut *connection)
        .await?;
    conclude(connection, id, outcome, at_ms).await
}

async fn conclude(
    connection: &mut AnyConnection,
    id: &str,
    outcome: Outcome,
    at_ms: i64,
) -> Result<(), LedgerError> {
    sqlx::query("INSERT INTO ledger_outcome (transfer_id, outcome, at_ms) VALUES ($1, $2, $3)")
        .bind(id)
        .bind(outcome.as_str())
        .bind(at_ms)
        .execute(connection)
        .await?;
    Ok(())
}

/// Puts posted usage before the next invoice and statement of its accounts.
async fn note_usage(
    connection: &mut AnyConnection,
    id: &str,
    usage: Option<&Usage>,
    postings: &[Posting],
    posted_ms: i64,
) -> Result<(), LedgerError> {
    if usage.is_none() {
        return Ok(());
    }
    let add = "INSERT INTO ledger_usage (account, transfer_id, posted_ms) VALUES ($1, $2, $3)";
    for account in changes(postings)?.keys().filter(|account| account.kind().is_settled()) {
        sqlx::query(add)
            .bind(account.as_str())
            .bind(id)
            .bind(posted_ms)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}
