//! Verification: where all samples of a query lie on a recording, and how certain that is.
//!
//! A candidate says that one code of the query may be one code of the recording. Through that
//! point the straight line is sought (speed is its slope) on which the query's codes agree best
//! with the recording's: first by the one sample alone, coarsely; then by all samples together,
//! finely.

use onmon_core::compare::Agreement;
use onmon_core::{CODES_PER_SAMPLE, Sample};

use crate::arena::{Place, Recording};

/// Speeds tried at first: 1 +- this many steps of [`COARSE_STEP`], which covers +- 6 %.
const COARSE_STEPS: i64 = 6;

/// One per cent, in [`Line::speed`]'s unit: a sample of 15 s is off by at most 1.5 codes between
/// steps.
const COARSE_STEP: i64 = ONE / 100;

/// Codes by which the candidate's place may be off: half the width of a bin of votes.
const COARSE_SHIFT_MAX: i64 = 8;

/// Speeds tried with all samples: +- this many steps of [`FINE_STEP`] around the coarse one.
const FINE_STEPS: i64 = 6;

/// One per mille: over a song's 4,500 codes from first to last sample, 4.5 codes between steps.
const FINE_STEP: i64 = ONE / 1_000;

/// Codes by which the line is moved with all samples.
const FINE_SHIFT_MAX: i64 = 2;

/// A speed of 1 in fixed point.
const ONE: i64 = 1 << 20;

/// A sample that agrees this much takes part in the match, in standard deviations.
const SAMPLE_AGREES: f32 = 3.5;

/// Codes of a query from which on its confidence is the agreement itself.
const LONG_CODES: f32 = 300.0;

/// Codes of a query (5 s) below which it counts [`SHORT_FACTOR`] times.
const SHORT_CODES: f32 = 100.0;

/// Unrelated music agrees less with a short query: over 288 pieces the most alike reached 6.3
/// with 5 s where they reached 7.0 with more (`cargo xtask bench impostors`). This puts both on
/// one scale.
const SHORT_FACTOR: f32 = 8.0 / 7.0;

/// One code of a query that may be one code of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// Which sample of the query.
    pub sample: usize,
    /// Which code of that sample.
    pub code: usize,
    /// Where in the code space.
    pub place: Place,
}

/// A query laid on a recording.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Verdict {
    /// Codes from the recording's start to that of the query; negative if the query starts
    /// earlier.
    pub offset_codes: i64,
    /// All samples together or the best one alone, whichever is more certain; scaled for short
    /// queries.
    pub confidence: f32,
    /// Of the samples that agree.
    pub bit_error: f32,
    /// Codes in the samples that agree.
    pub matched_codes: u32,
    pub samples_agreeing: u8,
}

/// Lays the query on the candidate's recording; `None` where the candidate names no sample of it.
pub(crate) fn verify(
    recording: &Recording<'_>,
    query: &[Sample<'_>],
    candidate: Candidate,
) -> Option<Verdict> {
    let sample = query.get(candidate.sample)?;
    let through = Line {
        time: i64::from(sample.start) + candidate.code as i64,
        place: (candidate.place - recording.start) as i64,
        speed: ONE,
    };
    let coarse = best(&through, COARSE_STEPS, COARSE_STEP, COARSE_SHIFT_MAX, |line| {
        line.excess(sample, recording)
    });
    let fine = best(&coarse, FINE_STEPS, FINE_STEP, FINE_SHIFT_MAX, |line| {
        query.iter().map(|sample| line.excess(sample, recording)).sum()
    });
    Some(judge(query, recording, &fine))
}

fn judge(query: &[Sample<'_>], recording: &Recording<'_>, line: &Line) -> Verdict {
    let alone: Vec<Agreement> =
        query.iter().map(|sample| line.agreement(sample, recording)).collect();
    let together = alone.iter().copied().reduce(Agreement::and).unwrap_or_default();
    let agree = |a: &&Agreement| a.confidence() >= SAMPLE_AGREES;
    let agreeing = alone.iter().filter(agree).copied().reduce(Agreement::and).unwrap_or(together);
    let certain = alone.iter().map(Agreement::confidence).fold(together.confidence(), f32::max);
    Verdict {
        offset_codes: line.place_at(0),
        confidence: certain * length_factor(query),
        bit_error: agreeing.bit_error(),
        matched_codes: agreeing.codes(),
        samples_agreeing: alone.iter().filter(agree).count() as u8,
    }
}

fn length_factor(query: &[Sample<'_>]) -> f32 {
    let codes: usize = query.iter().map(|sample| sample.codes.len()).sum();
    let shortness = (LONG_CODES - codes as f32) / (LONG_CODES - SHORT_CODES);
    1.0 + (SHORT_FACTOR - 1.0) * shortness.clamp(0.0, 1.0)
}

/// The line near `around` that scores highest; the nearest of equals.
fn best(
    around: &Line,
    steps: i64,
    step: i64,
    shift_max: i64,
    score: impl Fn(&Line) -> i64,
) -> Line {
    let nearest_first = |most: i64| (0..=most).flat_map(|n| [n, -n]).skip(1);
    let mut best = (i64::MIN, *around);
    for faster in nearest_first(steps) {
        for shift in nearest_first(shift_max) {
            let line = Line {
                place: around.place + shift,
                speed: around.speed + faster * step,
                ..*around
            };
            let score = score(&line);
            if score > best.0 {
                best = (score, line);
            }
        }
    }
    best.1
}

/// Which code of the recording a code of the query is: the one at `time` is at `place`, and from
/// there the recording advances by `speed` codes per code of the query.
#[derive(Clone, Copy, Debug)]
struct Line {
    time: i64,
    place: i64,
    /// In units of 1 / [`ONE`].
    speed: i64,
}

impl Line {
    fn place_at(&self, time: i64) -> i64 {
        self.place + ((time - self.time) * self.speed + ONE / 2).div_euclid(ONE)
    }

    /// The query's codes that fall on the recording, each with the code there.
    fn pairs<'a>(
        &'a self,
        sample: &'a Sample<'_>,
        recording: &'a Recording<'_>,
    ) -> impl Iterator<Item = (u8, u8)> + 'a {
        let begin = (i64::from(sample.start) - self.time) * self.speed + ONE / 2;
        sample.codes.iter().enumerate().filter_map(move |(i, &code)| {
            let place = self.place + ((begin + i as i64 * self.speed) >> ONE.trailing_zeros());
            let other = recording.codes.get(usize::try_from(place).ok()?)?;
            Some((code, *other))
        })
    }

    /// Bits that agree beyond one half of those compared, times two.
    fn excess(&self, sample: &Sample<'_>, recording: &Recording<'_>) -> i64 {
        self.pairs(sample, recording).map(|(q, r)| 8 - 2 * i64::from((q ^ r).count_ones())).sum()
    }

    fn agreement(&self, sample: &Sample<'_>, recording: &Recording<'_>) -> Agreement {
        let (mut q, mut r, mut n) = ([0; CODES_PER_SAMPLE], [0; CODES_PER_SAMPLE], 0);
        for (query, reference) in self.pairs(sample, recording).take(CODES_PER_SAMPLE) {
            (q[n], r[n]) = (query, reference);
            n += 1;
        }
        Agreement::of(&q[..n], &r[..n])
    }
}
