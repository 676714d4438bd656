//! Posting lists: for each key the places where it occurs, kept as a few sorted runs.
//!
//! Every recording enters as a run of its own; neighbouring runs of like size are merged, so
//! there are about log2(recordings) of them and each posting is moved as often.

use crate::arena::Place;
use crate::key::{KEY_SPAN, key};

/// Postings in a run, at most: places within a run are 32 bits.
const RUN_POSTINGS_MAX: usize = u32::MAX as usize;

/// All runs, oldest and largest first.
#[derive(Default)]
pub(crate) struct Runs(Vec<Run>);

/// Postings in order of key, then place.
pub(crate) struct Run {
    /// Where in the code space the run's first recording begins.
    pub base: Place,
    pub keys: Vec<u32>,
    /// Relative to `base`.
    pub places: Vec<u32>,
}

impl Runs {
    pub(crate) fn from_parts(runs: Vec<Run>) -> Self {
        Self(runs)
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = &Run> {
        self.0.iter()
    }

    /// Adds the keys of a recording whose codes begin at `base`, past all before it.
    pub(crate) fn add(&mut self, base: Place, codes: &[u8]) {
        let windows = codes.windows(KEY_SPAN).enumerate();
        let mut postings: Vec<(u32, u32)> =
            windows.filter_map(|(at, window)| Some((key(window)?, at as u32))).collect();
        postings.sort_unstable();
        let (keys, places) = postings.into_iter().unzip();
        self.0.push(Run { base, keys, places });
        self.merge_tail();
    }

    /// Every place where `key` occurs, if there are at most `most` in a run; else the run passes.
    pub(crate) fn places(&self, key: u32, most: usize) -> impl Iterator<Item = Place> {
        self.0.iter().flat_map(move |run| {
            let first = run.keys.partition_point(|&k| k < key);
            let count = run.keys[first..].iter().take(most + 1).take_while(|&&k| k == key).count();
            let found = if count > most { &[] } else { &run.places[first..first + count] };
            found.iter().map(move |&place| run.base + place as usize)
        })
    }

    fn merge_tail(&mut self) {
        while let [.., older, newer] = self.0.as_slice() {
            let together = older.keys.len() + newer.keys.len();
            if older.keys.len() >= 2 * newer.keys.len().max(1) || together > RUN_POSTINGS_MAX {
                break;
            }
            if newer.base - older.base > RUN_POSTINGS_MAX - newer.keys.len() {
                break;
            }
            let merged = merge(older, newer);
            self.0.truncate(self.0.len() - 2);
            self.0.push(merged);
        }
    }
}

fn merge(older: &Run, newer: &Run) -> Run {
    let shift = (newer.base - older.base) as u32;
    let n = older.keys.len() + newer.keys.len();
    let (mut keys, mut places) = (Vec::with_capacity(n), Vec::with_capacity(n));
    let (mut i, mut j) = (0, 0);
    while i < older.keys.len() || j < newer.keys.len() {
        // Equal keys: the older run's places come first, so places stay in order.
        let take_older =
            j == newer.keys.len() || (i < older.keys.len() && older.keys[i] <= newer.keys[j]);
        let (key, place) = if take_older {
            i += 1;
            (older.keys[i - 1], older.places[i - 1])
        } else {
            j += 1;
            (newer.keys[j - 1], newer.places[j - 1] + shift)
        };
        keys.push(key);
        places.push(place);
    }
    Run { base: older.base, keys, places }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn runs_find_what_a_plain_map_finds_and_stay_few() {
        let mut state = 7_u32;
        let mut runs = Runs::default();
        let mut naive: BTreeMap<u32, Vec<Place>> = BTreeMap::new();
        let mut base = 0;
        for song in 0..200 {
            let codes: Vec<u8> = (0..50 + song)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (state >> 31) as u8
                })
                .collect();
            for (at, window) in codes.windows(KEY_SPAN).enumerate() {
                if let Some(key) = key(window) {
                    naive.entry(key).or_default().push(base + at);
                }
            }
            runs.add(base, &codes);
            base += codes.len();
        }
        assert!(runs.iter().len() < 12, "{}", runs.iter().len());
        assert!(naive.len() >= 14);
        for (&key, expected) in &naive {
            assert_eq!(&runs.places(key, usize::MAX - 1).collect::<Vec<_>>(), expected);
        }
        assert_eq!(runs.places(0xffff_ffff, 10).count(), 0);
    }
}
