//! A claim as a row of the database, and back.

use std::str::FromStr;

use onmon_store::StoreError;
use sqlx::any::AnyRow;
use sqlx::query::Query;
use sqlx::{Any, Row};

use crate::claim::Claim;
use crate::date::{Date, Period};

/// The claim in the columns from `first` on: claimant, party, share, forms, territories, from,
/// until, state. None if the claimant is empty: a row that a join found no claim for.
pub fn claim(row: &AnyRow, first: usize) -> Result<Option<Claim>, StoreError> {
    let text = |at: usize| row.try_get::<String, _>(first + at);
    let claimant = text(0)?;
    if claimant.is_empty() {
        return Ok(None);
    }
    let share_ppm: i64 = row.try_get(first + 2)?;
    let (from, until) = (optional::<Date>(&text(5)?)?, optional::<Date>(&text(6)?)?);
    Ok(Some(Claim {
        claimant: parsed(&claimant)?,
        party: optional(&text(1)?)?,
        share_ppm: u32::try_from(share_ppm).map_err(StoreError::foreign)?,
        form: parsed(&text(3)?)?,
        territory: parsed(&text(4)?)?,
        period: Period::new(from, until).map_err(StoreError::foreign)?,
        state: parsed(&text(7)?)?,
    }))
}

/// Binds a claim's eight columns, in the order that [`claim`] reads them.
pub fn bind<'q>(
    query: Query<'q, Any, sqlx::any::AnyArguments>,
    claim: &Claim,
) -> Query<'q, Any, sqlx::any::AnyArguments> {
    let day = |date: Option<Date>| date.map(|date| date.to_string()).unwrap_or_default();
    query
        .bind(claim.claimant.to_string())
        .bind(claim.party.as_ref().map(ToString::to_string).unwrap_or_default())
        .bind(i64::from(claim.share_ppm))
        .bind(claim.form.to_string())
        .bind(claim.territory.to_string())
        .bind(day(claim.period.from()))
        .bind(day(claim.period.until()))
        .bind(claim.state.as_str())
}

/// What '' stands for: nothing.
pub fn optional<T>(text: &str) -> Result<Option<T>, StoreError>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    if text.is_empty() { Ok(None) } else { parsed(text).map(Some) }
}

/// The parts of a list; '' is the empty one.
pub fn list<T>(text: &str) -> Result<Vec<T>, StoreError>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    if text.is_empty() { Ok(Vec::new()) } else { text.split(';').map(parsed).collect() }
}

fn parsed<T>(text: &str) -> Result<T, StoreError>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    text.parse().map_err(StoreError::foreign)
}
