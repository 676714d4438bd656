//! Which of the recordings that matched are one piece of music: near-duplicates are several claims
//! to one use, and different recordings in a mix are several uses.

use onmon_library::RecordingMatch;

/// The matches, parted: each part is one piece of music, under every id it is registered by.
///
/// The best match begins the first part. A near-duplicate joins the part whose best match it shares
/// most of the query with; anything else begins a part of its own.
pub(crate) fn parts(matches: &[RecordingMatch]) -> Vec<Vec<&RecordingMatch>> {
    let mut parts: Vec<Vec<&RecordingMatch>> = Vec::new();
    for found in matches {
        let likest = parts
            .iter_mut()
            .filter(|_| found.near_duplicate)
            .max_by_key(|part| part.first().map_or(0, |best| shared_samples(best, found)));
        match likest {
            Some(part) => part.push(found),
            None => parts.push(vec![found]),
        }
    }
    parts
}

fn shared_samples(a: &RecordingMatch, b: &RecordingMatch) -> usize {
    let in_b = |sample: u8| b.samples.iter().any(|other| other.sample == sample);
    a.samples.iter().filter(|taken| in_b(taken.sample)).count()
}

#[cfg(test)]
mod tests {
    use onmon_library::{Recording, SampleMatch};

    use super::*;

    fn found(id: &str, samples: &[u8], near_duplicate: bool) -> RecordingMatch {
        let samples = samples.iter().map(|&sample| SampleMatch {
            sample,
            query_ms: 0,
            recording_ms: 0,
            length_ms: 0,
            deviations: 9.0,
        });
        RecordingMatch {
            recording: Recording::new(id),
            offset_ms: 0,
            confidence: 9.0,
            speed: 1.0,
            bit_error: 0.0,
            matched_ms: 1,
            samples_agreeing: 1,
            samples: samples.collect(),
            near_duplicate,
        }
    }

    #[test]
    fn duplicates_join_what_they_duplicate_and_a_mix_has_several_parts() {
        let matches = [
            found("a", &[0, 1, 2], false),
            found("b", &[3, 4], false),
            found("b again", &[3, 4], true),
            found("a again", &[0, 2], true),
        ];
        let parts = parts(&matches);
        let ids = |part: &[&RecordingMatch]| -> Vec<String> {
            part.iter().map(|found| found.recording.recording_id.clone()).collect()
        };
        assert_eq!(parts.len(), 2);
        assert_eq!(ids(&parts[0]), ["a", "a again"]);
        assert_eq!(ids(&parts[1]), ["b", "b again"]);
        assert!(super::parts(&[]).is_empty());
    }
}
