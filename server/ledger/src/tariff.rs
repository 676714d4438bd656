//! What an organisation asks for a use: versions by date, and the charge.

use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AnyExecutor, Row};

use crate::calendar::Date;
use crate::error::LedgerError;
use crate::record::{foreign, small};
use crate::sen::Sen;

/// How a use is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "rate", rename_all = "snake_case")]
pub enum Rate {
    /// A share of the price, and no less than a floor.
    Share {
        /// Parts per million of the price, 0 to 1,000,000.
        ppm: u32,
        /// The least for a use.
        floor: Sen,
    },
    /// The same for every use.
    Flat {
        /// How much.
        amount: Sen,
    },
    /// From here on there is no tariff.
    Closed,
}

/// One version of what an organisation asks for a form of usage. All amounts are without
/// consumption tax.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tariff {
    /// Who asks.
    pub organisation: String,
    /// For what.
    pub form: String,
    /// The first day it is valid.
    pub valid_from: Date,
    /// The first day it is no longer valid: the next version's first. Not read by [`tariff_add`].
    pub valid_to: Option<Date>,
    /// How a use is charged.
    pub rate: Rate,
    /// The least for a month with usage.
    pub month_minimum: Sen,
    /// Where the figures are from, with the day they were read.
    pub source: String,
}

/// What one use costs at a price: the larger of the floor and the share, or the flat amount. The
/// share is rounded to the nearest sen, a half up: 7.7 % of 150.00 yen is 11.55 yen.
///
/// # Errors
/// [`LedgerError::TariffClosed`]; [`LedgerError::Amount`] for a price below nothing;
/// [`LedgerError::Overflow`].
pub fn charge(tariff: &Tariff, price: Sen) -> Result<Sen, LedgerError> {
    if price < Sen::ZERO {
        return Err(LedgerError::Amount(price));
    }
    match tariff.rate {
        Rate::Share { ppm, floor } => Ok(price.part(ppm)?.max(floor)),
        Rate::Flat { amount } => Ok(amount),
        Rate::Closed => Err(LedgerError::TariffClosed),
    }
}

/// Adds a version, which ends the one before it. Versions are never edited.
///
/// # Errors
/// [`LedgerError::TariffOrder`] where a version begins on that day or later;
/// [`LedgerError::Amount`] below nothing; [`LedgerError::Shares`] for a share beyond the whole;
/// [`LedgerError::Text`]; the database's.
pub async fn tariff_add(
    connection: &mut AnyConnection,
    tariff: &Tariff,
) -> Result<(), LedgerError> {
    let (rate, ppm, amount) = match tariff.rate {
        Rate::Share { ppm, floor } => ("share", ppm, floor),
        Rate::Flat { amount } => ("flat", 0, amount),
        Rate::Closed => ("closed", 0, Sen::ZERO),
    };
    if ppm > 1_000_000 {
        return Err(LedgerError::Shares);
    }
    for money in [amount, tariff.month_minimum] {
        if money < Sen::ZERO {
            return Err(LedgerError::Amount(money));
        }
    }
    for (name, text) in [("organisation", &tariff.organisation), ("form", &tariff.form)] {
        if text.is_empty() || text.chars().count() > 200 || text.contains('\0') {
            return Err(LedgerError::Text(name));
        }
    }
    let versions = tariffs(&mut *connection, &tariff.organisation, &tariff.form).await?;
    if let Some(newest) = versions.last().filter(|last| last.valid_from >= tariff.valid_from) {
        return Err(LedgerError::TariffOrder { newest: newest.valid_from });
    }
    let add = "INSERT INTO ledger_tariff (organisation, form, valid_from, rate, share_ppm, amount, \
        month_minimum, source) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    sqlx::query(add)
        .bind(&tariff.organisation)
        .bind(&tariff.form)
        .bind(tariff.valid_from.to_string())
        .bind(rate)
        .bind(i64::from(ppm))
        .bind(amount.get())
        .bind(tariff.month_minimum.get())
        .bind(&tariff.source)
        .execute(connection)
        .await?;
    Ok(())
}

/// Ends the newest version on a day, with none after it.
///
/// # Errors
/// As [`tariff_add`].
pub async fn tariff_close(
    connection: &mut AnyConnection,
    organisation: &str,
    form: &str,
    from: Date,
    source: &str,
) -> Result<(), LedgerError> {
    let closed = Tariff {
        organisation: organisation.to_owned(),
        form: form.to_owned(),
        valid_from: from,
        valid_to: None,
        rate: Rate::Closed,
        month_minimum: Sen::ZERO,
        source: source.to_owned(),
    };
    tariff_add(connection, &closed).await
}

/// All versions, the oldest first, the closed among them.
///
/// # Errors
/// The database's.
pub async fn tariffs<'e>(
    executor: impl AnyExecutor<'e>,
    organisation: &str,
    form: &str,
) -> Result<Vec<Tariff>, LedgerError> {
    let all = "SELECT organisation, form, valid_from, rate, share_ppm, amount, month_minimum, \
        source FROM ledger_tariff WHERE organisation = $1 AND form = $2";
    let rows = sqlx::query(all).bind(organisation).bind(form).fetch_all(executor).await?;
    let mut versions = rows.iter().map(read).collect::<Result<Vec<Tariff>, _>>()?;
    versions.sort_by_key(|version| version.valid_from);
    let nexts: Vec<Date> = versions.iter().skip(1).map(|next| next.valid_from).collect();
    for (version, next) in versions.iter_mut().zip(nexts) {
        version.valid_to = Some(next);
    }
    Ok(versions)
}

/// The version that is valid on a day, if one is.
///
/// # Errors
/// The database's.
pub async fn tariff_at<'e>(
    executor: impl AnyExecutor<'e>,
    organisation: &str,
    form: &str,
    date: Date,
) -> Result<Option<Tariff>, LedgerError> {
    let versions = tariffs(executor, organisation, form).await?;
    let begun = versions.into_iter().rev().find(|version| version.valid_from <= date);
    Ok(begun.filter(|version| version.rate != Rate::Closed))
}

fn read(row: &AnyRow) -> Result<Tariff, LedgerError> {
    let amount = Sen::new(row.try_get(5)?);
    let rate = match row.try_get::<String, _>(3)?.as_str() {
        "share" => Rate::Share { ppm: small(row.try_get(4)?)?, floor: amount },
        "flat" => Rate::Flat { amount },
        "closed" => Rate::Closed,
        _ => return Err(foreign("an unknown rate")),
    };
    Ok(Tariff {
        organisation: row.try_get(0)?,
        form: row.try_get(1)?,
        valid_from: row.try_get::<String, _>(2)?.parse()?,
        valid_to: None,
        rate,
        month_minimum: Sen::new(row.try_get(6)?),
        source: row.try_get(7)?,
    })
}
