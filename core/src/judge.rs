//! How certain it is that a query lies on a line: what is cheap to know first, and no further than
//! it matters.
//!
//! ```text
//! bits that agree                               line.rs: most lines end here,
//!   | covariances of neighbouring codes         compare.rs: or at two or three of their samples,
//!   | periods, repeats between samples          or here,
//!   | the beats next to it                      elsewhere.rs: or here
//!   | a minute to either side                   elsewhere.rs
//! deviations
//! ```

use crate::align::{Alignment, speed_toll};
use crate::certainty::{beyond_fewer, beyond_more, confidence};
use crate::code_by_code::bit_error;
use crate::compare::Agreement;
use crate::elsewhere::{Elsewhere, NEARBY, Nearby, SHIFT_MAX};
use crate::fingerprint::Sample;
use crate::line::{Line, Met, ONE};
use crate::profile::SAMPLES_MAX;

/// A sample that agrees this much takes part in the match, in standard deviations.
pub(crate) const SAMPLE_AGREES: f32 = 3.5;

/// Codes (3.2 s) up to which a repeat of one sample in another is looked for: a bar, or more.
const REPEAT_CODES_MAX: usize = 64;

/// One for each sample of the query, and of nothing where it has fewer.
type Each<T> = [T; SAMPLES_MAX];

/// The query on this line; `None` where it is plain that `least` deviations are not reached. Never
/// panics.
pub(crate) fn judge(
    query: &[Sample<'_>],
    recording: &[u8],
    line: &Line,
    least: f32,
) -> Option<Alignment> {
    let met = core::array::from_fn(|i| match query.get(i) {
        Some(sample) => line.met(sample, recording),
        None => Met::NOTHING,
    });
    let speed = line.speed as f32 / ONE as f32;
    let toll = speed_toll(query, speed);
    let codes = query.iter().map(|sample| sample.codes.len()).sum();
    let bar = Bar { codes, least: beyond_fewer(least, toll) };
    let near = by_what_is_near(&met, &bar)?;
    let together = together(&met, &near);
    bar.may_reach(&near, &together)?;
    by_the_next_beats(&met, recording, line, &near, &together, &bar)?;

    let mut everywhere = Elsewhere::NOTHING;
    let mut alone = near;
    for (met, alone) in met.iter().zip(&mut alone).filter(|(met, _)| met.len > 0) {
        let stretch = line.stretch(met, recording, SHIFT_MAX);
        let own = Elsewhere::of(met.query(), &stretch, recording.len() / 2);
        *alone = alone.held_against(&own);
        everywhere = everywhere.and(&own);
    }
    let together = together.held_against(&everywhere);
    let agree = |a: &&Agreement| a.deviations() >= SAMPLE_AGREES;
    let agreeing = alone.iter().filter(agree).copied().reduce(Agreement::and).unwrap_or(together);
    let surer = |one: Agreement, other: Agreement| {
        if other.deviations_in(codes) > one.deviations_in(codes) { other } else { one }
    };
    let surest = alone.iter().copied().fold(together, surer);
    let deviations = beyond_more(surest.deviations_in(codes), toll);
    Some(Alignment {
        offset_codes: line.place_at(0),
        speed,
        deviations,
        spread: beyond_more(surest.spread_in(codes), toll),
        surest,
        confidence: confidence(deviations),
        bit_error: agreeing.bit_error(),
        matched_codes: agreeing.codes(),
        samples_agreeing: alone.iter().filter(agree).count() as u8,
        samples: alone.map(|one| one.deviations()),
    })
}

/// What has to be reached.
struct Bar {
    /// Codes of the query.
    codes: usize,
    /// Deviations, before any are taken off for another speed.
    least: f32,
}

impl Bar {
    /// `None` where all samples together and each alone fall short of it at best.
    fn may_reach(&self, alone: &Each<Agreement>, together: &Agreement) -> Option<()> {
        let alone = alone.iter().map(|one| one.deviations_at_best(self.codes));
        let most = alone.fold(together.deviations_at_best(self.codes), f32::max);
        if most < self.least { None } else { Some(()) }
    }
}

/// Each sample by its own codes and those around it, unless the bar is out of reach before.
fn by_what_is_near(met: &Each<Met<'_>>, bar: &Bar) -> Option<Each<Agreement>> {
    let all =
        |near: &Each<Agreement>| near.iter().copied().fold(Agreement::default(), Agreement::and);
    let mut near = met.each_ref().map(|met| Agreement::at_best(met.query(), met.there()));
    bar.may_reach(&near, &all(&near))?;
    for (at, met) in met.iter().enumerate().filter(|(_, met)| met.len > 0) {
        *near.get_mut(at)? = Agreement::without_periods(met.query(), met.there(), met.around);
        bar.may_reach(&near, &all(&near))?;
    }
    for (near, met) in near.iter_mut().zip(met) {
        *near = near.with_periods(met.query(), met.there());
    }
    Some(near)
}

/// `None` where the bar is out of reach by how the query agrees a beat or two beside the line.
fn by_the_next_beats(
    met: &Each<Met<'_>>,
    recording: &[u8],
    line: &Line,
    near: &Each<Agreement>,
    together: &Agreement,
    bar: &Bar,
) -> Option<()> {
    let (mut alone, mut all) = (*near, Nearby::NOTHING);
    for (met, alone) in met.iter().zip(&mut alone).filter(|(met, _)| met.len > 0) {
        let stretch = line.stretch(met, recording, NEARBY);
        let own = Nearby::of(met.query(), &stretch, recording.len() / 2);
        *alone = alone.held_against_nearby(&own);
        all = all.and(&own);
    }
    bar.may_reach(&alone, &together.held_against_nearby(&all))
}

/// The agreement of all samples. One that says what another said before is no new evidence: where
/// the query and the recording both repeat themselves from one sample to another, at the same
/// distance, the two samples' chance agreements are correlated as much as these repeats are.
fn together(met: &Each<Met<'_>>, alone: &Each<Agreement>) -> Agreement {
    let mut sum = Agreement::default();
    for (t, (one, agreement)) in met.iter().zip(alone).enumerate() {
        sum = sum.and(*agreement);
        for (other, before) in met.iter().zip(alone).take(t) {
            sum = sum.with_covariance(agreement, before, repeats(one, other));
        }
    }
    sum
}

/// How far the second sample repeats the first, in the query and in the recording alike: 0 to 1.
fn repeats(one: &Met<'_>, other: &Met<'_>) -> f32 {
    let at = |shift: usize| {
        let likeness = |x: &[u8], y: &[u8]| {
            let later = x.get(shift..).unwrap_or_default();
            2.0 * (0.5 - bit_error(later, y).min(0.5))
        };
        let both = |x: &Met<'_>, y: &Met<'_>| {
            likeness(x.query(), y.query()) * likeness(x.there(), y.there())
        };
        both(one, other).max(both(other, one))
    };
    (0..REPEAT_CODES_MAX).map(at).fold(0.0, f32::max)
}
