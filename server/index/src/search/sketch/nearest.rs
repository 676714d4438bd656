//! The nearest of very many recordings, and which places in them are worth an alignment.

use crate::part::{Cost, IndexError};
use crate::search::Candidate;
use crate::search::closest::Recording;

/// What was met so far: how near, which recording, and what is known of where.
pub(super) struct Nearest<T> {
    met: Vec<(f32, Recording, T)>,
    most: usize,
    least: f32,
}

impl<T> Nearest<T> {
    /// So many at most, each nearer than this.
    pub(super) fn new(most: usize, least: f32) -> Self {
        Self { met: vec![], most, least }
    }

    /// Takes another, which is nearer than [`Nearest::least`].
    pub(super) fn take(&mut self, near: f32, recording: Recording, place: T) {
        self.met.push((near, recording, place));
        if self.met.len() >= 4 * self.most {
            self.cut();
            let looks = self.met.iter().map(|(near, ..)| *near);
            self.least = looks.fold(f32::INFINITY, f32::min).max(self.least);
        }
    }

    /// How near one must be at least to be among them.
    pub(super) fn least(&self) -> f32 {
        self.least
    }

    /// Takes all that another has.
    pub(super) fn take_all(&mut self, other: Self) {
        self.met.extend(other.met);
    }

    /// Of what a closer look at each of the nearest finds the most promising, so many at most.
    pub(super) fn candidates<Found: IntoIterator<Item = Candidate>>(
        mut self,
        most: usize,
        cost: &mut Cost,
        closer: impl Fn(Recording, T) -> Result<Found, IndexError>,
    ) -> Result<Vec<Candidate>, IndexError> {
        self.cut();
        // As they lie on the disk.
        self.met.sort_unstable_by_key(|(_, recording, _)| *recording);
        let mut found = vec![];
        for (_, recording, place) in self.met {
            cost.compared += 1;
            found.extend(closer(recording, place)?);
        }
        found.sort_by(|a, b| b.look.total_cmp(&a.look));
        found.truncate(most);
        Ok(found)
    }

    fn cut(&mut self) {
        if self.met.len() > self.most {
            self.met.select_nth_unstable_by(self.most, |(a, ..), (b, ..)| b.total_cmp(a));
            self.met.truncate(self.most);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::random::random;

    #[test]
    fn the_nearest_are_kept_and_no_others() {
        let mut next = random(5);
        let all: Vec<u32> = (0..1_000).map(|_| next() as u32 >> 16).collect();
        let (mut one, mut other) = (Nearest::new(10, 7.0), Nearest::new(10, 7.0));
        for (at, near) in all.iter().enumerate() {
            let into = if at % 3 == 0 { &mut other } else { &mut one };
            if *near as f32 > into.least() {
                into.take(*near as f32, (0, *near), ());
            }
        }
        one.take_all(other);
        let seen = RefCell::new(vec![]);
        let mut cost = Cost::default();
        let closer = |(part, ordinal): Recording, ()| {
            seen.borrow_mut().push(ordinal);
            let look = (ordinal % 7) as f32;
            Ok([Candidate { part, ordinal, sample: 0, code: 0, place: 0, look }])
        };
        let found = one.candidates(3, &mut cost, closer).unwrap();
        let mut sorted = all;
        sorted.sort_unstable();
        // In the order of the disk.
        assert_eq!(*seen.borrow(), sorted[990..]);
        assert_eq!(cost.compared, 10);
        let mut looks: Vec<f32> = sorted[990..].iter().map(|near| (near % 7) as f32).collect();
        looks.sort_by(|a, b| b.total_cmp(a));
        assert_eq!(found.iter().map(|found| found.look).collect::<Vec<f32>>(), looks[..3]);
    }
}
