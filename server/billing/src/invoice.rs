//! Invoices of users, one a month, and the credit notes that withdraw them.

use onmon_ledger::{
    AccountId, AccountKind, Entry, Month, Sen, book, new_id, reverse, settle, unsettle, unsettled,
};
use onmon_store::Store;
use serde::Serialize;
use sqlx::{AnyConnection, Row};

use crate::Issued;
use crate::document::{self, Line, Part, Reader, next_number, read_lines, write_lines};
use crate::error::BillingError;
use crate::tax::{Effect, TaxGroup, postings};

/// An invoice. Nothing of it changes; a credit note and payments come beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Invoice {
    /// Its id, `inv_…`.
    pub id: String,
    /// Its number, from 1 without gaps.
    pub number: i64,
    /// Who is to pay.
    pub account: String,
    /// For which month.
    pub month: Month,
    /// When it was issued (Unix milliseconds).
    pub issued_ms: i64,
    /// What was used.
    pub lines: Vec<Line>,
    /// Tax and total of each rate.
    pub taxes: Vec<TaxGroup>,
    /// What is to be paid, with tax; whole yen.
    pub total: Sen,
    /// Its transfer in the ledger; none where everything came to nothing.
    pub transfer_id: Option<String>,
    /// The credit note that withdrew it.
    pub credited_by: Option<String>,
    /// The payment that paid it.
    pub paid_by: Option<String>,
}

/// What withdraws an invoice as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CreditNote {
    /// Its id, `crn_…`.
    pub id: String,
    /// Its number, from 1 without gaps, in a series of its own.
    pub number: i64,
    /// What it withdraws.
    pub invoice_id: String,
    /// When it was issued (Unix milliseconds).
    pub issued_ms: i64,
    /// Why, in words for the user.
    pub reason: String,
}

/// Issues an account's invoice of a month, which must be over in Japan at `now_ms` (Unix
/// milliseconds). An invoice of this month that is not withdrawn is given back instead. `None`
/// where there is nothing to invoice, or it would come to less than nothing: then the next month's
/// has it.
///
/// # Errors
/// [`BillingError::MonthNotOver`], the ledger's and the database's.
pub async fn issue_invoice(
    connection: &mut AnyConnection,
    account: &str,
    month: Month,
    now_ms: i64,
) -> Result<Option<Issued<Invoice>>, BillingError> {
    if now_ms < month.end_ms() {
        return Err(BillingError::MonthNotOver);
    }
    let attempt = match latest(connection, account, month).await? {
        Some((id, _, false)) => {
            let made = invoice(connection, Reader::Operator, &id).await?;
            let made = made.ok_or(BillingError::Unknown)?;
            return Ok(Some(Issued { made, fresh: false }));
        }
        Some((_, attempt, true)) => attempt + 1,
        None => 1,
    };
    let (id, due) = (new_id("inv_")?, AccountId::user_due(account)?);
    let lines = settle(connection, &due, month.end_ms(), &id).await?;
    let lines: Vec<Line> = Line::all(Part::Usage, lines).collect();
    let taxes = document::taxes(&lines)?;
    let total = Sen::sum(taxes.iter().map(|group| group.total))?;
    if lines.is_empty() || total < Sen::ZERO {
        unsettle(connection, &id).await?;
        return Ok(None);
    }
    let transfer_id = book_invoice(connection, account, &id, &taxes, now_ms).await?;
    let number = next_number(connection, "invoice").await?;
    let add = "INSERT INTO billing_invoice (id, number, account, month, attempt, issued_ms, total, \
        transfer_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    sqlx::query(add)
        .bind(&id)
        .bind(number)
        .bind(account)
        .bind(month.to_string())
        .bind(attempt)
        .bind(now_ms)
        .bind(total.get())
        .bind(transfer_id.as_deref())
        .execute(&mut *connection)
        .await?;
    write_lines(connection, &id, &lines, &taxes).await?;
    let made = Invoice {
        id,
        number,
        account: account.to_owned(),
        month,
        issued_ms: now_ms,
        lines,
        taxes,
        total,
        transfer_id,
        credited_by: None,
        paid_by: None,
    };
    Ok(Some(Issued { made, fresh: true }))
}

async fn book_invoice(
    connection: &mut AnyConnection,
    account: &str,
    id: &str,
    taxes: &[TaxGroup],
    now_ms: i64,
) -> Result<Option<String>, BillingError> {
    let mut effects: Vec<Effect> = Vec::new();
    for group in taxes {
        effects.push((AccountId::user_receivable(account)?, group.total));
        effects.push((AccountId::user_due(account)?, Sen::ZERO.minus(group.net)?));
        let tax = AccountId::tax_collected(group.tax_ppm);
        effects.push((tax, Sen::ZERO.minus(group.tax)?));
        effects.push((AccountId::rounding(), group.rounding));
    }
    let postings = postings(&effects)?;
    if postings.is_empty() {
        return Ok(None);
    }
    let entry = Entry {
        idempotency: &format!("invoice:{id}"),
        kind: "invoice",
        reference: id,
        at_ms: now_ms,
        usage: None,
        postings: &postings,
    };
    Ok(Some(book(connection, &entry).await?.transfer_id))
}

/// The id and attempt of a month's latest invoice, and whether it is withdrawn.
async fn latest(
    connection: &mut AnyConnection,
    account: &str,
    month: Month,
) -> Result<Option<(String, i64, bool)>, BillingError> {
    let sql = "SELECT i.id, i.attempt, n.id FROM billing_invoice i \
        LEFT JOIN billing_credit_note n ON n.invoice_id = i.id \
        WHERE i.account = $1 AND i.month = $2 ORDER BY i.attempt DESC LIMIT 1";
    let row =
        sqlx::query(sql).bind(account).bind(month.to_string()).fetch_optional(connection).await?;
    let Some(row) = row else { return Ok(None) };
    let note: Option<String> = row.try_get(2)?;
    Ok(Some((row.try_get(0)?, row.try_get(1)?, note.is_some())))
}

/// Issues the invoices of a month for every account that has usage for one, each in a transaction
/// of its own; those that were made. Called again after a failure, it goes on.
///
/// # Errors
/// As [`issue_invoice`].
pub async fn issue_invoices(
    store: &Store,
    month: Month,
    now_ms: i64,
) -> Result<Vec<Invoice>, BillingError> {
    let accounts = unsettled(store.readers(), AccountKind::UserDue, month.end_ms()).await?;
    let mut made = Vec::new();
    for account in accounts {
        let mut write = store.begin().await?;
        let issued = issue_invoice(&mut write, &account, month, now_ms).await?;
        write.commit().await?;
        made.extend(issued.filter(|issued| issued.fresh).map(|issued| issued.made));
    }
    Ok(made)
}

/// Withdraws an invoice as a whole, by a credit note: its transfer is reversed, and its usage waits
/// for another invoice. What was paid stays the account's. Withdrawn already: the note is given
/// back.
///
/// # Errors
/// [`BillingError::Unknown`], the ledger's and the database's.
pub async fn credit_invoice(
    connection: &mut AnyConnection,
    invoice_id: &str,
    reason: &str,
    now_ms: i64,
) -> Result<Issued<CreditNote>, BillingError> {
    if let Some(made) = credit_note(connection, invoice_id).await? {
        return Ok(Issued { made, fresh: false });
    }
    let found = invoice(connection, Reader::Operator, invoice_id).await?;
    let found = found.ok_or(BillingError::Unknown)?;
    let mut transfer_id = None;
    if let Some(transfer) = &found.transfer_id {
        let key = format!("credit:{invoice_id}");
        transfer_id = Some(reverse(connection, transfer, &key, now_ms).await?.transfer_id);
    }
    unsettle(connection, invoice_id).await?;
    let made = CreditNote {
        id: new_id("crn_")?,
        number: next_number(connection, "credit_note").await?,
        invoice_id: invoice_id.to_owned(),
        issued_ms: now_ms,
        reason: reason.to_owned(),
    };
    let add = "INSERT INTO billing_credit_note (id, number, invoice_id, issued_ms, reason, \
        transfer_id) VALUES ($1, $2, $3, $4, $5, $6)";
    sqlx::query(add)
        .bind(&made.id)
        .bind(made.number)
        .bind(invoice_id)
        .bind(now_ms)
        .bind(reason)
        .bind(transfer_id)
        .execute(connection)
        .await?;
    Ok(Issued { made, fresh: true })
}

async fn credit_note(
    connection: &mut AnyConnection,
    invoice_id: &str,
) -> Result<Option<CreditNote>, BillingError> {
    let sql = "SELECT id, number, issued_ms, reason FROM billing_credit_note \
        WHERE invoice_id = $1";
    let row = sqlx::query(sql).bind(invoice_id).fetch_optional(connection).await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(CreditNote {
        id: row.try_get(0)?,
        number: row.try_get(1)?,
        invoice_id: invoice_id.to_owned(),
        issued_ms: row.try_get(2)?,
        reason: row.try_get(3)?,
    }))
}

/// An invoice, if it is there for who asks.
///
/// # Errors
/// The database's.
pub async fn invoice(
    connection: &mut AnyConnection,
    reader: Reader<'_>,
    id: &str,
) -> Result<Option<Invoice>, BillingError> {
    let Some(account) = reader.account() else { return Ok(None) };
    let sql = "SELECT i.number, i.account, i.month, i.issued_ms, i.total, i.transfer_id, n.id, \
        (SELECT MIN(p.id) FROM billing_payment p WHERE p.invoice_id = i.id AND p.state = 'paid') \
        FROM billing_invoice i LEFT JOIN billing_credit_note n ON n.invoice_id = i.id \
        WHERE i.id = $1 AND i.account = COALESCE($2, i.account)";
    let row = sqlx::query(sql).bind(id).bind(account).fetch_optional(&mut *connection).await?;
    let Some(row) = row else { return Ok(None) };
    let (lines, taxes) = read_lines(connection, id).await?;
    Ok(Some(Invoice {
        id: id.to_owned(),
        number: row.try_get(0)?,
        account: row.try_get(1)?,
        month: row.try_get::<String, _>(2)?.parse()?,
        issued_ms: row.try_get(3)?,
        lines,
        taxes,
        total: Sen::new(row.try_get(4)?),
        transfer_id: row.try_get(5)?,
        credited_by: row.try_get(6)?,
        paid_by: row.try_get(7)?,
    }))
}

/// The invoices there are for who asks, the newest first, at most `most`.
///
/// # Errors
/// The database's.
pub async fn invoices(
    connection: &mut AnyConnection,
    reader: Reader<'_>,
    most: u32,
) -> Result<Vec<Invoice>, BillingError> {
    let Some(account) = reader.account() else { return Ok(Vec::new()) };
    let query = match account {
        None => sqlx::query("SELECT id FROM billing_invoice ORDER BY number DESC LIMIT $1"),
        Some(account) => {
            let own =
                "SELECT id FROM billing_invoice WHERE account = $1 ORDER BY number DESC LIMIT $2";
            sqlx::query(own).bind(account)
        }
    };
    let rows = query.bind(i64::from(most)).fetch_all(&mut *connection).await?;
    let mut all = Vec::new();
    for row in rows {
        let id: String = row.try_get(0)?;
        all.extend(invoice(connection, reader, &id).await?);
    }
    Ok(all)
}
