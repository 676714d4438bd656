//! Usage lines as a Digital Sales Report.

use std::collections::BTreeMap;

use super::escape::escaped;
use crate::cell::{hundredths, printable};
use crate::fault::ReportError;
use crate::line::{Form, RecordingUsed, UsageLine, WorkUsed};
use crate::month::{Month, utc};
use crate::totals::{Totals, add, check};

/// Versions of Part 1, of the allowed values and of Part 8 that a file says it is of: compare with
/// those that the recipient takes.
pub const MESSAGE_VERSION: &str = "dsrf/1.3/1.4.1/1.5";

/// Of the Basic Audio Profile.
pub const PROFILE_VERSION: &str = "1.4";

/// A party with its DDEX id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// 18 characters, as `PADPIDA2008120501W`.
    pub dpid: String,
    /// Its full name.
    pub name: String,
}

/// How uses without a price are paid for; in the words of DDEX.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unpriced {
    /// By advertisements.
    AdvertisementSupported,
    /// Not at all. (The tariff is owed all the same.)
    FreeOfCharge,
}

/// Which report is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DsrReport {
    /// Who sends it.
    pub sender: Party,
    /// Who takes it.
    pub recipient: Party,
    /// The service: a word without spaces and underscores.
    pub service: String,
    /// Of this message; never used twice by this sender. 1 to 128 printable ASCII characters.
    pub message_id: String,
    /// When it was made, in Unix milliseconds.
    pub created_ms: i64,
    /// Uses reported in this month are in it.
    pub month: Month,
    /// Where, for the file's name and for a report without uses: two letters.
    pub territory: String,
    /// Of prices and revenue. Lines in another are an error.
    pub currency: String,
    /// How uses without a price are paid for.
    pub unpriced: Unpriced,
    /// Uses with a share of this organisation are in it; none: all.
    pub organisation: Option<String>,
}

/// A report's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DsrFile {
    /// As Part 1 names it.
    pub name: String,
    /// UTF-8.
    pub text: String,
    /// What the usage lines in it sum to.
    pub totals: Totals,
    /// How many usage lines are of another month, form or organisation.
    pub left_out: u64,
}

/// Writes the report. Downloads are in it; other forms of use have other records.
///
/// # Errors
/// A usage line that cannot be reported, or is in another currency; a heading that the format does
/// not take.
pub fn write(lines: &[UsageLine], report: &DsrReport) -> Result<DsrFile, ReportError> {
    let name = file_name(report)?;
    check(lines)?;
    let mut sales = Sales::default();
    let mut left_out = 0;
    for line in lines {
        match use_type(line.form).filter(|_| is_of(line, report)) {
            Some(use_type) => sales.take(line, use_type, report)?,
            None => left_out += 1,
        }
    }
    if sales.summaries.is_empty() {
        let nothing = ("PayAsYouGoModel", "PermanentDownload", report.territory.clone());
        sales.summaries.insert(nothing, Sums::default());
    }
    let text = sales.written(report)?;
    Ok(DsrFile { name, text, totals: sales.totals, left_out })
}

fn is_of(line: &UsageLine, report: &DsrReport) -> bool {
    let has_share = |of: &String| {
        line.works.iter().flat_map(|work| &work.shares).any(|share| share.organisation == *of)
    };
    line.month == report.month && report.organisation.as_ref().is_none_or(has_share)
}

const fn use_type(form: Form) -> Option<&'static str> {
    match form {
        Form::Download => Some("PermanentDownload"),
        Form::LimitedDownload => Some("ConditionalDownload"),
        Form::Upload | Form::Stream => None,
    }
}

/// What makes a summary: commercial model, use type, territory.
type Context = (&'static str, &'static str, String);

#[derive(Default)]
struct Sums {
    usages: i64,
    revenue_sen: i64,
}

/// Uses of one recording in one context at one price.
#[derive(Default)]
struct Sale {
    usages: i64,
    returns: u64,
    royalty_bearing: bool,
}

struct Block<'a> {
    recording: &'a RecordingUsed,
    works: &'a [WorkUsed],
    sales: BTreeMap<(Context, i64), Sale>,
}

#[derive(Default)]
struct Sales<'a> {
    totals: Totals,
    summaries: BTreeMap<Context, Sums>,
    blocks: BTreeMap<&'a str, Block<'a>>,
}

impl<'a> Sales<'a> {
    fn take(
        &mut self,
        line: &'a UsageLine,
        use_type: &'static str,
        report: &DsrReport,
    ) -> Result<(), ReportError> {
        if line.currency != report.currency {
            return Err(ReportError::Heading("currency", "that of all its lines"));
        }
        let model = match (line.price_sen, report.unpriced) {
            (1.., _) => "PayAsYouGoModel",
            (_, Unpriced::AdvertisementSupported) => "AdvertisementSupportedModel",
            (_, Unpriced::FreeOfCharge) => "FreeOfChargeModel",
        };
        let context: Context = (model, use_type, line.territory.clone());
        self.totals.add(line)?;
        let paid = line.price_sen.checked_mul(line.net()).ok_or(ReportError::Overflow)?;
        let sums = self.summaries.entry(context.clone()).or_default();
        add(&mut sums.usages, line.net())?;
        add(&mut sums.revenue_sen, paid)?;
        let block = self.blocks.entry(&line.recording.recording_id).or_insert_with(|| Block {
            recording: &line.recording,
            works: &line.works,
            sales: BTreeMap::new(),
        });
        let sale = block.sales.entry((context, line.price_sen)).or_default();
        add(&mut sale.usages, line.net())?;
        sale.returns += u64::from(line.returns);
        sale.royalty_bearing |= line.royalty_sen != 0;
        Ok(())
    }

    fn written(&self, report: &DsrReport) -> Result<String, ReportError> {
        let mut file = File::default();
        head(&mut file, report)?;
        let mut summary_ids: BTreeMap<&Context, String> = BTreeMap::new();
        for (context, sums) in &self.summaries {
            let id = (summary_ids.len() + 1).to_string();
            let mut record = Record::new("SY01.03", 18);
            record.set(2, id.clone());
            record.set(5, context.0.to_owned());
            record.set(6, context.1.to_owned());
            record.set(7, context.2.clone());
            record.text(8, &report.service);
            record.set(9, sums.usages.to_string());
            record.set(11, report.currency.clone());
            record.set(12, hundredths(sums.revenue_sen));
            file.push(record);
            summary_ids.insert(context, id);
        }
        let mut transactions = 0;
        for (block_id, block) in (1..).zip(self.blocks.values()) {
            block.resource(&mut file, block_id);
            for ((context, price_sen), sale) in &block.sales {
                transactions += 1;
                let mut record = Record::new("SU01.03", 13);
                record.set(2, block_id.to_string());
                record.set(3, summary_ids.get(context).cloned().unwrap_or_default());
                record.set(4, transactions.to_string());
                record.set(6, RESOURCE_REFERENCE.to_owned());
                record.set(7, sale.royalty_bearing.to_string());
                record.set(8, false.to_string());
                record.set(9, sale.usages.to_string());
                record.set(10, sale.returns.to_string());
                record.set(11, hundredths(*price_sen));
                record.set(13, context.1.to_owned());
                file.push(record);
            }
        }
        let lines = (file.lines + 1).to_string();
        let blocks = self.blocks.len().to_string();
        let mut record = Record::new("FOOT", 6);
        for (at, count) in [
            (2, &lines),
            (3, &lines),
            (4, &summary_ids.len().to_string()),
            (5, &blocks),
            (6, &blocks),
        ] {
            record.set(at, count.clone());
        }
        file.push(record);
        Ok(file.text)
    }
}

/// A block has one resource.
const RESOURCE_REFERENCE: &str = "1";

impl Block<'_> {
    fn resource(&self, file: &mut File, block_id: usize) {
        let one_work = match self.works {
            [work] => Some(work),
            _ => None,
        };
        let mut record = match one_work {
            Some(_) => Record::new("AS02.04", 25),
            None => Record::new("AS01.03", 15),
        };
        record.set(2, block_id.to_string());
        record.set(3, RESOURCE_REFERENCE.to_owned());
        record.text(4, &self.recording.recording_id);
        record.list(5, &self.recording.isrcs);
        record.text(6, &self.recording.title);
        record.text(8, &self.recording.artist);
        record.set(10, self.recording.duration_ms.map(duration).unwrap_or_default());
        record.set(11, "SoundRecording".to_owned());
        if let Some(work) = one_work {
            record.text(12, &iswc(work));
            record.list(13, &writers(work));
            record.list(21, &society_ids(work));
        }
        file.push(record);
        for work in self.works.iter().filter(|_| one_work.is_none()) {
            let mut record = Record::new("MW01.03", 19);
            record.set(2, block_id.to_string());
            record.text(3, &work.work_id);
            record.text(4, &iswc(work));
            let title =
                if printable(&work.title).is_empty() { &self.recording.title } else { &work.title };
            record.text(5, title);
            record.list(7, &writers(work));
            record.list(16, &society_ids(work));
            record.set(17, RESOURCE_REFERENCE.to_owned());
            file.push(record);
        }
    }
}

fn head(file: &mut File, report: &DsrReport) -> Result<(), ReportError> {
    let (year, month, day, hour, minute, second) = moment(report)?;
    let created = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z");
    let mut record = Record::new("HEAD", 16);
    let cells = [
        MESSAGE_VERSION,
        "BasicAudioProfile",
        PROFILE_VERSION,
        &report.message_id,
        &created,
        "1",
        "1",
        &report.month.first_day(),
        &report.month.last_day(),
        &report.sender.dpid,
        &report.sender.name,
        &report.service,
        &report.recipient.dpid,
        &report.recipient.name,
    ];
    for (at, cell) in (2..).zip(cells) {
        record.text(at, cell);
    }
    file.push(record);
    Ok(())
}

type Moment = (u16, u8, u8, u8, u8, u8);

fn moment(report: &DsrReport) -> Result<Moment, ReportError> {
    utc(report.created_ms)
        .filter(|moment| (1900..=9999).contains(&moment.0))
        .ok_or(ReportError::Heading("moment", "in the years 1900 to 9999"))
}

fn file_name(report: &DsrReport) -> Result<String, ReportError> {
    let capitals = |text: &str, count: usize| {
        text.len() == count && text.bytes().all(|b| b.is_ascii_uppercase())
    };
    let dpid = |party: &Party| {
        let bytes = party.dpid.as_bytes();
        bytes.len() == 18
            && bytes.starts_with(b"PADPIDA")
            && bytes.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    let word = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let id = &report.message_id;
    let heading = |fits: bool, what, right| {
        if fits { Ok(()) } else { Err(ReportError::Heading(what, right)) }
    };
    heading(dpid(&report.sender), "sender", "a DDEX party id as PADPIDA2008120501W")?;
    heading(dpid(&report.recipient), "recipient", "a DDEX party id as PADPIDA2008120501W")?;
    heading(!printable(&report.sender.name).is_empty(), "sender's name", "given")?;
    heading(word(&report.service), "service", "letters, digits and hyphens")?;
    heading(capitals(&report.territory, 2), "territory", "two capital letters")?;
    heading(capitals(&report.currency, 3), "currency", "three capital letters")?;
    let id_fits = (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic());
    heading(id_fits, "message id", "1 to 128 printable ASCII characters")?;
    let (year, month, day, hour, minute, second) = moment(report)?;
    Ok(format!(
        "DSR_{}_{}_{}_{}_{}_1of1_{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}.tsv",
        report.recipient.dpid, report.sender.dpid, report.service, report.month, report.territory,
    ))
}

fn iswc(work: &WorkUsed) -> String {
    work.iswc.as_deref().map(|iswc| iswc.replace(['-', '.'], "")).unwrap_or_default()
}

/// Composers, then lyricists who are not among them.
fn writers(work: &WorkUsed) -> Vec<String> {
    let mut writers = work.composers.clone();
    writers.extend(work.lyricists.iter().filter(|name| !work.composers.contains(name)).cloned());
    writers
}

fn society_ids(work: &WorkUsed) -> Vec<String> {
    let of = |society: &str, code: &Option<String>| {
        code.as_ref().map(|code| format!("{society}::{}", code.replace('-', "")))
    };
    [of("JASRAC", &work.jasrac_code), of("NexTone", &work.nextone_code)]
        .into_iter()
        .flatten()
        .collect()
}

fn duration(ms: u32) -> String {
    format!("PT{}M{}S", ms / 60_000, ms / 1_000 % 60)
}

#[derive(Default)]
struct File {
    text: String,
    lines: u64,
}

impl File {
    fn push(&mut self, record: Record) {
        self.text.push_str(&record.cells.join("\t"));
        self.text.push('\n');
        self.lines += 1;
    }
}

/// A record whose cells are set by their number in the standard, from 1.
struct Record {
    cells: Vec<String>,
}

impl Record {
    fn new(name: &str, width: usize) -> Record {
        let mut cells = vec![String::new(); width];
        cells[0] = name.to_owned();
        Record { cells }
    }

    /// What we made ourselves: numbers, and words of the standard.
    fn set(&mut self, at: usize, cell: String) {
        self.cells[at - 1] = cell;
    }

    /// What somebody else wrote.
    fn text(&mut self, at: usize, text: &str) {
        self.cells[at - 1] = escaped(&printable(text));
    }

    fn list(&mut self, at: usize, texts: &[String]) {
        let printed = texts.iter().map(|text| printable(text)).filter(|text| !text.is_empty());
        self.cells[at - 1] = printed.map(|text| escaped(&text)).collect::<Vec<_>>().join("|");
    }
}
