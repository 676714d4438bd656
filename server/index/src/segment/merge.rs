//! Posting lists of several parts as one, in order, at the places that their recordings get.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::part::{IndexError, Part, PostingStream};
use crate::posting::Posting;
use crate::recordings::{Ordinal, Recordings};

/// Where a part's recordings come to lie.
pub(super) struct Moved<'a> {
    part: &'a Part,
    /// The new first cell of each; `None` for the dead.
    cells: Vec<Option<u32>>,
}

impl<'a> Moved<'a> {
    /// Adds a part's living recordings to those that there are already.
    pub(super) fn into(all: &mut Recordings, part: &'a Part) -> Self {
        let rows = part.source.recordings().rows().iter().enumerate();
        let cells = rows.map(|(ordinal, row)| {
            let alive = !part.dead.contains(&(ordinal as Ordinal));
            alive.then(|| all.push(row.slot, row.codes, row.sum).cell)
        });
        Self { part, cells: cells.collect() }
    }

    /// The part's postings, the dead ones left out.
    fn postings(&self) -> PostingStream<'_> {
        let recordings = self.part.source.recordings();
        let all = self.part.source.postings();
        if !recordings.begin_with_turns() {
            return in_order(self.moved(all));
        }
        let first = self.cells.first().copied().flatten();
        if let (true, Some(shift)) = (self.part.dead.is_empty(), first) {
            return Box::new(all.map(move |posting| {
                posting.map(|posting| Posting::new(posting.key(), posting.cell() + shift))
            }));
        }
        self.moved(all)
    }

    /// Postings of the part as they are of the whole, in the order that they come.
    fn moved<'s>(&'s self, all: PostingStream<'s>) -> PostingStream<'s> {
        let recordings = self.part.source.recordings();
        let moved = |posting: Posting| {
            let ordinal = recordings.at_cell(posting.cell())?;
            let within = posting.cell() - recordings.row(ordinal).cell;
            let cell = self.cells.get(ordinal as usize).copied().flatten()?;
            Some(Posting::new(posting.key(), cell + within))
        };
        Box::new(all.filter_map(move |posting| match posting {
            Ok(posting) => moved(posting).map(Ok),
            Err(error) => Some(Err(error)),
        }))
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
