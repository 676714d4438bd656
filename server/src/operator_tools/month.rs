//! `onmon-server month …`: a month's invoices and statements, and what it came to.

use std::collections::BTreeMap;

use anyhow::Context;
use clap::{Args, Subcommand};
use onmon_billing::{
    BillingError, Invoiced, Part, Reader, Statement, invoiced, issue_invoice, issue_statement,
    statements,
};
use onmon_ledger::{AccountKind, Date, Month, Sen, unsettled};
use onmon_sharing::{Download, Platform};
use onmon_store::Store;
use serde::Serialize;

use super::amount::Yen;
use super::opened::{Place, PlatformPlace};
use super::watched::{Unit, bar, ends_by_signal};
use super::{Ended, print_json, recorded};
use crate::http::now_ms;
use crate::index_tools::{count, grouped, print};

/// What to do with a month.
#[derive(Debug, Subcommand)]
pub enum MonthCommand {
    /// Issues the invoices of users and the statements of organisations, once the month is over in
    /// Japan.
    ///
    /// Each is a transaction of its own. Asked again, or after it was stopped, it issues what is
    /// missing and nothing twice. Usage that was booked late goes on the next month's.
    #[command(after_help = "Example:\n  onmon-server month close --data ./data 2026-04")]
    Close(CloseArgs),

    /// Shows what a month came to: decisions, downloads, sums by organisation, what is held, and
    /// what was invoiced and stated.
    #[command(after_help = "Example:\n  onmon-server month show --data ./data 2026-04")]
    Show(ShowArgs),
}

#[derive(Debug, Args)]
pub struct CloseArgs {
    #[command(flatten)]
    place: Place,

    /// Prints one JSON object.
    #[arg(long)]
    json: bool,

    /// The month.
    #[arg(value_name = "YYYY-MM")]
    month: Month,
}

#[derive(Debug, Args)]
pub struct ShowArgs {
    #[command(flatten)]
    place: PlatformPlace,

    /// Prints one JSON object.
    #[arg(long)]
    json: bool,

    /// The month.
    #[arg(value_name = "YYYY-MM")]
    month: Month,
}

pub async fn run(command: &MonthCommand) -> anyhow::Result<Ended> {
    match command {
        MonthCommand::Close(args) => close(args).await,
        MonthCommand::Show(args) => show(args).await,
    }
}

/// What was issued now, in JSON. Names are a promise; new ones may come.
#[derive(Serialize)]
struct CloseAnswer {
    month: String,
    invoices: u64,
    invoiced: Yen,
    statements: u64,
    stated: Yen,
}

async fn close(args: &CloseArgs) -> anyhow::Result<Ended> {
    ends_by_signal()?;
    let answer = args.place.with(async |store| issue_all(store, args.month).await).await?;
    if args.json {
        print_json(&answer)?;
    } else if answer.invoices + answer.statements == 0 {
        print(&format!("{}: nothing to issue; it is closed, or nothing was used", args.month));
    } else {
        print(&format!(
            "{}: issued {} of {} yen, {} of {} yen (with tax)",
            args.month,
            count(answer.invoices, "invoice"),
            answer.invoiced.yen(),
            count(answer.statements, "statement"),
            answer.stated.yen(),
        ));
    }
    Ok(Ended::Well)
}

async fn issue_all(store: &Store, month: Month) -> anyhow::Result<CloseAnswer> {
    if now_ms() < month.end_ms() {
        let over = || format!("{month} ends with {} in Japan", month.last_day());
        return Err(BillingError::MonthNotOver).with_context(over);
    }
    let open = |kind| unsettled(store.readers(), kind, month.end_ms());
    let accounts = open(AccountKind::UserDue).await?;
    let mut organisations = open(AccountKind::OrganisationPayable).await?;
    organisations.extend(open(AccountKind::OrganisationHeld).await?);
    organisations.sort();
    organisations.dedup();

    let seen = bar((accounts.len() + organisations.len()) as u64, Unit::Documents);
    let (mut invoices, mut statements) = (Vec::new(), Vec::new());
    for account in &accounts {
        let mut write = store.begin().await?;
        let issued = issue_invoice(&mut write, account, month, now_ms()).await?;
        write.commit().await?;
        invoices.extend(issued.filter(|issued| issued.fresh).map(|issued| issued.made.total));
        seen.inc(1);
    }
    for organisation in &organisations {
        let mut write = store.begin().await?;
        let issued = issue_statement(&mut write, organisation, month, now_ms()).await?;
        write.commit().await?;
        statements.extend(issued.filter(|issued| issued.fresh).map(|issued| issued.made.total));
        seen.inc(1);
    }
    seen.finish_and_clear();
    if !invoices.is_empty() || !statements.is_empty() {
        let detail = format!("{} invoices, {} statements", invoices.len(), statements.len());
        let mut write = store.begin().await?;
        recorded(&mut write, "month.close", &month.to_string(), &detail, now_ms()).await?;
        write.commit().await?;
    }
    Ok(CloseAnswer {
        month: month.to_string(),
        invoices: invoices.len() as u64,
        invoiced: Sen::sum(invoices)?.into(),
        statements: statements.len() as u64,
        stated: Sen::sum(statements)?.into(),
    })
}

/// A month, in JSON. Names are a promise; new ones may come.
#[derive(Serialize)]
struct ShowAnswer {
    month: String,
    is_over: bool,
    /// How often what was decided of an upload.
    decisions: BTreeMap<String, u64>,
    downloads: u64,
    /// Downloads that were taken back in this month, whenever they were bought.
    refunds: u64,
    /// What downloads cost less what was refunded, without tax.
    charged: Yen,
    /// Of that, what is held.
    held: Yen,
    organisations: BTreeMap<String, OrganisationAnswer>,
    invoices: i64,
    invoiced: Yen,
    invoices_paid: i64,
    paid: Yen,
    statements: Vec<StatementAnswer>,
}

/// What an organisation's shares came to, without tax.
#[derive(Serialize)]
struct OrganisationAnswer {
    /// Downloads with a share of it.
    downloads: u64,
    payable: Yen,
    held: Yen,
}

#[derive(Serialize)]
struct StatementAnswer {
    number: i64,
    statement_id: String,
    organisation: String,
    uses: i64,
    /// Without tax.
    usage: Yen,
    /// What the month's minimum adds, without tax.
    minimum: Yen,
    /// No part of the total.
    held: Yen,
    /// With tax.
    total: Yen,
    paid_out: bool,
}

async fn show(args: &ShowArgs) -> anyhow::Result<Ended> {
    let answer = args.place.with(async |platform| of_month(platform, args.month).await).await?;
    match args.json {
        true => print_json(&answer)?,
        false => print_show(&answer),
    }
    Ok(Ended::Well)
}

async fn of_month(platform: &Platform, month: Month) -> anyhow::Result<ShowAnswer> {
    let mut decisions: BTreeMap<String, u64> = BTreeMap::new();
    for day in platform.days(days_of(month), month.end_ms() - 1).await? {
        for (decision, times) in day.decisions {
            *decisions.entry(decision).or_default() += times;
        }
    }
    let downloads = platform.downloads(month.start_ms(), month.end_ms()).await?;
    let corrections = platform.corrections(month.start_ms(), month.end_ms()).await?;
    let mut sums = Sums::default();
    for download in &downloads {
        sums.add(download, false)?;
    }
    for correction in &corrections {
        sums.add(&correction.download, true)?;
    }
    let organisations = sums.of.into_iter().map(|(name, of)| {
        let (payable, held) = (of.payable.into(), of.held.into());
        (name, OrganisationAnswer { downloads: of.downloads, payable, held })
    });
    let mut reader = platform.reader().await?;
    let Invoiced { invoices, total, paid, paid_total } = invoiced(&mut reader, month).await?;
    let stated = statements(&mut reader, Reader::Operator, u32::MAX).await?;
    let stated = stated.iter().rev().filter(|one| one.month == month).map(StatementAnswer::new);
    Ok(ShowAnswer {
        month: month.to_string(),
        is_over: now_ms() >= month.end_ms(),
        decisions,
        downloads: downloads.len() as u64,
        refunds: corrections.len() as u64,
        charged: sums.charged.into(),
        held: sums.held.into(),
        organisations: organisations.collect(),
        invoices,
        invoiced: total.into(),
        invoices_paid: paid,
        paid: paid_total.into(),
        statements: stated.collect::<Result<_, _>>()?,
    })
}

/// What a month's downloads come to, less what was taken back in it.
#[derive(Default)]
struct Sums {
    charged: Sen,
    held: Sen,
    of: BTreeMap<String, SumsOf>,
}

/// Of one organisation.
#[derive(Default)]
struct SumsOf {
    downloads: u64,
    payable: Sen,
    held: Sen,
}

impl Sums {
    fn add(&mut self, download: &Download, taken_back: bool) -> anyhow::Result<()> {
        let signed = |amount: Sen| if taken_back { Sen::ZERO.minus(amount) } else { Ok(amount) };
        self.charged = self.charged.plus(signed(download.price)?)?;
        let mut owners: Vec<&str> = Vec::new();
        for share in &download.shares {
            let amount = signed(share.amount)?;
            let of = self.of.entry(share.organisation.clone()).or_default();
            if share.is_held {
                of.held = of.held.plus(amount)?;
                self.held = self.held.plus(amount)?;
            } else {
                of.payable = of.payable.plus(amount)?;
            }
            if !taken_back && !owners.contains(&share.organisation.as_str()) {
                owners.push(&share.organisation);
                of.downloads += 1;
            }
        }
        Ok(())
    }
}

impl StatementAnswer {
    fn new(statement: &Statement) -> Result<StatementAnswer, BillingError> {
        let (uses, usage) = statement.sum(Part::Usage)?;
        Ok(StatementAnswer {
            number: statement.number,
            statement_id: statement.id.clone(),
            organisation: statement.organisation.clone(),
            uses,
            usage: usage.into(),
            minimum: statement.sum(Part::Minimum)?.1.into(),
            held: statement.sum(Part::Held)?.1.into(),
            total: statement.total.into(),
            paid_out: statement.payout.is_some(),
        })
    }
}

fn days_of(month: Month) -> u32 {
    let ms = Date::start_ms(month.last_day()) - month.start_ms();
    (ms / (24 * 60 * 60 * 1_000)) as u32 + 1
}

fn print_show(answer: &ShowAnswer) {
    print(&format!("{}{}", answer.month, if answer.is_over { "" } else { " (not over yet)" }));
    let decisions: Vec<String> = answer
        .decisions
        .iter()
        .map(|(word, times)| format!("{} {word}", grouped(*times)))
        .collect();
    let decisions = if decisions.is_empty() { "none".to_owned() } else { decisions.join(", ") };
    print(&format!("decisions on uploads: {decisions}"));
    print(&format!(
        "{}, {}: {} yen without tax, {} yen of them held",
        count(answer.downloads, "download"),
        count(answer.refunds, "refund"),
        answer.charged.yen(),
        answer.held.yen()
    ));
    for (name, of) in &answer.organisations {
        print(&format!(
            "  {name:<12} {:>10}  {:>14} yen payable  {:>12} yen held",
            grouped(of.downloads),
            of.payable.yen(),
            of.held.yen()
        ));
    }
    print(&format!(
        "invoices: {} for {} yen with tax, {} of them paid ({} yen)",
        answer.invoices,
        answer.invoiced.yen(),
        answer.invoices_paid,
        answer.paid.yen()
    ));
    if answer.statements.is_empty() {
        print("no statements: `month close` issues them");
    }
    for one in &answer.statements {
        print(&format!(
            "statement {} {:<12} {} uses, {} yen, minimum {} yen, total with tax {} yen{}; held {} \
             yen",
            one.number,
            one.organisation,
            one.uses,
            one.usage.yen(),
            one.minimum.yen(),
            one.total.yen(),
            if one.paid_out { ", paid out" } else { "" },
            one.held.yen()
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_have_their_days() {
        for (month, days) in [("2024-02", 29), ("2026-02", 28), ("2026-04", 30), ("2026-12", 31)] {
            assert_eq!(days_of(month.parse().unwrap()), days, "{month}");
        }
    }
}
