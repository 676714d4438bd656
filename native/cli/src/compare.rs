//! `onmon compare`: how far two files agree, and at which offset.

use std::path::Path;

use anyhow::anyhow;
use onmon_core::align::{Anchor, align};
use onmon_core::compare::Agreement;
use onmon_core::{CODES_PER_SAMPLE, CODES_PER_SECOND, Sample, certainty, wire};
use serde::Serialize;

use crate::args::CompareArgs;
use crate::bar::write_line;
use crate::identify::clock_time;
use crate::inputs::is_fingerprint;
use crate::outcome::{Done, Failure};
use crate::stop::Stop;
use crate::take;

/// Codes that must lie on each other (3 s): fewer agree by chance.
const OVERLAP_CODES_MIN: usize = 60;

/// Offsets with the fewest wrong bits whose agreement is weighed.
const CANDIDATES: usize = 24;

/// Runs the command.
pub fn run(args: &CompareArgs, stop: &Stop) -> anyhow::Result<Done> {
    // One side is taken whole where it can be; the other one's six samples are laid along it.
    let b_is_query = is_query(&args.b);
    let in_file = |file: &Path, failure: Failure| anyhow!("{}: {failure}", file.display());
    let a = if b_is_query { Runs::whole(&args.a, stop) } else { Runs::samples(&args.a, stop) };
    let a = a.map_err(|failure| in_file(&args.a, failure))?;
    let b = if b_is_query { Runs::samples(&args.b, stop) } else { Runs::whole(&args.b, stop) };
    let b = b.map_err(|failure| in_file(&args.b, failure))?;
    let best = best_offset(&a, &b);
    let found = Comparison::new(args, best);
    let line = if args.json { serde_json::to_string(&found)? } else { found.for_people() };
    write_line(&line);
    Ok(Done::AllHandled)
}

/// Runs of codes, each with its place in the recording.
struct Runs(Vec<(i64, Vec<u8>)>);

impl Runs {
    fn samples(file: &Path, stop: &Stop) -> Result<Self, Failure> {
        Self::of_wire(&take::query(file, stop)?.wire)
    }

    fn whole(file: &Path, stop: &Stop) -> Result<Self, Failure> {
        if is_query(file) {
            Self::samples(file, stop)
        } else {
            Self::of_wire(&take::reference(file, stop)?.wire)
        }
    }

    fn of_wire(bytes: &[u8]) -> Result<Self, Failure> {
        let fingerprint = wire::decode(bytes)?;
        let margin = i64::from(fingerprint.kind().margin_codes());
        let runs = fingerprint.samples();
        Ok(Self(runs.map(|run| (i64::from(run.start) - margin, run.codes.to_vec())).collect()))
    }

    fn start(&self) -> i64 {
        self.0.first().map_or(0, |(start, _)| *start)
    }

    /// As a query has them, which begin with the first; `None` if they are longer than its samples.
    fn as_query(&self) -> Option<Vec<Sample<'_>>> {
        let runs = self.0.iter().map(|(start, codes)| {
            let start = u32::try_from(*start - self.start()).ok()?;
            (codes.len() <= CODES_PER_SAMPLE).then_some(Sample { start, codes })
        });
        runs.collect()
    }

    fn end(&self) -> i64 {
        self.0.last().map_or(0, |(start, codes)| start + codes.len() as i64)
    }
}

fn is_query(file: &Path) -> bool {
    let read = || {
        let bytes = take::read_fingerprint(file).ok()?;
        Some(wire::decode(&bytes).ok()?.kind().is_query())
    };
    is_fingerprint(file) && read().unwrap_or(false)
}

/// How two files lie on each other, and how far they agree there.
#[derive(Clone, Copy)]
struct Found {
    /// Where a's beginning lies in b, in codes.
    offset: i64,
    deviations: f32,
    bit_error: f32,
    codes: u32,
}

/// The best of the offsets with the fewest wrong bits.
fn best_offset(a: &Runs, b: &Runs) -> Option<Found> {
    let mut offsets: Vec<(f64, i64)> = Vec::new();
    for offset in b.start() - a.end()..=b.end() - a.start() {
        let (mut bits, mut wrong) = (0_usize, 0_u32);
        for (a, b) in overlaps(a, b, offset) {
            bits += 8 * a.len();
            wrong += a.iter().zip(b).map(|(a, b)| (a ^ b).count_ones()).sum::<u32>();
        }
        if bits >= 8 * OVERLAP_CODES_MIN {
            // Deviations from an even chance: weighs the share of right bits by how many there are.
            let score = (0.5 * bits as f64 - f64::from(wrong)) / (bits as f64).sqrt();
            offsets.push((score, offset));
        }
    }
    offsets.sort_by(|x, y| y.0.total_cmp(&x.0));
    let found = offsets.into_iter().take(CANDIDATES).map(|(_, offset)| {
        laid(a, b, offset)
            .or_else(|| laid(b, a, -offset).map(|found| Found { offset: -found.offset, ..found }))
            .unwrap_or_else(|| counted(a, b, offset))
    });
    found.max_by(|x, y| x.deviations.total_cmp(&y.deviations))
}

/// A query laid on a whole recording, as the index does it; `None` if they are not these.
fn laid(query: &Runs, recording: &Runs, offset: i64) -> Option<Found> {
    let samples = query.as_query()?;
    let [(0, codes)] = recording.0.as_slice() else { return None };
    let begins = query.start() + offset;
    let place = |sample: &Sample<'_>| usize::try_from(i64::from(sample.start) + begins).ok();
    let met = |sample: &Sample<'_>| place(sample).filter(|place| *place < codes.len());
    let (sample, place) = samples.iter().map(met).enumerate().find_map(|(i, at)| Some((i, at?)))?;
    let found = align(&samples, codes, Anchor { sample, code: 0, place }, f32::NEG_INFINITY)?;
    Some(Found {
        offset: found.offset_codes - query.start(),
        deviations: found.deviations,
        bit_error: found.bit_error,
        codes: found.matched_codes,
    })
}

/// Samples of two queries counted where they lie on each other: there is no more of either.
fn counted(a: &Runs, b: &Runs, offset: i64) -> Found {
    let agreement = overlaps(a, b, offset)
        .flat_map(|(a, b)| a.chunks(CODES_PER_SAMPLE).zip(b.chunks(CODES_PER_SAMPLE)))
        .map(|(a, b)| Agreement::of(a, b, b))
        .fold(Agreement::default(), Agreement::and);
    Found {
        offset,
        deviations: agreement.deviations(),
        bit_error: agreement.bit_error(),
        codes: agreement.codes(),
    }
}

/// The codes of both that lie on each other when a begins at code `offset` of b.
fn overlaps<'a>(
    a: &'a Runs,
    b: &'a Runs,
    offset: i64,
) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
    a.0.iter().flat_map(move |(a_start, a_codes)| {
        b.0.iter().filter_map(move |(b_start, b_codes)| {
            let a_start = a_start + offset;
            let from = a_start.max(*b_start);
            let to = (a_start + a_codes.len() as i64).min(b_start + b_codes.len() as i64);
            let cut = |start: i64, codes: &'a [u8]| {
                codes.get(usize::try_from(from - start).ok()?..usize::try_from(to - start).ok()?)
            };
            Some((cut(a_start, a_codes)?, cut(*b_start, b_codes)?)).filter(|(a, _)| !a.is_empty())
        })
    })
}

#[derive(Serialize)]
struct Comparison {
    a: String,
    b: String,
    /// Where a's beginning lies in b; null if too little of them lies on each other anywhere.
    offset_ms: Option<i64>,
    confidence: f32,
    bit_error: f32,
    compared_ms: u32,
}

impl Comparison {
    fn new(args: &CompareArgs, best: Option<Found>) -> Self {
        let ms_per_code = 1_000 / CODES_PER_SECOND;
        Self {
            a: args.a.display().to_string(),
            b: args.b.display().to_string(),
            offset_ms: best.map(|found| found.offset * i64::from(ms_per_code)),
            confidence: best.map_or(0.0, |found| certainty::confidence(found.deviations)),
            bit_error: best.map_or(0.5, |found| found.bit_error),
            compared_ms: best.map_or(0, |found| found.codes) * ms_per_code,
        }
    }

    fn for_people(&self) -> String {
        let Some(offset_ms) = self.offset_ms else {
            return "too little of the two lies on each other to compare (3 s are needed)"
                .to_owned();
        };
        format!(
            "confidence  {:.1}\nbit error   {:.3}\noffset      {} ({} begins there in {})\ncompared    {} s",
            self.confidence,
            self.bit_error,
            clock_time(offset_ms),
            self.a,
            self.b,
            self.compared_ms / 1_000,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn random(len: usize) -> Vec<u8> {
        let mut state = 7_u32;
        let next = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        (0..len).map(next).collect()
    }

    #[test]
    fn the_offset_of_a_part_is_found_both_ways() {
        let whole = random(4_000);
        let part =
            Runs(vec![(0, whole[1_200..1_500].to_vec()), (600, whole[1_800..2_100].to_vec())]);
        let whole = Runs(vec![(0, whole)]);
        let found = best_offset(&part, &whole).unwrap();
        assert_eq!((found.offset, found.bit_error, found.codes), (1_200, 0.0, 600));
        assert_eq!(best_offset(&whole, &part).unwrap().offset, -1_200);
    }

    #[test]
    fn too_little_overlap_gives_no_offset() {
        let short = Runs(vec![(0, random(OVERLAP_CODES_MIN - 1))]);
        assert!(best_offset(&short, &Runs(vec![(0, random(4_000))])).is_none());
    }
}
