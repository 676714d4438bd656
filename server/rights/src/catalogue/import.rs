//! A catalogue's file into the register, in the caller's transaction or in several.

use std::collections::VecDeque;
use std::io::Read;

use sqlx::AnyConnection;

use super::block::Block;
use super::blocks::Blocks;
use super::fault::{BadLine, Fault};
use super::marks::Marks;
use crate::error::RightsError;
use crate::register::{
    Change, Recording, Work, recording_change, replace_recording, replace_work, work_change,
};

/// Recordings that [`Import::read`] takes into memory at most,
const READ_RECORDINGS: usize = 500;
/// and lines, but for the last recording's.
const READ_LINES: u64 = 5_000;

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

    pub(super) fn add_bad(&mut self, lines: u64, bad: Vec<BadLine>) {
        self.bad_lines += lines;
        let room = BAD_LINES_KEPT - self.bad.len();
        self.bad.extend(bad.into_iter().take(room));
    }
}

/// A catalogue on its way into the register, some recordings at a time, so that others may write in
/// between:
///
/// ```text
/// while read()                    some recordings into memory; no database
///     while !is_taken()           in a transaction of the caller's:
///         take(c, until)          those in memory into the register, until it is time
/// ```
/// Every recording without a bad line is taken; what is wrong with the others is in the report. (A
/// line that does not say of which recording it is may belong to the one before or behind it: both
/// stay as they were.) What was committed stays, and the same file again changes nothing of it. So
/// whoever commits before the end has [`check`]ed the file: one in which a recording comes twice
/// would leave it with half of its claims.
///
/// Memory: what was read at once, the report, and some 50 bytes for each recording and work of the
/// file. (They are told apart by 64 bits of a keyed hash: of ten million, two are taken for one
/// with a probability of 3 in a million.) Time: about four statements a recording. The reader is
/// read in the calling task.
#[derive(Debug)]
pub struct Import<R> {
    blocks: Blocks<R>,
    waiting: VecDeque<Block>,
    marks: Marks,
    report: ImportReport,
    dry: bool,
}

impl<R: Read> Import<R> {
    /// Of a file from its beginning; its header is read.
    ///
    /// # Errors
    /// A file that is no catalogue, or that cannot be read.
    pub fn begin(reader: R) -> Result<Import<R>, RightsError> {
        let (blocks, waiting, marks) = (Blocks::begin(reader)?, VecDeque::new(), Marks::default());
        Ok(Import { blocks, waiting, marks, report: ImportReport::default(), dry: false })
    }

    /// The same; [`Import::take`] compares, reports as ever and writes nothing.
    ///
    /// # Errors
    /// The same.
    pub fn begin_dry(reader: R) -> Result<Import<R>, RightsError> {
        Ok(Import { dry: true, ..Import::begin(reader)? })
    }

    /// Reads the next recordings, [`READ_RECORDINGS`] at most. Whether there were any.
    ///
    /// # Errors
    /// A file that cannot be read on, or in which a recording's lines do not stand together.
    pub fn read(&mut self) -> Result<bool, RightsError> {
        let lines = self.report.lines;
        while self.waiting.len() < READ_RECORDINGS && self.report.lines - lines < READ_LINES {
            let Some(block) = self.blocks.next(&mut self.report)? else { break };
            self.marks.recording(&block.recording_id, block.line)?;
            self.waiting.push_back(block);
        }
        Ok(!self.waiting.is_empty())
    }

    /// Takes what was read: one recording, and more until `is_time` says so.
    ///
    /// # Errors
    /// A database that fails; the transaction must be dropped, and this with it.
    pub async fn take(
        &mut self,
        c: &mut AnyConnection,
        is_time: impl Fn() -> bool,
    ) -> Result<(), RightsError> {
        while let Some(block) = self.waiting.pop_front() {
            self.take_block(c, block).await?;
            if is_time() {
                break;
            }
        }
        Ok(())
    }

    /// Whether all that was read is taken.
    pub fn is_taken(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether all of the file is taken.
    pub fn is_done(&self) -> bool {
        self.is_taken() && self.blocks.has_ended()
    }

    /// What was done so far; the bad lines are not in order yet.
    pub fn so_far(&self) -> &ImportReport {
        &self.report
    }

    /// What was done.
    pub fn report(mut self) -> ImportReport {
        self.report.bad.sort_by_key(|bad| bad.line);
        self.report
    }

    /// Takes one recording, if nothing is wrong with it.
    async fn take_block(
        &mut self,
        c: &mut AnyConnection,
        mut block: Block,
    ) -> Result<(), RightsError> {
        let (lines, in_doubt) = (block.lines, block.in_doubt);
        let (mut bad, mut bad_lines) = (std::mem::take(&mut block.bad), block.bad_lines);
        let (works, recording) = block.said();
        let mut fresh = Vec::new();
        for (line, work) in works {
            match self.marks.work(&work) {
                None => fresh.push((line, work)),
                Some(first) if first.is_alike => {}
                Some(first) => {
                    let (found, fault) = (work.work_id, Fault::OtherWork { line: first.line });
                    bad.push(BadLine { line, column: Some("work_id"), found, fault });
                    bad_lines += 1;
                }
            }
        }
        if in_doubt || !bad.is_empty() {
            self.report.held_back += lines.saturating_sub(bad_lines);
            self.report.add_bad(bad_lines.min(lines), bad);
            return Ok(());
        }
        for (line, work) in fresh {
            self.marks.add_work(&work, line);
            self.report.count_work(self.work(c, &work).await?);
        }
        self.report.count_recording(self.recording(c, &recording).await?);
        Ok(())
    }

    async fn work(&self, c: &mut AnyConnection, work: &Work) -> Result<Change, RightsError> {
        if self.dry { work_change(c, work).await } else { replace_work(c, work).await }
    }

    async fn recording(
        &self,
        c: &mut AnyConnection,
        recording: &Recording,
    ) -> Result<Change, RightsError> {
        match self.dry {
            true => recording_change(c, recording).await,
            false => replace_recording(c, recording).await,
        }
    }
}

/// Reads a catalogue into the register, all of it in the caller's transaction; see [`Import`].
/// Whoever wants all of the file or nothing drops the transaction when [`ImportReport::bad_lines`]
/// is not 0; after an error it must be dropped.
///
/// # Errors
/// A file that is no catalogue, that cannot be read on, or in which a recording's lines do not
/// stand together; a database that fails.
pub async fn import(c: &mut AnyConnection, reader: impl Read) -> Result<ImportReport, RightsError> {
    let mut import = Import::begin(reader)?;
    while import.read()? {
        import.take(c, || false).await?;
    }
    Ok(import.report())
}

/// Reads a catalogue to its end: whether it is one, can be read, and each recording's lines stand
/// together. Bad lines are no error.
///
/// # Errors
/// As [`import`], but no database is asked.
pub fn check(reader: impl Read) -> Result<(), RightsError> {
    let mut blocks = Blocks::begin(reader)?;
    let (mut marks, mut report) = (Marks::default(), ImportReport::default());
    while let Some(block) = blocks.next(&mut report)? {
        marks.recording(&block.recording_id, block.line)?;
    }
    Ok(())
}
