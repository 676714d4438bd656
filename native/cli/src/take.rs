//! A file's fingerprint: decoded from audio, or read where the file is one already.

use std::fs::File;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::LazyLock;
use std::time::Instant;

use onmon_core::profile::CODES_PER_REFERENCE;
use onmon_core::{Kind, QueryBuilder, wire};
use onmon_decode::{DecodeError, Hooks, Media, MediaInfo, Places, Query, essence};
use serde::Serialize;

use crate::inputs::is_fingerprint;
use crate::outcome::Failure;
use crate::stop::Stop;

/// Bytes of the longest reference fingerprint.
const FINGERPRINT_BYTES_MAX: usize = wire::encoded_len_max(CODES_PER_REFERENCE);

/// A fingerprint's bytes and what they took.
pub struct Taken {
    /// Wire bytes.
    pub wire: Vec<u8>,
    /// Milliseconds of reading and decoding; 0 for a fingerprint.
    pub decode_ms: f64,
    /// Milliseconds of extraction; 0 for a fingerprint.
    pub extract_ms: f64,
    /// What the headers of an audio file say.
    pub info: Option<MediaInfo>,
}

/// The query fingerprint of an audio file, of a query fingerprint (itself) or of a reference.
pub fn query(path: &Path, stop: &Stop) -> Result<Taken, Failure> {
    if is_fingerprint(path) {
        let wire = read_fingerprint(path)?;
        let fingerprint = wire::decode(&wire)?;
        return match fingerprint.kind() {
            Kind::Query | Kind::Clip => Ok(Taken::of_fingerprint(wire)),
            Kind::Reference => Ok(Taken::of_fingerprint(query_of_reference(&wire)?)),
        };
    }
    with_hooks(stop, |hooks| {
        let media = open(path)?;
        let info = *media.info();
        let query = media.query(hooks)?;
        let (decode_ms, extract_ms) = (query.spent.decode_ms, query.spent.extract_ms);
        Ok(Taken { wire: query.wire, decode_ms, extract_ms, info: Some(info) })
    })
}

/// The query fingerprint of an audio file with its samples at these places.
pub fn query_at(path: &Path, places: Places, stop: &Stop) -> Result<Query, Failure> {
    let mut media = open(path)?;
    media.set_places(places);
    query_of(media, stop)
}

/// The query fingerprint of what was opened.
pub fn query_of(media: Media, stop: &Stop) -> Result<Query, Failure> {
    with_hooks(stop, |hooks| media.query(hooks))
}

/// The digest of an audio file's encoded audio.
pub fn essence(path: &Path, stop: &Stop) -> Result<[u8; 32], Failure> {
    with_hooks(stop, |hooks| {
        let file = File::open(path).map_err(DecodeError::Read)?;
        Ok(essence::digest(Box::new(file), extension(path), hooks)?.digest)
    })
}

/// The reference fingerprint of an audio file, or of a reference fingerprint (itself).
pub fn reference(path: &Path, stop: &Stop) -> Result<Taken, Failure> {
    if is_fingerprint(path) {
        let wire = read_fingerprint(path)?;
        if wire::decode(&wire)?.kind().is_query() {
            let message = "this is a query fingerprint, of six samples; \
                           make a reference with `onmon extract --reference`";
            return Err(Failure::new("query_for_enrolment", message));
        }
        return Ok(Taken::of_fingerprint(wire));
    }
    with_hooks(stop, |hooks| {
        let media = open(path)?;
        let info = *media.info();
        let reference = media.reference(hooks)?;
        let (decode_ms, extract_ms) = (reference.spent.decode_ms, reference.spent.extract_ms);
        Ok(Taken { wire: reference.wire, decode_ms, extract_ms, info: Some(info) })
    })
}

/// The wire bytes in a file, not yet checked.
pub fn read_fingerprint(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(DecodeError::Read)?;
    // One byte more than fits, so that what is too long is seen to be.
    let limit = FINGERPRINT_BYTES_MAX as u64 + 1;
    file.take(limit).read_to_end(&mut bytes).map_err(DecodeError::Read)?;
    Ok(bytes)
}

/// Panics inside a decoder are caught and become the file's error; this keeps their text off the
/// screen.
pub fn quiet_decoders() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let at = panic.location().map_or("", |location| location.file());
        if !["symphonia", "ropus"].iter().any(|decoder| at.contains(decoder)) {
            usual(panic);
        }
    }));
}

/// Times as they are printed: milliseconds to a thousandth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct TakenMs {
    /// Reading and decoding.
    pub decode: f64,
    /// Extraction.
    pub extract: f64,
}

impl Taken {
    pub fn ms(&self) -> TakenMs {
        TakenMs { decode: thousandths(self.decode_ms), extract: thousandths(self.extract_ms) }
    }

    fn of_fingerprint(wire: Vec<u8>) -> Self {
        Self { wire, decode_ms: 0.0, extract_ms: 0.0, info: None }
    }
}

/// Rounds to three digits after the point.
pub fn thousandths(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

/// An audio file.
pub fn open(path: &Path) -> Result<Media, DecodeError> {
    let file = File::open(path).map_err(DecodeError::Read)?;
    if file.metadata().map_err(DecodeError::Read)?.is_dir() {
        return Err(DecodeError::Read(std::io::ErrorKind::IsADirectory.into()));
    }
    Media::open(Box::new(file), extension(path))
}

fn extension(path: &Path) -> Option<&str> {
    path.extension().and_then(|extension| extension.to_str())
}

fn with_hooks<T>(
    stop: &Stop,
    take: impl FnOnce(&mut Hooks<'_>) -> Result<T, DecodeError>,
) -> Result<T, Failure> {
    let mut on_progress = |_share| match stop.is_asked() {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    };
    Ok(take(&mut Hooks { clock: now_ms, on_progress: &mut on_progress })?)
}

fn now_ms() -> f64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed().as_secs_f64() * 1_000.0
}

/// The six samples that a query of the same recording would hold.
fn query_of_reference(reference: &[u8]) -> Result<Vec<u8>, Failure> {
    let fingerprint = wire::decode(reference)?;
    let builder = QueryBuilder::of_recording(fingerprint.duration_ms(), fingerprint.codes());
    let builder = builder.map_err(DecodeError::from)?;
    let query = builder.finish().map_err(DecodeError::from)?;
    let mut bytes = vec![0; wire::QUERY_BYTES_MAX];
    let len = wire::encode(&query, &mut bytes)?;
    bytes.truncate(len);
    Ok(bytes)
}
