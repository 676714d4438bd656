//! `onmon-server report …`: a month's uses as organisations take them, compared with the ledger.

use std::fmt::Display;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, Subcommand, ValueEnum};
use onmon_ledger::{Month, Sen, earned};
use onmon_report::dsr::{self, DsrReport, Party, Unpriced};
use onmon_report::society::{self, Encoding, Society, SocietyReport};
use onmon_report::{FileFault, Form, Totals, UsageLine};
use onmon_rights::{OrganisationId, Territory};
use onmon_sharing::Platform;
use serde::Serialize;

use super::amount::Yen;
use super::opened::PlatformPlace;
use super::whole_file::WholeFile;
use super::{Ended, print_json};
use crate::http::now_ms;
use crate::index_tools::{count, grouped, open_input, print};
use crate::usage_lines::{Licensee, of_month};

/// What to do with reports.
#[derive(Debug, Subcommand)]
pub enum ReportCommand {
    /// Writes the tab-separated file that JASRAC and NexTone take.
    ///
    /// It is written under the name that the society asks for, read back and checked, and its
    /// totals are compared with the ledger's. Exit code 1: they differ, or the file has faults.
    #[command(after_help = "Example:\n  \
        onmon-server report tsv --data ./data --month 2026-04 --organisation JASRAC \\\n    \
        --licence-number J123456789 -o ./reports")]
    Tsv(TsvArgs),

    /// Writes a DDEX Digital Sales Report (flat file, Basic Audio Profile).
    ///
    /// Whoever sends one needs DDEX's implementation licence and a DDEX party id (both at
    /// ddex.net). Checked and compared as `report tsv` is.
    #[command(after_help = "Example:\n  \
        onmon-server report dsr --data ./data --month 2026-04 --organisation JASRAC \\\n    \
        --licence-number J123456789 --sender PADPIDA2026040101A --sender-name \"Example Inc.\" \\\n    \
        --recipient PADPIDA2008120501W --recipient-name JASRAC -o ./reports")]
    Dsr(DsrArgs),

    /// Checks a file of either kind, wherever it is from: each fault with line and field.
    #[command(after_help = "Examples:\n  \
        onmon-server report check J123456789202604.txt\n  \
        onmon-server report check DSR_..._1of1_20260501T090000.tsv")]
    Check(CheckArgs),
}

/// Which uses, and where to.
#[derive(Debug, Args)]
pub struct WantedArgs {
    #[command(flatten)]
    place: PlatformPlace,

    /// The month.
    #[arg(long, value_name = "YYYY-MM")]
    month: Month,

    /// Whose shares are reported, as `JASRAC`.
    #[arg(long, value_name = "ORGANISATION")]
    organisation: OrganisationId,

    /// The licence that the uses are under, as the organisation numbers it.
    #[arg(long, value_name = "NUMBER")]
    licence_number: String,

    /// The service, in the words of its licence.
    #[arg(long, value_name = "NAME", default_value = "onmon")]
    service: String,

    /// The folder to write to; made if it is not there.
    #[arg(short = 'o', long, value_name = "DIR")]
    output: PathBuf,

    /// Prints one JSON object.
    #[arg(long)]
    json: bool,
}

/// Which society's form.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum FormArg {
    Jasrac,
    Nextone,
}

/// In which bytes.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum EncodingArg {
    ShiftJis,
    Utf8,
}

impl From<EncodingArg> for Encoding {
    fn from(arg: EncodingArg) -> Encoding {
        match arg {
            EncodingArg::ShiftJis => Encoding::ShiftJis,
            EncodingArg::Utf8 => Encoding::Utf8,
        }
    }
}

#[derive(Debug, Args)]
pub struct TsvArgs {
    #[command(flatten)]
    wanted: WantedArgs,

    /// Whose form; NexTone's for the organisation `NEXTONE`, otherwise JASRAC's.
    #[arg(long, value_name = "FORM")]
    form: Option<FormArg>,

    /// In which bytes.
    #[arg(long, value_name = "ENCODING", default_value = "shift-jis")]
    encoding: EncodingArg,
}

#[derive(Debug, Args)]
pub struct DsrArgs {
    #[command(flatten)]
    wanted: WantedArgs,

    /// Who sends it: a DDEX party id of 18 characters,
    #[arg(long, value_name = "DPID")]
    sender: String,

    /// and its full name.
    #[arg(long, value_name = "NAME")]
    sender_name: String,

    /// Who takes it: a DDEX party id,
    #[arg(long, value_name = "DPID")]
    recipient: String,

    /// and its full name; the organisation's id if left out.
    #[arg(long, value_name = "NAME")]
    recipient_name: Option<String>,

    /// The message's id, which this sender never uses twice; made of month, organisation and time
    /// if left out.
    #[arg(long, value_name = "ID")]
    message_id: Option<String>,
}

#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Whose form a society's file has; found out by its fields if left out.
    #[arg(long, value_name = "FORM")]
    form: Option<FormArg>,

    /// The bytes of a society's file.
    #[arg(long, value_name = "ENCODING", default_value = "shift-jis")]
    encoding: EncodingArg,

    /// How many lines were declared at the upload.
    #[arg(long, value_name = "COUNT")]
    declared_lines: Option<u64>,

    /// Prints one JSON object.
    #[arg(long)]
    json: bool,

    /// The file; a society's has its licence number, year and month in its name.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub async fn run(command: &ReportCommand) -> anyhow::Result<Ended> {
    match command {
        ReportCommand::Tsv(args) => tsv(args).await,
        ReportCommand::Dsr(args) => dsr(args).await,
        ReportCommand::Check(args) => check(args),
    }
}

/// A report that is written, in JSON. Names are a promise; new ones may come.
#[derive(Serialize)]
struct WrittenAnswer {
    file: String,
    month: String,
    organisation: String,
    /// Lines of the file: what is entered at an upload.
    lines: u64,
    /// Uses less returns.
    uses: i64,
    /// What users paid for them, without tax.
    price: Yen,
    /// What the organisation is owed for them, payable and held.
    royalty: Yen,
    /// The same, as the ledger has it.
    ledger_royalty: Yen,
    /// Uses with money for the organisation, as the lines have them,
    paid_uses: i64,
    /// and as the ledger has them.
    ledger_uses: i64,
    /// Usage lines of the month that the file does not have: without a share of the organisation.
    left_out: u64,
    /// Characters that the encoding does not have, and `〓` stands for.
    substituted: Vec<String>,
    /// What is wrong; empty if file and ledger agree.
    faults: Vec<String>,
}

/// A file that was made, whatever its form.
struct Made {
    name: String,
    bytes: Vec<u8>,
    lines: u64,
    totals: Totals,
    left_out: u64,
    substituted: Vec<String>,
}

async fn tsv(args: &TsvArgs) -> anyhow::Result<Ended> {
    let wanted = &args.wanted;
    let society = match args.form {
        Some(form) => society_of(form),
        None if wanted.organisation.as_str() == "NEXTONE" => Society::Nextone,
        None => Society::Jasrac,
    };
    let report = SocietyReport {
        society,
        organisation: wanted.organisation.to_string(),
        licence_number: wanted.licence_number.clone(),
        month: report_month(wanted.month)?,
        form: Form::Download,
        encoding: args.encoding.into(),
    };
    let make = |lines: &[UsageLine], _: &Platform| {
        let file = society::write(lines, &report)?;
        let substituted = file.substituted.iter().map(|one| {
            format!("line {}, {}: {} is not in Shift_JIS", one.line, one.field, one.character)
        });
        Ok(Made {
            name: file.name,
            bytes: file.bytes,
            lines: file.lines,
            left_out: file.left_out,
            substituted: substituted.collect(),
            totals: file.totals,
        })
    };
    let faults = |name: &str, bytes: &[u8], made: &Made| {
        let found = society::check(name, bytes, society, report.encoding, Some(made.lines));
        let mut faults = words(&found.faults, found.fault_count);
        let (said, uses) = (found.requests, made.totals.net());
        // Several works of one recording are a line each.
        if i64::try_from(said).is_ok_and(|said| said < uses) {
            faults.push(format!("the file counts {said} uses, the usage lines {uses}"));
        }
        faults
    };
    written(wanted, make, faults).await
}

async fn dsr(args: &DsrArgs) -> anyhow::Result<Ended> {
    let wanted = &args.wanted;
    let organisation = wanted.organisation.to_string();
    let now_ms = now_ms();
    let id = || format!("onmon-{}-{organisation}-{now_ms}", wanted.month);
    let recipient = args.recipient_name.clone().unwrap_or_else(|| organisation.clone());
    let make = |lines: &[UsageLine], platform: &Platform| {
        let report = DsrReport {
            sender: Party { dpid: args.sender.clone(), name: args.sender_name.clone() },
            recipient: Party { dpid: args.recipient.clone(), name: recipient.clone() },
            service: wanted.service.clone(),
            message_id: args.message_id.clone().unwrap_or_else(id),
            created_ms: now_ms,
            month: report_month(wanted.month)?,
            territory: match platform.settings().territory {
                Territory::Country(country) => country.as_str().to_owned(),
                Territory::World => "JP".to_owned(),
            },
            currency: "JPY".to_owned(),
            unpriced: Unpriced::FreeOfCharge,
            organisation: Some(organisation.clone()),
        };
        let file = dsr::write(lines, &report)?;
        Ok(Made {
            name: file.name,
            lines: file.text.lines().count() as u64,
            bytes: file.text.into_bytes(),
            totals: file.totals,
            left_out: file.left_out,
            substituted: Vec::new(),
        })
    };
    let faults = |_: &str, bytes: &[u8], made: &Made| {
        let found = dsr::check(bytes);
        let mut faults = words(&found.faults, found.fault_count);
        let uses = made.totals.net();
        if found.usages_millionths != i128::from(uses) * 1_000_000 {
            let said = found.usages_millionths / 1_000_000;
            faults.push(format!("the file counts {said} uses, the usage lines {uses}"));
        }
        faults
    };
    written(wanted, make, faults).await
}

fn society_of(form: FormArg) -> Society {
    match form {
        FormArg::Jasrac => Society::Jasrac,
        FormArg::Nextone => Society::Nextone,
    }
}

fn report_month(month: Month) -> anyhow::Result<onmon_report::Month> {
    Ok(month.to_string().parse()?)
}

/// Makes a file, writes it, reads it back, checks it, and compares its totals with the ledger's.
async fn written(
    wanted: &WantedArgs,
    make: impl Fn(&[UsageLine], &Platform) -> anyhow::Result<Made>,
    faults: impl Fn(&str, &[u8], &Made) -> Vec<String>,
) -> anyhow::Result<Ended> {
    let licensee =
        Licensee { service: wanted.service.clone(), licence_number: wanted.licence_number.clone() };
    let answer = wanted
        .place
        .with(async |platform| {
            let lines = of_month(platform, wanted.month, &licensee).await?;
            let made = make(&lines, platform)?;
            let path = keep(&wanted.output, &made)?;
            let bytes =
                fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let faults = faults(&made.name, &bytes, &made);
            compared(platform, wanted, &lines, made, &path, faults).await
        })
        .await?;
    match wanted.json {
        true => print_json(&answer)?,
        false => print_written(&answer),
    }
    Ok(if answer.faults.is_empty() { Ended::Well } else { Ended::Damaged })
}

fn keep(folder: &Path, made: &Made) -> anyhow::Result<PathBuf> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let path = folder.join(&made.name);
    let mut file = WholeFile::begin(&path)?;
    file.write_all(&made.bytes).with_context(|| format!("cannot write {}", path.display()))?;
    file.finish()?;
    Ok(path)
}

/// The kind of transfers that downloads are booked as.
const PURCHASE: &str = "purchase";

async fn compared(
    platform: &Platform,
    wanted: &WantedArgs,
    lines: &[UsageLine],
    made: Made,
    path: &Path,
    mut faults: Vec<String>,
) -> anyhow::Result<WrittenAnswer> {
    let organisation = wanted.organisation.as_str();
    let (from_ms, to_ms) = (wanted.month.start_ms(), wanted.month.end_ms());
    let readers = platform.store().readers();
    let booked = earned(readers, organisation, PURCHASE, from_ms, to_ms).await?;
    let royalty = made.totals.royalty_sen_of.get(organisation).copied().unwrap_or(0);
    let earns = |line: &&UsageLine| {
        let shares = line.works.iter().flat_map(|work| &work.shares);
        shares.filter(|share| share.organisation == organisation).any(|one| one.royalty_sen != 0)
    };
    let paid_uses = lines.iter().filter(earns).map(UsageLine::net).sum();
    if royalty != booked.amount.get() {
        let of_file = Sen::new(royalty);
        faults.push(format!(
            "the file comes to {of_file} yen for {organisation}, the ledger to {} yen",
            booked.amount
        ));
    }
    if paid_uses != booked.quantity {
        faults.push(format!(
            "{paid_uses} uses with money for {organisation} are reported, {} are in the ledger",
            booked.quantity
        ));
    }
    Ok(WrittenAnswer {
        file: path.display().to_string(),
        month: wanted.month.to_string(),
        organisation: organisation.to_owned(),
        lines: made.lines,
        uses: made.totals.net(),
        price: Sen::new(made.totals.price_sen).into(),
        royalty: Sen::new(royalty).into(),
        ledger_royalty: booked.amount.into(),
        paid_uses,
        ledger_uses: booked.quantity,
        left_out: made.left_out,
        substituted: made.substituted,
        faults,
    })
}

fn print_written(answer: &WrittenAnswer) {
    for character in &answer.substituted {
        eprintln!("{character}: 〓 stands for it");
    }
    let lines = count(answer.lines, "line");
    print(&format!("{}: {lines}", answer.file));
    print(&format!(
        "{} uses for {} yen without tax, of them for {} {} yen; {} left out",
        answer.uses,
        answer.price.yen(),
        answer.organisation,
        answer.royalty.yen(),
        count(answer.left_out, "usage line"),
    ));
    for fault in &answer.faults {
        print(fault);
    }
    print(match answer.faults.len() {
        0 => "checked, and the same as the ledger",
        _ => "do not send it: see what differs, `ledger check` and `month show`",
    });
}

/// What a check found, in JSON. Names are a promise; new ones may come.
#[derive(Serialize)]
struct CheckAnswer {
    file: String,
    form: &'static str,
    lines: u64,
    uses: String,
    fault_count: u64,
    faults: Vec<String>,
}

fn check(args: &CheckArgs) -> anyhow::Result<Ended> {
    let mut bytes = Vec::new();
    let (mut from, _) = open_input(&args.file)?;
    let cannot = || format!("cannot read {}", args.file.display());
    from.read_to_end(&mut bytes).with_context(cannot)?;
    let name = args.file.file_name().unwrap_or_default().to_string_lossy();
    let answer = if bytes.starts_with(b"HEAD\t") {
        let found = dsr::check(&bytes);
        CheckAnswer {
            file: args.file.display().to_string(),
            form: "dsr",
            lines: found.lines,
            uses: (found.usages_millionths / 1_000_000).to_string(),
            fault_count: found.fault_count,
            faults: words(&found.faults, found.fault_count),
        }
    } else {
        let (society, form) = match args.form.map_or_else(|| guessed(&bytes), Ok)? {
            FormArg::Jasrac => (Society::Jasrac, "jasrac"),
            FormArg::Nextone => (Society::Nextone, "nextone"),
        };
        let found =
            society::check(&name, &bytes, society, args.encoding.into(), args.declared_lines);
        CheckAnswer {
            file: args.file.display().to_string(),
            form,
            lines: found.lines,
            uses: found.requests.to_string(),
            fault_count: found.fault_count,
            faults: words(&found.faults, found.fault_count),
        }
    };
    if args.json {
        print_json(&answer)?;
    } else {
        for fault in &answer.faults {
            print(fault);
        }
        let lines = count(answer.lines, "line");
        print(&format!(
            "{}: {} ({}), {} uses, {}",
            answer.file,
            lines,
            answer.form,
            answer.uses,
            count(answer.fault_count, "fault")
        ));
    }
    Ok(if answer.fault_count == 0 { Ended::Well } else { Ended::Damaged })
}

/// Whose form a file has, by the fields of its first line. An empty one is as good as the other.
fn guessed(bytes: &[u8]) -> anyhow::Result<FormArg> {
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let fields = first.split(|byte| *byte == b'\t').count();
    match fields {
        19 => Ok(FormArg::Jasrac),
        21 => Ok(FormArg::Nextone),
        _ if bytes.is_empty() => Ok(FormArg::Jasrac),
        _ => bail!(
            "its first line has {fields} fields: JASRAC's form has 19, NexTone's 21, and a DSR \
             begins with HEAD; say which it should be with --form"
        ),
    }
}

fn words<F: Display>(faults: &[FileFault<F>], all: u64) -> Vec<String> {
    let mut words: Vec<String> = faults.iter().map(ToString::to_string).collect();
    if all > words.len() as u64 {
        words.push(format!("and {} more", grouped(all - words.len() as u64)));
    }
    words
}
