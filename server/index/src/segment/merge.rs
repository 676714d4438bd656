//! Posting lists of several parts as one, in order, at the places that their recordings get.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::part::{IndexError, Part, PostingStream};
use crate::posting::{Posting, TURN_CELLS};
use crate::recordings::{Ordinal, Recordings};

/// A recording of several parts: how many codes it has, which part it is of, its number there.
pub(super) type Member = (u32, u32, Ordinal);

/// The living recordings of these parts, the shortest first: so those that are as long as a query's
/// sound lie together. Of the same length those that were enrolled first come first.
pub(super) fn by_length(parts: &[Part]) -> Vec<Member> {
    let mut all = vec![];
    for (number, part) in (0..).zip(parts) {
        let rows = (0..).zip(part.source.recordings().rows());
        let living = rows.filter(|(ordinal, _)| !part.dead.contains(ordinal));
        all.extend(living.map(|(ordinal, row)| (row.codes, number, ordinal)));
    }
    all.sort_unstable();
    all
}

/// Where a part's recordings come to lie.
pub(super) struct Moved<'a> {
    part: &'a Part,
    cells: NewCells,
}

/// What there is in place of a dead recording's new cell: past all cells.
const NOWHERE: u32 = u32::MAX;

/// Where cells come to lie, [`NOWHERE`] those of the dead.
enum NewCells {
    /// The new first cell of each turn, where recordings begin with turns.
    OfTurns(Vec<u32>),
    /// The new first cell of each recording.
    OfRecordings(Vec<u32>),
}

impl<'a> Moved<'a> {
    /// Adds these recordings of the parts to those that there are already, in this order.
    pub(super) fn into(all: &mut Recordings, parts: &'a [Part], order: &[Member]) -> Vec<Self> {
        let mut moved: Vec<Self> = parts.iter().map(Self::nowhere).collect();
        for (_, number, ordinal) in order {
            let one = &mut moved[*number as usize];
            let row = one.part.source.recordings().row(*ordinal);
            let cell = all.push(row.slot, row.codes, row.sum).cell;
            match &mut one.cells {
                NewCells::OfRecordings(cells) => cells[*ordinal as usize] = cell,
                NewCells::OfTurns(turns) => {
                    for turn in 0..(all.cells() - cell) / TURN_CELLS {
                        turns[(row.cell / TURN_CELLS + turn) as usize] = cell + turn * TURN_CELLS;
                    }
                }
            }
        }
        moved
    }

    fn nowhere(part: &'a Part) -> Self {
        let recordings = part.source.recordings();
        let cells = match recordings.begin_with_turns() {
            true => NewCells::OfTurns(vec![NOWHERE; (recordings.cells() / TURN_CELLS) as usize]),
            false => NewCells::OfRecordings(vec![NOWHERE; recordings.rows().len()]),
        };
        Self { part, cells }
    }

    /// The part's postings, the dead ones left out, in order.
    fn postings(&self) -> PostingStream<'_> {
        let recordings = self.part.source.recordings();
        let moved = |posting: Posting| self.moved(recordings, posting);
        let all = self.part.source.postings().filter_map(move |posting| match posting {
            Ok(posting) => moved(posting).map(Ok),
            Err(error) => Some(Err(error)),
        });
        // Recordings that go on in their own order take their postings along in theirs.
        if recordings.begin_with_turns() && recordings.are_by_length() {
            return Box::new(all);
        }
        in_order(Box::new(all))
    }

    /// The posting as it is of the whole; `None` where it is a dead recording's.
    fn moved(&self, recordings: &Recordings, posting: Posting) -> Option<Posting> {
        let (first, within) = match &self.cells {
            NewCells::OfTurns(turns) => {
                (*turns.get((posting.cell() / TURN_CELLS) as usize)?, posting.cell() % TURN_CELLS)
            }
            NewCells::OfRecordings(cells) => {
                let ordinal = recordings.at_cell(posting.cell())?;
                let within = posting.cell() - recordings.row(ordinal).cell;
                (*cells.get(ordinal as usize)?, within)
            }
        };
        (first != NOWHERE).then(|| Posting::new(posting.key(), first + within))
    }
}

/// Postings that come in order of their keys' beginnings, in order.
fn in_order(mut all: PostingStream<'_>) -> PostingStream<'_> {
    let mut next = all.next();
    let begun = move || -> Option<Vec<Result<Posting, IndexError>>> {
        let first = match next.take()? {
            Ok(first) => first,
            Err(error) => return Some(vec![Err(error)]),
        };
        let mut alike = vec![first];
        next = all.next();
        while let Some(Ok(posting)) = next
            && posting.begun() == first.begun()
        {
            alike.push(posting);
            next = all.next();
        }
        alike.sort_unstable();
        Some(alike.into_iter().map(Ok).collect())
    };
    Box::new(std::iter::from_fn(begun).flatten())
}

/// All postings of these parts in order. Ends after an error.
pub(super) fn merged<'a>(parts: &'a [Moved<'_>]) -> PostingStream<'a> {
    let mut streams: Vec<PostingStream<'a>> = parts.iter().map(Moved::postings).collect();
    if streams.len() == 1 {
        return streams.pop().unwrap_or_else(|| Box::new(std::iter::empty()));
    }
    let mut heads = BinaryHeap::new();
    let mut failed = None;
    for (i, stream) in streams.iter_mut().enumerate() {
        match stream.next() {
            Some(Ok(posting)) => heads.push(Reverse((posting, i))),
            Some(Err(error)) => failed = Some(error),
            None => {}
        }
    }
    let next = move || -> Option<Result<Posting, IndexError>> {
        if let Some(error) = failed.take() {
            heads.clear();
            return Some(Err(error));
        }
        let mut head = heads.peek_mut()?;
        let Reverse((posting, i)) = *head;
        match streams[i].next() {
            // The head sinks to its place when it is let go.
            Some(Ok(following)) => *head = Reverse((following, i)),
            Some(Err(error)) => failed = Some(error),
            None => {
                std::collections::binary_heap::PeekMut::pop(head);
            }
        }
        Some(Ok(posting))
    };
    Box::new(std::iter::from_fn(next))
}
