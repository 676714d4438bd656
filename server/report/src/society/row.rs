//! One line of the file: a work of a recording at a price, and how often.

use super::columns::{Society, place};
use super::write::{Encoding, counted_bytes};
use crate::cell::{hundredths, printable};
use crate::fault::LineFault;
use crate::line::{UsageLine, WorkUsed};

/// What parts several names.
const NAME_SEPARATOR: &str = "／";

/// The cells of a line, but for the count; and in which of them characters had to be replaced.
pub struct Row {
    /// As many as the society has fields.
    pub cells: Vec<String>,
    /// Field and character.
    pub substituted: Vec<(&'static str, char)>,
}

/// The line of one work of a usage line.
pub fn row(
    line: &UsageLine,
    work_at: usize,
    society: Society,
    encoding: Encoding,
) -> Result<Row, LineFault> {
    let work = &line.works[work_at];
    let columns = society.columns();
    let mut row = Row { cells: vec![String::new(); columns.len()], substituted: Vec::new() };
    let medley = line.works.len() > 1;
    let own_title = !printable(&work.title).is_empty();
    let title = if own_title { &work.title } else { &line.recording.title };
    let lyricists = names(&work.lyricists);
    let composers = names(&work.composers);
    if lyricists.is_empty() && composers.is_empty() {
        return Err(LineFault::NoWriter(work.work_id.clone()));
    }
    row.cells[place::KEY] = key(&line.recording.recording_id);
    row.cells[2] = "000".to_owned();
    row.cells[place::MEDLEY] = if medley { "M" } else { "" }.to_owned();
    row.cells[place::MEDLEY_BRANCH] = format!("{:03}", if medley { work_at + 1 } else { 0 });
    if medley && work_at >= 999 {
        return Err(LineFault::TooLong { field: "メドレー枝番", bytes_max: 3 });
    }
    row.cells[6] =
        work.jasrac_code.as_deref().map(|code| code.replace('-', "")).unwrap_or_default();
    let with_words = !lyricists.is_empty();
    row.text(society, place::TITLE, title, encoding);
    row.list(society, place::LYRICISTS, &lyricists, encoding)?;
    row.list(society, place::COMPOSERS, &composers, encoding)?;
    row.text(society, place::ARTIST, &line.recording.artist, encoding);
    row.cut(society, place::ARTIST);
    row.cells[place::PRICE] = hundredths(line.price_sen);
    row.cells[place::IVT] = if with_words { "V" } else { "I" }.to_owned();
    row.cells[place::WORDS] = if with_words { "3" } else { "" }.to_owned();
    row.of_nextone(society, work, encoding);
    for (at, (cell, column)) in row.cells.iter().zip(columns).enumerate() {
        if cell.is_empty() && column.needed && at != place::COUNT {
            return Err(LineFault::Missing(column.name));
        }
        if counted_bytes(cell) > column.bytes_max {
            let (field, bytes_max) = (column.name, column.bytes_max);
            return Err(LineFault::TooLong { field, bytes_max });
        }
        if !cell.is_empty() && !column.form.fits(cell) {
            return Err(LineFault::Form(column.name, column.form.words()));
        }
    }
    Ok(row)
}

impl Row {
    fn of_nextone(&mut self, society: Society, work: &WorkUsed, encoding: Encoding) {
        if society == Society::Nextone {
            self.text(society, 19, "NexTone", encoding);
            self.cells[20] = work.nextone_code.clone().unwrap_or_default();
        }
    }

    fn text(&mut self, society: Society, at: usize, text: &str, encoding: Encoding) {
        let field = society.columns()[at].name;
        self.cells[at] = encoding.expressible(&printable(text), |character| {
            self.substituted.push((field, character));
        });
    }

    /// Whole names, as many as fit; the first must.
    fn list(
        &mut self,
        society: Society,
        at: usize,
        names: &[String],
        encoding: Encoding,
    ) -> Result<(), LineFault> {
        for (count, name) in names.iter().enumerate() {
            let (before, substituted) = (self.cells[at].clone(), self.substituted.len());
            self.text(society, at, name, encoding);
            if count > 0 {
                self.cells[at] = [&before, NAME_SEPARATOR, &self.cells[at]].concat();
            }
            if counted_bytes(&self.cells[at]) > society.columns()[at].bytes_max {
                if count == 0 {
                    let column = &society.columns()[at];
                    let (field, bytes_max) = (column.name, column.bytes_max);
                    return Err(LineFault::TooLong { field, bytes_max });
                }
                self.cells[at] = before;
                self.substituted.truncate(substituted);
                return Ok(());
            }
        }
        Ok(())
    }

    /// A field that may be left out: as many characters as fit.
    fn cut(&mut self, society: Society, at: usize) {
        let cell = &mut self.cells[at];
        while counted_bytes(cell) > society.columns()[at].bytes_max {
            cell.pop();
        }
        let trimmed = cell.trim_end().len();
        cell.truncate(trimmed);
    }
}

/// Names that say something, each without the separator of names.
fn names(of: &[String]) -> Vec<String> {
    let plain = of.iter().map(|name| printable(&name.replace(NAME_SEPARATOR, " ")));
    plain.filter(|name| !name.is_empty()).collect()
}

/// A key that the field takes, and that stays: the recording's id, or a sum of it.
fn key(recording_id: &str) -> String {
    let fits = recording_id.len() <= 30 && super::columns::ColumnForm::Key.fits(recording_id);
    // `-` and `@` at the beginning would be a formula.
    let plain = !recording_id.starts_with(['-', '@', '_', '.']);
    if fits && plain {
        return recording_id.to_owned();
    }
    // FNV-1a of 128 bits, of which 28 digits fit. Two ids with one sum are found by `write`.
    let mut sum = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128;
    for byte in recording_id.bytes() {
        sum = (sum ^ u128::from(byte)).wrapping_mul(0x0100_0000_0000_0000_0000_013b);
    }
    format!("h.{:028x}", sum >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_fit_and_stay() {
        assert_eq!(key("aurora-2019"), "aurora-2019");
        assert_eq!(key(&"a".repeat(30)), "a".repeat(30));
        // FNV's published sum of "foobar" with 128 bits is 343e1662793c64bf6f0d3597ba446f18.
        assert_eq!(key("-oobar").len(), 30);
        let mut sums: Vec<String> = ["a/b", "-a", "=a", &"a".repeat(31)].map(key).to_vec();
        assert!(sums.iter().all(|key| key.starts_with("h.") && key.len() == 30));
        sums.dedup();
        assert_eq!(sums.len(), 4);
    }
}
