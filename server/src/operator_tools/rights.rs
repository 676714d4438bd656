//! `onmon-server rights …`: a catalogue into the register and out of it, and what it says.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use onmon_rights::catalogue::{Exported, Import, ImportReport, check, export};
use onmon_rights::register::{recordings, works};
use onmon_rights::{
    Claim, Date, RecordingClaims, Right, Ruling, UsageForm, Use, claims_of, decide,
};
use onmon_sharing::Platform;
use onmon_store::{Engine, Store};
use serde::Serialize;

use super::amount::percent_of;
use super::opened::{Place, PlatformPlace};
use super::watched::{Unit, bar, ends_by_signal};
use super::whole_file::WholeFile;
use super::{Ended, print_json, recorded};
use crate::http::now_ms;
use crate::index_tools::{count, grouped, print};

/// What to do with the register.
#[derive(Debug, Subcommand)]
pub enum RightsCommand {
    /// Reads a catalogue (CSV) into the register.
    ///
    /// What it says of a recording replaces what the register held of it; of other recordings it
    /// says nothing. Each bad line is printed with its number and column, and its recording is left
    /// as it was; the others are taken (exit code 1). A file that is no catalogue, or in which a
    /// recording's lines do not stand together, is refused before anything of it is kept.
    ///
    /// It is kept in batches, each recording whole, so that sharing goes on beside it: stopped or
    /// failed, what was kept before stays. Simply run it again: the same file again changes
    /// nothing of what is there.
    #[command(after_help = "Example:\n  \
        onmon-server rights import --data ./data --dry-run catalogue.csv\n\
        Columns: recording_id,isrc,right,work_id,iswc,jasrac_code,nextone_code,title,composers,\n\
        lyricists,claimant,ipi,share_ppm,forms,territories,valid_from,valid_until,state")]
    Import(ImportArgs),

    /// Writes the register as a catalogue (CSV), for `rights import`.
    ///
    /// All of it is as it was at one moment; the same register gives the same bytes.
    #[command(after_help = "Example:\n  onmon-server rights export --data ./data catalogue.csv")]
    Export(ExportArgs),

    /// Shows what is claimed of a recording, and what follows today for an upload and a download.
    #[command(after_help = "Example:\n  onmon-server rights show --data ./data song-1")]
    Show(ShowArgs),
}

/// For how long an import keeps other writers out at a time.
const BATCH: Duration = Duration::from_millis(250);

/// How long it then lets them in: SQLite looks every 100 ms whether it may write
/// (`sqliteDefaultBusyCallback`).
const PAUSE: Duration = Duration::from_millis(110);

#[derive(Debug, Args)]
pub struct ImportArgs {
    #[command(flatten)]
    place: Place,

    /// Reports as ever and keeps nothing; no writer is kept waiting.
    #[arg(long)]
    dry_run: bool,

    /// Prints one JSON object.
    #[arg(long)]
    json: bool,

    /// The catalogue; `-` is standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

#[derive(Debug, Args)]
pub struct ExportArgs {
    #[command(flatten)]
    place: Place,

    /// Prints one JSON object (on standard error where the catalogue is on standard output).
    #[arg(long)]
    json: bool,

    /// The file to write, in place of one that is there; `-` is standard output.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

#[derive(Debug, Args)]
pub struct ShowArgs {
    #[command(flatten)]
    place: PlatformPlace,

    /// Prints one JSON object.
    #[arg(long)]
    json: bool,

    /// The recording's id.
    #[arg(value_name = "RECORDING_ID")]
    recording_id: String,
}

pub async fn run(command: &RightsCommand) -> anyhow::Result<Ended> {
    match command {
        RightsCommand::Import(args) => import_file(args).await,
        RightsCommand::Export(args) => export_file(args).await,
        RightsCommand::Show(args) => show(args).await,
    }
}

/// What an import did, in JSON. Names are a promise; new ones may come.
#[derive(Serialize)]
struct ImportAnswer {
    dry_run: bool,
    changed_nothing: bool,
    lines: u64,
    recordings_new: u64,
    recordings_changed: u64,
    recordings_same: u64,
    works_new: u64,
    works_changed: u64,
    works_same: u64,
    bad_lines: u64,
    held_back: u64,
    bad: Vec<BadLineAnswer>,
}

#[derive(Serialize)]
struct BadLineAnswer {
    line: u64,
    column: Option<&'static str>,
    found: String,
    fault: String,
}

async fn import_file(args: &ImportArgs) -> anyhow::Result<Ended> {
    ends_by_signal()?;
    // The file first: a name that is wrong should make no tables.
    let mut from = open_twice(&args.file)?;
    let bytes = from.metadata()?.len();
    check(BufReader::new(&from)).with_context(|| format!("nothing of {} was kept", name(args)))?;
    from.rewind()?;
    let report = args
        .place
        .with_new(async |store| {
            let seen = bar(bytes, Unit::Bytes);
            let from = BufReader::new(seen.wrap_read(from));
            let report = match args.dry_run {
                true => dry_run(store, from).await,
                false => import_in_batches(store, from, &name(args)).await,
            };
            seen.finish_and_clear();
            report
        })
        .await?;
    if args.json {
        print_json(&ImportAnswer::new(&report, args.dry_run))?;
    } else {
        for bad in &report.bad {
            eprintln!("passed over {bad}");
        }
        let kept = report.bad.iter().map(|bad| bad.line).collect::<std::collections::BTreeSet<_>>();
        if report.bad_lines > kept.len() as u64 {
            eprintln!("passed over {} in all", count(report.bad_lines, "bad line"));
        }
        print(&told(&report, args.dry_run));
    }
    Ok(if report.bad_lines == 0 { Ended::Well } else { Ended::Damaged })
}

/// A file that is read twice: checked, then taken. What comes through a pipe is kept meanwhile.
fn open_twice(file: &Path) -> anyhow::Result<File> {
    let cannot = || format!("cannot read {}", file.display());
    let mut from: Box<dyn Read> = match file == Path::new("-") {
        true => Box::new(io::stdin().lock()),
        false => {
            let opened = File::open(file).with_context(cannot)?;
            if opened.metadata().with_context(cannot)?.is_file() {
                return Ok(opened);
            }
            Box::new(opened)
        }
    };
    let mut kept = tempfile::tempfile().context("cannot keep what is read in a file")?;
    io::copy(&mut from, &mut kept).with_context(cannot)?;
    kept.rewind()?;
    Ok(kept)
}

async fn dry_run(store: &Store, from: impl Read) -> anyhow::Result<ImportReport> {
    let mut import = Import::begin_dry(from)?;
    let mut reader = store.readers().acquire().await?;
    while import.read()? {
        import.take(&mut reader, || false).await?;
    }
    Ok(import.report())
}

/// In transactions of [`BATCH`], so that whoever shares or buys waits no longer than that.
async fn import_in_batches(
    store: &Store,
    from: impl Read,
    name: &str,
) -> anyhow::Result<ImportReport> {
    let again = || format!("not all of {name} was kept; what was, stays: run it again");
    let mut import = Import::begin(from).with_context(again)?;
    let mut told = false;
    while import.read().with_context(again)? {
        while !import.is_taken() {
            let mut write = store.begin().await.with_context(again)?;
            let begun = Instant::now();
            let is_time = || begun.elapsed() >= BATCH;
            import.take(&mut write, is_time).await.with_context(again)?;
            let (report, is_done) = (import.so_far(), import.is_done());
            if !report.changed_nothing() && (is_done || !told) {
                let detail = match is_done {
                    true => summary(report),
                    false => "begun; the end has a line of its own".to_owned(),
                };
                recorded(&mut write, "rights.import", name, &detail, now_ms()).await?;
                told = true;
            }
            write.commit().await.with_context(again)?;
            if store.engine() == Engine::Sqlite && !is_done {
                // PostgreSQL lets in whoever waits; on SQLite they only look now and then.
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    Ok(import.report())
}

fn name(args: &ImportArgs) -> String {
    match args.file == Path::new("-") {
        true => "standard input".to_owned(),
        false => args.file.display().to_string(),
    }
}

fn told(report: &ImportReport, dry_run: bool) -> String {
    let begin = match (dry_run, report.changed_nothing()) {
        (true, _) => "dry run, nothing is kept: ",
        (false, true) => "nothing changed: ",
        (false, false) => "imported: ",
    };
    format!("{begin}{}", summary(report))
}

fn summary(report: &ImportReport) -> String {
    let of = |new, changed, same| {
        format!("{} new, {} changed, {} the same", grouped(new), grouped(changed), grouped(same))
    };
    format!(
        "recordings: {}; works: {}; {} of {} lines bad, {} held back",
        of(report.recordings_new, report.recordings_changed, report.recordings_same),
        of(report.works_new, report.works_changed, report.works_same),
        grouped(report.bad_lines),
        grouped(report.lines),
        grouped(report.held_back),
    )
}

impl ImportAnswer {
    fn new(report: &ImportReport, dry_run: bool) -> ImportAnswer {
        let bad = report.bad.iter().map(|bad| BadLineAnswer {
            line: bad.line,
            column: bad.column,
            found: bad.found.clone(),
            fault: bad.fault.to_string(),
        });
        ImportAnswer {
            dry_run,
            changed_nothing: report.changed_nothing(),
            lines: report.lines,
            recordings_new: report.recordings_new,
            recordings_changed: report.recordings_changed,
            recordings_same: report.recordings_same,
            works_new: report.works_new,
            works_changed: report.works_changed,
            works_same: report.works_same,
            bad_lines: report.bad_lines,
            held_back: report.held_back,
            bad: bad.collect(),
        }
    }
}

#[derive(Serialize)]
struct ExportAnswer {
    recordings: u64,
    lines: u64,
}

async fn export_file(args: &ExportArgs) -> anyhow::Result<Ended> {
    ends_by_signal()?;
    let exported = args
        .place
        .with(async |store| {
            if args.file == Path::new("-") {
                let mut out = BufWriter::new(io::stdout().lock());
                let exported = export_to(store, &mut out).await?;
                out.flush()?;
                return Ok(exported);
            }
            let mut file = WholeFile::begin(&args.file)?;
            let exported = export_to(store, &mut file).await?;
            file.finish()?;
            Ok(exported)
        })
        .await?;
    let Exported { recordings, lines } = exported;
    let told = match args.json {
        true => serde_json::to_string(&ExportAnswer { recordings, lines })?,
        false => format!("exported {}, {}", count(recordings, "recording"), count(lines, "line")),
    };
    // Standard output may be the catalogue itself.
    match args.json && args.file != Path::new("-") {
        true => print(&told),
        false => eprintln!("{told}"),
    }
    Ok(Ended::Well)
}

/// On one moment's state, beside whoever writes.
async fn export_to(store: &Store, out: impl Write) -> anyhow::Result<Exported> {
    let begin = match store.engine() {
        // SQLite's readers see one moment anyway.
        Engine::Sqlite => "BEGIN",
        Engine::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY",
    };
    let mut moment = store.readers().begin_with(begin).await?;
    Ok(export(&mut moment, out).await?)
}

/// What is said of a recording, in JSON. Names are a promise; new ones may come.
#[derive(Serialize)]
struct ShowAnswer {
    recording_id: String,
    title: Option<String>,
    artist: Option<String>,
    /// With which word it was enrolled; null where the library does not know it.
    enrolled_as: Option<String>,
    isrcs: Vec<String>,
    /// Whether the register knows the works; otherwise they follow from the word.
    in_register: bool,
    works: Vec<WorkAnswer>,
    master: Vec<ClaimAnswer>,
    day: String,
    territory: String,
    upload: RulingAnswer,
    download: RulingAnswer,
}

#[derive(Serialize)]
struct WorkAnswer {
    work_id: String,
    title: Option<String>,
    claims: Vec<ClaimAnswer>,
}

#[derive(Serialize)]
struct ClaimAnswer {
    claimant: String,
    share_ppm: u32,
    state: &'static str,
    forms: String,
    territories: String,
    valid_from: Option<String>,
    valid_until: Option<String>,
}

#[derive(Serialize)]
struct RulingAnswer {
    decision: &'static str,
    rule: &'static str,
    words: String,
    conflicts: usize,
}

impl From<&Claim> for ClaimAnswer {
    fn from(claim: &Claim) -> ClaimAnswer {
        ClaimAnswer {
            claimant: claim.claimant.to_string(),
            share_ppm: claim.share_ppm,
            state: claim.state.as_str(),
            forms: claim.form.to_string(),
            territories: claim.territory.to_string(),
            valid_from: claim.period.from().map(|day| day.to_string()),
            valid_until: claim.period.until().map(|day| day.to_string()),
        }
    }
}

impl From<Ruling> for RulingAnswer {
    fn from(ruling: Ruling) -> RulingAnswer {
        RulingAnswer {
            decision: ruling.decision.as_str(),
            rule: ruling.rule.id(),
            words: ruling.words(),
            conflicts: ruling.conflicts.len(),
        }
    }
}

async fn show(args: &ShowArgs) -> anyhow::Result<Ended> {
    let answer =
        args.place.with(async |platform| said_of(platform, &args.recording_id, args).await).await?;
    match args.json {
        true => print_json(&answer)?,
        false => print_show(&answer),
    }
    Ok(Ended::Well)
}

async fn said_of(platform: &Platform, id: &str, args: &ShowArgs) -> anyhow::Result<ShowAnswer> {
    let mut reader = platform.reader().await?;
    let enrolled = platform.library().recording(id).await?;
    let registered = recordings(&mut reader, &[id]).await?.pop();
    if enrolled.is_none() && registered.is_none() {
        bail!("neither the library nor the register knows a recording `{id}`");
    }
    let mut claims = claims_of(&mut reader, &[id]).await?;
    let claims = claims.pop().unwrap_or_else(|| RecordingClaims::unknown(id));
    let in_register = !claims.works.is_empty();
    let claims = match &enrolled {
        Some(enrolled) => {
            let word = enrolled.rights.as_str().parse()?;
            claims.or_shorthand(word, &args.place.default_claimant)
        }
        None => claims,
    };
    let ids: Vec<&str> = claims.works.iter().map(|work| work.work_id.as_str()).collect();
    let known = works(&mut reader, &ids).await?;
    let date = Date::in_japan(now_ms()).context("the clock is wrong")?;
    let settings = platform.settings();
    let ruling = |form| {
        let used = Use {
            right: Right::InteractiveDistribution,
            with_master: settings.with_master,
            form,
            territory: settings.territory,
            date,
        };
        decide(std::slice::from_ref(&claims), &used).into()
    };
    let work = |work: &onmon_rights::WorkClaims| WorkAnswer {
        work_id: work.work_id.clone(),
        title: known.iter().find(|one| one.work_id == work.work_id).and_then(|w| w.title.clone()),
        claims: work.claims.iter().map(ClaimAnswer::from).collect(),
    };
    let isrcs = registered.map(|one| one.isrcs).unwrap_or_default();
    Ok(ShowAnswer {
        recording_id: id.to_owned(),
        title: enrolled.as_ref().and_then(|one| one.title.clone()),
        artist: enrolled.as_ref().and_then(|one| one.artist.clone()),
        enrolled_as: enrolled.as_ref().map(|one| one.rights.as_str().to_owned()),
        isrcs: isrcs.iter().map(ToString::to_string).collect(),
        in_register,
        works: claims.works.iter().map(work).collect(),
        master: claims.master.iter().map(ClaimAnswer::from).collect(),
        day: date.to_string(),
        territory: settings.territory.to_string(),
        upload: ruling(UsageForm::Upload),
        download: ruling(UsageForm::Download),
    })
}

fn print_show(answer: &ShowAnswer) {
    let title = answer.title.as_deref().unwrap_or("no title");
    let artist = answer.artist.as_deref().map(|artist| format!(" by {artist}")).unwrap_or_default();
    print(&format!("{}: {title}{artist}", answer.recording_id));
    print(&match &answer.enrolled_as {
        Some(word) => format!("enrolled as {word}"),
        None => "not enrolled: it is in the register only, and no upload can match it".to_owned(),
    });
    if !answer.isrcs.is_empty() {
        print(&format!("ISRC {}", answer.isrcs.join(", ")));
    }
    if !answer.in_register {
        print("the register names no work of it: the word that it was enrolled with counts");
    }
    for work in &answer.works {
        let title = work.title.as_deref().map(|title| format!(" ({title})")).unwrap_or_default();
        print(&format!("work {}{title}", work.work_id));
        print_claims(&work.claims);
    }
    if !answer.master.is_empty() {
        print("the recording itself");
        print_claims(&answer.master);
    }
    for (form, ruling) in [("upload", &answer.upload), ("download", &answer.download)] {
        print(&format!(
            "{form} on {} in {}: {} ({}): {}",
            answer.day, answer.territory, ruling.decision, ruling.rule, ruling.words
        ));
    }
}

fn print_claims(claims: &[ClaimAnswer]) {
    if claims.is_empty() {
        print("  nobody has spoken for it");
    }
    for claim in claims {
        let from = claim.valid_from.as_deref().map(|day| format!(" from {day}"));
        let until = claim.valid_until.as_deref().map(|day| format!(" until {day}"));
        print(&format!(
            "  {:<12} {:>8}  {}  forms {}  territories {}{}{}",
            claim.claimant,
            percent_of(claim.share_ppm),
            claim.state,
            claim.forms,
            claim.territories,
            from.unwrap_or_default(),
            until.unwrap_or_default(),
        ));
    }
}
