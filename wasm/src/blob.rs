//! A file that the user chose, read in blocks inside a worker: the rest of it never enters memory.

use std::io::{self, Read, Seek, SeekFrom};

use js_sys::Uint8Array;
#[cfg(feature = "file")]
use onmon_decode::MediaSource;
use send_wrapper::SendWrapper;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, FileReaderSync};

/// Bytes asked of the browser at a time: each call costs a trip to another process, and a sample
/// of 15 s in an MP3 of 320 kbit/s is 600 kB long.
const BLOCK_BYTES: u64 = 256 << 10;

/// Blocks kept: the search for a position in an Ogg file comes back to the same places.
const BLOCKS_KEPT: usize = 8;

/// A [`Blob`] as a source that seeks. Works in workers only: `FileReaderSync` exists nowhere else.
pub struct BlobSource {
    /// A source must be `Send + Sync`, and JavaScript's objects belong to one thread. Nothing here
    /// ever leaves it; the wrapper would panic if something did.
    file: SendWrapper<File>,
    len: u64,
    position: u64,
    /// The most recently used last.
    blocks: Vec<Block>,
}

struct File {
    blob: Blob,
    reader: FileReaderSync,
}

struct Block {
    start: u64,
    bytes: Vec<u8>,
}

impl BlobSource {
    /// A source over `blob`, at its start. Nothing is read yet.
    ///
    /// # Errors
    /// What JavaScript throws where there is no `FileReaderSync`.
    pub fn new(blob: Blob) -> Result<Self, JsValue> {
        let len = blob.size() as u64;
        let reader = FileReaderSync::new()?;
        let file = SendWrapper::new(File { blob, reader });
        Ok(Self { file, len, position: 0, blocks: Vec::with_capacity(BLOCKS_KEPT) })
    }

    /// The block that holds `position`, which is inside the file.
    fn block(&mut self, position: u64) -> io::Result<&Block> {
        let start = position - position % BLOCK_BYTES;
        match self.blocks.iter().position(|block| block.start == start) {
            Some(found) => self.blocks[found..].rotate_left(1),
            None => {
                let bytes = self.file.read(start, self.len.min(start + BLOCK_BYTES))?;
                if self.blocks.len() == BLOCKS_KEPT {
                    self.blocks.remove(0);
                }
                self.blocks.push(Block { start, bytes });
            }
        }
        self.blocks.last().ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}

impl File {
    fn read(&self, start: u64, end: u64) -> io::Result<Vec<u8>> {
        let slice = self.blob.slice_with_f64_and_f64(start as f64, end as f64);
        let slice = slice.map_err(|error| failed(&error))?;
        let buffer = self.reader.read_as_array_buffer(&slice).map_err(|error| failed(&error))?;
        Ok(Uint8Array::new(&buffer).to_vec())
    }
}

impl Read for BlobSource {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.position >= self.len || buffer.is_empty() {
            return Ok(0);
        }
        let position = self.position;
        let block = self.block(position)?;
        // A file that shrank after it was chosen gives a block that is shorter than it should be.
        let rest = block.bytes.get((position - block.start) as usize..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for BlobSource {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(delta) => self.len.checked_add_signed(delta),
            SeekFrom::Current(delta) => self.position.checked_add_signed(delta),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

#[cfg(feature = "file")]
impl MediaSource for BlobSource {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.len)
    }
}

/// What the browser says, as in `NotReadableError: The requested file could not be read`.
fn failed(error: &JsValue) -> io::Error {
    let words = error.dyn_ref::<js_sys::Error>().map(|error| String::from(error.to_string()));
    io::Error::other(words.unwrap_or_else(|| "the browser could not read the file".to_owned()))
}
