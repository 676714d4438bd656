//! A month of simulated sharing: uploads and downloads through the real flows, then charged,
//! invoiced, stated, reported and balanced. `cargo xtask bench month` runs it.
//!
//! Only the songs are made up. Fingerprints are looked up in a real index, and every upload and
//! download is a transaction of its own that is on disk when it is answered.

#[path = "../src/usage_lines.rs"]
mod usage_lines;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, ensure};
use clap::Parser;
use onmon_billing::{issue_invoices, issue_statements};
use onmon_core::{CODES_PER_SECOND, Fingerprint, HOP_MS, QueryBuilder, wire};
use onmon_keys::{MasterKey, MasterKeys};
use onmon_ledger::{Date, Month, Sen, check, jasrac, tariff_add};
use onmon_library::{Entry, Library, Place, Recording};
use onmon_report::{society, totals};
use onmon_sharing::{Method, Platform, Settings, ShareRequest, Wanted};
use onmon_store::{Location, Store};
use serde::Serialize;
use usage_lines::Licensee;

/// A month of simulated sharing.
#[derive(Debug, Parser)]
struct Args {
    /// Uploads and downloads together; one in ten is an upload.
    #[arg(long, default_value_t = 100_000)]
    shares: u32,
    /// Songs that are registered.
    #[arg(long, default_value_t = 500)]
    songs: u32,
    /// Accounts that upload and download.
    #[arg(long, default_value_t = 2_000)]
    accounts: u32,
    /// The database; a SQLite file in a folder of its own unless given.
    #[arg(long)]
    database: Option<Location>,
    /// Where the files go; a temporary folder unless given.
    #[arg(long)]
    dir: Option<PathBuf>,
    /// One JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

/// What was done, and how long it took.
#[derive(Debug, Default, Serialize)]
struct Report {
    uploads: u64,
    downloads: u64,
    upload_ms: Times,
    download_ms: Times,
    sharing_s: f64,
    invoices: usize,
    invoicing_s: f64,
    statements: usize,
    stating_s: f64,
    reported_lines: u64,
    reporting_s: f64,
    balance_check_s: f64,
    charged_yen: String,
    invoiced_yen: String,
    stated_yen: String,
    reported_yen: String,
}

/// A distribution, in ms.
#[derive(Debug, Default, Serialize)]
struct Times {
    p50: f64,
    p95: f64,
    p99: f64,
}

impl Times {
    fn of(mut all: Vec<f64>) -> Times {
        all.sort_by(f64::total_cmp);
        let at = |share: f64| match all.len() {
            0 => 0.0,
            count => all[((count - 1) as f64 * share) as usize],
        };
        Times { p50: at(0.5), p95: at(0.95), p99: at(0.99) }
    }
}

const MONTH: &str = "2026-04";
const ORGANISATION: &str = jasrac::ORGANISATION;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let scratch = tempfile::tempdir()?;
    let dir = args.dir.clone().unwrap_or_else(|| scratch.path().to_path_buf());
    let platform = open(&args, &dir).await?;
    let month: Month = MONTH.parse()?;
    let mut report = Report::default();
    share(&args, &platform, month, &mut report).await?;
    settle(&platform, month, &mut report).await?;
    if args.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        print(&report);
    }
    Ok(())
}

async fn open(args: &Args, dir: &std::path::Path) -> anyhow::Result<Platform> {
    let location =
        args.database.clone().unwrap_or_else(|| Location::file(&dir.join("platform.sqlite")));
    let library = Library::open_at(&Place::beside(dir, &location)).await?;
    let entries = (0..args.songs).map(|number| {
        let mut recording = Recording::new(format!("song-{number}"));
        recording.title = Some(format!("Song {number}"));
        recording.artist = Some("A simulation".to_owned());
        Entry { recording, reference: encode(&reference(&song(number))) }
    });
    for batch in entries.collect::<Vec<_>>().chunks(100) {
        library.enrol(batch.to_vec()).await?;
    }
    let mut schemas = onmon_sharing::SCHEMAS.to_vec();
    schemas.push(onmon_billing::SCHEMA);
    let store = Arc::new(Store::open(&location, &schemas).await?);
    let mut write = store.begin().await?;
    for tariff in jasrac::example(Date::in_japan(0)?) {
        tariff_add(&mut write, &tariff).await?;
    }
    write.commit().await?;
    let masters = MasterKeys::new(MasterKey::from_bytes(&[7; 32]), None);
    let settings = Settings::japan(ORGANISATION.parse()?);
    let now_ms = MONTH.parse::<Month>()?.start_ms();
    Ok(Platform::open(library, store, masters, settings, now_ms).await?)
}

/// The month's uploads and downloads, evenly over its time, one after another.
async fn share(
    args: &Args,
    platform: &Platform,
    month: Month,
    report: &mut Report,
) -> anyhow::Result<()> {
    let begun = Instant::now();
    let (mut uploads, mut downloads) = (Vec::new(), Vec::new());
    let mut permits: Vec<(String, [u8; 32])> = Vec::new();
    let mut bought = std::collections::HashSet::new();
    let mut random = Random(0x0123_4567_89ab_cdef);
    let step = (month.end_ms() - month.start_ms()) / i64::from(args.shares.max(1) + 1);
    for number in 0..args.shares {
        let now_ms = month.start_ms() + step * i64::from(number + 1);
        let started = Instant::now();
        if number % 10 == 0 {
            let song = song(random.below(args.songs));
            let wire = encode(&query(&song).finish()?);
            let mut essence = [0; 32];
            essence[..4].copy_from_slice(&number.to_le_bytes());
            let account = format!("acc_{}", random.below(args.accounts));
            let request = ShareRequest {
                wire: &wire,
                method: Method::Tag,
                essence,
                idempotency_key: &format!("upload-{number}"),
                challenge: None,
            };
            let started = Instant::now();
            let shared = platform.share(&account, &request, now_ms).await?;
            uploads.push(started.elapsed().as_secs_f64() * 1e3);
            permits.push((shared.permit.context("no permit")?.permit_id, essence));
            continue;
        }
        // Nobody buys the same twice: it would not be charged.
        let (account, at) = loop {
            let pair = (random.below(args.accounts), random.below(permits.len() as u32));
            if bought.insert(pair) {
                break pair;
            }
        };
        let (permit_id, essence) = &permits[at as usize];
        let wanted = Wanted::Permit(permit_id.clone());
        platform.buy(&format!("acc_{account}"), &wanted, Some(essence), now_ms).await?;
        downloads.push(started.elapsed().as_secs_f64() * 1e3);
    }
    report.sharing_s = begun.elapsed().as_secs_f64();
    report.uploads = uploads.len() as u64;
    report.downloads = downloads.len() as u64;
    report.upload_ms = Times::of(uploads);
    report.download_ms = Times::of(downloads);
    Ok(())
}

/// Invoices, statements, reports and the balance; every total is the ledger's.
async fn settle(platform: &Platform, month: Month, report: &mut Report) -> anyhow::Result<()> {
    let after = month.end_ms() + 1;
    let store = platform.store();
    let charged = platform.summary().await?.charged;

    let begun = Instant::now();
    let invoices = issue_invoices(store, month, after).await?;
    report.invoicing_s = begun.elapsed().as_secs_f64();
    let begun = Instant::now();
    let statements = issue_statements(store, month, after).await?;
    report.stating_s = begun.elapsed().as_secs_f64();

    let begun = Instant::now();
    let licensee =
        Licensee { service: "simulation".to_owned(), licence_number: "0000000000".to_owned() };
    let lines = usage_lines::of_month(platform, month, &licensee).await?;
    let sums = totals(&lines)?;
    let report_month = MONTH.parse().context("the month")?;
    let file = society::write(
        &lines,
        &society::SocietyReport {
            society: society::Society::Jasrac,
            organisation: ORGANISATION.to_owned(),
            licence_number: licensee.licence_number.clone(),
            month: report_month,
            form: onmon_report::Form::Download,
            encoding: society::Encoding::Utf8,
        },
    )?;
    let checked = society::check(
        &file.name,
        &file.bytes,
        society::Society::Jasrac,
        society::Encoding::Utf8,
        Some(file.lines),
    );
    ensure!(checked.fault_count == 0, "the report has faults: {:?}", checked);
    report.reporting_s = begun.elapsed().as_secs_f64();
    report.reported_lines = file.lines;

    let begun = Instant::now();
    let balance = check(store.readers()).await?;
    report.balance_check_s = begun.elapsed().as_secs_f64();
    ensure!(balance.is_sound(), "the ledger does not balance: {:?}", balance.discrepancies);
    ensure!(sums.royalty_sen == charged.get(), "reported {} charged {charged}", sums.royalty_sen);
    ensure!(file.requests == report.downloads, "{} reported", file.requests);
    ensure!(sums.royalty_sen_of.values().sum::<i64>() == charged.get(), "shares");

    report.invoices = invoices.len();
    report.statements = statements.len();
    report.charged_yen = charged.to_string();
    report.invoiced_yen = Sen::sum(invoices.iter().map(|one| one.total))?.to_string();
    report.stated_yen = Sen::sum(statements.iter().map(|one| one.total))?.to_string();
    report.reported_yen = Sen::new(sums.royalty_sen).to_string();
    Ok(())
}

fn print(report: &Report) {
    let times = |times: &Times| {
        format!("p50 {:.2} p95 {:.2} p99 {:.2} ms", times.p50, times.p95, times.p99)
    };
    let rows: BTreeMap<u8, (&str, String)> = BTreeMap::from([
        (0, ("uploads", format!("{} ({})", report.uploads, times(&report.upload_ms)))),
        (1, ("downloads", format!("{} ({})", report.downloads, times(&report.download_ms)))),
        (2, ("sharing", format!("{:.1} s", report.sharing_s))),
        (3, ("invoices", format!("{} in {:.1} s", report.invoices, report.invoicing_s))),
        (4, ("statements", format!("{} in {:.1} s", report.statements, report.stating_s))),
        (5, ("report", format!("{} lines in {:.1} s", report.reported_lines, report.reporting_s))),
        (6, ("balance check", format!("sound, in {:.1} s", report.balance_check_s))),
        (7, ("charged", format!("{} yen without tax", report.charged_yen))),
        (8, ("reported", format!("{} yen", report.reported_yen))),
        (9, ("invoiced", format!("{} yen with tax", report.invoiced_yen))),
        (10, ("stated", format!("{} yen with tax", report.stated_yen))),
    ]);
    for (name, value) in rows.values() {
        println!("{name:<14} {value}");
    }
}

/// Three minutes of codes of which each keeps most of its bits from the one before.
fn song(seed: u32) -> Vec<u8> {
    let mut random = Random(u64::from(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut code = 0;
    let mut next = || {
        let bits = random.next();
        code ^= bits as u8 & (bits >> 8) as u8;
        code
    };
    (0..180 * CODES_PER_SECOND).map(|_| next()).collect()
}

fn reference(codes: &[u8]) -> Fingerprint<'_> {
    Fingerprint::reference(codes.len() as u32 * HOP_MS, codes).expect("three minutes")
}

fn query(codes: &[u8]) -> QueryBuilder {
    QueryBuilder::of_recording(codes.len() as u32 * HOP_MS, codes).expect("three minutes")
}

fn encode(fingerprint: &Fingerprint<'_>) -> Vec<u8> {
    let mut bytes = vec![0; wire::encoded_len_max(fingerprint.codes().len())];
    let length = wire::encode(fingerprint, &mut bytes).expect("room for all of it");
    bytes.truncate(length);
    bytes
}

/// xorshift64: the same month in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 16
    }

    fn below(&mut self, bound: u32) -> u32 {
        (self.next() % u64::from(bound.max(1))) as u32
    }
}
