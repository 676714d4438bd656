//! Reads the blocks that a look-up needs, in order: what lies together is read together, and a disk
//! is told of all that is to come.

use std::ops::Range;
use std::time::{Duration, Instant};

use super::Segment;
use super::block::{BLOCK_BYTES, Block, Buffer};
use crate::part::{Cost, IndexError};

/// Blocks read at a time, at most.
const STRETCH_BLOCKS: usize = 32;

/// Blocks that nobody asked for, but that are read with those before and after them: to copy them
/// costs less than to ask twice.
const BRIDGED_BLOCKS: usize = 2;

/// A read that takes longer than this did not come from memory. (64 KiB from the page cache take
/// ten.)
pub(super) const COLD: Duration = Duration::from_micros(50);

/// What is read at once, and what was read last.
pub(super) struct Reader<'a> {
    segment: &'a Segment,
    /// Runs of blocks that are needed, in order, none too long to be read at once.
    stretches: Vec<Range<usize>>,
    /// The first of them that is not read yet.
    next: usize,
    bytes: Vec<Buffer>,
    /// Blocks that `bytes` holds, and a bit for each of them whose sum was checked.
    held: Range<usize>,
    checked: u32,
    announced: bool,
}

const _: () = assert!(STRETCH_BLOCKS <= u32::BITS as usize);

impl<'a> Reader<'a> {
    /// For blocks that will be asked for in this order: no span begins before the one before.
    pub(super) fn new<'s>(
        segment: &'a Segment,
        spans: impl Iterator<Item = &'s Range<usize>>,
    ) -> Self {
        let bytes = vec![[0; BLOCK_BYTES]; STRETCH_BLOCKS];
        let (stretches, held) = (stretches(spans), 0..0);
        Self { segment, stretches, next: 0, bytes, held, checked: 0, announced: false }
    }

    /// The block of this number, checked.
    pub(super) fn block(&mut self, at: usize, cost: &mut Cost) -> Result<Block<'_>, IndexError> {
        if !self.held.contains(&at) {
            self.read(at)?;
        }
        let number = at - self.held.start;
        let bytes = &self.bytes[number];
        if self.checked >> number & 1 == 0 {
            self.checked |= 1 << number;
            cost.blocks += 1;
            return self.segment.block(at, bytes);
        }
        Block::of_checked(bytes).map_err(|what| self.segment.damaged_block(at, what))
    }

    fn read(&mut self, at: usize) -> Result<(), IndexError> {
        self.next += self.stretches[self.next..].partition_point(|stretch| stretch.end <= at);
        let stretch = self.stretches.get(self.next).filter(|stretch| stretch.contains(&at));
        let blocks = at..stretch.map_or(at + 1, |stretch| stretch.end);
        let bytes = self.bytes[..blocks.len()].as_flattened_mut();
        let begun = Instant::now();
        // What was there is gone, also if this fails.
        (self.held, self.checked) = (0..0, 0);
        self.segment.read(bytes, self.segment.block_at(at))?;
        self.held = blocks;
        // The first that comes from the disk: let it fetch all others at once.
        if !self.announced && begun.elapsed() > COLD {
            self.announced = true;
            for stretch in self.stretches.iter().skip(self.next + 1) {
                let begin = self.segment.block_at(stretch.start);
                self.segment.file.announce(begin, stretch.len() * BLOCK_BYTES);
            }
        }
        Ok(())
    }
}

/// Runs of the blocks of these spans, in order.
fn stretches<'s>(spans: impl Iterator<Item = &'s Range<usize>>) -> Vec<Range<usize>> {
    let mut all: Vec<Range<usize>> = vec![];
    for span in spans.filter(|span| !span.is_empty()) {
        let mut begin = span.start;
        if let Some(last) = all.last_mut() {
            let full = last.start + STRETCH_BLOCKS;
            if begin <= last.end + BRIDGED_BLOCKS && begin < full {
                last.end = last.end.max(span.end.min(full));
            }
            begin = begin.max(last.end);
        }
        while begin < span.end {
            let end = span.end.min(begin + STRETCH_BLOCKS);
            all.push(begin..end);
            begin = end;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::random;

    #[test]
    fn stretches_hold_every_block_of_every_span_and_little_else() {
        let mut next = random(3);
        for gap in [1, 2, 5, 100] {
            let mut at = 0;
            let spans: Vec<Range<usize>> = (0..500)
                .map(|_| {
                    at += next() as usize % gap;
                    at..at + next() as usize % 40
                })
                .collect();
            let stretches = stretches(spans.iter());
            assert!(stretches.is_sorted_by(|a, b| a.end <= b.start), "{stretches:?}");
            assert!(stretches.iter().all(|stretch| (1..=STRETCH_BLOCKS).contains(&stretch.len())));
            let asked = |block: usize| spans.iter().any(|span| span.contains(&block));
            for span in &spans {
                for block in span.clone() {
                    assert!(stretches.iter().any(|stretch| stretch.contains(&block)), "{block}");
                }
            }
            for stretch in &stretches {
                let bridged = stretch.clone().filter(|&block| !asked(block)).count();
                assert!(bridged <= stretch.len().div_ceil(3) * BRIDGED_BLOCKS, "{stretch:?}");
                assert!(asked(stretch.start) && asked(stretch.end - 1), "{stretch:?}");
            }
        }
        assert_eq!(super::stretches([].iter()), []);
        // What would only bridge to what no longer fits is left out.
        assert_eq!(super::stretches([0..31, 32..33].iter()), [0..31, 32..33]);
    }
}
