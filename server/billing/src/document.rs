//! What invoices and statements have in common: numbers, lines, taxes, and who may read them.

use onmon_ledger::{Sen, UsageLine};
use onmon_store::StoreError;
use serde::Serialize;
use sqlx::{AnyConnection, Row};

use crate::error::BillingError;
use crate::tax::TaxGroup;

/// Who asks for a document. What is another's is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader<'a> {
    /// Whoever runs the server: everything.
    Operator,
    /// A user's account: its invoices and payments.
    Account(&'a str),
    /// An organisation: its statements.
    Organisation(&'a str),
}

impl<'a> Reader<'a> {
    /// Whose documents this reader sees of those that belong to accounts: `None` is nobody's,
    /// `Some(None)` everybody's.
    pub(crate) fn account(self) -> Option<Option<&'a str>> {
        match self {
            Reader::Operator => Some(None),
            Reader::Account(account) => Some(Some(account)),
            Reader::Organisation(_) => None,
        }
    }

    /// The same of those that belong to organisations.
    pub(crate) fn organisation(self) -> Option<Option<&'a str>> {
        match self {
            Reader::Operator => Some(None),
            Reader::Organisation(organisation) => Some(Some(organisation)),
            Reader::Account(_) => None,
        }
    }
}

/// What a line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Usage to be paid.
    Usage,
    /// What the month's minimum adds to the usage of a form.
    Minimum,
    /// Usage whose money is held while its claims conflict; no part of the total.
    Held,
}

impl Part {
    fn as_str(self) -> &'static str {
        match self {
            Part::Usage => "usage",
            Part::Minimum => "minimum",
            Part::Held => "held",
        }
    }

    fn read(word: &str) -> Result<Part, BillingError> {
        match word {
            "usage" => Ok(Part::Usage),
            "minimum" => Ok(Part::Minimum),
            "held" => Ok(Part::Held),
            _ => Err(foreign("an unknown part of a document")),
        }
    }
}

/// A line of a document; its amount is without tax.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Line {
    /// What it says.
    pub part: Part,
    /// Of what, how much.
    #[serde(flatten)]
    pub usage: UsageLine,
}

impl Line {
    pub(crate) fn all(part: Part, lines: Vec<UsageLine>) -> impl Iterator<Item = Line> {
        lines.into_iter().map(move |usage| Line { part, usage })
    }
}

/// The taxes of all that is to be paid.
pub(crate) fn taxes(lines: &[Line]) -> Result<Vec<TaxGroup>, BillingError> {
    let paid = lines.iter().filter(|line| line.part != Part::Held);
    Ok(TaxGroup::of(paid.map(|line| (line.usage.tax_ppm, line.usage.amount)))?)
}

/// The next number of a series, from 1. If the transaction is not kept, neither is the number.
pub(crate) async fn next_number(
    connection: &mut AnyConnection,
    series: &'static str,
) -> Result<i64, BillingError> {
    let next = "INSERT INTO billing_number (series, last) VALUES ($1, 1) \
        ON CONFLICT (series) DO UPDATE SET last = billing_number.last + 1 RETURNING last";
    Ok(sqlx::query(next).bind(series).fetch_one(connection).await?.try_get(0)?)
}

pub(crate) async fn write_lines(
    connection: &mut AnyConnection,
    document_id: &str,
    lines: &[Line],
    taxes: &[TaxGroup],
) -> Result<(), BillingError> {
    let add = "INSERT INTO billing_line (document_id, line, part, kind, form, tax_ppm, quantity, \
        amount) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    for (at, Line { part, usage }) in lines.iter().enumerate() {
        sqlx::query(add)
            .bind(document_id)
            .bind(at as i64)
            .bind(part.as_str())
            .bind(&usage.kind)
            .bind(&usage.form)
            .bind(i64::from(usage.tax_ppm))
            .bind(usage.quantity)
            .bind(usage.amount.get())
            .execute(&mut *connection)
            .await?;
    }
    let add = "INSERT INTO billing_tax (document_id, tax_ppm, net, tax, total, rounding) \
        VALUES ($1, $2, $3, $4, $5, $6)";
    for group in taxes {
        sqlx::query(add)
            .bind(document_id)
            .bind(i64::from(group.tax_ppm))
            .bind(group.net.get())
            .bind(group.tax.get())
            .bind(group.total.get())
            .bind(group.rounding.get())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

pub(crate) async fn read_lines(
    connection: &mut AnyConnection,
    document_id: &str,
) -> Result<(Vec<Line>, Vec<TaxGroup>), BillingError> {
    let all = "SELECT part, kind, form, tax_ppm, quantity, amount FROM billing_line \
        WHERE document_id = $1 ORDER BY line";
    let mut lines = Vec::new();
    for row in sqlx::query(all).bind(document_id).fetch_all(&mut *connection).await? {
        let usage = UsageLine {
            kind: row.try_get(1)?,
            form: row.try_get(2)?,
            tax_ppm: ppm(row.try_get(3)?)?,
            quantity: row.try_get(4)?,
            amount: Sen::new(row.try_get(5)?),
        };
        lines.push(Line { part: Part::read(&row.try_get::<String, _>(0)?)?, usage });
    }
    let all = "SELECT tax_ppm, net, tax, total, rounding FROM billing_tax \
        WHERE document_id = $1 ORDER BY tax_ppm";
    let mut taxes = Vec::new();
    for row in sqlx::query(all).bind(document_id).fetch_all(connection).await? {
        taxes.push(TaxGroup {
            tax_ppm: ppm(row.try_get(0)?)?,
            net: Sen::new(row.try_get(1)?),
            tax: Sen::new(row.try_get(2)?),
            total: Sen::new(row.try_get(3)?),
            rounding: Sen::new(row.try_get(4)?),
        });
    }
    Ok((lines, taxes))
}

fn ppm(number: i64) -> Result<u32, BillingError> {
    u32::try_from(number).map_err(|error| StoreError::foreign(error).into())
}

pub(crate) fn foreign(what: &'static str) -> BillingError {
    StoreError::foreign(std::io::Error::other(what)).into()
}
