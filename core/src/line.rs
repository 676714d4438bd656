//! A straight line between the times of a query and the places of a recording; what meets on it.

use crate::code_by_code::bit_errors;
use crate::compare::AROUND_CODES;
use crate::elsewhere::{SHIFT_MAX, STRETCH_CODES};
use crate::fingerprint::Sample;
use crate::profile::CODES_PER_SAMPLE;

/// A speed of 1 in fixed point.
pub(crate) const ONE: i64 = 1 << 20;

/// Which code of the recording a code of the query is: the one at `time` is at `place`, and from
/// there the recording advances by `speed` codes per code of the query.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    pub time: i64,
    pub place: i64,
    /// In units of 1 / [`ONE`].
    pub speed: i64,
}

impl Line {
    pub(crate) fn place_at(&self, time: i64) -> i64 {
        let along = ((time - self.time) * self.speed + ONE / 2) >> ONE.trailing_zeros();
        self.place.saturating_add(along)
    }

    /// The query's codes that fall on the recording: time, code, the code there.
    fn pairs<'a>(
        &'a self,
        sample: &'a Sample<'_>,
        recording: &'a [u8],
    ) -> impl Iterator<Item = (i64, u8, u8)> + 'a {
        let begin = (i64::from(sample.start) - self.time) * self.speed + ONE / 2;
        sample.codes.iter().enumerate().filter_map(move |(i, &code)| {
            let along = (begin + i as i64 * self.speed) >> ONE.trailing_zeros();
            let place = self.place.saturating_add(along);
            let there = recording.get(usize::try_from(place).ok()?)?;
            Some((i64::from(sample.start) + i as i64, code, *there))
        })
    }

    /// Bits that agree beyond one half of those compared, times two: over [`Line::pairs`], but a
    /// stretch at a time, as between two skips the places advance with the codes.
    pub(crate) fn excess(&self, sample: &Sample<'_>, recording: &[u8]) -> i64 {
        let begin = (i64::from(sample.start) - self.time) * self.speed + ONE / 2;
        let drift = self.speed - ONE;
        let (mut sum, mut at) = (0, 0);
        while at < sample.codes.len() {
            let skipped = (begin + at as i64 * drift) >> ONE.trailing_zeros();
            // Codes until one more is skipped, or one less.
            let stretch = match drift {
                0 => i64::MAX,
                1.. => ((skipped + 1) * ONE - begin - at as i64 * drift + drift - 1) / drift,
                _ => (begin + at as i64 * drift - skipped * ONE) / -drift + 1,
            };
            let end = sample.codes.len().min(at.saturating_add(stretch.max(1) as usize));
            let codes = sample.codes.get(at..end).unwrap_or_default();
            sum += excess(codes, self.place.saturating_add(skipped + at as i64), recording);
            at = end;
        }
        sum
    }

    pub(crate) fn met<'a>(&self, sample: &Sample<'_>, recording: &'a [u8]) -> Met<'a> {
        let middle = self.place_at(i64::from(sample.start) + sample.codes.len() as i64 / 2);
        let last = recording.len().saturating_sub(AROUND_CODES);
        let first = usize::try_from(middle).unwrap_or(0).saturating_sub(AROUND_CODES / 2).min(last);
        let around = recording.get(first..).unwrap_or_default();
        let mut met = Met { around, ..Met::NOTHING };
        let room = met.query.iter_mut().zip(&mut met.there);
        for ((time, code, there), (q, r)) in self.pairs(sample, recording).zip(room) {
            if met.len == 0 {
                met.time = time;
            }
            (*q, *r) = (code, there);
            met.len += 1;
        }
        met
    }

    /// The recording where a sample was met and so many codes to either side (at most
    /// [`SHIFT_MAX`], where the sample's place is in any case), as the query would have it at this
    /// line's speed. Where the recording ends it begins again.
    pub(crate) fn stretch(
        &self,
        met: &Met<'_>,
        recording: &[u8],
        away: usize,
    ) -> [u8; STRETCH_CODES] {
        let mut stretch = [0; STRETCH_CODES];
        let whole = recording.len().max(1) as i64;
        let room = stretch.iter_mut().skip(SHIFT_MAX.saturating_sub(away)).take(met.len + 2 * away);
        for (time, code) in (met.time - away as i64..).zip(room) {
            let place = self.place_at(time).rem_euclid(whole);
            *code =
                usize::try_from(place).ok().and_then(|at| recording.get(at)).copied().unwrap_or(0);
        }
        stretch
    }
}

/// Bits that agree beyond one half of those compared, times two, of codes that lie on the recording
/// from `place` on; those that lie outside of it are not compared.
fn excess(codes: &[u8], place: i64, recording: &[u8]) -> i64 {
    let before = usize::try_from(place.saturating_neg()).unwrap_or(0);
    let codes = codes.get(before..).unwrap_or_default();
    let first = usize::try_from(place).unwrap_or(0);
    let there = recording.get(first..).unwrap_or_default();
    let both = codes.len().min(there.len());
    let codes = codes.get(..both).unwrap_or_default();
    8 * both as i64 - 2 * i64::from(bit_errors(codes, there))
}

/// A sample's codes and those that they fall on.
pub(crate) struct Met<'a> {
    query: [u8; CODES_PER_SAMPLE],
    there: [u8; CODES_PER_SAMPLE],
    pub len: usize,
    /// Time of the first of them in the query.
    time: i64,
    /// The recording there and on either side.
    pub around: &'a [u8],
}

impl Met<'_> {
    pub(crate) const NOTHING: Self = Self {
        query: [0; CODES_PER_SAMPLE],
        there: [0; CODES_PER_SAMPLE],
        len: 0,
        time: 0,
        around: &[],
    };

    pub(crate) fn query(&self) -> &[u8] {
        self.query.get(..self.len).unwrap_or_default()
    }

    pub(crate) fn there(&self) -> &[u8] {
        self.there.get(..self.len).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::align::tests::song;

    #[test]
    fn a_stretch_at_a_time_is_what_code_by_code_is() {
        let (whole, query) = (song(3, 900), song(4, 300));
        for percent_of_one in -60..=60 {
            for place in [-400, -150, 0, 3, 450, 700, 899, 2_000, i64::MAX - 5] {
                let speed = ONE + percent_of_one * ONE / 1_000;
                let line = Line { time: 77, place, speed };
                for start in [0, 40, 3_000, u32::MAX] {
                    let sample = Sample { start, codes: &query };
                    let pairs = line.pairs(&sample, &whole);
                    let plain: i64 =
                        pairs.map(|(_, q, r)| 8 - 2 * i64::from((q ^ r).count_ones())).sum();
                    assert_eq!(line.excess(&sample, &whole), plain, "{place} {start} {speed}");
                }
            }
        }
    }
}
