//! What the two scans have in common: the speeds at which a sample is laid on recordings, and the
//! places where it agreed best so far.

use super::Candidate;
use crate::recordings::Ordinal;

/// Speeds at which a sample is laid on a recording, in per cent; [`onmon_core::align`] tries those
/// between.
pub(super) const SPEEDS: [usize; 3] = [100, 95, 105];

/// Places kept.
const KEPT: usize = 8;

/// Codes between places of one recording, at least: of nearer ones the better is kept.
const APART: usize = 8;

/// The codes as a recording has them that is met at so many per cent of its speed: one at least, as
/// no sample is empty.
pub(super) fn at_speed(codes: &[u8], per_cent: usize) -> Vec<u8> {
    let there = (codes.len() * per_cent / 100).max(1);
    (0..there).map(|at| codes[(at * 100 / per_cent).min(codes.len() - 1)]).collect()
}

/// Number of a part, and of a recording in it.
pub(super) type Recording = (usize, Ordinal);

/// Where codes agreed best so far.
#[derive(Clone, Default)]
pub(super) struct Closest {
    /// Errors per 1,024 bits; the recording; the place of the first code. Best first.
    kept: Vec<(u32, Recording, usize)>,
}

impl Closest {
    /// A place with so many errors per 1,024 bits or more is not kept.
    pub(super) fn too_far(&self) -> u32 {
        if self.kept.len() < KEPT { u32::MAX } else { self.kept[KEPT - 1].0 }
    }

    pub(super) fn keep(&mut self, rate: u32, recording: Recording, place: usize) {
        let new = (rate, recording, place);
        let near = |old: &&mut (u32, Recording, usize)| {
            old.1 == recording && place.abs_diff(old.2) < APART
        };
        match self.kept.iter_mut().find(near) {
            Some(near) => *near = (*near).min(new),
            None => self.kept.push(new),
        }
        self.kept.sort_unstable();
        self.kept.truncate(KEPT);
    }

    /// Keeps what another has kept.
    pub(super) fn take(&mut self, other: Self) {
        for (rate, recording, place) in other.kept {
            self.keep(rate, recording, place);
        }
    }

    /// As candidates for one code of the query, which lies so many codes behind the first.
    pub(super) fn candidates(
        &self,
        sample: usize,
        code: usize,
        behind: usize,
    ) -> impl Iterator<Item = Candidate> {
        self.kept.iter().map(move |&(rate, (part, ordinal), place)| Candidate {
            part,
            ordinal,
            sample,
            code,
            place: place + behind,
            look: 512.0 - rate as f32,
        })
    }
}
