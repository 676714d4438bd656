//! Any bytes as a segment, and, in each version of the layout, any recordings, block keys and
//! blocks behind right checksums: no panic, whatever is done with the index then.
#![no_main]

use libfuzzer_sys::fuzz_target;

mod served;
mod used;

use served::{Files, open, song};
use used::use_all;

const CELL_CODES: usize = 16;
const TURN_CELLS: usize = 256;
const PHASES: u64 = 16;
const SKETCH_CODES: usize = 20;
const GROUP: usize = 256;
const BLOCK_BYTES: usize = 2_048;
const FOOT_BYTES: usize = 64;

type Recording = (u8, u8);
/// Its key or shelf, whether that is the first posting's too, what it holds.
type Block = (u32, bool, Vec<u8>);

fuzz_target!(|input: (Vec<u8>, u8, u8, Vec<Recording>, Vec<Block>)| {
    let (bytes, version, one_of, recordings, blocks) = input;
    check(&bytes);
    check(&sealed(version % 3 + 1, one_of, &recordings, &blocks));
});

/// A segment of these, every sum of which is right.
fn sealed(version: u8, one_of: u8, recordings: &[Recording], blocks: &[Block]) -> Vec<u8> {
    let mut bytes = b"ONMONSEG".to_vec();
    bytes.extend([version, 0, 0, 0, 0, 0, 0, 0]);
    let (mut tables, mut sketches) = (vec![], vec![]);
    let (mut cells, mut all_codes) = (0, 0);
    for (number, (slot, length)) in recordings.iter().enumerate() {
        let codes = song(u32::from(*slot % 8), usize::from(*length));
        bytes.extend(&codes);
        all_codes += codes.len() as u64;
        if version == 3 {
            sketches.extend(codes.iter().step_by(SKETCH_CODES));
            if (number + 1).is_multiple_of(GROUP) || number + 1 == recordings.len() {
                bytes.extend(&sketches);
                bytes.extend(crc32fast::hash(&sketches).to_le_bytes());
                sketches.clear();
            }
        }
        let own = codes.len().div_ceil(CELL_CODES);
        cells += if version == 1 { own } else { own.next_multiple_of(TURN_CELLS) } as u64;
        for word in [u32::from(*slot % 8), codes.len() as u32, crc32fast::hash(&codes)] {
            tables.extend(word.to_le_bytes());
        }
    }
    let sketched = bytes.len() as u64 - 16 - all_codes;
    let places = if version == 1 { cells } else { cells / PHASES }.max(1);
    for (key, sound, holds) in blocks {
        let mut block = vec![0; BLOCK_BYTES - 4];
        let length = holds.len().min(block.len());
        block[..length].copy_from_slice(&holds[..length]);
        if *sound {
            let first = u64::from(*key) * places + u64::from(block[4]) % places;
            block[4..12].copy_from_slice(&first.to_le_bytes());
        }
        bytes.extend(crc32fast::hash(&block).to_le_bytes());
        bytes.extend(block);
        tables.extend(key.to_le_bytes());
    }
    bytes.extend(&tables);
    let mut foot = vec![];
    for count in [all_codes, blocks.len() as u64, recordings.len() as u64, sketched] {
        foot.extend(count.to_le_bytes());
    }
    let sizes = [CELL_CODES as u32, BLOCK_BYTES as u32, crc32fast::hash(&tables)];
    for word in [u32::from(one_of % 64) + 1].into_iter().chain(sizes) {
        foot.extend(word.to_le_bytes());
    }
    foot.extend(crc32fast::hash(&foot).to_le_bytes());
    foot.extend(b"\0\0\0\0ONMONEND");
    bytes.extend(foot);
    bytes
}

fn check(segment: &[u8]) {
    // The sum by which the manifest knows it is that of its foot.
    let foot = &segment[segment.len().saturating_sub(FOOT_BYTES)..];
    let mut manifest = b"ONMONMAN\x01\0\0\0\x01\0\0\0".to_vec();
    for number in [5_u64, 2, 1] {
        manifest.extend(number.to_le_bytes());
    }
    manifest.extend([0; 4]);
    manifest.extend(crc32fast::hash(&foot[..foot.len().min(48)]).to_le_bytes());
    manifest.extend(crc32fast::hash(&manifest).to_le_bytes());
    let files = Files::default();
    files.lock().insert("manifest.onmman".to_owned(), manifest);
    files.lock().insert("segment-00000001.onmseg".to_owned(), segment.to_vec());
    if let Some(mut index) = open(&files) {
        use_all(&mut index, &song(3, 100));
    }
}
