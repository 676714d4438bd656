//! The audio track of an opened file: packets with their place in the recording, and their decoder.
//!
//! All places are in PCM frames from the recording's first frame: what a decode from the start
//! delivers first, after the encoder's delay.

use std::collections::VecDeque;
use std::sync::Arc;

use symphonia::core::audio::{AudioSpec, GenericAudioBufferRef};
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, well_known as codec};
use symphonia::core::errors::Error;
use symphonia::core::formats::well_known::{
    FORMAT_ID_ADTS, FORMAT_ID_MKV, FORMAT_ID_MP3, FORMAT_ID_OGG,
};
use symphonia::core::formats::{FormatReader, SeekMode, SeekTo, Track as FormatTrack};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::packet::Packet;
use symphonia::core::units::{Duration, TimeBase, Timestamp};

use crate::choice::{choose, decoder_of, make_decoder, pre_skip_frames};
use crate::error::DecodeError;
use crate::meter::Meter;
use crate::mp3::Mp3Frames;
use crate::names;

/// Packets that may be read before the first one that gives audio.
const PRIMING_PACKETS: usize = 64;

/// A packet and the frame at which its audio begins (below 0: the encoder's delay).
pub(crate) struct Piece {
    pub(crate) packet: Packet,
    pub(crate) at: i64,
}

/// One audio track, read forward or by seeking.
pub(crate) struct Track {
    reader: Reader,
    id: u32,
    time_base: TimeBase,
    decoder: Box<dyn AudioDecoder>,
    params: AudioCodecParameters,
    spec: AudioSpec,
    /// The timestamp, in frames, of the recording's first frame.
    origin: i64,
    container: &'static str,
    claimed_frames: Option<u64>,
    seekable: bool,
    /// Whether `count_all` has run.
    counted: bool,
    /// Whether packets were skipped or sought, so that reading on is not a decode from the start.
    moved: bool,
    meter: Arc<Meter>,
    /// Read already, not yet handed out.
    unread: VecDeque<Piece>,
    /// The first thing that went wrong with a packet.
    failure: Option<DecodeError>,
}

enum Reader {
    Container(Box<dyn FormatReader>),
    Mp3 { frames: Mp3Frames, delay: u32, padding: u32 },
}

impl Track {
    /// Picks the audio track of a probed file and reads until its first audio.
    pub(crate) fn open(
        format: Box<dyn FormatReader>,
        seekable: bool,
        meter: Arc<Meter>,
    ) -> Result<Self, DecodeError> {
        let info = format.format_info();
        let (container, format_id) = (names::container(info.short_name), info.format);
        let chosen = choose(format.as_ref(), container)?.clone();
        let (params, decoder) = make_decoder(&chosen, container)?;
        let time_base = chosen.time_base.or_else(|| TimeBase::try_from_recip(params.sample_rate?));
        let Some(time_base) = time_base else {
            return Err(DecodeError::Damaged { detail: "no sampling rate" });
        };
        // Symphonia's Ogg reader does not come back from a seek among several streams.
        let seekable = seekable && !(format_id == FORMAT_ID_OGG && format.tracks().len() > 1);
        let media_frames = format.media_info().duration.zip(format.media_info().time_base);
        let reader = if format_id == FORMAT_ID_MP3 {
            mp3_reader(format, &chosen, &params)?
        } else {
            Reader::Container(format)
        };
        let mut track = Self {
            reader,
            id: chosen.id,
            time_base,
            decoder,
            params,
            spec: AudioSpec::default(),
            origin: 0,
            container,
            claimed_frames: None,
            seekable,
            counted: false,
            moved: false,
            meter,
            unread: VecDeque::new(),
            failure: None,
        };
        track.prime()?;
        track.claimed_frames = track.claim(&chosen, media_frames);
        Ok(track)
    }

    pub(crate) fn container(&self) -> &'static str {
        self.container
    }

    pub(crate) fn codec(&self) -> &'static str {
        names::codec(self.params.codec)
    }

    pub(crate) fn rate_hz(&self) -> u32 {
        self.spec.rate()
    }

    pub(crate) fn channels(&self) -> usize {
        self.spec.channels().count()
    }

    /// Frames that the headers promise.
    pub(crate) fn claimed_frames(&self) -> Option<u64> {
        self.claimed_frames
    }

    pub(crate) fn is_seekable(&self) -> bool {
        self.seekable
    }

    /// Whether packets have been skipped or sought.
    pub(crate) fn is_moved(&self) -> bool {
        self.moved
    }

    /// Whether length and places are exact. False for what has neither index nor timestamps nor a
    /// constant bit rate (which an MP3 may show only later): seek again after [`Track::count_all`].
    pub(crate) fn is_placed(&self) -> bool {
        self.counted
            || match &self.reader {
                Reader::Container(format) => format.format_info().format != FORMAT_ID_ADTS,
                Reader::Mp3 { frames, .. } => frames.is_constant(),
            }
    }

    /// Reads through all packets undecoded, so that length and places are exact.
    pub(crate) fn count_all(&mut self) -> Result<(), DecodeError> {
        (self.moved, self.counted) = (true, true);
        match &mut self.reader {
            Reader::Mp3 { frames, delay, padding } => {
                let (count, samples) = (frames.count_all(), frames.samples());
                let trimmed = u64::from(*delay) + u64::from(*padding);
                let count = count.map_err(|error| self.fatal(error))?;
                self.claimed_frames = Some((count * samples).saturating_sub(trimmed));
            }
            Reader::Container(_) => {
                let mut end = 0;
                while let Some(piece) = self.next()? {
                    end = piece.at.saturating_add(self.frames_in(piece.packet.dur));
                }
                self.claimed_frames = u64::try_from(end).ok();
            }
        }
        Ok(())
    }

    /// The next packet of the track; `None` at the end, which may be a damaged place.
    pub(crate) fn next(&mut self) -> Result<Option<Piece>, DecodeError> {
        let Some(mut piece) = self.next_untrimmed()? else { return Ok(None) };
        if !piece.packet.trim_end.is_zero() {
            // Only the last packet holds padding. Ogg pages whose counts jump (ffmpeg writes such)
            // look as if others did too, and every one would cost a bit of the recording.
            if let Some(following) = self.next_untrimmed()? {
                piece.packet.trim_end = Duration::ZERO;
                self.unread.push_front(following);
            }
        }
        Ok(Some(piece))
    }

    fn next_untrimmed(&mut self) -> Result<Option<Piece>, DecodeError> {
        if let Some(piece) = self.unread.pop_front() {
            return Ok(Some(piece));
        }
        loop {
            self.meter.check()?;
            let read = match &mut self.reader {
                Reader::Container(format) => format.next_packet(),
                Reader::Mp3 { frames, delay, .. } => {
                    let samples = frames.samples();
                    let (id, delay) = (self.id, i64::from(*delay));
                    frames.next().map(|next| {
                        next.map(|(number, bytes)| {
                            let at = (number * samples) as i64 - delay;
                            Packet::new(id, Timestamp::new(at), Duration::new(samples), bytes)
                        })
                    })
                }
            };
            match read {
                Ok(Some(packet)) if packet.track_id == self.id => {
                    let delivered = packet.pts.saturating_add(packet.trim_start);
                    let at = self.frame_at(delivered).saturating_sub(self.origin);
                    return Ok(Some(Piece { packet, at }));
                }
                Ok(Some(_)) => {}
                Ok(None) => return Ok(None),
                Err(Error::ResetRequired) => self.restart()?,
                Err(error) if is_end(&error) => return Ok(None),
                Err(error) => match self.fatal(error) {
                    DecodeError::Damaged { detail } => {
                        self.note(DecodeError::Damaged { detail });
                        return Ok(None);
                    }
                    fatal => return Err(fatal),
                },
            }
        }
    }

    /// Decodes a packet; `None` if it does not decode, which [`Track::into_failure`] then explains.
    pub(crate) fn decode(&mut self, piece: &Piece) -> Option<GenericAudioBufferRef<'_>> {
        if let Err(error) = self.decoder.decode(&piece.packet) {
            self.note(match error {
                Error::Unsupported(_) => {
                    DecodeError::UnsupportedCodec { container: self.container, codec: self.codec() }
                }
                Error::DecodeError(detail) | Error::LimitError(detail) => {
                    DecodeError::Damaged { detail }
                }
                _ => DecodeError::Damaged { detail: "a packet ends too early" },
            });
            return None;
        }
        Some(self.decoder.last_decoded())
    }

    /// Frames that the packet would have given, were it decodable; at most a second.
    pub(crate) fn lost_frames(&self, piece: &Piece) -> usize {
        let frames = self.frames_in(piece.packet.dur).min(i64::from(self.rate_hz()));
        usize::try_from(frames).unwrap_or(0)
    }

    /// Goes to a packet at or before `frame` if the format can, else near it, and forgets what the
    /// decoder remembers. Says at which frame it is.
    ///
    /// # Errors
    /// `None` where the format cannot go there.
    pub(crate) fn seek(&mut self, frame: u64) -> Result<Option<i64>, DecodeError> {
        self.forget()?;
        self.moved = true;
        if self.seeks_by_reading() {
            return self.read_until(i64::try_from(frame).unwrap_or(i64::MAX));
        }
        self.unread.clear();
        let wanted = i64::try_from(frame).unwrap_or(i64::MAX).saturating_add(self.origin);
        let reached = match &mut self.reader {
            Reader::Mp3 { frames, delay, .. } => {
                let samples = frames.samples();
                let number = wanted.saturating_add(i64::from(*delay)).max(0) as u64 / samples;
                let reached = frames.seek(number);
                reached.map(|number| (number * samples) as i64 - i64::from(*delay))
            }
            Reader::Container(format) => {
                let ts = ticks_at(wanted, self.spec.rate(), self.time_base);
                let to = SeekTo::Timestamp { ts: Timestamp::new(ts), track_id: self.id };
                let reached = format.seek(SeekMode::Coarse, to);
                reached.map(|to| frames_at(to.actual_ts.get(), self.spec.rate(), self.time_base))
            }
        };
        match reached {
            Ok(reached) => Ok(Some(reached.saturating_sub(self.origin))),
            Err(error) => match self.fatal(error) {
                fatal @ (DecodeError::Read(_) | DecodeError::BudgetSpent { .. }) => Err(fatal),
                _ => Ok(None),
            },
        }
    }

    /// Brings the decoder to where nothing of before sounds on, so that what is decoded from here
    /// on is the same whatever was decoded before.
    fn forget(&mut self) -> Result<(), DecodeError> {
        // That of AAC, reset, goes on with its random numbers.
        if self.params.codec == codec::CODEC_ID_AAC {
            self.decoder = decoder_of(&self.params, self.container)?;
        } else {
            self.decoder.reset();
        }
        Ok(())
    }

    /// Symphonia's Matroska reader seeks to wrong places (and hands out packets from before the
    /// seek), so there packets are read and left undecoded.
    fn seeks_by_reading(&self) -> bool {
        match &self.reader {
            Reader::Container(format) => format.format_info().format == FORMAT_ID_MKV,
            Reader::Mp3 { .. } => false,
        }
    }

    /// Reads on to the last packet that begins at or before `frame`. `None` if it lies behind or
    /// the track ends before.
    fn read_until(&mut self, frame: i64) -> Result<Option<i64>, DecodeError> {
        let Some(mut last) = self.next()? else { return Ok(None) };
        while let Some(piece) = self.next()? {
            if piece.at > frame {
                let at = last.at;
                self.unread.push_front(piece);
                self.unread.push_front(last);
                return Ok(Some(at).filter(|at| *at <= frame));
            }
            last = piece;
        }
        Ok(None)
    }

    /// Frames that a decoder needs before its output equals that of a decode from the start.
    pub(crate) fn lead_frames(&self) -> u64 {
        let packets = match &self.reader {
            // The bit reservoir reaches 511 bytes back, at low rates nine frames; two more overlap.
            Reader::Mp3 { frames, .. } => return 12 * frames.samples(),
            Reader::Container(_) => match self.params.codec {
                // RFC 7845 asks for 80 ms; energy and pitch prediction have faded after 200.
                codec::CODEC_ID_OPUS => return 9_600,
                codec::CODEC_ID_AAC => 3,
                // The longest block is 8192; half of it overlaps the next.
                codec::CODEC_ID_VORBIS => return 8_192,
                codec::CODEC_ID_MP3 => 12,
                _ => return 0,
            },
        };
        packets * 1_152
    }

    /// What went wrong with the first packet that did not decode, if one did not.
    pub(crate) fn take_failure(&mut self) -> Option<DecodeError> {
        self.failure.take()
    }

    /// The bytes, to probe them again from the start.
    pub(crate) fn into_stream(self) -> MediaSourceStream<'static> {
        match self.reader {
            Reader::Container(format) => format.into_inner(),
            Reader::Mp3 { frames, .. } => frames.into_stream(),
        }
    }

    /// Reads until a packet gives audio: only then are rate, channels and the first frame's
    /// timestamp known. What was read is handed out again.
    fn prime(&mut self) -> Result<(), DecodeError> {
        let mut read = VecDeque::new();
        while read.len() < PRIMING_PACKETS {
            let Some(piece) = self.next()? else { break };
            let spec =
                self.decode(&piece).filter(|pcm| !pcm.is_empty()).map(|pcm| pcm.spec().clone());
            let begins = piece.at;
            read.push_back(piece);
            if let Some(spec) = spec {
                self.spec = spec;
                self.origin = self.first_frame(&read, begins);
                break;
            }
        }
        if self.spec.rate() == 0 {
            return Err(match self.failure.take() {
                Some(failure) => failure,
                None => onmon_core::plan::TooShort { codes: 0 }.into(),
            });
        }
        for piece in &mut read {
            piece.at = piece.at.saturating_sub(self.origin);
        }
        self.failure = None;
        self.decoder.reset();
        self.unread = read;
        Ok(())
    }

    /// The recording's first frame, given where the first audio began (with the origin still 0).
    fn first_frame(&self, read: &VecDeque<Piece>, begins: i64) -> i64 {
        match &self.reader {
            // Places of an MP3 count from after the delay already.
            Reader::Mp3 { .. } => 0,
            Reader::Container(_) => {
                let opus_delay = i64::from(pre_skip_frames(&self.params));
                let begins =
                    if opus_delay > 0 { read.front().map_or(begins, |p| p.at) } else { begins };
                begins.saturating_add(opus_delay)
            }
        }
    }

    /// A new chapter of the file (chained Ogg): its first track of the same rate goes on.
    fn restart(&mut self) -> Result<(), DecodeError> {
        let Reader::Container(format) = &self.reader else { return Ok(()) };
        let chosen = choose(format.as_ref(), self.container)?.clone();
        let (params, decoder) = make_decoder(&chosen, self.container)?;
        let to_hz = params.sample_rate.unwrap_or(self.rate_hz());
        if self.rate_hz() != 0 && to_hz != self.rate_hz() {
            return Err(DecodeError::RateChanged { from_hz: self.rate_hz(), to_hz });
        }
        (self.id, self.params, self.decoder) = (chosen.id, params, decoder);
        self.origin = i64::from(pre_skip_frames(&self.params));
        self.seekable = false;
        Ok(())
    }

    fn claim(&self, chosen: &FormatTrack, media: Option<(Duration, TimeBase)>) -> Option<u64> {
        if let Reader::Mp3 { frames, delay, padding } = &self.reader {
            if chosen.delay.is_some() && frames.is_constant() {
                return chosen.num_frames;
            }
            let trimmed = u64::from(*delay) + u64::from(*padding);
            return Some((frames.count()? * frames.samples()).saturating_sub(trimmed));
        }
        let of_rate = self.params.sample_rate == Some(self.rate_hz());
        let frames = match (chosen.num_frames.filter(|_| of_rate), chosen.duration) {
            (Some(frames), _) => i64::try_from(frames).ok()?,
            (None, Some(duration)) => self.frames_in(duration),
            (None, None) => {
                let (duration, time_base) = media?;
                let ticks = i64::try_from(duration.get()).ok()?;
                frames_at(ticks, self.rate_hz(), time_base)
            }
        };
        // Ogg's count is the last timestamp; what lies before the first frame is not in the
        // recording.
        u64::try_from(frames.saturating_sub(self.origin.max(0))).ok()
    }

    fn note(&mut self, failure: DecodeError) {
        self.failure.get_or_insert(failure);
    }

    /// A symphonia error that ends the reading, in our words.
    fn fatal(&self, error: Error) -> DecodeError {
        error_in_words(error, &self.meter)
    }

    fn frame_at(&self, ts: Timestamp) -> i64 {
        frames_at(ts.get(), self.spec_rate(), self.time_base)
    }

    fn frames_in(&self, duration: Duration) -> i64 {
        let ticks = i64::try_from(duration.get()).unwrap_or(i64::MAX);
        frames_at(ticks, self.spec_rate(), self.time_base)
    }

    /// The decoded rate or, before the first audio, the declared one.
    fn spec_rate(&self) -> u32 {
        match self.spec.rate() {
            0 => self.params.sample_rate.unwrap_or(self.time_base.denom.get()),
            rate => rate,
        }
    }
}

fn mp3_reader(
    format: Box<dyn FormatReader>,
    track: &FormatTrack,
    params: &AudioCodecParameters,
) -> Result<Reader, DecodeError> {
    let (delay, padding) = (track.delay.unwrap_or(0), track.padding.unwrap_or(0));
    let spoken = track.num_frames.map(|frames| frames + u64::from(delay) + u64::from(padding));
    let samples = if params.sample_rate.is_some_and(|hz| hz >= 32_000) { 1_152 } else { 576 };
    match Mp3Frames::new(format.into_inner(), spoken.map(|frames| frames / samples)) {
        Ok(frames) => Ok(Reader::Mp3 { frames, delay, padding }),
        Err(_) => Err(DecodeError::Damaged { detail: "no MP3 frame where one was announced" }),
    }
}

/// A symphonia error that ends the reading, in our words.
pub(crate) fn error_in_words(error: Error, meter: &Meter) -> DecodeError {
    if let Err(spent) = meter.check() {
        return spent;
    }
    match error {
        Error::IoError(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => {
            DecodeError::Read(error)
        }
        Error::DecodeError(detail) | Error::LimitError(detail) | Error::Unsupported(detail) => {
            DecodeError::Damaged { detail }
        }
        _ => DecodeError::Damaged { detail: "it ends too early" },
    }
}

/// The end of a stream that has no marked end, or that was cut off.
pub(crate) fn is_end(error: &Error) -> bool {
    matches!(error, Error::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof)
}

/// Ticks of a time base in frames, rounded to the nearest.
pub(crate) fn frames_at(ticks: i64, rate_hz: u32, base: TimeBase) -> i64 {
    let scaled = i128::from(ticks) * i128::from(base.numer.get()) * i128::from(rate_hz);
    let denominator = i128::from(base.denom.get());
    clamp((2 * scaled + denominator).div_euclid(2 * denominator))
}

/// Frames in ticks of a time base, rounded down.
fn ticks_at(frames: i64, rate_hz: u32, base: TimeBase) -> i64 {
    let scaled = i128::from(frames) * i128::from(base.denom.get());
    clamp(scaled.div_euclid(i128::from(base.numer.get()) * i128::from(rate_hz.max(1))))
}

fn clamp(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}
