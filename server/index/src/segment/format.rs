//! The layout of a segment file: its head, its foot, its tables.

use super::block::{BLOCK_BYTES, Damage};
use super::order::Order;
use super::sketches::Places;
use crate::key::Sampling;
use crate::recordings::{CELL_CODES, Recordings};

pub(super) const HEAD_BYTES: usize = 16;
pub(super) const FOOT_BYTES: usize = 64;

/// The layout that segments are written in.
pub const LAYOUT: u8 = 3;

/// What is written: the head of the last version of the layout.
pub(super) const HEAD: [u8; HEAD_BYTES] = head(LAYOUT);

const fn head(version: u8) -> [u8; HEAD_BYTES] {
    [b'O', b'N', b'M', b'O', b'N', b'S', b'E', b'G', version, 0, 0, 0, 0, 0, 0, 0]
}

/// The version of the layout of a segment that begins so.
pub(super) fn layout_of(bytes: &[u8]) -> Result<u8, Damage> {
    let version = (1..=LAYOUT).find(|version| head(*version) == bytes);
    version.ok_or("no head of a segment of a version that this program reads")
}

/// What the postings of a segment of this version are ordered by.
pub(super) fn order_of(layout: u8) -> Order {
    if layout == 1 { Order::Keys } else { Order::Phases }
}

/// Whether a segment of this version has sketches.
pub(super) fn has_sketches(layout: u8) -> bool {
    layout >= 3
}

/// Bytes of the foot before its own sum.
const SUMMED_BYTES: usize = 48;

const FOOT_END: &[u8; 8] = b"ONMONEND";

/// Bytes of a recording and of a block key in the tables.
const RECORDING_BYTES: usize = 12;
const KEY_BYTES: usize = 4;

/// The file of a segment.
pub(crate) fn file_name(id: u64) -> String {
    format!("segment-{id:08}.onmseg")
}

/// The number of the segment whose file this is.
pub(crate) fn number_of(file_name: &str) -> Option<u64> {
    file_name.strip_prefix("segment-")?.strip_suffix(".onmseg")?.parse().ok()
}

/// What the end of the file tells of the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Foot {
    pub codes: u64,
    pub blocks: u64,
    pub recordings: u64,
    /// Bytes of all sketches and their sums.
    pub sketches: u64,
    pub tables_sum: u32,
    pub sampling: Sampling,
}

impl Foot {
    /// ```text
    /// codes u64 | blocks u64 | recordings u64 | bytes of sketches u64
    /// one key of how many is kept u32 | codes in a cell u32 | bytes in a block u32 | CRC-32 of the
    /// tables u32 CRC-32 of all before it in the foot u32 | 0 u32 | "ONMONEND"
    /// ```
    pub(super) fn bytes(&self) -> [u8; FOOT_BYTES] {
        let mut bytes = vec![];
        for count in [self.codes, self.blocks, self.recordings, self.sketches] {
            bytes.extend_from_slice(&count.to_le_bytes());
        }
        for number in [self.sampling.of(), CELL_CODES as u32, BLOCK_BYTES as u32, self.tables_sum] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        let sum = crc32fast::hash(&bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(FOOT_END);
        bytes.try_into().unwrap_or([0; FOOT_BYTES])
    }

    /// Of all that it tells.
    pub(super) fn sum(&self) -> u32 {
        crc32fast::hash(&self.bytes()[..SUMMED_BYTES])
    }

    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Damage> {
        let word = |at: usize| {
            let word = bytes.get(at..at + 8).and_then(|word| word.try_into().ok());
            word.map_or(0, u64::from_le_bytes)
        };
        let sampling = Sampling::one_of(word(32) as u32).ok_or("no foot of a segment")?;
        let foot = Self {
            sampling,
            codes: word(0),
            blocks: word(8),
            recordings: word(16),
            sketches: word(24),
            tables_sum: (word(40) >> 32) as u32,
        };
        // Whatever else stands there, down to the last zero, is what this build would write.
        if foot.bytes() == bytes { Ok(foot) } else { Err("no foot of a segment of this version") }
    }

    pub(super) fn blocks_at(&self) -> u64 {
        HEAD_BYTES as u64 + self.codes + self.sketches
    }

    pub(super) fn tables_at(&self) -> u64 {
        self.blocks_at() + self.blocks * BLOCK_BYTES as u64
    }

    pub(super) fn tables_bytes(&self) -> usize {
        self.recordings as usize * RECORDING_BYTES + self.blocks as usize * KEY_BYTES
    }

    /// `None` where the counts are beyond any file.
    pub(super) fn file_bytes(&self) -> Option<u64> {
        let blocks = self.blocks.checked_mul((BLOCK_BYTES + KEY_BYTES) as u64)?;
        let recordings = self.recordings.checked_mul(RECORDING_BYTES as u64)?;
        let rest = (HEAD_BYTES + FOOT_BYTES) as u64;
        let parts = [self.codes, self.sketches, blocks, recordings, rest];
        parts.into_iter().try_fold(0_u64, u64::checked_add)
    }

    /// The recordings and block keys that the tables hold, and where codes and sketches are.
    pub(super) fn tables(
        &self,
        layout: u8,
        bytes: &[u8],
    ) -> Result<(Recordings, Places, Vec<u32>), Damage> {
        if crc32fast::hash(bytes) != self.tables_sum {
            return Err("the tables: wrong checksum");
        }
        let split = bytes.split_at_checked(self.recordings as usize * RECORDING_BYTES);
        let (rows, keys) = split.ok_or("the tables: cut off")?;
        let word = |bytes: &[u8]| bytes.try_into().map_or(0, u32::from_le_bytes);
        let mut recordings = match order_of(layout) {
            Order::Keys => Recordings::end_to_end(),
            Order::Phases => Recordings::default(),
        };
        for row in rows.chunks_exact(RECORDING_BYTES) {
            let codes = word(&row[4..8]);
            if !recordings.has_room_for(u64::from(codes)) {
                return Err("more codes than cells");
            }
            recordings.push(word(&row[..4]), codes, word(&row[8..]));
        }
        if recordings.codes() != self.codes {
            return Err("the recordings' codes do not add up");
        }
        let places = Places::of(&recordings, has_sketches(layout));
        if places.bytes() != self.sketches {
            return Err("the recordings' sketches do not add up");
        }
        Ok((recordings, places, keys.chunks_exact(KEY_BYTES).map(word).collect()))
    }
}

/// A recording's row of the table.
pub(super) fn recording_bytes(row: &crate::recordings::Row) -> [u8; RECORDING_BYTES] {
    let mut bytes = [0; RECORDING_BYTES];
    for (place, word) in bytes.chunks_exact_mut(4).zip([row.slot, row.codes, row.sum]) {
        place.copy_from_slice(&word.to_le_bytes());
    }
    bytes
}
