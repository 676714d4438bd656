//! `POST /v1/recordings` and `DELETE /v1/recordings/{recording_id}`: what the admin token opens.

use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use onmon_core::profile::CODES_PER_REFERENCE;
use onmon_core::wire;
use onmon_library::{Entry, Recording, Rights};
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::body;
use super::caller;
use super::problem::Problem;
use super::service::Service;

/// Bytes of a reference at most: 12 hours of codes.
pub const LIMIT_BYTES: usize = wire::encoded_len_max(CODES_PER_REFERENCE);

/// Enrol a recording
///
/// The body is a reference fingerprint in onmon's wire format, of at most 12 hours. Answered when
/// the recording is on disk and can be identified. A recording id that is there already is
/// replaced, so it is safe to send a request again.
#[utoipa::path(
    post,
    path = "/v1/recordings",
    tag = "recordings",
    params(RecordingParameters),
    request_body(
        content = inline(super::openapi::WireBytes),
        content_type = "application/vnd.onmon.fingerprint"
    ),
    security(("admin_token" = [])),
    responses(
        (status = 200, description = "Enrolled in its place", body = EnrolledRecording),
        (status = 201, description = "Enrolled", body = EnrolledRecording),
        (status = 400, response = inline(super::openapi::BadRequest)),
        (status = 401, response = inline(super::openapi::Unauthorised)),
        (status = 408, response = inline(super::openapi::TimedOut)),
        (status = 413, response = inline(super::openapi::TooLarge)),
        (status = 415, response = inline(super::openapi::UnsupportedMediaType)),
        (status = 422, response = inline(super::openapi::WrongKind)),
        (status = 500, response = inline(super::openapi::InternalError)),
        (status = 503, response = inline(super::openapi::Unavailable)),
        (status = 507, response = inline(super::openapi::DiskFull)),
    )
)]
pub async fn enrol(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    parameters: Result<Query<RecordingParameters>, QueryRejection>,
    body: Body,
) -> Result<(StatusCode, Json<EnrolledRecording>), Problem> {
    authorise(&service, &headers)?;
    let library = service.library()?;
    require_utf8(query.as_deref().unwrap_or_default())?;
    let Query(parameters) = parameters.map_err(|error| bad_parameter(error.body_text()))?;
    let recording = parameters.recording()?;
    let reference = body::fingerprint(&headers, body, LIMIT_BYTES).await?.into();
    let mut enrolled = library.enrol(vec![Entry { recording, reference }]).await?;
    let enrolled = enrolled.pop().ok_or(onmon_library::LibraryError::Interrupted)?;
    let status = if enrolled.replaced { StatusCode::OK } else { StatusCode::CREATED };
    let (recording_id, seq) = (enrolled.recording_id, enrolled.seq);
    Ok((status, Json(EnrolledRecording { recording_id, seq })))
}

/// Remove a recording
///
/// Answered when it is removed on disk and cannot be identified any more.
#[utoipa::path(
    delete,
    path = "/v1/recordings/{recording_id}",
    tag = "recordings",
    params(
        ("recording_id" = String, Path, description = "The id it has, percent-encoded")
    ),
    security(("admin_token" = [])),
    responses(
        (status = 204, description = "Removed"),
        (status = 400, response = inline(super::openapi::BadRequest)),
        (status = 401, response = inline(super::openapi::Unauthorised)),
        (status = 404, response = inline(super::openapi::NoSuchRecording)),
        (status = 408, response = inline(super::openapi::TimedOut)),
        (status = 500, response = inline(super::openapi::InternalError)),
        (status = 503, response = inline(super::openapi::Unavailable)),
        (status = 507, response = inline(super::openapi::DiskFull)),
    )
)]
pub async fn remove(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    recording_id: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, Problem> {
    authorise(&service, &headers)?;
    let Path(recording_id) = recording_id.map_err(|error| bad_parameter(error.body_text()))?;
    if service.library()?.remove(&recording_id).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    let detail = "no recording of this id is enrolled";
    Err(Problem::new(StatusCode::NOT_FOUND, "no_such_recording", detail))
}

/// What the catalogue is to know of a recording. An empty value counts as none.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RecordingParameters {
    /// The owner's id: 1 to 255 bytes of UTF-8 without control characters.
    #[param(example = "aurora-2019", min_length = 1, max_length = 255)]
    recording_id: String,
    /// At most 1,024 bytes of UTF-8.
    title: Option<String>,
    /// At most 1,024 bytes of UTF-8.
    artist: Option<String>,
    /// Code of the recording, hyphens optional.
    #[param(example = "JP-B01-23-45678")]
    isrc: Option<String>,
    /// Code of the work, punctuation optional; its check digit is verified.
    #[param(example = "T-034.524.680-1")]
    iswc: Option<String>,
    /// Whether the interactive distribution right is entrusted; `entrusted` if left out.
    #[param(inline, value_type = Option<RightsWord>)]
    rights: Option<String>,
}

/// An acknowledged enrolment: on disk, and identified from now on.
#[derive(Debug, Serialize, ToSchema)]
pub struct EnrolledRecording {
    recording_id: String,
    /// The number of this change; every later change has a greater one.
    #[schema(minimum = 1)]
    seq: u64,
}

/// What is known of a recording's interactive distribution right.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Rights)]
pub enum RightsWord {
    Entrusted,
    NotEntrusted,
    Unknown,
}

impl RecordingParameters {
    fn recording(self) -> Result<Recording, Problem> {
        let recording = Recording {
            recording_id: self.recording_id,
            title: self.title.filter(|text| !text.is_empty()),
            artist: self.artist.filter(|text| !text.is_empty()),
            isrc: parsed("isrc", self.isrc)?,
            iswc: parsed("iswc", self.iswc)?,
            rights: parsed("rights", self.rights)?.unwrap_or_default(),
        };
        recording.check()?;
        Ok(recording)
    }
}

impl From<Rights> for RightsWord {
    fn from(rights: Rights) -> Self {
        match rights {
            Rights::Entrusted => RightsWord::Entrusted,
            Rights::NotEntrusted => RightsWord::NotEntrusted,
            // What a newer library knows and this server has no word for.
            _ => RightsWord::Unknown,
        }
    }
}

fn authorise(service: &Service, headers: &HeaderMap) -> Result<(), Problem> {
    match caller::token(headers) {
        Some(token) if service.admin_token.is(token) => Ok(()),
        _ => Err(Problem::unauthorised()),
    }
}

fn parsed<T: FromStr<Err: Display>>(
    name: &str,
    value: Option<String>,
) -> Result<Option<T>, Problem> {
    let Some(value) = value.filter(|value| !value.is_empty()) else { return Ok(None) };
    value.parse().map(Some).map_err(|error| bad_parameter(format!("{name}: {error}")))
}

/// The parser of parameters would put U+FFFD for what is not UTF-8, and so enrol under another id.
fn require_utf8(query: &str) -> Result<(), Problem> {
    let detail = |_| bad_parameter("the parameters are not UTF-8, percent-encoded".to_owned());
    percent_decode_str(query).decode_utf8().map(drop).map_err(detail)
}

/// A parameter that is not as documented.
pub fn bad_parameter(detail: String) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "bad_parameter", detail)
}
