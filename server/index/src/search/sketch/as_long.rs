//! A whole sound on the sketches of the recordings that are as long: of 2 million songs one in
//! twenty, begun within some seconds. These are ten million places, and as eight of twenty tell
//! where the others are worth a try, they take a few hundredths of a second.

use onmon_core::Sample;

use super::lay::Lay;
use super::near;
use super::nearest::Nearest;
use crate::band::Lengths;
use crate::part::{Cost, IndexError, View};
use crate::search::Candidate;

/// Shifts that a recording is tried at: so many codes earlier to so many later.
pub(super) const TRIED: usize = 2 * EARLIER + 1;

/// How much earlier than the recording a copy may begin, in codes, or later (2.4 s).
pub(super) const EARLIER: usize = 48;

/// Recordings that are looked at more closely, the nearest.
const LOOKED_AT: usize = 1_024;

/// How near by its steady bits a place must be to be one of them, in standard deviations.
const NEAR: f32 = 3.0;

/// The most promising places of the query.
pub(in super::super) fn candidates(
    parts: &[View<'_>],
    query: &[Sample<'_>],
    lengths: &Lengths,
    cost: &mut Cost,
) -> Result<Vec<Candidate>, IndexError> {
    let Some(mut lay) = Lay::of(query) else { return Ok(vec![]) };
    let mut nearest = Nearest::new(LOOKED_AT, NEAR);
    for (part, view) in parts.iter().enumerate() {
        let all = view.source.recordings().so_long(lengths);
        view.source.sketches(all, lengths, &mut |ordinal, sketch| {
            cost.scanned += sketch.len() as u64;
            let Some((look, shift)) = lay.on(sketch, nearest.least()) else { return };
            if !view.dead.contains(&ordinal) {
                nearest.take(look, (part, ordinal), shift);
            }
        })?;
    }
    near::candidates(nearest, parts, query, cost)
}

#[cfg(test)]
mod tests {
    use super::super::lay::tests::{SIX, codes, noisy, samples};
    use super::*;
    use crate::key::Sampling;
    use crate::memory::Open;
    use crate::recordings::Ordinal;

    #[test]
    fn what_noise_has_left_no_key_of_is_found_if_it_is_as_long_and_lives() {
        let mut memory = Open::new(Sampling::default());
        for slot in 0..300 {
            memory.push(slot, &codes(u64::from(slot), 5_300 + slot as usize));
        }
        let found = |memory: &Open, of: u64, cut: usize, lengths| {
            // Three bits of eight are wrong.
            let heard = noisy(&codes(of, 5_300 + of as usize)[cut..], 3, 96);
            let query = samples(&heard, &SIX);
            let all = candidates(&[memory.view()], &query, &lengths, &mut Cost::default()).unwrap();
            let shift = |found: &Candidate| {
                let heard = query[found.sample].start as usize + found.code;
                (found.ordinal, found.place - heard)
            };
            let mut all: Vec<(Ordinal, usize)> = all.iter().map(shift).collect();
            all.dedup();
            all
        };
        let about = |codes| Lengths::about(codes);
        assert_eq!(found(&memory, 77, 0, about(5_377)), [(77, 0)]);
        assert_eq!(found(&memory, 77, 40, about(5_300)), [(77, 40)]);
        assert_eq!(found(&memory, 77, 40, about(5_700)), [], "another length");
        assert_eq!(found(&memory, 77, 60, about(5_300)), [], "another beginning");
        assert_eq!(found(&memory, 1_000, 0, about(5_400)), [], "nobody knows it");
        memory.remove(77);
        assert_eq!(found(&memory, 77, 0, about(5_377)), []);
    }
}
