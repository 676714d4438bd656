//! Clusters to candidates: a first look at the raw codes, before the whole query is aligned.

use onmon_core::Sample;
use onmon_core::compare::bit_errors;

use super::Candidate;
use super::look::look;
use super::votes::Cluster;
use crate::part::{Cost, IndexError, View};
use crate::recordings::CELL_CODES;

/// Codes compared around the code that voted, at most: 3.2 s to either side, over which a speed
/// 5 % off drifts by no more than codes stay alike.
const LOOK_CODES: usize = 128;

/// Looks at each cluster; the candidates among them: those that agree by so much or more, in
/// standard deviations of independent bits, of which unrelated music shows about 2.
pub(super) fn candidates(
    part: View<'_>,
    number: usize,
    query: &[Sample<'_>],
    clusters: &[Cluster],
    look_min: f32,
    cost: &mut Cost,
) -> Result<Vec<Candidate>, IndexError> {
    let mut found = vec![];
    for cluster in clusters {
        let recordings = part.source.recordings();
        let Some(ordinal) = recordings.at_cell(cluster.cell) else { continue };
        if part.dead.contains(&ordinal) {
            continue;
        }
        let row = recordings.row(ordinal);
        let place = (cluster.cell - row.cell) as usize * CELL_CODES;
        let sample = query[cluster.sample].codes;
        // The stretch of the sample that lies on the recording wherever in the cell the key is.
        let first = cluster.code.saturating_sub(LOOK_CODES / 2);
        let first = first.max(cluster.code.saturating_sub(place));
        let last_place = row.codes as usize - place.min(row.codes as usize);
        let end = (first + LOOK_CODES).min(sample.len());
        let end = end.min(cluster.code + last_place.saturating_sub(CELL_CODES - 1));
        if end <= cluster.code {
            continue;
        }
        let looked = &sample[first..end];
        let mut there = [0; LOOK_CODES + CELL_CODES - 1];
        let there = &mut there[..looked.len() + CELL_CODES - 1];
        part.source.peek_codes(ordinal, place - (cluster.code - first), there)?;
        cost.compared += 1;
        let errors = |shift: usize| bit_errors(looked, &there[shift..][..looked.len()]);
        let (errors, shift) =
            (0..CELL_CODES).map(|shift| (errors(shift), shift)).min().unwrap_or((u32::MAX, 0));
        let look = look(8 * looked.len(), errors);
        if look >= look_min {
            found.push(Candidate {
                part: number,
                ordinal,
                sample: cluster.sample,
                code: cluster.code,
                place: place + shift,
                look,
            });
        }
    }
    Ok(found)
}
