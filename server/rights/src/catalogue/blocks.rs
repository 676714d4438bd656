//! A catalogue's file as recordings, each with all of its lines.

use std::fmt;
use std::io::Read;

use super::block::Block;
use super::header::{Columns, HeaderError};
use super::import::ImportReport;
use super::line::{self, FaultyLine, Line};
use super::lines::{Record, Records};
use crate::error::RightsError;

type ReadLine = Result<Line, FaultyLine>;

/// The recordings of a catalogue's file.
pub struct Blocks<R> {
    records: Records<R>,
    columns: Columns,
    /// The recording whose lines are being read.
    block: Option<Block>,
    /// Whether a line that may be the next recording's cannot be read.
    in_doubt: bool,
}

impl<R: Read> Blocks<R> {
    /// Of a file from its beginning; its header is read.
    pub fn begin(reader: R) -> Result<Blocks<R>, RightsError> {
        let mut records = Records::new(reader);
        let columns = match next(&mut records)? {
            Some(header) => Columns::find(&header)?,
            None => return Err(HeaderError::Empty.into()),
        };
        Ok(Blocks { records, columns, block: None, in_doubt: false })
    }

    /// The next recording; its lines are counted in the report, and bad lines that are of none.
    pub fn next(&mut self, report: &mut ImportReport) -> Result<Option<Block>, RightsError> {
        loop {
            let Some((at, read)) = self.line()? else { return Ok(self.block.take()) };
            report.lines += 1;
            let recording_id = match &read {
                Ok(line) => Some(line.recording_id.clone()),
                Err(faulty) => faulty.recording_id.clone(),
            };
            let Some(recording_id) = recording_id else {
                // It may be of the recording before it or of the one behind it: neither is taken.
                self.in_doubt = true;
                match (read, &mut self.block) {
                    (Err(faulty), Some(block)) => block.add_bad(faulty),
                    (Err(faulty), None) => report.add_bad(1, faulty.bad),
                    (Ok(_), _) => {}
                }
                continue;
            };
            let whole = self.block.take_if(|block| block.recording_id != recording_id);
            let in_doubt = &mut self.in_doubt;
            let block = self
                .block
                .get_or_insert_with(|| Block::new(recording_id, at, std::mem::take(in_doubt)));
            match read {
                Ok(line) => block.add(line),
                Err(faulty) => block.add_bad(faulty),
            }
            if whole.is_some() {
                return Ok(whole);
            }
        }
    }

    /// Whether all of them were given.
    pub fn has_ended(&self) -> bool {
        self.block.is_none()
    }

    /// The next line, and where it begins.
    fn line(&mut self) -> Result<Option<(u64, ReadLine)>, RightsError> {
        let record = next(&mut self.records)?;
        Ok(record.map(|record| (record.line, line::read(&self.columns, &record))))
    }
}

impl<R> fmt::Debug for Blocks<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blocks").field("block", &self.block).finish_non_exhaustive()
    }
}

fn next<R: Read>(records: &mut Records<R>) -> Result<Option<Record<'_>>, RightsError> {
    let line = records.line();
    records.next().map_err(|error| RightsError::Read { line, error })
}
