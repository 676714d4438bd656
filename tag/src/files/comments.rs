//! Vorbis comments, as FLAC and Ogg carry them: vendor, count, `NAME=value` each with its length.

use std::vec::Vec;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::error::{FileError, damaged};

const NAME: &[u8] = b"ONMON_TAG=";

/// The vendor of a comment block that was made for the tag alone.
const VENDOR: &[u8] = b"onmon";

/// A comment block: where its entries lie, by offset, and where they end.
struct Comments<'a> {
    bytes: &'a [u8],
    count_at: usize,
    /// Each with its length's four bytes.
    entries: Vec<(usize, usize)>,
    end: usize,
}

impl<'a> Comments<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, FileError> {
        let count_at = after(bytes, 0)?;
        let count = number(bytes, count_at)?;
        let (mut end, mut entries) = (count_at + 4, Vec::new());
        for _ in 0..count {
            let start = end;
            end = after(bytes, start)?;
            entries.push((start, end));
        }
        Ok(Self { bytes, count_at, entries, end })
    }

    fn text(&self, (start, end): (usize, usize)) -> &'a [u8] {
        self.bytes.get(start + 4..end).unwrap_or_default()
    }

    fn is_ours(&self, entry: (usize, usize)) -> bool {
        let name = self.text(entry).get(..NAME.len());
        name.is_some_and(|name| name.eq_ignore_ascii_case(NAME))
    }
}

/// Behind the counted bytes at `at`.
fn after(bytes: &[u8], at: usize) -> Result<usize, FileError> {
    let end = at.checked_add(4).and_then(|at| at.checked_add(number(bytes, at - 4).ok()?));
    end.filter(|end| *end <= bytes.len()).ok_or(damaged("its comments"))
}

fn number(bytes: &[u8], at: usize) -> Result<usize, FileError> {
    let four = bytes.get(at..).and_then(|rest| rest.first_chunk());
    four.map(|four| u32::from_le_bytes(*four) as usize).ok_or(damaged("its comments"))
}

/// The tag in a comment block.
pub(super) fn find(bytes: &[u8]) -> Result<Option<Vec<u8>>, FileError> {
    let comments = Comments::parse(bytes)?;
    let ours = comments.entries.iter().find(|entry| comments.is_ours(**entry));
    let Some(ours) = ours else { return Ok(None) };
    let value = comments.text(*ours).get(NAME.len()..).unwrap_or_default();
    let value = value.trim_ascii().strip_suffix(b"=").unwrap_or(value.trim_ascii());
    URL_SAFE_NO_PAD.decode(value).map(Some).map_err(|_| damaged("its tag is not base64url"))
}

/// The block with `tag` as its last comment, in place of any that is there. What follows the
/// comments stays.
pub(super) fn edit(bytes: &[u8], tag: Option<&[u8]>) -> Result<Vec<u8>, FileError> {
    let comments = Comments::parse(bytes)?;
    let kept: Vec<_> =
        comments.entries.iter().filter(|entry| !comments.is_ours(**entry)).copied().collect();
    let count = kept.len() + usize::from(tag.is_some());
    let mut out = bytes.get(..comments.count_at).unwrap_or_default().to_vec();
    out.extend(u32::try_from(count).map_err(|_| FileError::TooLarge)?.to_le_bytes());
    for (start, end) in kept {
        out.extend(bytes.get(start..end).unwrap_or_default());
    }
    if let Some(tag) = tag {
        let value = URL_SAFE_NO_PAD.encode(tag);
        out.extend(((NAME.len() + value.len()) as u32).to_le_bytes());
        out.extend(NAME);
        out.extend(value.as_bytes());
    }
    out.extend(bytes.get(comments.end..).unwrap_or_default());
    Ok(out)
}

/// A block without comments.
pub(super) fn empty() -> Vec<u8> {
    let vendor_len = (VENDOR.len() as u32).to_le_bytes();
    [vendor_len.as_slice(), VENDOR, &0_u32.to_le_bytes()].concat()
}
