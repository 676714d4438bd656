//! What a device hears, as messages: codes by their numbers, what was lost, where a stream begins.
//!
//! ```text
//! frames     |=======heard=======|  lost  |--skipped--|=======heard========
//! codes      0 1 2 3 ... n       .  none  .           . none .  m m+1 m+2 ...
//!                      told as Lost, resumes: m      grid   preroll
//! ```
//! Nothing is padded. After a gap a fresh extractor begins at the next place of the grid on which
//! any decoder may enter a recording (0.2 s), so that every code after the gap is the one that the
//! whole would have had at that number; those whose audio (1.35 s) reaches into the gap are
//! missing.
//! Where rate or channels change, another stream begins, at code 0.

use onmon_core::plan::{PREROLL_CODES, SEEK_GRID_CODES, frame_of};
use onmon_core::{ENCODER, Extractor, PROFILE};
use onmon_link::{CODES_MAX, Codes, Ended, Lost, Message, Started};

use crate::intake::{Format, Heard, Loss};

/// Everything that the main loop remembers: some 9.6 KiB, nearly all of it the [`Extractor`].
pub struct Listener {
    stream: Option<Stream>,
    /// Since start-up.
    lost: Loss,
    codes: u32,
}

/// A run of audio of one format.
struct Stream {
    format: Format,
    extractor: Extractor,
    /// Frames that have passed: heard, skipped or lost.
    frame: u64,
    /// The frame at which the extractor begins to hear.
    enter: u64,
    /// Codes that the extractor still gives for its preroll.
    unsettled: u32,
    /// Codes that are not told yet.
    waiting: Codes,
}

impl Listener {
    /// One that has heard nothing.
    pub fn new() -> Self {
        Self { stream: None, lost: Loss::default(), codes: 0 }
    }

    /// Hears a half-buffer, and tells what there is to tell of it: codes a second at a time.
    pub fn hear(&mut self, heard: &Heard<'_>, mut tell: impl FnMut(&Message)) {
        let lost = heard.lost_before;
        self.lost.overruns = self.lost.overruns.saturating_add(lost.overruns);
        self.lost.frames = self.lost.frames.saturating_add(lost.frames);
        if self.stream.as_ref().is_none_or(|stream| stream.format != heard.format) {
            self.flush(&mut tell);
            // Drawn up where it stays: there is no room for two.
            self.stream = Some(Stream::new(heard.format));
            tell(&started(heard.format));
        }
        if lost != Loss::default() {
            self.flush(&mut tell);
            if let Some(stream) = &mut self.stream {
                let resumes = stream.lose(lost.frames);
                let frames = u32::try_from(lost.frames).unwrap_or(u32::MAX);
                tell(&Message::Lost(Lost { frames, overruns: self.lost.overruns, resumes }));
            }
        }
        if let Some(stream) = &mut self.stream {
            stream.hear(heard.samples, |codes| {
                self.codes = self.codes.wrapping_add(codes.codes.len() as u32);
                tell(&Message::Codes(codes));
            });
        }
    }

    /// Tells the codes that wait for others to travel with.
    pub fn flush(&mut self, mut tell: impl FnMut(&Message)) {
        let Some(codes) = self.stream.as_mut().and_then(Stream::take) else { return };
        self.codes = self.codes.wrapping_add(codes.codes.len() as u32);
        tell(&Message::Codes(codes));
    }

    /// Tells that the source is at its end, after which this much more was lost.
    pub fn end(&mut self, lost: Loss, mut tell: impl FnMut(&Message)) {
        self.flush(&mut tell);
        tell(&Message::Ended(Ended {
            codes: self.codes,
            overruns: self.lost.overruns.saturating_add(lost.overruns),
            lost_frames: self.lost.frames.saturating_add(lost.frames),
        }));
    }
}

impl Default for Listener {
    fn default() -> Self {
        Self::new()
    }
}

impl Stream {
    fn new(format: Format) -> Self {
        let extractor = Extractor::new(format.rate, format.channels);
        let waiting = Codes { first: 0, codes: heapless::Vec::new() };
        Self { format, extractor, frame: 0, enter: 0, unsettled: 0, waiting }
    }

    /// Passes over frames that nobody has; says which number the next code has.
    fn lose(&mut self, frames: u64) -> u32 {
        self.frame = self.frame.saturating_add(frames);
        let grid = frame_of(SEEK_GRID_CODES, self.format.rate).max(1);
        let place = self.frame.div_ceil(grid);
        self.enter = place.saturating_mul(grid);
        self.extractor = Extractor::new(self.format.rate, self.format.channels);
        self.unsettled = PREROLL_CODES;
        let entered = (place as u32).wrapping_mul(SEEK_GRID_CODES);
        self.waiting.first = entered.wrapping_add(PREROLL_CODES);
        self.waiting.first
    }

    /// Hears whole frames, and gives codes away when a message is full of them.
    fn hear(&mut self, samples: &[i16], mut full: impl FnMut(Codes)) {
        let channels = usize::from(self.format.channels.count());
        let skipped = usize::try_from(self.enter.saturating_sub(self.frame)).unwrap_or(usize::MAX);
        let from = samples.get(skipped.saturating_mul(channels)..).unwrap_or_default();
        self.frame = self.frame.saturating_add((samples.len() / channels.max(1)) as u64);
        let (unsettled, waiting) = (&mut self.unsettled, &mut self.waiting);
        self.extractor.push(from, |code| {
            if *unsettled > 0 {
                *unsettled -= 1;
                return;
            }
            // There is room: a full one is given away below.
            let _ = waiting.codes.push(code);
            if waiting.codes.len() == CODES_MAX
                && let Some(codes) = take(waiting)
            {
                full(codes);
            }
        });
    }

    fn take(&mut self) -> Option<Codes> {
        take(&mut self.waiting)
    }
}

/// The codes that wait, if any do; the next are numbered on.
fn take(waiting: &mut Codes) -> Option<Codes> {
    if waiting.codes.is_empty() {
        return None;
    }
    let first = waiting.first.wrapping_add(waiting.codes.len() as u32);
    Some(core::mem::replace(waiting, Codes { first, codes: heapless::Vec::new() }))
}

fn started(format: Format) -> Message {
    Message::Started(Started {
        profile: PROFILE.0,
        encoder: ENCODER.0,
        rate_hz: format.rate.hz(),
        channels: format.channels.count(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_is_as_small_as_the_documentation_says() {
        let beside = size_of::<Listener>() - size_of::<Extractor>();
        assert!(beside <= 128, "{beside} bytes beside the extractor");
    }
}
