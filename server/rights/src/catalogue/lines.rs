//! Reads a CSV file record by record: where each begins, and never more of it than one may hold.

use std::io::{self, Read};

use csv_core::ReadRecordResult;

/// The most bytes that one line may have; a quote that is never closed runs into it.
pub const LINE_BYTES_MAX: usize = 1 << 20;

/// The most cells that are told apart; what is wider is too wide for any catalogue.
const CELLS_MAX: usize = 64;

const CHUNK_BYTES: usize = 1 << 16;

/// U+FEFF at the beginning of a file.
const MARK: &[u8] = "\u{feff}".as_bytes();

/// The records of a CSV file, one at a time.
pub struct Records<R> {
    reader: R,
    csv: csv_core::Reader,
    chunk: Vec<u8>,
    /// What of the chunk is not parsed yet.
    rest: std::ops::Range<usize>,
    begun: bool,
    ended: bool,
    /// Line of the next byte, from 1.
    line: u64,
    bytes: Vec<u8>,
    ends: [usize; CELLS_MAX],
}

/// One record.
pub struct Record<'a> {
    /// The line it begins on, from 1.
    pub line: u64,
    bytes: &'a [u8],
    ends: &'a [usize],
    /// How many cells it has; those beyond what is told apart are counted too.
    pub width: usize,
}

impl Record<'_> {
    /// A cell's bytes; none beyond the last.
    pub fn cell(&self, at: usize) -> Option<&[u8]> {
        let begin = match at {
            0 => 0,
            at => *self.ends.get(at - 1)?,
        };
        self.bytes.get(begin..*self.ends.get(at)?)
    }
}

impl<R: Read> Records<R> {
    /// Of a file from its beginning.
    pub fn new(reader: R) -> Records<R> {
        Records {
            reader,
            csv: csv_core::Reader::new(),
            chunk: vec![0; CHUNK_BYTES],
            rest: 0..0,
            begun: false,
            ended: false,
            line: 1,
            bytes: vec![0; CHUNK_BYTES],
            ends: [0; CELLS_MAX],
        }
    }

    /// On which line the next byte stands.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The next record; empty lines are skipped. None at the end.
    ///
    /// # Errors
    /// A file that cannot be read; [`io::ErrorKind::InvalidData`] for a line beyond
    /// [`LINE_BYTES_MAX`].
    pub fn next(&mut self) -> io::Result<Option<Record<'_>>> {
        if !self.begun {
            self.skip_mark()?;
        }
        if !self.skip_line_ends()? {
            return Ok(None);
        }
        let line = self.line;
        let (mut written, mut cells, mut beyond) = (0, 0, 0);
        loop {
            if self.rest.is_empty() && !self.ended {
                self.fill()?;
            }
            // Cells beyond the last place are written over each other there.
            let places = cells.min(CELLS_MAX - 1)..;
            let input = &self.chunk[self.rest.clone()];
            let output = &mut self.bytes[written..];
            let (result, read, wrote, ended) =
                self.csv.read_record(input, output, &mut self.ends[places]);
            self.line += input[..read].iter().filter(|byte| **byte == b'\n').count() as u64;
            self.rest.start += read;
            written += wrote;
            cells += ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull if self.bytes.len() < LINE_BYTES_MAX => {
                    self.bytes.resize(self.bytes.len() * 2, 0);
                }
                ReadRecordResult::OutputFull => return Err(too_long()),
                ReadRecordResult::OutputEndsFull => {
                    beyond += 1;
                    cells = CELLS_MAX - 1;
                }
                ReadRecordResult::Record => break,
                ReadRecordResult::End => return Ok(None),
            }
        }
        let (bytes, ends) = (&self.bytes[..written], &self.ends[..cells.min(CELLS_MAX)]);
        Ok(Some(Record { line, bytes, ends, width: cells + beyond }))
    }

    /// Whether there is more behind the line ends. (The parser takes them for the beginning of the
    /// record behind them.)
    fn skip_line_ends(&mut self) -> io::Result<bool> {
        loop {
            while let Some(byte) = self.chunk[self.rest.clone()].first() {
                match byte {
                    b'\n' => self.line += 1,
                    b'\r' => {}
                    _ => return Ok(true),
                }
                self.rest.start += 1;
            }
            if self.ended {
                return Ok(false);
            }
            self.fill()?;
        }
    }

    /// Skips a UTF-8 byte-order mark. (The parser does, but only one that comes in one piece.)
    fn skip_mark(&mut self) -> io::Result<()> {
        self.begun = true;
        while self.rest.end < MARK.len() && !self.ended {
            let had = self.rest.end;
            self.read_behind(had)?;
        }
        if self.chunk[self.rest.clone()].starts_with(MARK) {
            self.rest.start += MARK.len();
        }
        Ok(())
    }

    fn fill(&mut self) -> io::Result<()> {
        self.rest = 0..0;
        self.read_behind(0)
    }

    fn read_behind(&mut self, had: usize) -> io::Result<()> {
        let read = loop {
            match self.reader.read(&mut self.chunk[had..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        self.ended = read == 0;
        self.rest.end = had + read;
        Ok(())
    }
}

fn too_long() -> io::Error {
    let words = "a line is longer than 1 MiB; look for a quote that is never closed";
    io::Error::new(io::ErrorKind::InvalidData, words)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a byte at a time, so that every state meets the end of a chunk.
    struct Drops<'a>(&'a [u8]);

    impl Read for Drops<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let Some((first, rest)) = self.0.split_first() else { return Ok(0) };
            (buffer[0], self.0) = (*first, rest);
            Ok(1)
        }
    }

    fn all(reader: impl Read) -> Vec<(u64, Vec<String>)> {
        let mut records = Records::new(reader);
        let mut found = Vec::new();
        while let Some(record) = records.next().unwrap() {
            let cells = (0..record.width).map(|at| record.cell(at).unwrap());
            let cells = cells.map(|cell| String::from_utf8(cell.to_vec()).unwrap()).collect();
            found.push((record.line, cells));
        }
        found
    }

    #[test]
    fn records_and_the_lines_they_begin_on() {
        let text = "\u{feff}a,b\r\n\r\n\"1\n2\",\"x \"\"y\"\"\"\r\n3,\n\n4,ü";
        let want = [(1, ["a", "b"]), (3, ["1\n2", "x \"y\""]), (5, ["3", ""]), (7, ["4", "ü"])];
        let want: Vec<_> = want.map(|(at, cells)| (at, cells.map(str::to_owned).to_vec())).into();
        assert_eq!(all(text.as_bytes()), want);
        assert_eq!(all(Drops(text.as_bytes())), want);
        assert_eq!(all(&b""[..]), []);
        assert_eq!(all(&b"\n\r\n"[..]), []);
    }

    #[test]
    fn a_quote_that_is_never_closed_ends_the_reading_and_not_the_memory() {
        let endless = io::Read::chain(&b"a,\""[..], io::repeat(b'x'));
        let mut records = Records::new(endless);
        let error = records.next().err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert!(records.bytes.len() <= LINE_BYTES_MAX);
    }

    #[test]
    fn a_record_of_many_cells_is_counted_and_not_kept() {
        for (width, text) in [63, 64, 65, 1_000].map(|n| (n, "x,".repeat(n - 1) + "x\ny")) {
            let mut records = Records::new(text.as_bytes());
            let record = records.next().unwrap().unwrap();
            assert_eq!((record.width, record.line), (width, 1));
            assert_eq!(records.next().unwrap().unwrap().cell(0), Some(&b"y"[..]));
        }
    }
}
