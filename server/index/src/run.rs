//! Postings in memory: sorted runs, few and growing.
//!
//! Every recording enters as a run of its own; neighbouring runs of like size are merged, so
//! there are about log2(recordings) of them and each posting is moved as often.

use std::iter::Peekable;

use crate::posting::Posting;

/// All runs, oldest and largest first.
#[derive(Default)]
pub(crate) struct Runs(Vec<Vec<Posting>>);

impl Runs {
    /// Adds what a recording has, in any order.
    pub(crate) fn add(&mut self, mut postings: Vec<Posting>) {
        postings.sort_unstable();
        postings.dedup();
        self.0.push(postings);
        while let [.., older, newer] = self.0.as_slice()
            && older.len() < 2 * newer.len().max(1)
        {
            let merged = merge(older, newer);
            self.0.truncate(self.0.len() - 2);
            self.0.push(merged);
        }
    }

    /// The postings of all shelves from `first` to `last`.
    pub(crate) fn of_shelves(&self, first: u32, last: u32) -> impl Iterator<Item = Posting> {
        let (first, last) = (Posting::first_of(first), Posting::last_of(last));
        self.0.iter().flat_map(move |run| {
            let from = run.partition_point(|posting| *posting < first);
            run[from..].iter().copied().take_while(move |posting| *posting <= last)
        })
    }

    /// All postings in order.
    pub(crate) fn sorted(&self) -> impl Iterator<Item = Posting> {
        let mut runs: Vec<Peekable<_>> =
            self.0.iter().map(|run| run.iter().copied().peekable()).collect();
        std::iter::from_fn(move || {
            let heads = runs.iter_mut().enumerate();
            let (_, least) = heads.filter_map(|(i, run)| Some((*run.peek()?, i))).min()?;
            runs[least].next()
        })
    }
}

fn merge(older: &[Posting], newer: &[Posting]) -> Vec<Posting> {
    let mut merged = Vec::with_capacity(older.len() + newer.len());
    let (mut older, mut newer) = (older.iter().peekable(), newer.iter().peekable());
    while let (Some(a), Some(b)) = (older.peek(), newer.peek()) {
        let next = if a <= b { older.next() } else { newer.next() };
        merged.extend(next);
    }
    merged.extend(older);
    merged.extend(newer);
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn runs_find_what_a_plain_map_finds_and_stay_few() {
        let mut state = 7_u32;
        let mut runs = Runs::default();
        let mut naive: BTreeMap<u32, Vec<Posting>> = BTreeMap::new();
        for song in 0..200_u32 {
            let postings: Vec<Posting> = (0..50 + song)
                .map(|at| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    Posting::new(state >> 25, song * 1_000 + at)
                })
                .collect();
            for posting in &postings {
                naive.entry(posting.shelf()).or_default().push(*posting);
            }
            runs.add(postings);
        }
        assert!(runs.0.len() < 12, "{}", runs.0.len());
        for (&shelf, expected) in &naive {
            let mut found: Vec<Posting> = runs.of_shelves(shelf, shelf).collect();
            found.sort_unstable();
            assert_eq!(&found, expected);
        }
        assert_eq!(runs.of_shelves(200 << 8, u32::MAX).count(), 0);
        let all: Vec<Posting> = runs.sorted().collect();
        assert!(all.is_sorted() && all.len() == naive.values().map(Vec::len).sum::<usize>());
    }
}
