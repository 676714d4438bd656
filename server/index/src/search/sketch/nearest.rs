//! The nearest of very many, so many of them.

/// What was met so far, each with how near it was.
pub(super) struct Nearest<T> {
    met: Vec<(f32, T)>,
    most: usize,
    least: f32,
}

impl<T> Nearest<T> {
    /// So many at most, each nearer than this.
    pub(super) fn new(most: usize, least: f32) -> Self {
        Self { met: vec![], most, least }
    }

    /// Takes another, which is nearer than [`Nearest::least`].
    pub(super) fn take(&mut self, near: f32, what: T) {
        self.met.push((near, what));
        if self.met.len() >= 4 * self.most {
            self.cut();
            let looks = self.met.iter().map(|(near, _)| *near);
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

    /// The nearest, in no order.
    pub(super) fn into_nearest(mut self) -> impl Iterator<Item = T> {
        self.cut();
        self.met.into_iter().map(|(_, what)| what)
    }

    fn cut(&mut self) {
        if self.met.len() > self.most {
            self.met.select_nth_unstable_by(self.most, |(a, _), (b, _)| b.total_cmp(a));
            self.met.truncate(self.most);
        }
    }
}

#[cfg(test)]
mod tests {
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
                into.take(*near as f32, *near);
            }
        }
        one.take_all(other);
        let mut kept: Vec<u32> = one.into_nearest().collect();
        kept.sort_unstable();
        let mut sorted = all;
        sorted.sort_unstable();
        assert_eq!(kept, sorted[990..]);
    }
}
