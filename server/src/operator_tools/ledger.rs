//! `onmon-server ledger …`: whether everything adds up, and what stands on the accounts.

use clap::{Args, Subcommand};
use onmon_ledger::{Account, Discrepancy, Side, accounts_of, all_accounts, check};
use onmon_sharing::refund;
use serde::Serialize;

use super::amount::Yen;
use super::opened::Place;
use super::{Ended, print_json, recorded};
use crate::http::now_ms;
use crate::index_tools::{count, print};

/// What to do with the ledger.
#[derive(Debug, Subcommand)]
pub enum LedgerCommand {
    /// Reads every posting and compares: debits with credits, each total with its postings.
    ///
    /// Each discrepancy is a line on standard output. Exit code 0: sound; 1: not. The server does
    /// it every night at 03:00 in Japan.
    #[command(after_help = "Example:\n  onmon-server ledger check --data ./data")]
    Check(CheckArgs),

    /// Shows accounts: what was debited and credited, and the balance.
    #[command(after_help = "Examples:\n  \
        onmon-server ledger accounts --data ./data --of JASRAC\n  \
        onmon-server ledger accounts --data ./data --of acc_1v8k...")]
    Accounts(AccountsArgs),

    /// Takes a purchase back: books the contrary, for the next invoice, statement and report.
    ///
    /// Nothing is edited, and nothing happens twice. The buyer gets no further release or key for
    /// it; what was released before stays open until its release ends.
    #[command(after_help = "Example:\n  \
        onmon-server ledger refund buy_1v8k... --reason \"another song than the tag says\" \\\n    \
        --data ./data")]
    Refund(RefundArgs),
}

#[derive(Debug, Args)]
pub struct CheckArgs {
    #[command(flatten)]
    place: Place,

    /// Prints one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct RefundArgs {
    #[command(flatten)]
    place: Place,

    /// The purchase.
    #[arg(value_name = "PURCHASE")]
    purchase_id: String,

    /// Why, in 1 to 500 characters; kept with the refund.
    #[arg(long, value_name = "WORDS")]
    reason: String,

    /// Prints one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct AccountsArgs {
    #[command(flatten)]
    place: Place,

    /// Only those of this account, organisation or payment provider.
    #[arg(long, value_name = "OWNER")]
    of: Option<String>,

    /// Prints one JSON array.
    #[arg(long)]
    json: bool,
}

pub async fn run(command: &LedgerCommand) -> anyhow::Result<Ended> {
    match command {
        LedgerCommand::Check(args) => check_all(args).await,
        LedgerCommand::Accounts(args) => accounts(args).await,
        LedgerCommand::Refund(args) => take_back(args).await,
    }
}

async fn check_all(args: &CheckArgs) -> anyhow::Result<Ended> {
    let balance = args.place.with(async |store| Ok(check(store.readers()).await?)).await?;
    if args.json {
        print_json(&balance)?;
    } else {
        for discrepancy in &balance.discrepancies {
            print(&words(discrepancy));
        }
        print(&format!(
            "{}, {}, {} compared",
            count(balance.accounts, "account"),
            count(balance.transfers, "transfer"),
            count(balance.postings, "posting")
        ));
        print(&match balance.discrepancies.len() as u64 {
            0 => "sound".to_owned(),
            found => format!(
                "{}: book nothing by hand; keep a copy of the database and find out who wrote to it",
                count(found, "discrepancy").replace("ys", "ies")
            ),
        });
    }
    Ok(if balance.is_sound() { Ended::Well } else { Ended::Damaged })
}

async fn take_back(args: &RefundArgs) -> anyhow::Result<Ended> {
    let refunded = args
        .place
        .with(async |store| {
            let mut write = store.begin().await?;
            let (id, reason) = (&args.purchase_id, &args.reason);
            let refunded = refund(&mut write, id, reason, now_ms()).await?;
            if refunded.fresh {
                recorded(&mut write, "purchase.refund", id, reason, now_ms()).await?;
            }
            write.commit().await?;
            Ok(refunded)
        })
        .await?;
    if args.json {
        print_json(&RefundAnswer {
            refund_id: &refunded.refund_id,
            refunded_ms: refunded.refunded_ms,
            repeated: !refunded.fresh,
        })?;
    } else if refunded.fresh {
        print(&format!("refunded: {}", refunded.refund_id));
    } else {
        print(&format!("refunded before: {}; nothing changed", refunded.refund_id));
    }
    Ok(Ended::Well)
}

/// A refund, in JSON. Names are a promise; new ones may come.
#[derive(Serialize)]
struct RefundAnswer<'a> {
    refund_id: &'a str,
    refunded_ms: i64,
    repeated: bool,
}

fn words(discrepancy: &Discrepancy) -> String {
    match discrepancy {
        Discrepancy::Posted { debits, credits } => {
            format!("posted debits of all accounts are {debits} sen, credits {credits} sen")
        }
        Discrepancy::Pending { debits, credits } => {
            format!("pending debits of all accounts are {debits} sen, credits {credits} sen")
        }
        Discrepancy::Total { account, side, kept, counted } => {
            let side = match side {
                Side::DebitsPosted => "posted debits",
                Side::CreditsPosted => "posted credits",
                Side::DebitsPending => "pending debits",
                Side::CreditsPending => "pending credits",
            };
            format!("{account}: {side} are {kept} sen, its postings come to {counted} sen")
        }
        Discrepancy::NoAccount { account } => {
            format!("{account}: postings name it, and it is not there")
        }
        Discrepancy::NoTransfer { transfer_id } => {
            format!("{transfer_id}: it has postings, and is not there itself")
        }
        Discrepancy::NoPostings { transfer_id } => format!("{transfer_id}: it has no postings"),
        Discrepancy::State { transfer_id } => {
            format!("{transfer_id}: it is neither pending nor concluded, or both")
        }
        Discrepancy::Usage { transfer_id } => {
            format!("{transfer_id}: no invoice or statement would ever have it")
        }
        Discrepancy::Reversal { transfer_id } => {
            format!("{transfer_id}: it is not the contrary of what it reverses")
        }
    }
}

/// An account, in JSON. Names are a promise; new ones may come.
#[derive(Serialize)]
struct AccountAnswer {
    account: String,
    kind: &'static str,
    owner: Option<String>,
    debits_posted: Yen,
    credits_posted: Yen,
    debits_pending: Yen,
    credits_pending: Yen,
    /// Debits less credits posted: above nothing it is owed to the operator.
    balance: Yen,
}

impl From<&Account> for AccountAnswer {
    fn from(account: &Account) -> AccountAnswer {
        AccountAnswer {
            account: account.id.as_str().to_owned(),
            kind: account.id.kind().as_str(),
            owner: account.id.owner().map(str::to_owned),
            debits_posted: account.debits_posted.into(),
            credits_posted: account.credits_posted.into(),
            debits_pending: account.debits_pending.into(),
            credits_pending: account.credits_pending.into(),
            balance: account.balance().into(),
        }
    }
}

async fn accounts(args: &AccountsArgs) -> anyhow::Result<Ended> {
    let found = args
        .place
        .with(async |store| match &args.of {
            Some(owner) => Ok(accounts_of(store.readers(), owner).await?),
            None => Ok(all_accounts(store.readers()).await?),
        })
        .await?;
    if args.json {
        print_json(&found.iter().map(AccountAnswer::from).collect::<Vec<_>>())?;
    } else if found.is_empty() {
        let of = args.of.as_deref().map(|owner| format!(" of {owner}")).unwrap_or_default();
        print(&format!("no accounts{of}: nothing was ever booked"));
    } else {
        let head = ["account", "debits", "credits", "pending", "balance (yen)"];
        print(&row(head.map(str::to_owned)));
        for account in &found {
            let pending = account.debits_pending.minus(account.credits_pending)?;
            print(&row([
                account.id.as_str().to_owned(),
                account.debits_posted.to_string(),
                account.credits_posted.to_string(),
                pending.to_string(),
                account.balance().to_string(),
            ]));
        }
    }
    Ok(Ended::Well)
}

fn row([account, debits, credits, pending, balance]: [String; 5]) -> String {
    format!("{account:<44} {debits:>14} {credits:>14} {pending:>12} {balance:>14}")
}
