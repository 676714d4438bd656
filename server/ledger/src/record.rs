//! A transfer as it stands in the ledger.

use onmon_store::StoreError;
use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use crate::error::LedgerError;
use crate::sen::Sen;
use crate::transfer::{Posting, Usage};

/// What became of a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Its amounts count.
    Posted,
    /// Taken back before it counted.
    Voided,
    /// Its time ran out before it counted.
    Expired,
}

impl Outcome {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Outcome::Posted => "posted",
            Outcome::Voided => "voided",
            Outcome::Expired => "expired",
        }
    }

    fn read(word: &str) -> Result<Outcome, LedgerError> {
        match word {
            "posted" => Ok(Outcome::Posted),
            "voided" => Ok(Outcome::Voided),
            "expired" => Ok(Outcome::Expired),
            _ => Err(foreign("an unknown outcome")),
        }
    }
}

/// How a transfer came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// At once.
    Booked,
    /// First pending.
    Reserved,
    /// To take another one back.
    Reversal,
}

impl Phase {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Phase::Booked => "booked",
            Phase::Reserved => "reserved",
            Phase::Reversal => "reversal",
        }
    }

    fn read(word: &str) -> Result<Phase, LedgerError> {
        match word {
            "booked" => Ok(Phase::Booked),
            "reserved" => Ok(Phase::Reserved),
            "reversal" => Ok(Phase::Reversal),
            _ => Err(foreign("an unknown phase")),
        }
    }
}

/// A transfer as it stands in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Transfer {
    /// Its id, `trf_…`.
    pub id: String,
    /// The key it was booked under.
    pub idempotency: String,
    #[serde(skip)]
    pub(crate) phase: Phase,
    /// What happened, in a word.
    pub kind: String,
    /// Of what: a purchase's, invoice's or statement's id.
    pub reference: String,
    /// When it was asked for (Unix milliseconds).
    pub at_ms: i64,
    /// What was used, if it is usage.
    pub usage: Option<Usage>,
    /// The transfer this one takes back.
    pub reverses: Option<String>,
    /// The transfer that takes this one back.
    pub reversed_by: Option<String>,
    /// What became of it and when (Unix milliseconds); `None` while it is pending.
    pub outcome: Option<(Outcome, i64)>,
    /// Until when it waits, while it is pending and does not wait for ever.
    pub expires_ms: Option<i64>,
    /// What it moves.
    pub postings: Vec<Posting>,
}

const BY_ID: &str = "SELECT t.id, t.idempotency, t.phase, t.kind, t.reference, t.at_ms, t.form, \
    t.tax_ppm, t.quantity, t.reverses, r.id, o.outcome, o.at_ms, p.expires_ms \
    FROM ledger_transfer t \
    LEFT JOIN ledger_transfer r ON r.reverses = t.id \
    LEFT JOIN ledger_outcome o ON o.transfer_id = t.id \
    LEFT JOIN ledger_pending p ON p.transfer_id = t.id \
    WHERE t.id = $1";

const ID_BY_KEY: &str = "SELECT id FROM ledger_transfer WHERE idempotency = $1";

const POSTINGS: &str =
    "SELECT debit, credit, amount FROM ledger_posting WHERE transfer_id = $1 ORDER BY line";

/// A transfer by its id.
///
/// # Errors
/// The database's.
pub async fn transfer(
    connection: &mut AnyConnection,
    id: &str,
) -> Result<Option<Transfer>, LedgerError> {
    let Some(row) = sqlx::query(BY_ID).bind(id).fetch_optional(&mut *connection).await? else {
        return Ok(None);
    };
    let rows = sqlx::query(POSTINGS).bind(id).fetch_all(connection).await?;
    let postings = rows.iter().map(posting).collect::<Result<_, _>>()?;
    read(&row, postings).map(Some)
}

/// A transfer by the key it was booked under.
///
/// # Errors
/// The database's.
pub async fn by_idempotency(
    connection: &mut AnyConnection,
    key: &str,
) -> Result<Option<Transfer>, LedgerError> {
    let row = sqlx::query(ID_BY_KEY).bind(key).fetch_optional(&mut *connection).await?;
    match row {
        Some(row) => transfer(connection, &row.try_get::<String, _>(0)?).await,
        None => Ok(None),
    }
}

fn posting(row: &AnyRow) -> Result<Posting, LedgerError> {
    let (debit, credit): (String, String) = (row.try_get(0)?, row.try_get(1)?);
    let amount = Sen::new(row.try_get(2)?);
    Ok(Posting { debit: debit.parse()?, credit: credit.parse()?, amount })
}

fn read(row: &AnyRow, postings: Vec<Posting>) -> Result<Transfer, LedgerError> {
    let usage = match row.try_get::<Option<String>, _>(6)? {
        Some(form) => Some(Usage {
            form,
            tax_ppm: small(row.try_get(7)?)?,
            quantity: small(row.try_get(8)?)?,
        }),
        None => None,
    };
    let outcome = match row.try_get::<Option<String>, _>(11)? {
        Some(word) => Some((Outcome::read(&word)?, row.try_get(12)?)),
        None => None,
    };
    Ok(Transfer {
        id: row.try_get(0)?,
        idempotency: row.try_get(1)?,
        phase: Phase::read(&row.try_get::<String, _>(2)?)?,
        kind: row.try_get(3)?,
        reference: row.try_get(4)?,
        at_ms: row.try_get(5)?,
        usage,
        reverses: row.try_get(9)?,
        reversed_by: row.try_get(10)?,
        outcome,
        expires_ms: row.try_get(13)?,
        postings,
    })
}

pub(crate) fn small(number: i64) -> Result<u32, LedgerError> {
    u32::try_from(number).map_err(|error| LedgerError::Store(StoreError::foreign(error)))
}

pub(crate) fn foreign(what: &'static str) -> LedgerError {
    LedgerError::Store(StoreError::foreign(std::io::Error::other(what)))
}
