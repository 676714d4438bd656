//! The bytes of an export, written and read one record at a time.

use std::io::{self, Read, Write};

use crc32fast::Hasher;
use onmon_core::profile::CODES_PER_REFERENCE;
use onmon_core::wire;

use super::{BadRecord, BadRecordReason, TransferError};
use crate::entry::{CheckedEntry, Entry};
use crate::recording::{RECORDING_ID_BYTES_MAX, Recording, TEXT_BYTES_MAX};

const MAGIC: [u8; 8] = *b"ONMONEXP";
const VERSION: u32 = 1;

/// Metadata at its longest: every byte of a text may take six in JSON (`\u001f`); names, codes and
/// rights are below 512 bytes.
const METADATA_BYTES_MAX: usize = 6 * (RECORDING_ID_BYTES_MAX + 2 * TEXT_BYTES_MAX) + 512;

/// A longer record is none.
const RECORD_BYTES_MAX: usize = 4 + METADATA_BYTES_MAX + wire::encoded_len_max(CODES_PER_REFERENCE);

/// Writes an export.
pub(super) struct Writer<W> {
    out: W,
    sum: Hasher,
    records: u64,
}

impl<W: Write> Writer<W> {
    /// Begins one.
    pub fn new(out: W) -> io::Result<Self> {
        let mut writer = Self { out, sum: Hasher::new(), records: 0 };
        writer.put(&MAGIC)?;
        writer.put(&VERSION.to_le_bytes())?;
        writer.put(&[0; 4])?;
        Ok(writer)
    }

    /// Adds a recording and its reference fingerprint in wire form.
    pub fn record(&mut self, recording: &Recording, reference: &[u8]) -> io::Result<()> {
        let metadata = serde_json::to_vec(recording)?;
        let length = (4 + metadata.len() + reference.len()) as u32;
        let mut record = length.to_le_bytes().to_vec();
        record.extend_from_slice(&(metadata.len() as u32).to_le_bytes());
        record.extend_from_slice(&metadata);
        record.extend_from_slice(reference);
        let sum = crc32fast::hash(&record);
        record.extend_from_slice(&sum.to_le_bytes());
        self.records += 1;
        self.put(&record)
    }

    /// Ends it.
    pub fn finish(mut self) -> io::Result<W> {
        self.put(&0_u32.to_le_bytes())?;
        self.put(&self.records.to_le_bytes())?;
        let sum = self.sum.clone().finalize();
        self.put(&sum.to_le_bytes())?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sum.update(bytes);
        self.out.write_all(bytes)
    }
}

/// Reads an export. Whatever the bytes, it takes no more memory than a record may have.
pub(super) struct Reader<R> {
    input: R,
    sum: Hasher,
    records: u64,
    /// Bytes read so far.
    pub bytes: u64,
    /// Whether a record had another sum: then the sum of all is another as well.
    changed: bool,
}

impl<R: Read> Reader<R> {
    /// Begins to read: the head.
    pub fn new(input: R) -> Result<Self, TransferError> {
        let mut reader = Self { input, sum: Hasher::new(), records: 0, bytes: 0, changed: false };
        let head = reader.array::<8>().map_err(no_export)?;
        if head != MAGIC {
            return Err(TransferError::NotAnExport);
        }
        let found = u32::from_le_bytes(reader.array().map_err(no_export)?);
        if found != VERSION {
            return Err(TransferError::Version { found, known: VERSION });
        }
        match reader.array::<4>().map_err(no_export)? {
            [0, 0, 0, 0] => Ok(reader),
            _ => Err(TransferError::NotAnExport),
        }
    }

    /// The next record, good or bad; `None` behind the last one, once all sums are right.
    pub fn next(&mut self) -> Result<Option<Result<CheckedEntry, BadRecord>>, TransferError> {
        let length: [u8; 4] = self.array()?;
        let bytes = u32::from_le_bytes(length) as usize;
        if bytes == 0 {
            return self.end().map(|()| None);
        }
        if !(4..=RECORD_BYTES_MAX).contains(&bytes) {
            return Err(TransferError::Damaged { records: self.records });
        }
        let record = self.take(bytes)?;
        let sum = u32::from_le_bytes(self.array()?);
        self.records += 1;
        let mut hasher = Hasher::new();
        hasher.update(&length);
        hasher.update(&record);
        let entry = if hasher.finalize() == sum {
            entry(&record)
        } else {
            self.changed = true;
            Err(BadRecordReason::Checksum)
        };
        let number = self.records;
        Ok(Some(entry.map_err(|reason| BadRecord { number, reason })))
    }

    fn end(&mut self) -> Result<(), TransferError> {
        let told = u64::from_le_bytes(self.array()?);
        let sum = self.sum.clone().finalize();
        let told_sum = u32::from_le_bytes(self.array()?);
        let found = self.records;
        if told != found || (sum != told_sum && !self.changed) {
            return Err(TransferError::OtherRecords { found, told });
        }
        match self.input.read(&mut [0]).map_err(TransferError::Read)? {
            0 => Ok(()),
            _ => Err(TransferError::Damaged { records: found }),
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], TransferError> {
        let taken = self.take(N)?;
        taken.try_into().map_err(|_| TransferError::Truncated { records: self.records })
    }

    fn take(&mut self, bytes: usize) -> Result<Vec<u8>, TransferError> {
        let mut taken = vec![];
        // Room is made as bytes come: a length alone costs nothing.
        let read = self.input.by_ref().take(bytes as u64).read_to_end(&mut taken);
        if read.map_err(TransferError::Read)? < bytes {
            return Err(TransferError::Truncated { records: self.records });
        }
        self.bytes += bytes as u64;
        self.sum.update(&taken);
        Ok(taken)
    }
}

fn no_export(error: TransferError) -> TransferError {
    match error {
        TransferError::Truncated { .. } => TransferError::NotAnExport,
        other => other,
    }
}

fn entry(record: &[u8]) -> Result<CheckedEntry, BadRecordReason> {
    let cut_off = || BadRecordReason::Metadata(serde::de::Error::custom("cut off"));
    let (length, rest) = record.split_first_chunk::<4>().ok_or_else(cut_off)?;
    let metadata = u32::from_le_bytes(*length) as usize;
    let (metadata, reference) = rest.split_at_checked(metadata).ok_or_else(cut_off)?;
    let recording = serde_json::from_slice(metadata).map_err(BadRecordReason::Metadata)?;
    let entry = Entry { recording, reference: reference.to_vec() };
    CheckedEntry::try_from(entry).map_err(BadRecordReason::Refused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use onmon_core::Fingerprint;

    fn wire_bytes(codes: &[u8]) -> Vec<u8> {
        let fingerprint = Fingerprint::reference(codes.len() as u32 * 50, codes).unwrap();
        let mut bytes = vec![0; wire::encoded_len_max(codes.len())];
        let len = wire::encode(&fingerprint, &mut bytes).unwrap();
        bytes.truncate(len);
        bytes
    }

    fn recordings() -> Vec<Recording> {
        let full = Recording {
            title: Some("曲 \"1\"".to_owned()),
            artist: Some("t".repeat(TEXT_BYTES_MAX)),
            isrc: Some("JP-B01-23-45678".parse().unwrap()),
            iswc: Some("T-034.524.680-1".parse().unwrap()),
            rights: crate::Rights::NotEntrusted,
            ..Recording::new("a/b")
        };
        vec![full, Recording::new("plain"), Recording::new("い")]
    }

    fn exported() -> Vec<u8> {
        let mut writer = Writer::new(vec![]).unwrap();
        for (codes, recording) in (40_u8..).zip(recordings()) {
            writer.record(&recording, &wire_bytes(&vec![codes; codes.into()])).unwrap();
        }
        writer.finish().unwrap()
    }

    /// All good records' recordings, the numbers of bad ones, and how it ended.
    fn read(bytes: &[u8]) -> (Vec<Recording>, Vec<u64>, Result<(), TransferError>) {
        let (mut good, mut bad) = (vec![], vec![]);
        let mut reader = match Reader::new(bytes) {
            Ok(reader) => reader,
            Err(error) => return (good, bad, Err(error)),
        };
        loop {
            match reader.next() {
                Ok(None) => return (good, bad, Ok(())),
                Ok(Some(Ok(entry))) => good.push(entry.recording),
                Ok(Some(Err(record))) => bad.push(record.number),
                Err(error) => return (good, bad, Err(error)),
            }
        }
    }

    #[test]
    fn read_as_it_was_written() {
        let (good, bad, end) = read(&exported());
        end.unwrap();
        assert_eq!((good, bad), (recordings(), vec![]));
        let empty = Writer::new(vec![]).unwrap().finish().unwrap();
        let (good, bad, end) = read(&empty);
        assert!(good.is_empty() && bad.is_empty() && end.is_ok());
    }

    #[test]
    fn cut_off_anywhere_is_told_and_what_came_before_is_read() {
        let whole = exported();
        for length in 0..whole.len() {
            let (good, bad, end) = read(&whole[..length]);
            let records = good.len() as u64;
            assert!(bad.is_empty() && recordings().starts_with(&good));
            match end.unwrap_err() {
                TransferError::NotAnExport => assert!(length < 16),
                TransferError::Truncated { records: told } => assert_eq!(told, records),
                other => panic!("{other:?} at {length}"),
            }
        }
    }

    #[test]
    fn every_changed_bit_is_noticed_and_no_changed_record_is_taken() {
        let whole = exported();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << (at % 8);
            let (good, bad, end) = read(&bytes);
            assert!(end.is_err() || bad.len() == 1, "byte {at}");
            assert!(good.iter().all(|recording| recordings().contains(recording)), "byte {at}");
        }
    }

    #[test]
    fn more_behind_the_end_and_other_records_under_it() {
        let mut bytes = exported();
        bytes.push(0);
        assert!(matches!(read(&bytes).2, Err(TransferError::Damaged { records: 3 })));
        let whole = exported();
        // The first record is cut out, so that every other sum is still right.
        let first = 16 + 8 + u32::from_le_bytes(whole[16..20].try_into().unwrap()) as usize;
        let bytes = [&whole[..16], &whole[first..]].concat();
        let end = read(&bytes).2;
        assert!(matches!(end, Err(TransferError::OtherRecords { found: 2, told: 3 })), "{end:?}");
    }
}
