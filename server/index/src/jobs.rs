//! What is due in the background: parts in memory go to disk, small segments become large ones.
//!
//! A job is planned under a short lock, runs without one, and is installed under a short lock
//! again: identifying goes on all the while, and so does enrolling.

use std::sync::Arc;

use crate::part::{IndexError, Part};
use crate::segment::{self, Segment};
use crate::storage::Storage;

/// Neighbouring segments of like size that are merged into one. So every posting is moved once per
/// level, and there are at most 7 segments of a level.
const MERGED: usize = 8;

/// A segment of which this share of the codes is dead is written anew.
const DEAD_SHARE: f64 = 0.25;

/// Neighbouring parts that become one segment.
pub struct Job {
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) parts: Vec<Part>,
    pub(crate) id: u64,
}

/// A job whose segment is on disk, but in no manifest.
pub struct Written {
    pub(crate) job: Job,
    pub(crate) segment: Arc<Segment>,
}

impl Job {
    /// Writes the segment. Takes as long as reading and writing all of it does.
    ///
    /// # Errors
    /// The disk says no, or a part is damaged; nothing has changed then.
    pub fn run(self) -> Result<Written, IndexError> {
        segment::write(self.storage.as_ref(), self.id, &self.parts)?;
        let segment = Arc::new(Segment::open(self.storage.as_ref(), self.id)?);
        Ok(Written { job: self, segment })
    }

    /// Codes of all recordings that it writes.
    pub fn codes(&self) -> u64 {
        self.parts.iter().map(|part| part.view().live_codes()).sum()
    }
}

/// How many of these parts, from the first on and one at least, have cells enough together to be
/// one segment.
pub(crate) fn fitting(parts: &[Part]) -> usize {
    let mut cells = 0;
    let fit = parts.iter().take_while(|part| {
        cells += part.source.recordings().cells_written();
        cells <= u64::from(u32::MAX)
    });
    fit.count().max(1)
}

/// Which neighbouring parts are to become one segment now; `None` where all is well.
pub(crate) fn due(parts: &[Part]) -> Option<std::ops::Range<usize>> {
    // What is only in memory first, oldest first: it is what a start would have to replay.
    if let Some(first) = parts.iter().position(|part| part.segment.is_none()) {
        return Some(first..first + 1);
    }
    let level = |part: &Part| part.source.recordings().codes().max(1).ilog(MERGED as u64);
    let mut end = parts.len();
    while end > 0 {
        // Segments no larger than the last one count as of its level: they are among older ones.
        let most = level(&parts[end - 1]);
        let begin = parts[..end].iter().rposition(|part| level(part) > most).map_or(0, |at| at + 1);
        // Beyond 8 million songs of 4.5 min a segment has no cells left: such stay apart.
        if end - begin >= MERGED && fitting(&parts[begin..end]) == end - begin {
            return Some(begin..end);
        }
        end = begin;
    }
    let dead = |part: &Part| {
        part.view().dead_codes() as f64 > DEAD_SHARE * part.source.recordings().codes() as f64
    };
    parts.iter().position(|part| dead(part) && part.fits_a_segment()).map(|at| at..at + 1)
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::*;
    use crate::band::Lengths;
    use crate::key::Sampling;
    use crate::part::{Lookup, PostingStream, Source};
    use crate::recordings::{Dead, Ordinal, Recordings};

    /// A segment of which nothing but its size is asked.
    struct Sized(Recordings);

    impl Source for Sized {
        fn sampling(&self) -> Sampling {
            Sampling::default()
        }

        fn recordings(&self) -> &Recordings {
            &self.0
        }

        fn look_up(&self, _: &mut Lookup<'_>) -> Result<(), IndexError> {
            Ok(())
        }

        fn read_codes(&self, _: Ordinal, _: &mut Vec<u8>) -> Result<(), IndexError> {
            Ok(())
        }

        fn peek_codes(&self, _: Ordinal, _: usize, _: &mut [u8]) -> Result<(), IndexError> {
            Ok(())
        }

        fn sketches(
            &self,
            _: Range<usize>,
            _: &Lengths,
            _: &mut dyn FnMut(Ordinal, &[u8]),
        ) -> Result<(), IndexError> {
            Ok(())
        }

        fn postings(&self) -> PostingStream<'_> {
            Box::new(std::iter::empty())
        }
    }

    /// Segments of so many recordings with as many codes each as a number can tell.
    fn segments(recordings: [u32; 8]) -> Vec<Part> {
        let sized = recordings.map(|count| {
            let mut all = Recordings::default();
            for slot in 0..count {
                all.push(slot, u32::MAX, 0);
            }
            Part { source: Arc::new(Sized(all)), dead: Dead::default(), segment: Some(1), seq: 0 }
        });
        sized.to_vec()
    }

    #[test]
    fn segments_that_one_has_no_cells_for_are_left_apart() {
        // 16 such recordings would be one cell too many.
        assert_eq!(due(&segments([2, 2, 2, 2, 2, 2, 2, 1])), Some(0..8));
        let full = segments([2; 8]);
        assert_eq!((due(&full), fitting(&full), fitting(&full[7..])), (None, 7, 1));
    }

    #[test]
    fn a_segment_of_the_first_layout_that_one_of_the_last_has_no_cells_for_stays_as_it_is() {
        let half_dead = |mut all: Recordings, last: u32| {
            (0..15).for_each(|slot| _ = all.push(slot, u32::MAX, 0));
            all.push(15, last, 0);
            let (source, dead) = (Arc::new(Sized(all)), (0..8).collect());
            [Part { source, dead, segment: Some(1), seq: 0 }]
        };
        // End to end 16 such recordings leave one cell; that one begins no turn.
        let full = half_dead(Recordings::end_to_end(), u32::MAX - 15);
        assert_eq!((full[0].fits_a_segment(), due(&full)), (false, None));
        let smaller = half_dead(Recordings::end_to_end(), 1);
        assert_eq!((smaller[0].fits_a_segment(), due(&smaller)), (true, Some(0..1)));
    }
}
