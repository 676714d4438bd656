//! `POST /v1/identify`: a query fingerprint in, a decision out.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use onmon_library::{Decision, RecordingMatch, SampleMatch};
use serde::Serialize;
use utoipa::ToSchema;

use super::body;
use super::problem::Problem;
use super::service::Service;

/// Bytes of a query at most; a full song takes 1,900.
pub const LIMIT_BYTES: usize = 4_096;

/// Identify a recording and say whether it may be shared
///
/// The body is a query fingerprint in onmon's wire format (spec/wire.md), at most 4,096 bytes.
#[utoipa::path(
    post,
    path = "/v1/identify",
    tag = "identify",
    request_body(
        content = inline(super::openapi::WireBytes),
        content_type = "application/vnd.onmon.fingerprint"
    ),
    responses(
        (status = 200, description = "The decision and every match", body = Identified),
        (status = 400, response = inline(super::openapi::BadRequest)),
        (status = 408, response = inline(super::openapi::TimedOut)),
        (status = 413, response = inline(super::openapi::TooLarge)),
        (status = 415, response = inline(super::openapi::UnsupportedMediaType)),
        (status = 422, response = inline(super::openapi::WrongKind)),
        (status = 500, response = inline(super::openapi::InternalError)),
        (status = 503, response = inline(super::openapi::Unavailable)),
    )
)]
pub async fn identify(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Identified>, Problem> {
    let platform = service.platform()?;
    let query = body::fingerprint(&headers, body, LIMIT_BYTES).await?;
    let started = Instant::now();
    let answer = platform.identify(&query, service.now_ms()).await?;
    let elapsed = started.elapsed();
    let decision = DecisionWord::from(answer.ruling.decision);
    service.metrics.observe_identify(decision.into(), elapsed);
    Ok(Json(Identified {
        decision,
        rule: answer.ruling.words(),
        matches: answer.matches.into_iter().map(MatchedRecording::from).collect(),
        ms: elapsed.into(),
    }))
}

/// The answer to a query fingerprint.
#[derive(Debug, Serialize, ToSchema)]
pub struct Identified {
    decision: DecisionWord,
    /// Why, in words that may be shown.
    rule: String,
    /// Every recording above the threshold, best first; empty if none.
    matches: Vec<MatchedRecording>,
    ms: Times,
}

/// `permit`: the right is entrusted. `refuse`: registered and not entrusted. `unregistered`: no
/// entrusted right was found, which does not say that none is needed.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = Decision)]
pub enum DecisionWord {
    Permit,
    Refuse,
    Unregistered,
}

/// A recording that matched, and where.
#[derive(Debug, Serialize, ToSchema)]
pub struct MatchedRecording {
    /// The id it was enrolled under.
    recording_id: String,
    #[schema(required = true)]
    title: Option<String>,
    #[schema(required = true)]
    artist: Option<String>,
    /// Code of the recording, 12 characters.
    #[schema(required = true, example = "JPB012345678")]
    isrc: Option<String>,
    /// Code of the work.
    #[schema(required = true, example = "T-034.524.680-1")]
    iswc: Option<String>,
    rights: super::recordings::RightsWord,
    /// Where in the recording the query's beginning lies, in ms; negative if the query starts
    /// earlier.
    offset_ms: i64,
    /// c: at most 10^-c expected false identifications per query against 2 million songs.
    confidence: f32,
    /// How fast the query plays: 1.05 is 5 % faster than the recording.
    speed: f32,
    /// Share of the codes' bits that differ.
    #[schema(minimum = 0, maximum = 1)]
    bit_error: f32,
    /// How much of the query matched, in ms.
    matched_ms: u32,
    /// How many of the query's samples agree on the offset.
    samples_agreeing: u8,
    /// Which stretch of the recording each sample is that takes part, in the query's order: a query
    /// of several recordings says here which is where.
    samples: Vec<MatchedSample>,
    /// Whether a better match is the same recording, enrolled under another id.
    near_duplicate: bool,
}

/// A sample of the query that is a stretch of the recording.
#[derive(Debug, Serialize, ToSchema)]
pub struct MatchedSample {
    /// Number of the sample in the query, from 0.
    #[schema(maximum = 5)]
    sample: u8,
    /// Where it begins in the sound that was asked about, in ms.
    query_ms: u64,
    /// Where that is in the recording, in ms; negative if the recording starts later.
    recording_ms: i64,
    /// Its length, in ms.
    #[schema(maximum = 15_000)]
    length_ms: u32,
}

/// Times in milliseconds.
#[derive(Debug, Serialize, ToSchema)]
pub struct Times {
    /// From the whole query (or batch) read to the (last) decision made.
    #[schema(minimum = 0)]
    r#match: f64,
}

impl From<Duration> for Times {
    fn from(elapsed: Duration) -> Self {
        Times { r#match: elapsed.as_secs_f64() * 1e3 }
    }
}

impl From<onmon_rights::Decision> for DecisionWord {
    /// What a part of has no known claimant is no permit here; the words say how large the part is.
    fn from(decision: onmon_rights::Decision) -> Self {
        match decision {
            onmon_rights::Decision::Permit => DecisionWord::Permit,
            onmon_rights::Decision::Refuse => DecisionWord::Refuse,
            _ => DecisionWord::Unregistered,
        }
    }
}

impl From<DecisionWord> for Decision {
    fn from(word: DecisionWord) -> Self {
        match word {
            DecisionWord::Permit => Decision::Permit,
            DecisionWord::Refuse => Decision::Refuse,
            DecisionWord::Unregistered => Decision::Unregistered,
        }
    }
}

impl From<&SampleMatch> for MatchedSample {
    fn from(found: &SampleMatch) -> Self {
        let SampleMatch { sample, query_ms, recording_ms, length_ms, .. } = *found;
        MatchedSample { sample, query_ms, recording_ms, length_ms }
    }
}

impl From<RecordingMatch> for MatchedRecording {
    fn from(found: RecordingMatch) -> Self {
        let recording = found.recording;
        MatchedRecording {
            recording_id: recording.recording_id,
            title: recording.title,
            artist: recording.artist,
            isrc: recording.isrc.map(String::from),
            iswc: recording.iswc.map(String::from),
            rights: recording.rights.into(),
            offset_ms: found.offset_ms,
            confidence: found.confidence,
            speed: found.speed,
            bit_error: found.bit_error,
            matched_ms: found.matched_ms,
            samples_agreeing: found.samples_agreeing,
            samples: found.samples.iter().map(MatchedSample::from).collect(),
            near_duplicate: found.near_duplicate,
        }
    }
}
