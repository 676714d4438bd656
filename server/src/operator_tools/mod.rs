//! `onmon-server rights|tariff|ledger|month|report|audit|retro`: what operators of the platform do
//! from a shell, beside a running server.
//!
//! ```text
//! rights   the register of claims: a catalogue in and out, what is said of a recording
//! tariff   what organisations ask, version by version
//! ledger   whether everything adds up; accounts
//! month    invoices and statements
//! report   a month's uses as organisations take them, compared with the ledger
//! audit    the published log: tiles, proofs, verification
//! retro    unknown fingerprints, asked again
//! ```
//! SQLite and PostgreSQL let one writer in at a time, so no command asks for the server to be
//! stopped. What changes something is in the record of what operators did, by the same transaction.

mod amount;
mod audit;
mod ledger;
mod month;
mod opened;
mod report;
mod retro;
mod rights;
mod tariff;
mod watched;
mod whole_file;

use clap::Subcommand;
use onmon_accounts::{Admin, record};
use onmon_store::Write;
use serde::Serialize;

pub use crate::index_tools::Ended;
use crate::index_tools::print;
pub use opened::Place;

/// How each command ends.
const EXIT_CODES: &str = "Exit codes:\n  \
    0    done, and nothing is wrong\n  \
    1    something is wrong: bad lines, figures that differ, damage (each is printed)\n  \
    2    the command line is wrong\n  \
    3    it could not be done: nothing there, a database that does not answer, a full disk\n  \
    130  stopped by Ctrl-C; what was kept before holds\n\
    The server may run.";

/// What operators of the platform do.
#[derive(Debug, Subcommand)]
pub enum OperatorCommand {
    /// The register of rights: imports and exports a catalogue, shows what is claimed.
    #[command(subcommand, after_help = EXIT_CODES)]
    Rights(rights::RightsCommand),

    /// What organisations ask for a use.
    #[command(subcommand, after_help = EXIT_CODES)]
    Tariff(tariff::TariffCommand),

    /// The ledger: checks it, shows accounts.
    #[command(subcommand, after_help = EXIT_CODES)]
    Ledger(ledger::LedgerCommand),

    /// A month's invoices and statements.
    #[command(subcommand, after_help = EXIT_CODES)]
    Month(month::MonthCommand),

    /// Reports for organisations: writes and checks them.
    #[command(subcommand, after_help = EXIT_CODES)]
    Report(report::ReportCommand),

    /// The audit log: publishes, verifies, proves.
    #[command(subcommand, after_help = EXIT_CODES)]
    Audit(audit::AuditCommand),

    /// Asks again what was unknown when it was asked about, and prints what is known now.
    ///
    /// The server does it every hour. Each find is written to the audit log, once.
    #[command(after_help = retro::HELP)]
    Retro(retro::RetroArgs),
}

/// Does it, and says on standard error why it could not be done.
pub async fn run(command: &OperatorCommand) -> Ended {
    let ended = match command {
        OperatorCommand::Rights(command) => rights::run(command).await,
        OperatorCommand::Tariff(command) => tariff::run(command).await,
        OperatorCommand::Ledger(command) => ledger::run(command).await,
        OperatorCommand::Month(command) => month::run(command).await,
        OperatorCommand::Report(command) => report::run(command).await,
        OperatorCommand::Audit(command) => audit::run(command).await,
        OperatorCommand::Retro(args) => retro::run(args).await,
    };
    ended.unwrap_or_else(|error| {
        eprintln!("onmon-server: {error:#}");
        Ended::Failed
    })
}

/// Prints one JSON object on a line.
fn print_json(answer: &impl Serialize) -> anyhow::Result<()> {
    print(&serde_json::to_string(answer)?);
    Ok(())
}

/// Where a command came from, in the record of what operators did.
const ORIGIN: &str = "command line";

/// Writes down what an operator does, in the transaction that does it.
async fn recorded(
    write: &mut Write<'_>,
    action: &str,
    subject: &str,
    detail: &str,
    now_ms: i64,
) -> anyhow::Result<()> {
    record(write, &Admin::console(ORIGIN, now_ms), action, subject, detail).await?;
    Ok(())
}
