//! What a query's sketch would be, wherever it may lie between the codes that a sketch has.

use onmon_core::Sample;

use crate::sketch::SKETCH_CODES;

/// Sketched codes of a sample, at most: so many fit into a word.
pub(super) const WIDTH: usize = 16;

const _: () = assert!(onmon_core::CODES_PER_SAMPLE <= (WIDTH + 1) * SKETCH_CODES);

/// Shifts of a group of which each other one is beside one: what is steady is alike one code
/// earlier and later, so that these will do to tell where all are worth a try.
pub(super) const SOME: [usize; 8] = [1, 3, 6, 8, 11, 13, 16, 18];

const _: () = assert!(SOME[0] == 1 && SOME[SOME.len() - 1] + 2 == SKETCH_CODES);

/// A query as sketches of it would be, one for each place that it may have between sketched codes.
///
/// ```text
/// query        . . . . . . . . . . . . . . . . .        a row: every 20th code of a sample
/// shifts       ----|--------|--------|--------|--       groups: the same codes of a sketch, one
/// sketch           x        x        x        x         row for each shift
/// ```
pub(super) struct Pattern {
    /// Those in the middle first, which have more to tell than beginning and end.
    pub samples: Vec<Sampled>,
    /// When the earliest begins, in codes.
    pub earliest: u32,
    /// For each shift what all bits weigh, and the root of the sum of the weights' squares.
    weights: [(f32, f32); SKETCH_CODES],
}

/// One row for each shift of a group, from the least on.
pub(super) type Rows = [u128; SKETCH_CODES];

/// Every [`SKETCH_CODES`]th code of a sample.
pub(super) struct Sampled {
    pub rows: Rows,
    /// Of the codes as most of them and their two neighbours are, bit by bit.
    pub smoothed: Rows,
    /// Which bits a neighbour in time shares, and which both do. Of the latter 20 in 100 are wrong
    /// under noise, speech or another song at 0 dB, of those that one neighbour shares 34, of the
    /// others 45 ([`crate::doubt`]).
    pub steady: Rows,
    pub steadier: Rows,
    /// Codes of a row.
    pub codes: usize,
    /// Codes of a sketch from those of the earliest sample to these.
    pub behind: usize,
}

impl Pattern {
    /// `None` where there is too little to lay: a sample alone.
    pub(super) fn of(query: &[Sample<'_>]) -> Option<Self> {
        let earliest = query.iter().map(|sample| sample.start).min().filter(|_| query.len() > 1)?;
        let middle = query.get(query.len() / 2)?.start;
        let mut order: Vec<&Sample<'_>> = query.iter().collect();
        order.sort_by_key(|sample| sample.start.abs_diff(middle));
        let samples: Vec<Sampled> =
            order.iter().map(|sample| Sampled::of(sample, earliest)).collect();
        let weight = |shift: usize| {
            let count = |rows: fn(&Sampled) -> &Rows| {
                samples.iter().map(|sample| rows(sample)[shift].count_ones()).sum::<u32>() as f32
            };
            let (steady, steadier) = (count(|one| &one.steady), count(|one| &one.steadier));
            // Ones and twos.
            (steady + steadier, (steady + 3.0 * steadier).max(1.0).sqrt())
        };
        Some(Self { weights: std::array::from_fn(weight), samples, earliest })
    }

    /// Whether any row has one.
    pub(super) fn has_codes(&self) -> bool {
        self.samples.iter().any(|sample| sample.codes > 0)
    }

    /// How near all samples are at a shift of a group that begins with this code of a sketch, which
    /// has zeros around it, in standard deviations of independent bits: those that one neighbour
    /// shares count once, those that both do twice. By these alone, in such noise, a query is 6 in
    /// 100 nearer to its recording than by all bits alike.
    pub(super) fn look(&self, shift: usize, padded: &[u8], group: usize) -> f32 {
        let errors = self.samples.iter().map(|sample| sample.steady_errors(shift, padded, group));
        let (all, root) = self.weights[shift];
        (all - 2.0 * errors.sum::<u32>() as f32) / root
    }
}

impl Sampled {
    /// How many steady bits differ at a shift of a group, and those that are steadier once more.
    fn steady_errors(&self, shift: usize, padded: &[u8], group: usize) -> u32 {
        let differ = self.rows[shift] ^ word(padded, group + self.behind);
        (differ & self.steady[shift]).count_ones() + (differ & self.steadier[shift]).count_ones()
    }

    /// A sample, `earliest` of all of which begins then.
    pub(super) fn of(sample: &Sample<'_>, earliest: u32) -> Self {
        let distance = (sample.start - earliest) as usize;
        let behind = distance.div_ceil(SKETCH_CODES);
        // The latest row begins with code 38, where the earliest sample's begins with 19.
        let codes = (sample.codes.len() / SKETCH_CODES).saturating_sub(1).min(WIDTH);
        let rows = |code: fn([u8; 3]) -> u8| -> Rows {
            let near = |at: usize| {
                let [before, after] = [at.saturating_sub(1), (at + 1).min(sample.codes.len() - 1)];
                u128::from(code([before, at, after].map(|at| sample.codes[at])))
            };
            let row = |shift: usize| {
                let first = SKETCH_CODES - 1 - shift + (behind * SKETCH_CODES - distance);
                (0..codes)
                    .fold(0, |row, code| row | near(first + code * SKETCH_CODES) << (8 * code))
            };
            std::array::from_fn(row)
        };
        Self {
            rows: rows(|[_, own, _]| own),
            smoothed: rows(|[before, own, after]| before & own | own & after | before & after),
            steady: rows(|[before, own, after]| !(before ^ own) | !(own ^ after)),
            steadier: rows(|[before, own, after]| !(before ^ own) & !(own ^ after)),
            codes,
            behind,
        }
    }
}

/// The codes of a padded sketch from this one on; zeros beyond its end.
pub(super) fn word(padded: &[u8], first: usize) -> u128 {
    let there = padded.get(first..).and_then(|rest| rest.first_chunk::<WIDTH>());
    there.map_or(0, |bytes| u128::from_le_bytes(*bytes))
}
