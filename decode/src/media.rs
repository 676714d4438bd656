//! An opened file or stream, and the two fingerprints that can be taken of it.

use std::io::{Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use onmon_core::plan::{self, Span};
use onmon_core::profile::CODES_PER_REFERENCE;
use onmon_core::{Fingerprint, QueryBuilder, Sample, wire};
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader};
use symphonia::core::io::{MediaSource, MediaSourceStream, SeekBuffered};
use symphonia::core::meta::MetadataOptions;

use crate::codes::{CodeMaker, PcmFormat};
use crate::error::DecodeError;
use crate::hooks::{Hooks, Progress};
use crate::meter::{Meter, metered};
use crate::names;
use crate::pcm::{Pcm, enter};
use crate::samples::{Part, Places, by_seeking};
use crate::track::Track;
use crate::whole::{WholePass, whole_pass};

/// Recordings below this are decoded in one pass: the samples are most of them.
const ONE_PASS_BELOW_MS: u32 = 120_000;

/// Hours of a recording that a query is taken of in one pass, at most.
const QUERY_HOURS_MAX: u32 = 100;

/// Hours of a recording that a reference is taken of, at most.
const REFERENCE_HOURS_MAX: u32 = CODES_PER_REFERENCE as u32 / onmon_core::CODES_PER_SECOND / 3_600;

/// What the headers say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MediaInfo {
    /// Container, as people write it: "MP3", "MP4", "Ogg".
    pub container: &'static str,
    /// Codec, likewise.
    pub codec: &'static str,
    /// Frames per second.
    pub rate_hz: u32,
    /// Channels of the track that is decoded.
    pub channels: u16,
    /// Length that the headers promise, which may be an estimate or a lie.
    pub duration_ms: Option<u32>,
    /// Length of the file in bytes, if known.
    pub bytes: Option<u64>,
}

/// How the samples of a query were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// Six times by seeking.
    Seek,
    /// In one pass through everything.
    Whole,
}

/// Milliseconds that a fingerprint took.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spent {
    /// Reading, demuxing and decoding.
    pub decode_ms: f64,
    /// Resampling and extraction.
    pub extract_ms: f64,
}

/// A query fingerprint: exactly the bytes to send.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// Wire bytes, at most [`wire::QUERY_BYTES_MAX`].
    pub wire: Vec<u8>,
    /// Length of the recording: decoded in one pass, promised by the headers otherwise.
    pub duration_ms: u32,
    /// The same in codes: what the samples' places follow from.
    pub codes: u32,
    /// Where the samples lie.
    pub samples: Vec<Span>,
    /// What each sample's codes are made of, where [`Media::keep_pictures`] was called: 32 log
    /// bands per 25 ms, a byte each, low to high, 8 steps per doubling of power. Empty where there
    /// is none.
    pub pictures: Vec<Vec<u8>>,
    /// How they were read.
    pub path: Path,
    /// What it took.
    pub spent: Spent,
    /// Bytes read from the source since it was opened.
    pub bytes_read: u64,
}

/// A reference fingerprint, to enrol.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// Wire bytes.
    pub wire: Vec<u8>,
    /// Length of the recording.
    pub duration_ms: u32,
    /// Codes, 20 a second.
    pub codes: u32,
    /// What it took.
    pub spent: Spent,
    /// Bytes read from the source since it was opened.
    pub bytes_read: u64,
}

/// A file or stream with an audio track that this build decodes.
pub struct Media {
    track: Track,
    info: MediaInfo,
    meter: Arc<Meter>,
    hint: Option<String>,
    one_pass_below_ms: u32,
    places: Places,
    pictured: bool,
}

impl Media {
    /// Opens a source: probes its container, picks its audio track and decodes its first packet.
    ///
    /// `extension` ("mp3", without the dot) is a hint and may be wrong or missing: the content
    /// decides. Reads some 10 to 200 KB; allocates by what is there, never by what a header says.
    ///
    /// # Errors
    /// Any [`DecodeError`] but [`DecodeError::Aborted`]. Any bytes at all are safe to open.
    pub fn open(
        source: Box<dyn MediaSource>,
        extension: Option<&str>,
    ) -> Result<Self, DecodeError> {
        let (stream, meter, bytes) = metered(source)?;
        let hint = extension.map(str::to_owned);
        let track = guarded(|| probe(stream, hint.as_deref(), &meter))?;
        let format = PcmFormat::new(track.rate_hz(), track.channels())?;
        let info = MediaInfo {
            container: track.container(),
            codec: track.codec(),
            rate_hz: track.rate_hz(),
            channels: u16::try_from(track.channels()).unwrap_or(u16::MAX),
            duration_ms: track.claimed_frames().map(|frames| format.ms_in(frames)),
            bytes,
        };
        Ok(Self {
            track,
            info,
            meter,
            hint,
            one_pass_below_ms: ONE_PASS_BELOW_MS,
            places: Places::Usual,
            pictured: false,
        })
    }

    /// What the headers say.
    pub fn info(&self) -> &MediaInfo {
        &self.info
    }

    /// Sets from which length on the samples are read by seeking; 120,000 ms unless set. Where the
    /// format seeks exactly (all but Opus and AAC with noise substitution) the codes are the same
    /// either way, but that what is read by seeking has no margins: a clip of less than 90 s is to
    /// be read whole.
    pub fn set_one_pass_below_ms(&mut self, ms: u32) {
        self.one_pass_below_ms = ms;
    }

    /// Codes that the recording yields if its headers tell its length right; none where they do not
    /// say. What a server is told before it draws where the samples are to lie.
    pub fn claimed_codes(&self) -> Option<u32> {
        let format = PcmFormat::new(self.track.rate_hz(), self.track.channels()).ok()?;
        Some(format.codes_in(self.track.claimed_frames()?))
    }

    /// Sets where the samples of a query lie; in the middle of each sixth unless set.
    pub fn set_places(&mut self, places: Places) {
        self.places = places;
    }

    /// Makes a query keep what its codes are made of, as a picture for people.
    pub fn keep_pictures(&mut self) {
        self.pictured = true;
    }

    /// The query fingerprint: up to six samples, read by seeking where the recording is long and
    /// the source can seek, in one pass otherwise.
    ///
    /// # Errors
    /// Any [`DecodeError`]. A file that ends early or breaks in the middle still gives the
    /// fingerprint of what decodes, if that is enough.
    pub fn query(self, hooks: &mut Hooks<'_>) -> Result<Query, DecodeError> {
        let all = self.query_part(Part::ALL, hooks)?;
        // The first part, and there is no other, is always taken.
        all.ok_or(DecodeError::Damaged { detail: "its samples were not taken" })
    }

    /// One of several parts of the query fingerprint, each with samples that no other has: two
    /// workers with the file each take half the time. What one pass is better for, or needed, is
    /// not shared: the first part then has all samples ([`Path::Whole`]) and the others are `None`.
    /// A file that lies may be so for some parts alone; whoever gets a `None` and no
    /// [`Path::Whole`] asks for the whole [`query`](Self::query).
    ///
    /// # Errors
    /// As of [`query`](Self::query).
    pub fn query_part(
        self,
        part: Part,
        hooks: &mut Hooks<'_>,
    ) -> Result<Option<Query>, DecodeError> {
        self.meter.start(hooks.clock);
        guarded(|| self.query_unguarded(part, hooks))
    }

    /// The reference fingerprint: all codes, in one pass.
    ///
    /// # Errors
    /// Any [`DecodeError`]; [`DecodeError::TooLong`] beyond 12 hours.
    pub fn reference(self, hooks: &mut Hooks<'_>) -> Result<Reference, DecodeError> {
        self.meter.start(hooks.clock);
        guarded(|| self.reference_unguarded(hooks))
    }

    /// The recording as PCM from `from_ms` on, for a player: by seeking where format and source
    /// can, else what comes before is decoded and dropped. From beyond the end there is none. The
    /// budget of time does not count: a player takes as long as the music.
    ///
    /// # Errors
    /// Any [`DecodeError`] but [`DecodeError::Aborted`].
    pub fn pcm(mut self, from_ms: u32) -> Result<Pcm, DecodeError> {
        guarded(move || {
            let media = if enter(&mut self.track, from_ms)? { self } else { self.at_start()? };
            Pcm::new(media.track, from_ms)
        })
    }

    fn query_unguarded(
        mut self,
        part: Part,
        hooks: &mut Hooks<'_>,
    ) -> Result<Option<Query>, DecodeError> {
        let clock = hooks.clock;
        let began_ms = clock();
        let mut progress = Progress::new(hooks);
        let mut query = match self.query_by_seeking(part, &mut progress)? {
            Some(query) => query,
            None if part.is_first() => self.query_in_one_pass(&mut progress)?,
            None => return Ok(None),
        };
        query.spent.decode_ms = (clock() - began_ms - query.spent.extract_ms).max(0.0);
        progress.tell(1.0)?;
        Ok(Some(query))
    }

    fn query_by_seeking(
        &mut self,
        part: Part,
        progress: &mut Progress<'_, '_>,
    ) -> Result<Option<Query>, DecodeError> {
        let format = PcmFormat::new(self.track.rate_hz(), self.track.channels())?;
        let is_long = |track: &Track| {
            track.claimed_frames().is_none_or(|n| format.ms_in(n) >= self.one_pass_below_ms)
        };
        if !self.track.is_seekable() || !is_long(&self.track) {
            return Ok(None);
        }
        if !self.track.is_placed() {
            self.track.count_all()?;
        }
        loop {
            let Some(frames) = self.track.claimed_frames().filter(|_| is_long(&self.track)) else {
                return Ok(None);
            };
            let mut maker = CodeMaker::new(format, progress.clock(), self.pictured);
            let (track, taken) = (&mut self.track, (self.places, part));
            let samples = by_seeking(track, &mut maker, frames, taken, progress)?;
            if !self.track.is_placed() {
                self.track.count_all()?;
                continue;
            }
            let Some(samples) = samples else { return Ok(None) };
            let duration_ms = format.ms_in(frames);
            let wire = query_wire(duration_ms, &samples.spans, &samples.codes)?;
            let spent = Spent { decode_ms: 0.0, extract_ms: maker.extract_ms };
            return Ok(Some(Query {
                wire,
                duration_ms,
                codes: format.codes_in(frames),
                samples: samples.spans,
                pictures: samples.pictures,
                path: Path::Seek,
                spent,
                bytes_read: self.meter.bytes_read(),
            }));
        }
    }

    fn query_in_one_pass(self, progress: &mut Progress<'_, '_>) -> Result<Query, DecodeError> {
        let (meter, places) = (Arc::clone(&self.meter), self.places);
        let pass = self.whole_pass(QUERY_HOURS_MAX, progress)?;
        let total = u32::try_from(pass.codes.len()).unwrap_or(u32::MAX);
        plan::spans(total)?;
        let (duration_ms, margins) = (pass.duration_ms, pass.margins.as_ref());
        let taken = QueryBuilder::of_sound(duration_ms, &pass.codes, margins, places.seed())?;
        let fingerprint = taken.finish()?;
        let wire = encode(&fingerprint)?;
        let span =
            |sample: Sample<'_>| Span { start: sample.start, len: sample.codes.len() as u32 };
        let spans: Vec<Span> = fingerprint.samples().map(span).collect();
        let of_span = |span: &Span| {
            let picture = pass.picture.as_ref()?;
            Some(picture.of_codes(span.start..span.start + span.len))
        };
        Ok(Query {
            wire,
            duration_ms: pass.duration_ms,
            codes: total,
            pictures: spans.iter().filter_map(of_span).collect(),
            samples: spans,
            path: Path::Whole,
            spent: Spent { decode_ms: 0.0, extract_ms: pass.extract_ms },
            bytes_read: meter.bytes_read(),
        })
    }

    fn reference_unguarded(self, hooks: &mut Hooks<'_>) -> Result<Reference, DecodeError> {
        let clock = hooks.clock;
        let began_ms = clock();
        let meter = Arc::clone(&self.meter);
        let mut progress = Progress::new(hooks);
        let mut pass = self.whole_pass(REFERENCE_HOURS_MAX, &mut progress)?;
        pass.codes.truncate(CODES_PER_REFERENCE);
        let codes = u32::try_from(pass.codes.len()).unwrap_or(u32::MAX);
        plan::spans(codes)?;
        let fingerprint = Fingerprint::reference(pass.duration_ms, &pass.codes)?;
        let wire = encode(&fingerprint)?;
        let decode_ms = (clock() - began_ms - pass.extract_ms).max(0.0);
        progress.tell(1.0)?;
        Ok(Reference {
            wire,
            duration_ms: pass.duration_ms,
            codes,
            spent: Spent { decode_ms, extract_ms: pass.extract_ms },
            bytes_read: meter.bytes_read(),
        })
    }

    /// Probes again if the source was moved.
    fn at_start(mut self) -> Result<Self, DecodeError> {
        if self.track.is_moved() {
            let mut stream = self.track.into_stream();
            stream.seek(SeekFrom::Start(0)).map_err(DecodeError::Read)?;
            self.track = probe(stream, self.hint.as_deref(), &self.meter)?;
        }
        Ok(self)
    }

    /// Decodes everything from the start.
    fn whole_pass(
        self,
        hours_max: u32,
        progress: &mut Progress<'_, '_>,
    ) -> Result<WholePass, DecodeError> {
        let Self { mut track, meter, info, pictured, .. } = self.at_start()?;
        let format = PcmFormat::new(track.rate_hz(), track.channels())?;
        let maker = CodeMaker::new(format, progress.clock(), pictured);
        whole_pass(&mut track, maker, hours_max, (&meter, info.bytes), progress)
    }
}

fn query_wire(duration_ms: u32, spans: &[Span], codes: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let mut builder = QueryBuilder::new(duration_ms);
    let mut rest = codes;
    for span in spans {
        let (sample, after) = rest.split_at_checked(span.len as usize).unwrap_or((rest, &[]));
        builder.push(span.start, sample)?;
        rest = after;
    }
    encode(&builder.finish()?)
}

fn encode(fingerprint: &Fingerprint<'_>) -> Result<Vec<u8>, DecodeError> {
    let mut bytes = vec![0; wire::encoded_len_max(fingerprint.codes().len())];
    match wire::encode(fingerprint, &mut bytes) {
        Ok(len) => {
            bytes.truncate(len);
            Ok(bytes)
        }
        Err(_) => Err(DecodeError::Damaged { detail: "its fingerprint does not encode" }),
    }
}

/// Finds the container and its audio track.
fn probe(
    stream: MediaSourceStream<'static>,
    extension: Option<&str>,
    meter: &Arc<Meter>,
) -> Result<Track, DecodeError> {
    let seekable = stream.is_seekable() && stream.byte_len().is_some();
    Track::open(format_reader(stream, extension, meter)?, seekable, Arc::clone(meter))
}

/// Finds the container.
pub(crate) fn format_reader(
    mut stream: MediaSourceStream<'static>,
    extension: Option<&str>,
    meter: &Meter,
) -> Result<Box<dyn FormatReader>, DecodeError> {
    let mut head = [0; names::MAGIC_BYTES];
    let len = stream.read(&mut head).map_err(DecodeError::Read)?;
    if len == 0 {
        return Err(DecodeError::Empty);
    }
    stream.seek_buffered(0);
    let by_magic = names::container_by_magic(head.get(..len).unwrap_or_default());
    if let Some(name) = by_magic.filter(|name| names::is_never_audio(name)) {
        return Err(DecodeError::UnsupportedContainer { name });
    }
    let mut hint = Hint::new();
    if let Some(extension) = extension {
        hint.with_extension(extension);
    }
    let (format_options, tags) = (FormatOptions::default(), MetadataOptions::default());
    symphonia::default::get_probe().probe(&hint, stream, format_options, tags).map_err(|error| {
        match meter.check() {
            Ok(()) => refusal(error, by_magic),
            Err(spent) => spent,
        }
    })
}

/// Why a probe failed. Symphonia says "unsupported" of what it has no reader for and of files that
/// lack a part; only the first is about the container.
fn refusal(error: Error, by_magic: Option<&'static str>) -> DecodeError {
    match error {
        Error::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            DecodeError::Truncated
        }
        Error::IoError(error) => DecodeError::Read(error),
        Error::Unsupported(detail) if detail.starts_with("core (probe)") => {
            DecodeError::UnsupportedContainer { name: by_magic.unwrap_or("this") }
        }
        Error::DecodeError(detail) | Error::LimitError(detail) | Error::Unsupported(detail) => {
            DecodeError::Damaged { detail }
        }
        _ => DecodeError::Damaged { detail: "its headers cannot be read" },
    }
}

/// Runs decoders on bytes of unknown origin: where they panic on them, that is this file's error
/// and nobody else's. (With `panic = "abort"`, as in the browser, the worker ends instead.)
pub(crate) fn guarded<T>(run: impl FnOnce() -> Result<T, DecodeError>) -> Result<T, DecodeError> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or(Err(DecodeError::DecoderBroke))
}
