//! The six samples of a long recording, by seeking: only what they need is read and decoded.
//!
//! ```text
//!        lead     preroll        sample: 300 codes
//!   |..........|o o o o|x x x x x x x x x x x x x x x x ...|
//!   seek       grid    span.start
//!    decoder    extractor
//!    settles    settles
//! ```

use onmon_core::plan::{self, PREROLL_CODES, Span, TooShort};

use crate::codes::CodeMaker;
use crate::error::DecodeError;
use crate::hooks::Progress;
use crate::track::Track;

/// Times a seek is tried again from further back when the format went past the place asked for.
const SEEK_TRIES: u32 = 4;

/// Timestamps may be off by this part of a second (20 ms): Matroska rounds to milliseconds, and
/// what was remuxed carries the jitter of what it was.
const JITTER_PER_SECOND: u32 = 50;

/// Where the samples of a query lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Places {
    /// In the middle of each sixth: the same for everyone.
    #[default]
    Usual,
    /// Where a server's seed says, in answer to what the recording was said to be.
    Drawn(u64),
}

impl Places {
    /// What a server has drawn.
    pub(crate) fn seed(self) -> Option<u64> {
        match self {
            Places::Usual => None,
            Places::Drawn(seed) => Some(seed),
        }
    }

    /// The samples of a recording of so many codes.
    pub(crate) fn in_codes(self, total: u32) -> Result<Vec<Span>, TooShort> {
        Ok(plan::spans_at(total, self.seed())?.to_vec())
    }
}

/// A share of a recording's samples, for who has them read in several places at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Which of them, from 0.
    pub index: u32,
    /// How many there are.
    pub of: u32,
}

impl Part {
    /// All samples.
    pub(crate) const ALL: Part = Part { index: 0, of: 1 };

    /// Whether it is the one that takes all samples of what cannot be shared.
    pub(crate) fn is_first(self) -> bool {
        self.index == 0
    }

    /// Its share, which may be none: samples that follow one another, each in one part alone.
    fn take<T>(self, all: &[T]) -> &[T] {
        let bound = |index: u32| {
            let bound = all.len() as u64 * u64::from(index) / u64::from(self.of.max(1));
            usize::try_from(bound).unwrap_or(usize::MAX)
        };
        let (from, to) = (bound(self.index), bound(self.index.saturating_add(1)));
        all.get(from..to.min(all.len())).unwrap_or_default()
    }
}

/// Codes of the planned spans, in order.
pub(crate) struct Samples {
    pub(crate) spans: Vec<Span>,
    pub(crate) codes: Vec<u8>,
    /// One a span, where pictures are wanted.
    pub(crate) pictures: Vec<Vec<u8>>,
}

/// Takes a part of the samples of a recording of `total_frames`. `None` where the file does not
/// keep what its headers promise, or cannot be entered: a pass through all of it decides then.
pub(crate) fn by_seeking(
    track: &mut Track,
    maker: &mut CodeMaker,
    total_frames: u64,
    (places, part): (Places, Part),
    progress: &mut Progress<'_, '_>,
) -> Result<Option<Samples>, DecodeError> {
    let format = maker.format;
    let spans = part.take(&places.in_codes(format.codes_in(total_frames))?).to_vec();
    if spans.is_empty() {
        return Ok(None);
    }
    let wanted: u32 = spans.iter().map(|span| span.len).sum();
    let mut codes = Vec::with_capacity(wanted as usize);
    let mut pictures = Vec::new();
    for span in &spans {
        let enter = span.start.saturating_sub(PREROLL_CODES);
        if !enter_at(track, format.frame_of(enter))? {
            return Ok(None);
        }
        maker.restart();
        let mut settling = span.start - enter;
        let end = codes.len() + span.len as usize;
        let mut on_code = |code| {
            if settling > 0 {
                settling -= 1;
            } else if codes.len() < end {
                codes.push(code);
            }
            codes.len()
        };
        if !read_from(track, format.frame_of(enter), end, maker, &mut on_code, |done| {
            progress.tell(done as f32 / wanted as f32)
        })? {
            return Ok(None);
        }
        let preroll = span.start - enter;
        pictures.extend(maker.picture().map(|p| p.of_codes(preroll..preroll + span.len)));
    }
    Ok(Some(Samples { spans, codes, pictures }))
}

/// Seeks so that the decoder has settled when `frame` comes. False if the format cannot.
pub(crate) fn enter_at(track: &mut Track, frame: u64) -> Result<bool, DecodeError> {
    let wanted = frame.saturating_sub(track.lead_frames());
    let mut target = wanted;
    for _ in 0..SEEK_TRIES {
        let Some(reached) = track.seek(target)? else { return Ok(false) };
        let reached = u64::try_from(reached).unwrap_or(0);
        // At the start there is nothing before: what is there is what a whole pass sees.
        if reached <= wanted || (target == 0 && reached <= frame) {
            return Ok(true);
        }
        // Some containers enter only at the end of a cluster: go back by as much as it went past.
        let past = reached.saturating_sub(target);
        target = wanted.min(target).saturating_sub(past + u64::from(track.rate_hz()));
    }
    Ok(false)
}

/// Feeds the extractor from `frame` on until `on_code` has counted `end` codes. False if the file
/// ends, jumps or breaks before.
fn read_from(
    track: &mut Track,
    frame: u64,
    end: usize,
    maker: &mut CodeMaker,
    on_code: &mut impl FnMut(u8) -> usize,
    mut tell: impl FnMut(usize) -> Result<(), DecodeError>,
) -> Result<bool, DecodeError> {
    let frame = i64::try_from(frame).unwrap_or(i64::MAX);
    let jitter = i64::from(track.rate_hz() / JITTER_PER_SECOND);
    let mut entered = false;
    let mut count = 0;
    while count < end {
        let Some(piece) = track.next()? else { return Ok(false) };
        let at = piece.at;
        let Some(pcm) = track.decode(&piece) else {
            // A decoder that has just been entered may miss what the packet refers to.
            if entered {
                return Ok(false);
            }
            continue;
        };
        let frames = pcm.frames();
        let skip = if entered { 0 } else { usize::try_from(frame.saturating_sub(at)).unwrap_or(0) };
        if skip >= frames {
            continue;
        }
        if !entered && at > frame.saturating_add(jitter) {
            return Ok(false);
        }
        entered = true;
        maker.push(&pcm, skip, |code| count = on_code(code))?;
        tell(count)?;
    }
    Ok(true)
}
