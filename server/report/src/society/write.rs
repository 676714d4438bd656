//! Usage lines as a society's file.

use std::collections::BTreeMap;

use super::columns::{Society, place};
use super::row::{Row, row};
use crate::fault::ReportError;
use crate::line::{Form, UsageLine};
use crate::month::Month;
use crate::totals::{Totals, check};

/// In which bytes a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// As JASRAC asks for it (with the additions of Windows, code page 932).
    ShiftJis,
    /// For whoever agreed on it.
    Utf8,
}

/// Stands for a character that an encoding does not have, as Japanese printers do it.
const GETA: char = '〓';

/// Characters that Shift_JIS has in the place of others that look the same: the two tables of
/// Unicode's that are in use (JIS X 0208, code page 932) differ in these.
const TWINS: [(char, char); 9] = [
    ('〜', '～'),
    ('‖', '∥'),
    ('−', '－'),
    ('—', '―'),
    ('¢', '￠'),
    ('£', '￡'),
    ('¬', '￢'),
    // The encoder would write these two as ASCII's \ and ~, which they are not.
    ('¥', '￥'),
    ('‾', '￣'),
];

/// How many bytes a text has as the societies count, in whichever encoding: as in Shift_JIS, one
/// for ASCII and half-width katakana, two for all else.
pub(super) fn counted_bytes(text: &str) -> usize {
    text.chars().map(|c| if c.is_ascii() || ('｡'..='ﾟ').contains(&c) { 1 } else { 2 }).sum()
}

impl Encoding {
    /// The text without characters that the encoding does not have; each is told.
    pub(super) fn expressible(self, text: &str, mut told: impl FnMut(char)) -> String {
        if self == Encoding::Utf8 {
            return text.to_owned();
        }
        let mut buffer = [0; 4];
        let expressed = text.chars().map(|character| {
            let twin = TWINS.iter().find(|(other, _)| *other == character);
            let character = twin.map_or(character, |(_, ours)| *ours);
            let (_, _, unmappable) =
                encoding_rs::SHIFT_JIS.encode(character.encode_utf8(&mut buffer));
            if unmappable {
                told(character);
                GETA
            } else {
                character
            }
        });
        expressed.collect()
    }

    fn encode(self, text: &str) -> Vec<u8> {
        match self {
            Encoding::Utf8 => text.as_bytes().to_vec(),
            Encoding::ShiftJis => encoding_rs::SHIFT_JIS.encode(text).0.into_owned(),
        }
    }
}

/// Which file is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SocietyReport {
    /// In whose form.
    pub society: Society,
    /// Works with a share of this organisation are reported.
    pub organisation: String,
    /// Uses under this licence are reported: 1 to 20 letters and digits.
    pub licence_number: String,
    /// Uses reported in this month are.
    pub month: Month,
    /// Uses of this form are. (The file has no field for it: a licence is for one form.)
    pub form: Form,
    /// In which bytes.
    pub encoding: Encoding,
}

/// A file, and what must be told with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SocietyFile {
    /// Licence number and month, `.txt`.
    pub name: String,
    /// What it holds; nothing if nothing was used.
    pub bytes: Vec<u8>,
    /// How many lines it has: the figure that is entered at the upload.
    pub lines: u64,
    /// The sum of its counts.
    pub requests: u64,
    /// What the usage lines in it sum to.
    pub totals: Totals,
    /// How many usage lines are of another licence, month, form or organisation.
    pub left_out: u64,
    /// Characters that the encoding does not have, and `〓` stands for.
    pub substituted: Vec<Substituted>,
}

/// A character that could not be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Substituted {
    /// In which line of the file, from 1.
    pub line: u64,
    /// In which field.
    pub field: &'static str,
    /// Which.
    pub character: char,
}

/// Writes the file. Lines are in the order of recording, work and price; uses of one work of one
/// recording at one price are one line. A recording whose uses were all taken back is not in it.
///
/// # Errors
/// A usage line that cannot be reported, or not in this format; a count below zero or above nine
/// digits. Nothing is left out silently.
pub fn write(lines: &[UsageLine], report: &SocietyReport) -> Result<SocietyFile, ReportError> {
    let name = file_name(report)?;
    check(lines)?;
    let mut totals = Totals::default();
    let mut left_out = 0;
    let mut rows: BTreeMap<(&str, &str, usize, i64), (Row, i64)> = BTreeMap::new();
    for (index, line) in lines.iter().enumerate() {
        let mut taken = false;
        if is_of(line, report) {
            for (at, work) in line.works.iter().enumerate() {
                if !work.shares.iter().any(|share| share.organisation == report.organisation) {
                    continue;
                }
                taken = true;
                let id = (&*line.recording.recording_id, &*work.work_id, at, line.price_sen);
                if let Some((_, count)) = rows.get_mut(&id) {
                    *count += line.net();
                    continue;
                }
                let row = row(line, at, report.society, report.encoding).map_err(|fault| {
                    ReportError::Line { index, event_id: line.event_id.clone(), fault }
                })?;
                rows.insert(id, (row, line.net()));
            }
        }
        if taken {
            totals.add(line)?;
        } else {
            left_out += 1;
        }
    }
    let mut file = SocietyFile {
        name,
        bytes: Vec::new(),
        lines: 0,
        requests: 0,
        totals,
        left_out,
        substituted: Vec::new(),
    };
    let mut keys: BTreeMap<String, &str> = BTreeMap::new();
    for ((recording_id, _, _, _), (row, count)) in rows {
        let key = row.cells[place::KEY].clone();
        let of = *keys.entry(key).or_insert(recording_id);
        if of != recording_id {
            return Err(ReportError::KeyCollision(of.to_owned(), recording_id.to_owned()));
        }
        file.add(row, recording_id, count, report.encoding)?;
    }
    Ok(file)
}

impl SocietyFile {
    fn add(
        &mut self,
        mut row: Row,
        recording_id: &str,
        count: i64,
        encoding: Encoding,
    ) -> Result<(), ReportError> {
        match count {
            0 => return Ok(()),
            ..0 => return Err(ReportError::NegativeCount(recording_id.to_owned())),
            1_000_000_000.. => return Err(ReportError::CountTooLarge(recording_id.to_owned())),
            _ => {}
        }
        row.cells[place::COUNT] = count.to_string();
        self.lines += 1;
        self.requests += count as u64;
        let line = self.lines;
        let substituted = row.substituted.into_iter();
        self.substituted.extend(substituted.map(|(field, character)| Substituted {
            line,
            field,
            character,
        }));
        self.bytes.extend(encoding.encode(&row.cells.join("\t")));
        self.bytes.extend(b"\r\n");
        Ok(())
    }
}

fn is_of(line: &UsageLine, report: &SocietyReport) -> bool {
    line.month == report.month
        && line.form == report.form
        && line.licence_number == report.licence_number
}

fn file_name(report: &SocietyReport) -> Result<String, ReportError> {
    let licence = &report.licence_number;
    let fits = (1..=20).contains(&licence.len())
        && licence.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !fits {
        return Err(ReportError::Heading("licence number", "1 to 20 letters and digits"));
    }
    Ok(format!("{licence}{}.txt", report.month.digits()))
}
