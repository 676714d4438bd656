//! From what is heard, step by step, to segments: pure logic, without index, catalogue or clock.
//!
//! Times are numbers of codes. Segments are in order and never overlap:
//!
//! - What goes on along its line lengthens its segment, over drop-outs of up to [`DROPOUT_CODES`].
//! - What is heard longer than the last segment takes over, and from where it begins: between two
//!   recordings that are faded into each other the second counts.
//! - What is heard only inside the last segment (a rival, a sample in it) is left out.

use std::collections::VecDeque;
use std::sync::Arc;

use onmon_index::Slot;

use super::line::Line;
use super::{SEGMENTS_MAX, WINDOW_CODES};
use crate::recording::Recording;

/// Codes (10 s) that a recording may not be heard and still go on.
pub(crate) const DROPOUT_CODES: u64 = 200;

/// Codes (2 s) of the least segment; a recording heard for less is not told, nor is an unknown of
/// less between two recordings.
pub(crate) const SEGMENT_CODES_MIN: u64 = 40;

/// Codes (2 s) by which a recording may leave its line and still go on.
const LINE_CODES: f64 = 40.0;

/// Codes that what begins anew may take back from the last segment.
const TAKEN_BACK_MAX: u64 = WINDOW_CODES as u64;

/// Near-duplicates kept with a segment.
const NEAR_DUPLICATES_MAX: usize = 8;

/// A recording that was heard in one step.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Heard {
    pub slot: Slot,
    /// What was named, then its near-duplicates.
    pub recordings: Vec<Arc<Recording>>,
    /// Codes of the stream in which it is heard.
    pub from: u64,
    pub to: u64,
    pub line: Line,
    /// Whether `from` and `to` come from the codes; else only the window in which it was named is
    /// known.
    pub traced: bool,
    /// By the index; none where only the line of what went before was followed.
    pub confidence: Option<f32>,
}

/// A stretch of one recording.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub slot: Slot,
    pub recordings: Vec<Arc<Recording>>,
    pub from: u64,
    pub to: u64,
    /// By what it was first named: tells where in the recording it begins.
    pub first_line: Line,
    /// By what it was last named.
    pub line: Line,
    /// Whether its beginning was traced on the codes.
    pub traced: bool,
    /// The highest there was, and the speed that was found with it.
    pub confidence: f32,
    pub speed: f32,
    /// End of what the index named; up to [`DROPOUT_CODES`] more may be followed.
    pub named_to: u64,
}

/// Segments so far.
#[derive(Debug, Default)]
pub(crate) struct Timeline {
    entries: VecDeque<Entry>,
    /// The stream was listened to up to this code.
    now: u64,
    forgotten: u64,
    forgotten_to: u64,
}

/// A stretch of a stream.
#[derive(Debug, PartialEq)]
pub(crate) enum Stretch<'a> {
    Recording { entry: &'a Entry, growing: bool },
    Unknown { from: u64, to: u64, growing: bool },
}

impl Timeline {
    /// Takes in what was heard up to code `now`. Steps come in order.
    pub fn step(&mut self, now: u64, mut heard: Vec<Heard>) {
        self.now = self.now.max(now);
        heard.retain(|heard| heard.from < heard.to && heard.to <= self.now);
        // What goes on comes first: it is the last segment by which the others are judged.
        heard.sort_by_key(|heard| (self.continued(heard).is_none(), heard.from, heard.to));
        for heard in heard {
            match self.continued(&heard) {
                Some(at) => self.go_on(at, heard),
                None => self.begin(heard),
            }
        }
        while self.entries.len() > SEGMENTS_MAX {
            self.forgotten_to = self.entries.pop_front().map_or(0, |entry| entry.to);
            self.forgotten += 1;
        }
    }

    /// What may be going on.
    pub fn current(&self) -> Option<&Entry> {
        self.entries.back().filter(|last| last.to + DROPOUT_CODES >= self.now)
    }

    /// The stream was listened to up to this code.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// Segments that were dropped for want of room.
    pub fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// Everything so far, in order. The end of the stream is told as unknown only when no recording
    /// can be going on there.
    pub fn stretches(&self) -> Vec<Stretch<'_>> {
        let mut told = Vec::with_capacity(2 * self.entries.len() + 1);
        let mut end = self.forgotten_to;
        let current = self.current().map(|entry| entry.from);
        for entry in &self.entries {
            if entry.from >= end + SEGMENT_CODES_MIN {
                told.push(Stretch::Unknown { from: end, to: entry.from, growing: false });
            }
            told.push(Stretch::Recording { entry, growing: current == Some(entry.from) });
            end = entry.to;
        }
        if current.is_none() && self.now > end {
            told.push(Stretch::Unknown { from: end, to: self.now, growing: true });
        }
        told
    }

    /// The segment that goes on in what was heard; not always the last one, if what came between
    /// was a mistake.
    fn continued(&self, heard: &Heard) -> Option<usize> {
        let recent = self.entries.iter().enumerate().rev();
        recent
            .take_while(|(_, entry)| entry.to + DROPOUT_CODES >= heard.from)
            .find(|(_, entry)| entry.goes_on_in(heard))
            .map(|(at, _)| at)
    }

    fn go_on(&mut self, at: usize, heard: Heard) {
        let last_to = self.entries.back().map_or(0, |last| last.to);
        if let Some(next_from) = self.entries.get(at + 1).map(|next| next.from)
            && heard.to <= last_to
        {
            // Another one has taken over and goes on longer; up to there it may still be heard.
            let entry = &mut self.entries[at];
            entry.to = entry.to.max(heard.to.min(next_from));
            return;
        }
        self.entries.truncate(at + 1);
        let before = at.checked_sub(1).and_then(|before| self.entries.get(before));
        let from_min = before.map_or(self.forgotten_to, |before| before.to);
        if let Some(entry) = self.entries.back_mut() {
            entry.begin_where_traced(&heard, from_min);
            entry.take_in(heard);
        }
    }

    fn begin(&mut self, heard: Heard) {
        let (last_to, mut from) = match self.entries.back() {
            Some(last) => (last.to, heard.from.max(last.to.saturating_sub(TAKEN_BACK_MAX))),
            None => (0, heard.from),
        };
        from = from.max(self.forgotten_to);
        // Only followed, never named; inside what is there; too short to tell.
        let Some(confidence) = heard.confidence else { return };
        if heard.to <= last_to || heard.to < from + SEGMENT_CODES_MIN {
            return;
        }
        while let Some(last) = self.entries.back_mut().filter(|last| last.to > from) {
            if last.from + SEGMENT_CODES_MIN <= from {
                last.to = from;
                break;
            }
            self.entries.pop_back();
        }
        let Heard { slot, recordings, to, line, traced, .. } = heard;
        self.entries.push_back(Entry {
            slot,
            recordings,
            from,
            to,
            first_line: line,
            line,
            traced,
            confidence,
            speed: line.speed,
            named_to: to,
        });
    }
}

impl Entry {
    fn goes_on_in(&self, heard: &Heard) -> bool {
        let off_line = self.line.place_of(heard.from) - heard.line.place_of(heard.from);
        self.slot == heard.slot && off_line.abs() <= LINE_CODES
    }

    /// Where only the window was known in which it was first named, a later step knows more.
    fn begin_where_traced(&mut self, heard: &Heard, from_min: u64) {
        if !self.traced && heard.traced && heard.confidence.is_some() {
            self.from = heard.from.max(from_min);
            self.first_line = heard.line;
            self.traced = true;
        }
    }

    fn take_in(&mut self, heard: Heard) {
        let followed_to = heard.to.min(self.named_to + DROPOUT_CODES);
        let Some(confidence) = heard.confidence else {
            self.to = self.to.max(followed_to);
            return;
        };
        self.to = self.to.max(heard.to);
        self.named_to = self.named_to.max(heard.to);
        self.line = heard.line;
        if confidence > self.confidence {
            (self.confidence, self.speed) = (confidence, heard.line.speed);
        }
        for recording in heard.recordings {
            let id = &recording.recording_id;
            match self.recordings.iter().position(|known| known.recording_id == *id) {
                // Its rights may have changed since.
                Some(at) => self.recordings[at] = recording,
                None if self.recordings.len() > NEAR_DUPLICATES_MAX => {}
                None => self.recordings.push(recording),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::STEP_CODES;

    const SECOND: u64 = 20;

    /// Recording `slot` in codes `from..to` of the stream; code 0 of the stream is its code
    /// `place`.
    fn heard(slot: Slot, from: u64, to: u64, place: i64) -> Heard {
        Heard {
            slot,
            recordings: vec![Arc::new(Recording::new(slot.to_string()))],
            from,
            to,
            line: Line { at: 0, place: place as f64, speed: 1.0 },
            traced: true,
            confidence: Some(10.0),
        }
    }

    /// Slot (none for unknown), from and to of each stretch.
    fn told(timeline: &Timeline) -> Vec<(Option<Slot>, u64, u64)> {
        let short = |stretch: &Stretch<'_>| match stretch {
            Stretch::Recording { entry, .. } => (Some(entry.slot), entry.from, entry.to),
            Stretch::Unknown { from, to, .. } => (None, *from, *to),
        };
        timeline.stretches().iter().map(short).collect()
    }

    #[test]
    fn one_recording_is_one_segment_that_grows() {
        let mut timeline = Timeline::default();
        for now in (120..=2_400).step_by(60) {
            timeline.step(now, vec![heard(1, 40.max(now.saturating_sub(300)), now, -40)]);
            assert_eq!(told(&timeline), [(None, 0, 40), (Some(1), 40, now)]);
            assert!(matches!(timeline.stretches()[1], Stretch::Recording { growing: true, .. }));
        }
        let entry = timeline.current().unwrap();
        assert_eq!(entry.first_line.place_of(entry.from), 0.0);
    }

    #[test]
    fn a_short_drop_out_does_not_split_and_a_long_one_does() {
        for (gap, split) in [(10, false), (199, false), (200, false), (201, true), (900, true)] {
            let mut timeline = Timeline::default();
            timeline.step(400, vec![heard(1, 0, 400, 0)]);
            for now in (460..400 + gap).step_by(60) {
                timeline.step(now, vec![]);
            }
            let again = 400 + gap;
            timeline.step(again + 60, vec![heard(1, again, again + 60, 0)]);
            let whole = vec![(Some(1), 0, again + 60)];
            let parts = vec![(Some(1), 0, 400), (None, 400, again), (Some(1), again, again + 60)];
            assert_eq!(told(&timeline), if split { parts } else { whole }, "{gap}");
        }
    }

    #[test]
    fn the_end_is_unknown_only_when_nothing_can_go_on_there() {
        let mut timeline = Timeline::default();
        timeline.step(400, vec![heard(1, 0, 400, 0)]);
        timeline.step(600, vec![]);
        assert_eq!(told(&timeline), [(Some(1), 0, 400)]);
        timeline.step(601, vec![]);
        assert_eq!(told(&timeline), [(Some(1), 0, 400), (None, 400, 601)]);
        let Stretch::Recording { growing, .. } = timeline.stretches()[0] else { panic!() };
        assert!(!growing);
    }

    #[test]
    fn the_next_one_takes_over_where_it_begins_also_in_a_fade() {
        let mut timeline = Timeline::default();
        timeline.step(600, vec![heard(1, 300, 600, 0)]);
        // Faded in from 580 on, while the first goes on till 640.
        timeline.step(660, vec![heard(2, 580, 660, -500), heard(1, 360, 640, 0)]);
        assert_eq!(told(&timeline), [(None, 0, 300), (Some(1), 300, 580), (Some(2), 580, 660)]);
        // The first is still in the window; it does not come back.
        timeline.step(720, vec![heard(1, 420, 640, 0), heard(2, 580, 720, -500)]);
        assert_eq!(told(&timeline)[2], (Some(2), 580, 720));
        assert_eq!(timeline.stretches().len(), 3);
    }

    #[test]
    fn what_is_heard_only_inside_another_is_left_out() {
        let mut timeline = Timeline::default();
        timeline.step(600, vec![heard(1, 300, 600, 0)]);
        timeline.step(660, vec![heard(2, 500, 600, 0), heard(1, 600, 660, 0)]);
        assert_eq!(told(&timeline), [(None, 0, 300), (Some(1), 300, 660)]);
        // Also what took over by mistake for a moment.
        timeline.step(720, vec![heard(3, 640, 720, 0)]);
        assert_eq!(told(&timeline).last(), Some(&(Some(3), 640, 720)));
        timeline.step(780, vec![heard(1, 700, 780, 0)]);
        assert_eq!(told(&timeline), [(None, 0, 300), (Some(1), 300, 780)]);
    }

    #[test]
    fn the_same_recording_begun_again_is_another_segment() {
        let mut timeline = Timeline::default();
        timeline.step(600, vec![heard(1, 300, 600, -300)]);
        timeline.step(720, vec![heard(1, 600, 720, -600)]);
        assert_eq!(told(&timeline)[1..], [(Some(1), 300, 600), (Some(1), 600, 720)]);
        assert_eq!(timeline.entries[1].first_line.place_of(600), 0.0);
    }

    #[test]
    fn a_line_is_followed_for_ten_seconds_and_begins_nothing() {
        let mut timeline = Timeline::default();
        let followed = |to| Heard { confidence: None, ..heard(1, to - 60, to, 0) };
        timeline.step(60, vec![followed(60)]);
        assert_eq!(told(&timeline), [(None, 0, 60)]);
        timeline.step(360, vec![heard(1, 60, 360, 0)]);
        for now in (420..1_200).step_by(60) {
            timeline.step(now, vec![followed(now)]);
        }
        assert_eq!(told(&timeline)[1], (Some(1), 60, 360 + DROPOUT_CODES));
    }

    #[test]
    fn the_beginning_is_corrected_once_it_is_traced() {
        for (traced_from, want) in [(340, 340), (100, 200)] {
            let mut timeline = Timeline::default();
            timeline.step(200, vec![heard(9, 0, 200, 0)]);
            timeline.step(500, vec![Heard { traced: false, ..heard(1, 210, 500, 0) }]);
            timeline.step(560, vec![heard(1, traced_from, 560, 0)]);
            // From then on it stays.
            timeline.step(620, vec![heard(1, 400, 620, 0)]);
            assert_eq!(told(&timeline).last(), Some(&(Some(1), want, 620)));
        }
    }

    #[test]
    fn near_duplicates_join_and_rights_are_the_latest() {
        let mut timeline = Timeline::default();
        timeline.step(300, vec![heard(1, 0, 300, 0)]);
        let mut changed = Recording::new("1");
        changed.rights = crate::Rights::NotEntrusted;
        let mut next = heard(1, 300, 360, 0);
        next.recordings = vec![Arc::new(changed), Arc::new(Recording::new("2"))];
        timeline.step(360, vec![next]);
        let ids: Vec<_> =
            timeline.entries[0].recordings.iter().map(|r| r.recording_id.as_str()).collect();
        assert_eq!(ids, ["1", "2"]);
        assert_eq!(timeline.entries[0].recordings[0].rights, crate::Rights::NotEntrusted);
    }

    #[test]
    fn the_oldest_of_too_many_are_counted_and_dropped() {
        let mut timeline = Timeline::default();
        let many = SEGMENTS_MAX as u64 + 7;
        for song in 0..many {
            let from = song * 100;
            timeline.step(from + 100, vec![heard(song as Slot, from, from + 100, 0)]);
        }
        assert_eq!((timeline.entries.len(), timeline.forgotten()), (SEGMENTS_MAX, 7));
        assert_eq!(told(&timeline)[0], (Some(7), 700, 800), "forgotten is not unknown");
    }

    /// Numbers below `below`, the same in every run.
    fn dice(seed: u64) -> impl FnMut(u64) -> u64 {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        move |below| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 33) % below
        }
    }

    fn assert_in_order(timeline: &Timeline, place: &str) {
        let mut end = 0;
        for (slot, from, to) in told(timeline) {
            assert!(from >= end && to > from && to <= timeline.now(), "{place}: {from}..{to}");
            let hole = from - end;
            assert!(slot.is_none() || hole < SEGMENT_CODES_MIN, "{place}: {hole} codes untold");
            end = to;
        }
        assert!(timeline.now() - end <= DROPOUT_CODES, "{place}");
    }

    #[test]
    fn whatever_is_heard_segments_are_in_order_and_do_not_overlap() {
        for seed in 0..300 {
            let mut dice = dice(seed);
            let mut timeline = Timeline::default();
            let mut now = 0;
            for step in 0..60 {
                now += 1 + dice(120);
                let any = (0..dice(5)).map(|_| {
                    let traced = dice(2) > 0;
                    let from = now.saturating_sub(dice(1_300));
                    let to = from + dice(400);
                    let place = dice(3) as i64 * 500;
                    let confidence = (dice(4) > 0).then_some(9.0);
                    Heard { confidence, traced, ..heard(dice(4) as Slot, from, to, place) }
                });
                let any = any.collect();
                timeline.step(now, any);
                assert_in_order(&timeline, &format!("seed {seed}, step {step}"));
            }
        }
    }

    #[test]
    fn a_programme_is_told_as_it_was_whatever_drops_out() {
        for seed in 0..200 {
            let mut dice = dice(seed);
            let (mut programme, mut end) = (vec![], 0);
            for slot in 1..12 {
                let from = end + [0, 0, 30 * SECOND][dice(3) as usize];
                end = from + (20 + dice(200)) * SECOND;
                programme.push((slot, from, end));
            }
            let mut timeline = Timeline::default();
            for now in (STEP_CODES..end + 600).step_by(STEP_CODES as usize) {
                let window = now.saturating_sub(300)..now;
                let audible = programme.iter().filter_map(|&(slot, from, to)| {
                    let begun = from.max(window.start)..to.min(window.end);
                    // Heard from 3 s on; of every other question one in four fails.
                    let fails = (now / STEP_CODES) % 2 == 1 && dice(4) == 0;
                    let named = begun.end.saturating_sub(begun.start) >= 60 && !fails;
                    named.then(|| heard(slot, begun.start, begun.end, -(from as i64)))
                });
                let audible = audible.collect();
                timeline.step(now, audible);
            }
            let found: Vec<_> =
                told(&timeline).into_iter().filter_map(|s| Some((s.0?, s.1, s.2))).collect();
            assert_eq!(found.len(), programme.len(), "seed {seed}: {found:?}");
            for (found, truth) in found.iter().zip(&programme) {
                assert_eq!(found.0, truth.0, "seed {seed}");
                assert!(found.1.abs_diff(truth.1) <= SECOND, "seed {seed}: {found:?} {truth:?}");
                assert!(found.2.abs_diff(truth.2) <= SECOND, "seed {seed}: {found:?} {truth:?}");
            }
            assert_in_order(&timeline, &format!("seed {seed}"));
        }
    }
}
