//! A recording as PCM, from any place on: what a player plays.

use crate::codes::PcmFormat;
use crate::error::DecodeError;
use crate::interleave::Interleaver;
use crate::media::guarded;
use crate::samples::enter_at;
use crate::track::Track;

/// Decodes a recording block by block, as its player asks for them. Holds one block in memory.
pub struct Pcm {
    track: Track,
    format: PcmFormat,
    interleaver: Interleaver,
    /// The frame that the first block begins with.
    from: i64,
    /// The frame that the next packet begins with, once one gave audio.
    position: Option<i64>,
    /// Frames handed out, and those of them that did not decode.
    given: u64,
    lost: u64,
}

/// Goes to where a decoder settles before `from_ms`. False where the format or the source cannot.
pub(crate) fn enter(track: &mut Track, from_ms: u32) -> Result<bool, DecodeError> {
    if from_ms == 0 || !track.is_seekable() {
        return Ok(false);
    }
    if !track.is_placed() {
        track.count_all()?;
    }
    let from = PcmFormat::new(track.rate_hz(), track.channels())?.frames_in(from_ms);
    if track.claimed_frames().is_some_and(|claimed| from >= claimed) {
        return Ok(false);
    }
    enter_at(track, from)
}

impl Pcm {
    /// From `from_ms` on, of a track at or before that place: what comes before is dropped.
    pub(crate) fn new(track: Track, from_ms: u32) -> Result<Self, DecodeError> {
        let format = PcmFormat::new(track.rate_hz(), track.channels())?;
        let from = i64::try_from(format.frames_in(from_ms)).unwrap_or(i64::MAX);
        let interleaver = Interleaver::new(format);
        Ok(Self { track, format, interleaver, from, position: None, given: 0, lost: 0 })
    }

    /// Frames per second.
    pub fn rate_hz(&self) -> u32 {
        self.format.hz()
    }

    /// Interleaved channels.
    pub fn channels(&self) -> u16 {
        u16::try_from(self.format.channel_count()).unwrap_or(u16::MAX)
    }

    /// Milliseconds of audio handed out.
    pub fn given_ms(&self) -> u32 {
        self.format.ms_in(self.given)
    }

    /// The next block of interleaved samples, full scale at +-1; `None` at the end, which an
    /// encoder's padding of some milliseconds may come before. What does not decode is silent.
    ///
    /// # Errors
    /// Any [`DecodeError`]; where less than half of it decodes, that is said at the end.
    pub fn next_block(&mut self) -> Result<Option<&[f32]>, DecodeError> {
        let ready = guarded(|| self.advance())?;
        if !ready
            && (self.lost * 2 > self.given || self.given == 0)
            && let Some(failure) = self.track.take_failure()
        {
            return Err(failure);
        }
        Ok(ready.then(|| self.interleaver.samples()))
    }

    /// Whether there is another block, in the interleaver.
    fn advance(&mut self) -> Result<bool, DecodeError> {
        while let Some(piece) = self.track.next()? {
            // The place of the first one that gives audio counts, and no later one's: links of a
            // chained file begin anew.
            let at = self.position.unwrap_or(piece.at);
            let ahead = usize::try_from(self.from.saturating_sub(at)).unwrap_or(0);
            let lost = self.track.lost_frames(&piece);
            let frames = match self.track.decode(&piece) {
                Some(pcm) => {
                    let frames = pcm.frames();
                    self.interleaver.take(&pcm, ahead.min(frames))?;
                    frames
                }
                None => {
                    self.interleaver.take_silence(lost.saturating_sub(ahead));
                    self.lost += lost.saturating_sub(ahead) as u64;
                    lost
                }
            };
            if frames > 0 {
                self.position = Some(at.saturating_add(i64::try_from(frames).unwrap_or(i64::MAX)));
            }
            let given = frames.saturating_sub(ahead);
            self.given += given as u64;
            if given > 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
