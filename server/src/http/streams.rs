//! `/v1/streams`: codes of a live stream in, as they come; segments out.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use onmon_core::HOP_MS;
use onmon_library::Recording;
use onmon_library::stream::{HeardRecording, STEP_CODES, Segment, WINDOW_CODES};
use onmon_rights::Ruling;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::body;
use super::identify::{DecisionWord, LIMIT_BYTES};
use super::problem::Problem;
use super::recordings::{RightsWord, bad_parameter};
use super::service::Service;
use crate::streams::{Refused, SharedStream};

/// Begin to listen to a stream
///
/// Streams live in the server's memory: they end with the process, when they are ended, and when
/// they are not used for `idle_s` seconds. The id is all that the other routes ask for: whoever
/// knows it can read, feed and end the stream.
#[utoipa::path(
    post,
    path = "/v1/streams",
    tag = "streams",
    responses(
        (status = 201, description = "Begun", body = CreatedStream),
        (status = 408, response = inline(super::openapi::TimedOut)),
        (status = 500, response = inline(super::openapi::InternalError)),
        (status = 503, response = inline(super::openapi::Unavailable)),
    )
)]
pub async fn create(
    State(service): State<Arc<Service>>,
) -> Result<(StatusCode, Json<CreatedStream>), Problem> {
    service.library()?;
    let stream_id = service.streams.create().map_err(|refused| match refused {
        Refused::Full => Problem::too_many_streams(),
        Refused::NoRandomness(error) => {
            tracing::error!(%error, "no random bytes for a stream's id");
            Problem::internal()
        }
    })?;
    let created = CreatedStream {
        stream_id,
        idle_s: service.streams.idle().as_secs(),
        step_ms: STEP_CODES * u64::from(HOP_MS),
        window_ms: WINDOW_CODES as u64 * u64::from(HOP_MS),
    };
    Ok((StatusCode::CREATED, Json(created)))
}

/// Hand in codes of a stream
///
/// The body is a query fingerprint in onmon's wire format (spec/wire.md): its samples are stretches
/// of the stream, each starting at the number of its first code. The stream's first code has the
/// number 0, and 20 make a second. A message holds 20 to 1,800 codes (1 to 90 s).
///
/// Codes that have come before are passed over: a request may be sent again, and a last piece of
/// less than 20 codes is sent together with those before it. Codes beyond the next one are refused
/// (409) until those before have come, or are given up with `lost=true`. A message of several
/// samples is taken up to the first that is refused; `next_code` says where to go on.
#[utoipa::path(
    post,
    path = "/v1/streams/{stream_id}/codes",
    tag = "streams",
    params(
        ("stream_id" = String, Path, description = "The id it was given"),
        CodesParameters
    ),
    request_body(
        content = inline(super::openapi::WireBytes),
        content_type = "application/vnd.onmon.fingerprint"
    ),
    responses(
        (status = 200, description = "Taken, and the library asked for every 3 s that they fill",
            body = TakenCodes),
        (status = 400, response = inline(super::openapi::BadRequest)),
        (status = 404, response = inline(super::openapi::NoSuchStream)),
        (status = 408, response = inline(super::openapi::TimedOut)),
        (status = 409, response = inline(super::openapi::CodesMissing)),
        (status = 413, response = inline(super::openapi::TooLarge)),
        (status = 415, response = inline(super::openapi::UnsupportedMediaType)),
        (status = 422, response = inline(super::openapi::WrongKind)),
        (status = 500, response = inline(super::openapi::InternalError)),
        (status = 503, response = inline(super::openapi::Unavailable)),
    )
)]
pub async fn take_codes(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    stream_id: Result<Path<String>, PathRejection>,
    parameters: Result<Query<CodesParameters>, QueryRejection>,
    body: Body,
) -> Result<Json<TakenCodes>, Problem> {
    let library = service.library()?;
    let stream = named(&service, stream_id)?;
    let Query(parameters) = parameters.map_err(|error| bad_parameter(error.body_text()))?;
    let message = body::fingerprint(&headers, body, LIMIT_BYTES).await?;
    let lost = parameters.lost.unwrap_or_default();
    let taken = stream.lock().await.push_wire(library, &message, lost).await?;
    Ok(Json(TakenCodes {
        next_code: taken.next_code,
        taken_codes: taken.taken_codes,
        known_codes: taken.known_codes,
    }))
}

/// What was heard in a stream so far
///
/// Segments are in order and do not overlap. The last ones may still grow or be corrected by what
/// comes; times are exact to about a second. Less than 2 s between two recordings is not told, and
/// the end is told as unknown only when no recording was heard for 10 s.
#[utoipa::path(
    get,
    path = "/v1/streams/{stream_id}",
    tag = "streams",
    params(("stream_id" = String, Path, description = "The id it was given")),
    responses(
        (status = 200, description = "The segments", body = StreamReport),
        (status = 404, response = inline(super::openapi::NoSuchStream)),
        (status = 408, response = inline(super::openapi::TimedOut)),
        (status = 500, response = inline(super::openapi::InternalError)),
        (status = 503, response = inline(super::openapi::Unavailable)),
    )
)]
pub async fn report(
    State(service): State<Arc<Service>>,
    stream_id: Result<Path<String>, PathRejection>,
) -> Result<Json<StreamReport>, Problem> {
    let stream = named(&service, stream_id)?;
    // Whoever feeds the stream does not wait for the register.
    let (mut report, segments) = {
        let stream = stream.lock().await;
        let lost = stream.losses_ms().into_iter();
        let report = StreamReport {
            next_code: stream.next_code(),
            listened_ms: stream.listened_ms(),
            segments: Vec::new(),
            dropped_segments: stream.dropped_segments(),
            lost: lost.map(|(from_ms, to_ms)| LostStretch { from_ms, to_ms }).collect(),
        };
        (report, stream.segments())
    };
    let heard: Vec<Vec<&Recording>> = segments
        .iter()
        .map(|one| one.heard.iter().flat_map(|h| h.recordings()).collect())
        .collect();
    let rulings = service.platform()?.rule_each(&heard, service.now_ms()).await?;
    report.segments = segments.into_iter().zip(&rulings).map(StreamSegment::from).collect();
    Ok(Json(report))
}

/// End a stream
///
/// What was heard in it is forgotten.
#[utoipa::path(
    delete,
    path = "/v1/streams/{stream_id}",
    tag = "streams",
    params(("stream_id" = String, Path, description = "The id it was given")),
    responses(
        (status = 204, description = "Ended"),
        (status = 404, response = inline(super::openapi::NoSuchStream)),
        (status = 408, response = inline(super::openapi::TimedOut)),
        (status = 500, response = inline(super::openapi::InternalError)),
        (status = 503, response = inline(super::openapi::Unavailable)),
    )
)]
pub async fn end(
    State(service): State<Arc<Service>>,
    stream_id: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, Problem> {
    let Path(stream_id) = stream_id.map_err(|_| Problem::no_such_stream())?;
    let ended = service.streams.end(&stream_id);
    if ended { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::no_such_stream()) }
}

/// What cannot be an id is the id of no stream.
fn named(
    service: &Service,
    stream_id: Result<Path<String>, PathRejection>,
) -> Result<SharedStream, Problem> {
    let Path(stream_id) = stream_id.map_err(|_| Problem::no_such_stream())?;
    service.streams.get(&stream_id).ok_or_else(Problem::no_such_stream)
}

/// How codes are taken.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CodesParameters {
    /// Whether codes that are missing before these are lost for good: time goes on without them.
    /// `false` if left out.
    lost: Option<bool>,
}

/// A stream that was begun.
#[derive(Debug, Serialize, ToSchema)]
pub struct CreatedStream {
    /// The id; it cannot be guessed.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    stream_id: String,
    /// Seconds after which it is ended when it is not used.
    #[schema(minimum = 1, example = 600)]
    idle_s: u64,
    /// The library is asked every so many ms of the stream.
    #[schema(example = 3_000)]
    step_ms: u64,
    /// Each time with so many ms, the last ones.
    #[schema(example = 15_000)]
    window_ms: u64,
}

/// What became of codes that were sent.
#[derive(Debug, Serialize, ToSchema)]
pub struct TakenCodes {
    /// Number of the code that is expected next.
    next_code: u64,
    /// Codes (50 ms each) that were new.
    #[schema(maximum = 1_800)]
    taken_codes: u64,
    /// Codes that had come before and were not counted again.
    #[schema(maximum = 1_800)]
    known_codes: u64,
}

/// What was heard in a stream so far.
#[derive(Debug, Serialize, ToSchema)]
pub struct StreamReport {
    /// Number of the code that is expected next; 20 make a second.
    next_code: u64,
    /// Up to where the library was asked, in ms from the stream's beginning.
    listened_ms: u64,
    /// In order, never overlapping; the last 500 recordings and what is unknown between them.
    #[schema(max_items = 1_001)]
    segments: Vec<StreamSegment>,
    /// Recordings that were dropped from the list because there were more.
    dropped_segments: u64,
    /// Stretches whose codes were given up as lost, in order; the last 100. They lie inside a
    /// recording (as a drop-out of at most 10 s) or in what is unknown.
    #[schema(max_items = 100)]
    lost: Vec<LostStretch>,
}

/// A stretch whose codes never came.
#[derive(Debug, Serialize, ToSchema)]
pub struct LostStretch {
    /// In ms from the stream's beginning.
    from_ms: u64,
    /// In ms from the stream's beginning.
    to_ms: u64,
}

/// A stretch of a stream: one recording, or unknown.
#[derive(Debug, Serialize, ToSchema)]
pub struct StreamSegment {
    /// In ms from the stream's beginning.
    from_ms: u64,
    /// In ms from the stream's beginning; more than `from_ms`.
    to_ms: u64,
    /// Whether it may still go on: a recording until it was not heard for 10 s, the unknown at the
    /// end until a recording is.
    growing: bool,
    decision: DecisionWord,
    /// Why, in words that may be shown.
    rule: String,
    /// What is heard; null where nothing enrolled was.
    #[schema(required = true)]
    recording: Option<RecordingInStream>,
}

/// The recording of a segment.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordingInStream {
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
    rights: RightsWord,
    /// Where in the recording the segment begins, in ms.
    offset_ms: u64,
    /// How fast it plays: 1.05 is 5 % faster than the recording.
    speed: f32,
    /// The highest c of all questions: at most 10^-c expected false identifications per question
    /// against 2 million songs.
    confidence: f32,
    /// Ids under which the same recording is enrolled again; their rights count in the decision.
    #[schema(max_items = 8)]
    near_duplicate_ids: Vec<String>,
}

impl From<(Segment, &Ruling)> for StreamSegment {
    fn from((segment, ruling): (Segment, &Ruling)) -> Self {
        StreamSegment {
            from_ms: segment.from_ms,
            to_ms: segment.to_ms,
            growing: segment.growing,
            decision: ruling.decision.into(),
            rule: ruling.words(),
            recording: segment.heard.map(RecordingInStream::from),
        }
    }
}

impl From<HeardRecording> for RecordingInStream {
    fn from(heard: HeardRecording) -> Self {
        let recording = Arc::unwrap_or_clone(heard.recording);
        RecordingInStream {
            recording_id: recording.recording_id,
            title: recording.title,
            artist: recording.artist,
            isrc: recording.isrc.map(String::from),
            iswc: recording.iswc.map(String::from),
            rights: recording.rights.into(),
            offset_ms: heard.offset_ms,
            speed: heard.speed,
            confidence: heard.confidence,
            near_duplicate_ids: heard
                .near_duplicates
                .iter()
                .map(|other| other.recording_id.clone())
                .collect(),
        }
    }
}
