//! A catalogue's file into the register, in the caller's transaction.

use std::io::Read;

use sqlx::{AnyConnection, Row};

use super::block::Block;
use super::fault::{BadLine, Fault};
use super::header::{Columns, HeaderError};
use super::line;
use super::lines::Records;
use crate::error::RightsError;
use crate::register::{Change, replace_recording, replace_work, works};

/// How many bad lines a report shows; the others are counted.
pub const BAD_LINES_KEPT: usize = 1_000;

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportReport {
    /// Lines behind the header.
    pub lines: u64,
    /// Recordings that the register did not know.
    pub recordings_new: u64,
    /// Recordings of which it held something else.
    pub recordings_changed: u64,
    /// Recordings of which it held the same.
    pub recordings_same: u64,
    /// Works that it did not know.
    pub works_new: u64,
    /// Works of which it held something else.
    pub works_changed: u64,
    /// Works of which it held the same.
    pub works_same: u64,
    /// Lines that cannot be used.
    pub bad_lines: u64,
    /// Good lines that were left out because their recording has a bad one.
    pub held_back: u64,
    /// What is wrong, in the order of the file: the first [`BAD_LINES_KEPT`].
    pub bad: Vec<BadLine>,
}

impl ImportReport {
    /// Whether the register is as it was before.
    pub fn changed_nothing(&self) -> bool {
        let changes =
            [self.recordings_new, self.recordings_changed, self.works_new, self.works_changed];
        changes == [0; 4]
    }

    fn count_recording(&mut self, change: Change) {
        match change {
            Change::New => self.recordings_new += 1,
            Change::Changed => self.recordings_changed += 1,
            Change::Same => self.recordings_same += 1,
        }
    }

    fn count_work(&mut self, change: Change) {
        match change {
            Change::New => self.works_new += 1,
            Change::Changed => self.works_changed += 1,
            Change::Same => self.works_same += 1,
        }
    }

    fn add_bad(&mut self, lines: u64, bad: Vec<BadLine>) {
        self.bad_lines += lines;
        let room = BAD_LINES_KEPT - self.bad.len();
        self.bad.extend(bad.into_iter().take(room));
    }
}

/// Reads a catalogue into the register. Every recording without a bad line is taken; what is wrong
/// with the others is in the report. (A line that does not say of which recording it is may belong
/// to the one before or behind it: both stay as they were.) Whoever wants all of the file or
/// nothing drops the transaction when [`ImportReport::bad_lines`] is not 0; after an error it must
/// be dropped.
///
/// The same file again changes nothing. Memory: one recording's lines (10,000 at most) and the
/// report, whatever the length of the file. Time: about five statements a recording. The reader is
/// read in the calling task.
///
/// # Errors
/// A file that is no catalogue, that cannot be read on, or in which a recording's lines do not
/// stand together; a database that fails.
pub async fn import(c: &mut AnyConnection, reader: impl Read) -> Result<ImportReport, RightsError> {
    let mut records = Records::new(reader);
    let mut report = ImportReport::default();
    let columns = match next(&mut records)? {
        Some(header) => Columns::find(&header)?,
        None => return Err(HeaderError::Empty.into()),
    };
    forget_marks(c).await?;
    let mut block: Option<Block> = None;
    let mut in_doubt = false;
    loop {
        let Some((at, read)) = next(&mut records)?.map(|of| (of.line, line::read(&columns, &of)))
        else {
            break;
        };
        report.lines += 1;
        let recording_id = match &read {
            Ok(line) => Some(line.recording_id.clone()),
            Err(faulty) => faulty.recording_id.clone(),
        };
        let Some(recording_id) = recording_id else {
            // It may be of the recording before it or of the one behind it: neither is taken.
            in_doubt = true;
            match (read, &mut block) {
                (Err(faulty), Some(block)) => block.add_bad(faulty),
                (Err(faulty), None) => report.add_bad(1, faulty.bad),
                (Ok(_), _) => {}
            }
            continue;
        };
        if block.as_ref().is_some_and(|block| block.recording_id != recording_id)
            && let Some(block) = block.take()
        {
            take(c, block, &mut report).await?;
        }
        let block = block
            .get_or_insert_with(|| Block::new(recording_id, at, std::mem::take(&mut in_doubt)));
        match read {
            Ok(line) => block.add(line),
            Err(faulty) => block.add_bad(faulty),
        }
    }
    if let Some(block) = block {
        take(c, block, &mut report).await?;
    }
    forget_marks(c).await?;
    report.bad.sort_by_key(|bad| bad.line);
    Ok(report)
}

fn next<R: Read>(
    records: &mut Records<R>,
) -> Result<Option<super::lines::Record<'_>>, RightsError> {
    let line = records.line();
    records.next().map_err(|error| RightsError::Read { line, error })
}

/// Takes one recording, if nothing is wrong with it.
async fn take(
    c: &mut AnyConnection,
    mut block: Block,
    report: &mut ImportReport,
) -> Result<(), RightsError> {
    let first = mark(c, "recording", &block.recording_id, block.line).await?;
    if first != block.line {
        let Block { recording_id, line, .. } = block;
        return Err(RightsError::Scattered { recording_id, first, again: line });
    }
    let (lines, in_doubt) = (block.lines, block.in_doubt);
    let (mut bad, mut bad_lines) = (std::mem::take(&mut block.bad), block.bad_lines);
    let (works_said, recording) = block.said();
    let mut fresh = Vec::new();
    for (line, work) in works_said {
        match marked(c, "work", &work.work_id).await? {
            None => fresh.push((line, work)),
            Some(first) => {
                let known = works(c, &[&work.work_id]).await?;
                if known.first() == Some(&work) {
                    continue;
                }
                let (found, fault) = (work.work_id, Fault::OtherWork { line: first });
                bad.push(BadLine { line, column: Some("work_id"), found, fault });
                bad_lines += 1;
            }
        }
    }
    if in_doubt || !bad.is_empty() {
        report.held_back += lines.saturating_sub(bad_lines);
        report.add_bad(bad_lines.min(lines), bad);
        return Ok(());
    }
    for (line, work) in fresh {
        mark(c, "work", &work.work_id, line).await?;
        report.count_work(replace_work(c, &work).await?);
    }
    report.count_recording(replace_recording(c, &recording).await?);
    Ok(())
}

/// Notes where something was met; says where it was met first.
async fn mark(c: &mut AnyConnection, kind: &str, id: &str, line: u64) -> Result<u64, RightsError> {
    let inserted = sqlx::query(
        "INSERT INTO rights_import_mark (kind, id, line) VALUES ($1, $2, $3) \
         ON CONFLICT (kind, id) DO NOTHING",
    )
    .bind(kind)
    .bind(id)
    .bind(line as i64)
    .execute(&mut *c)
    .await?;
    match inserted.rows_affected() {
        0 => Ok(marked(c, kind, id).await?.unwrap_or(line)),
        _ => Ok(line),
    }
}

async fn marked(c: &mut AnyConnection, kind: &str, id: &str) -> Result<Option<u64>, RightsError> {
    let row = sqlx::query("SELECT line FROM rights_import_mark WHERE kind = $1 AND id = $2")
        .bind(kind)
        .bind(id)
        .fetch_optional(c)
        .await?;
    Ok(row.map(|row| row.try_get::<i64, _>(0)).transpose()?.map(|line| line as u64))
}

async fn forget_marks(c: &mut AnyConnection) -> Result<(), RightsError> {
    sqlx::query("DELETE FROM rights_import_mark").execute(c).await?;
    Ok(())
}
