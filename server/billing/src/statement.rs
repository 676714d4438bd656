//! Statements of organisations, one a month, and their payouts.

use std::collections::BTreeMap;

use onmon_ledger::{
    AccountId, AccountKind, Entry, Month, Sen, UsageLine, book, new_id, settle, tariff_at,
    unsettle, unsettled,
};
use onmon_store::Store;
use serde::Serialize;
use sqlx::{AnyConnection, Row};

use crate::Issued;
use crate::document::{self, Line, Part, Reader, next_number, read_lines, write_lines};
use crate::error::BillingError;
use crate::tax::{Effect, TaxGroup, postings};

/// What an organisation is owed for a month. Nothing of it changes; its payout comes beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// Its id, `stm_…`.
    pub id: String,
    /// Its number, from 1 without gaps.
    pub number: i64,
    /// Who is owed.
    pub organisation: String,
    /// For which month.
    pub month: Month,
    /// When it was issued (Unix milliseconds).
    pub issued_ms: i64,
    /// What was used, what minimums add, and, no part of the total, what is held.
    pub lines: Vec<Line>,
    /// Tax and total of each rate.
    pub taxes: Vec<TaxGroup>,
    /// What is to be paid out, with tax; whole yen.
    pub total: Sen,
    /// Its transfer in the ledger; none where nothing is to be paid out.
    pub transfer_id: Option<String>,
    /// Its payout.
    pub payout: Option<Payout>,
}

/// A statement's payout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Payout {
    /// Whose money it was paid from.
    pub provider: String,
    /// The bank's or provider's reference.
    pub reference: String,
    /// When (Unix milliseconds).
    pub at_ms: i64,
    /// How much.
    pub amount: Sen,
    /// Its transfer in the ledger.
    pub transfer_id: String,
}

impl Statement {
    /// How many uses and how much money (without tax) the lines of a part say.
    ///
    /// # Errors
    /// An overflow.
    pub fn sum(&self, part: Part) -> Result<(i64, Sen), BillingError> {
        let lines = || self.lines.iter().filter(|line| line.part == part);
        let amount = Sen::sum(lines().map(|line| line.usage.amount))?;
        Ok((lines().map(|line| line.usage.quantity).sum(), amount))
    }
}

/// Issues an organisation's statement of a month, which must be over in Japan at `now_ms` (Unix
/// milliseconds). A statement of this month that is there is given back instead. `None` where there
/// is nothing to state, or it would come to less than nothing: then the next month's has it.
///
/// A form of usage that comes to less than the minimum of the tariff on the month's last day (if
/// there is none, on its first) gets a line of what is missing. A form without uses to be paid has
/// no minimum.
///
/// # Errors
/// [`BillingError::MonthNotOver`], the ledger's and the database's.
pub async fn issue_statement(
    connection: &mut AnyConnection,
    organisation: &str,
    month: Month,
    now_ms: i64,
) -> Result<Option<Issued<Statement>>, BillingError> {
    if now_ms < month.end_ms() {
        return Err(BillingError::MonthNotOver);
    }
    let there = "SELECT id FROM billing_statement WHERE organisation = $1 AND month = $2";
    let there = sqlx::query(there)
        .bind(organisation)
        .bind(month.to_string())
        .fetch_optional(&mut *connection)
        .await?;
    if let Some(row) = there {
        let id: String = row.try_get(0)?;
        let made = statement(connection, Reader::Operator, &id).await?;
        let made = made.ok_or(BillingError::Unknown)?;
        return Ok(Some(Issued { made, fresh: false }));
    }
    let id = new_id("stm_")?;
    let lines = take_lines(connection, organisation, month, &id).await?;
    let taxes = document::taxes(&lines)?;
    let total = Sen::sum(taxes.iter().map(|group| group.total))?;
    if lines.is_empty() || total < Sen::ZERO {
        unsettle(connection, &id).await?;
        return Ok(None);
    }
    let transfer_id = book_statement(connection, organisation, &id, &lines, now_ms).await?;
    let number = next_number(connection, "statement").await?;
    let add = "INSERT INTO billing_statement (id, number, organisation, month, issued_ms, total, \
        transfer_id) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    sqlx::query(add)
        .bind(&id)
        .bind(number)
        .bind(organisation)
        .bind(month.to_string())
        .bind(now_ms)
        .bind(total.get())
        .bind(transfer_id.as_deref())
        .execute(&mut *connection)
        .await?;
    write_lines(connection, &id, &lines, &taxes).await?;
    let made = Statement {
        id,
        number,
        organisation: organisation.to_owned(),
        month,
        issued_ms: now_ms,
        lines,
        taxes,
        total,
        transfer_id,
        payout: None,
    };
    Ok(Some(Issued { made, fresh: true }))
}

async fn take_lines(
    connection: &mut AnyConnection,
    organisation: &str,
    month: Month,
    id: &str,
) -> Result<Vec<Line>, BillingError> {
    let payable = AccountId::organisation_payable(organisation)?;
    let used = settle(connection, &payable, month.end_ms(), id).await?;
    let held = AccountId::organisation_held(organisation)?;
    let held = settle(connection, &held, month.end_ms(), id).await?;
    let minimums = minimums(connection, organisation, month, &used).await?;
    let lines = Line::all(Part::Usage, used).chain(Line::all(Part::Minimum, minimums));
    Ok(lines.chain(Line::all(Part::Held, held)).collect())
}

/// What each form of usage is short of its month's minimum; taxed as the form's largest line.
async fn minimums(
    connection: &mut AnyConnection,
    organisation: &str,
    month: Month,
    used: &[UsageLine],
) -> Result<Vec<UsageLine>, BillingError> {
    let mut forms: BTreeMap<&str, Vec<&UsageLine>> = BTreeMap::new();
    for line in used {
        forms.entry(&line.form).or_default().push(line);
    }
    let mut minimums = Vec::new();
    for (form, lines) in forms {
        let quantity: i64 = lines.iter().map(|line| line.quantity).sum();
        let Some(largest) = lines.iter().max_by_key(|line| line.amount) else { continue };
        if quantity <= 0 {
            continue;
        }
        let mut tariff = None;
        for day in [month.last_day(), month.first_day()] {
            if tariff.is_none() {
                tariff = tariff_at(&mut *connection, organisation, form, day).await?;
            }
        }
        let Some(tariff) = tariff else { continue };
        let amount = Sen::sum(lines.iter().map(|line| line.amount))?;
        let missing = tariff.month_minimum.minus(amount)?;
        if missing > Sen::ZERO {
            minimums.push(UsageLine {
                kind: "minimum".to_owned(),
                form: form.to_owned(),
                tax_ppm: largest.tax_ppm,
                quantity: 0,
                amount: missing,
            });
        }
    }
    Ok(minimums)
}

async fn book_statement(
    connection: &mut AnyConnection,
    organisation: &str,
    id: &str,
    lines: &[Line],
    now_ms: i64,
) -> Result<Option<String>, BillingError> {
    let mut effects: Vec<Effect> = Vec::new();
    for line in lines {
        match line.part {
            Part::Usage => {
                effects.push((AccountId::organisation_payable(organisation)?, line.usage.amount));
            }
            Part::Minimum => effects.push((AccountId::minimum(), line.usage.amount)),
            Part::Held => {}
        }
    }
    for group in document::taxes(lines)? {
        effects.push((AccountId::tax_paid(group.tax_ppm), group.tax));
        let stated = AccountId::organisation_stated(organisation)?;
        effects.push((stated, Sen::ZERO.minus(group.total)?));
        effects.push((AccountId::rounding(), Sen::ZERO.minus(group.rounding)?));
    }
    let postings = postings(&effects)?;
    if postings.is_empty() {
        return Ok(None);
    }
    let entry = Entry {
        idempotency: &format!("statement:{id}"),
        kind: "statement",
        reference: id,
        at_ms: now_ms,
        usage: None,
        postings: &postings,
    };
    Ok(Some(book(connection, &entry).await?.transfer_id))
}

/// Issues the statements of a month for every organisation that has usage or held money for one,
/// each in a transaction of its own; those that were made. Called again after a failure, it goes
/// on.
///
/// # Errors
/// As [`issue_statement`].
pub async fn issue_statements(
    store: &Store,
    month: Month,
    now_ms: i64,
) -> Result<Vec<Statement>, BillingError> {
    let mut organisations = Vec::new();
    for kind in [AccountKind::OrganisationPayable, AccountKind::OrganisationHeld] {
        organisations.extend(unsettled(store.readers(), kind, month.end_ms()).await?);
    }
    organisations.sort();
    organisations.dedup();
    let mut made = Vec::new();
    for organisation in organisations {
        let mut write = store.begin().await?;
        let issued = issue_statement(&mut write, &organisation, month, now_ms).await?;
        write.commit().await?;
        made.extend(issued.filter(|issued| issued.fresh).map(|issued| issued.made));
    }
    Ok(made)
}

/// Books that a statement was paid out, from a provider's or bank's money, under its reference.
/// Booked already under this provider and reference: it is given back.
///
/// # Errors
/// [`BillingError::Unknown`], [`BillingError::NothingToPay`], [`BillingError::PaidOtherwise`], the
/// ledger's and the database's.
pub async fn pay_out(
    connection: &mut AnyConnection,
    statement_id: &str,
    provider: &str,
    reference: &str,
    now_ms: i64,
) -> Result<Issued<Payout>, BillingError> {
    let found = statement(connection, Reader::Operator, statement_id).await?;
    let found = found.ok_or(BillingError::Unknown)?;
    if let Some(made) = found.payout {
        return match made.provider == provider && made.reference == reference {
            true => Ok(Issued { made, fresh: false }),
            false => Err(BillingError::PaidOtherwise),
        };
    }
    if found.total <= Sen::ZERO {
        return Err(BillingError::NothingToPay);
    }
    let stated = AccountId::organisation_stated(&found.organisation)?;
    let cash = AccountId::provider_cash(provider)?;
    let entry = Entry {
        idempotency: &format!("payout:{statement_id}"),
        kind: "payout",
        reference: statement_id,
        at_ms: now_ms,
        usage: None,
        postings: &postings(&[(stated, found.total), (cash, Sen::ZERO.minus(found.total)?)])?,
    };
    let made = Payout {
        provider: provider.to_owned(),
        reference: reference.to_owned(),
        at_ms: now_ms,
        amount: found.total,
        transfer_id: book(connection, &entry).await?.transfer_id,
    };
    let add = "INSERT INTO billing_payout (statement_id, provider, reference, at_ms, amount, \
        transfer_id) VALUES ($1, $2, $3, $4, $5, $6)";
    sqlx::query(add)
        .bind(statement_id)
        .bind(provider)
        .bind(reference)
        .bind(now_ms)
        .bind(made.amount.get())
        .bind(&made.transfer_id)
        .execute(connection)
        .await?;
    Ok(Issued { made, fresh: true })
}

/// A statement, if it is there for who asks.
///
/// # Errors
/// The database's.
pub async fn statement(
    connection: &mut AnyConnection,
    reader: Reader<'_>,
    id: &str,
) -> Result<Option<Statement>, BillingError> {
    let Some(organisation) = reader.organisation() else { return Ok(None) };
    let sql = "SELECT s.number, s.organisation, s.month, s.issued_ms, s.total, s.transfer_id, \
        p.provider, p.reference, p.at_ms, p.amount, p.transfer_id FROM billing_statement s \
        LEFT JOIN billing_payout p ON p.statement_id = s.id \
        WHERE s.id = $1 AND s.organisation = COALESCE($2, s.organisation)";
    let row = sqlx::query(sql).bind(id).bind(organisation).fetch_optional(&mut *connection).await?;
    let Some(row) = row else { return Ok(None) };
    let payout = match row.try_get::<Option<String>, _>(6)? {
        Some(provider) => Some(Payout {
            provider,
            reference: row.try_get(7)?,
            at_ms: row.try_get(8)?,
            amount: Sen::new(row.try_get(9)?),
            transfer_id: row.try_get(10)?,
        }),
        None => None,
    };
    let (lines, taxes) = read_lines(connection, id).await?;
    Ok(Some(Statement {
        id: id.to_owned(),
        number: row.try_get(0)?,
        organisation: row.try_get(1)?,
        month: row.try_get::<String, _>(2)?.parse()?,
        issued_ms: row.try_get(3)?,
        lines,
        taxes,
        total: Sen::new(row.try_get(4)?),
        transfer_id: row.try_get(5)?,
        payout,
    }))
}

/// The statements there are for who asks, the newest first, at most `most`.
///
/// # Errors
/// The database's.
pub async fn statements(
    connection: &mut AnyConnection,
    reader: Reader<'_>,
    most: u32,
) -> Result<Vec<Statement>, BillingError> {
    let Some(organisation) = reader.organisation() else { return Ok(Vec::new()) };
    let query = match organisation {
        None => sqlx::query("SELECT id FROM billing_statement ORDER BY number DESC LIMIT $1"),
        Some(organisation) => {
            let own = "SELECT id FROM billing_statement WHERE organisation = $1 ORDER BY number DESC LIMIT $2";
            sqlx::query(own).bind(organisation)
        }
    };
    let rows = query.bind(i64::from(most)).fetch_all(&mut *connection).await?;
    let mut all = Vec::new();
    for row in rows {
        let id: String = row.try_get(0)?;
        all.extend(statement(connection, reader, &id).await?);
    }
    Ok(all)
}
