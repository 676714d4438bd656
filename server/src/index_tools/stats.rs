//! `onmon-server index stats`.

use onmon_library::{IndexStats, LAYOUT, SegmentStats, index_stats};
use serde::Serialize;

use super::args::StatsArgs;
use super::{Ended, count, grouped, print};

const CODES_PER_HOUR: f64 = 3_600.0 * onmon_core::CODES_PER_SECOND as f64;

pub async fn run(args: &StatsArgs) -> anyhow::Result<Ended> {
    let stats = index_stats(&args.library.place()).await?;
    if args.json {
        print(&serde_json::to_string(&Report::from(&stats))?);
    } else {
        table(&stats);
    }
    Ok(Ended::Well)
}

/// The JSON object. Names are a promise; new ones may come.
#[derive(Serialize)]
struct Report<'a> {
    recordings: u64,
    codes: u64,
    hours: f64,
    bytes: u64,
    posting_bytes: u64,
    segments: Vec<Segment<'a>>,
    not_on_disk: NotOnDisk,
    applied_seq: u64,
    last_seq: u64,
}

#[derive(Serialize)]
struct Segment<'a> {
    file: &'a str,
    recordings: u64,
    dead: u64,
    codes: u64,
    bytes: u64,
    posting_bytes: u64,
    /// One key of so many is kept.
    sampling: u32,
    /// Version of its layout.
    layout: u8,
    bytes_per_recording: u64,
}

#[derive(Serialize)]
struct NotOnDisk {
    changes: u64,
    recordings: u64,
    codes: u64,
}

impl<'a> From<&'a IndexStats> for Report<'a> {
    fn from(stats: &'a IndexStats) -> Report<'a> {
        let segments = stats.segments.iter().map(|segment| Segment {
            file: &segment.file,
            recordings: segment.recordings,
            dead: segment.dead,
            codes: segment.codes,
            bytes: segment.bytes,
            posting_bytes: segment.posting_bytes,
            sampling: segment.sampling,
            layout: segment.layout,
            bytes_per_recording: bytes_per_recording(segment),
        });
        let waiting = &stats.not_on_disk;
        Report {
            recordings: stats.recordings,
            codes: stats.codes,
            hours: stats.codes as f64 / CODES_PER_HOUR,
            bytes: stats.segments.iter().map(|segment| segment.bytes).sum(),
            posting_bytes: stats.segments.iter().map(|segment| segment.posting_bytes).sum(),
            segments: segments.collect(),
            not_on_disk: NotOnDisk {
                changes: waiting.changes,
                recordings: waiting.recordings,
                codes: waiting.codes,
            },
            applied_seq: stats.applied_seq,
            last_seq: stats.last_seq,
        }
    }
}

fn table(stats: &IndexStats) {
    let row = |cells: [&str; 7]| {
        let [file, recordings, dead, codes, bytes, postings, each] = cells;
        print(&format!(
            "{file:<24} {recordings:>12} {dead:>8} {codes:>15} {bytes:>15} {postings:>15} {each:>9}"
        ));
    };
    row(["segment", "recordings", "dead", "codes", "bytes", "of postings", "per song"]);
    let of = |file: &str, of: &SegmentStats| {
        let each = bytes_per_recording(of);
        let numbers = [of.recordings, of.dead, of.codes, of.bytes, of.posting_bytes, each];
        let [recordings, dead, codes, bytes, postings, each] = numbers.map(grouped);
        row([file, &recordings, &dead, &codes, &bytes, &postings, &each]);
    };
    stats.segments.iter().for_each(|segment| of(&segment.file, segment));
    if stats.segments.len() > 1 {
        of("all", &sum(&stats.segments));
    }
    let old = stats.segments.iter().filter(|segment| segment.layout < LAYOUT).count();
    if old > 0 {
        let old = count(old as u64, "segment");
        print(&format!(
            "layout:      {old} of an older one: `onmon-server index compact` rewrites them, and \
             what lies in noise is found sooner, and more of it"
        ));
    }
    let hours = stats.codes as f64 / CODES_PER_HOUR;
    let recordings = count(stats.recordings, "recording");
    print(&format!("on disk:     {recordings}, {hours:.1} hours of music"));
    let waiting = &stats.not_on_disk;
    let (changes, recordings) =
        (count(waiting.changes, "change"), count(waiting.recordings, "recording"));
    let codes = count(waiting.codes, "code");
    print(&format!("not on disk: {changes} ({recordings}, {codes})"));
    let (applied, last) = (grouped(stats.applied_seq), grouped(stats.last_seq));
    print(&format!("changes:     up to {applied} on disk, {last} in the catalogue"));
}

fn sum(segments: &[SegmentStats]) -> SegmentStats {
    let sum = |of: fn(&SegmentStats) -> u64| segments.iter().map(of).sum();
    SegmentStats {
        file: String::new(),
        recordings: sum(|segment| segment.recordings),
        dead: sum(|segment| segment.dead),
        codes: sum(|segment| segment.codes),
        bytes: sum(|segment| segment.bytes),
        posting_bytes: sum(|segment| segment.posting_bytes),
        // Of all of them: what is new is sampled as what is there.
        sampling: segments.first().map_or(0, |segment| segment.sampling),
        layout: segments.iter().map(|segment| segment.layout).min().unwrap_or(LAYOUT),
    }
}

/// The dead take room as well.
fn bytes_per_recording(segment: &SegmentStats) -> u64 {
    segment.bytes / (segment.recordings + segment.dead).max(1)
}
