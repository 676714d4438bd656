//! Uploads: `POST /v1/challenges`, `POST /v1/shares`, and what an account has shared.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use onmon_sharing::{PermitLine, Permitted, Rechecked, ShareRequest};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::json;
use super::words::{MethodWord, RulingWords, base64url, digest};
use crate::http::answers::{Asked, AskedForOne};
use crate::http::body;
use crate::http::caller::User;
use crate::http::identify::{LIMIT_BYTES, MatchedRecording};
use crate::http::problem::Problem;
use crate::http::recordings::bad_parameter;
use crate::http::service::Service;
use crate::identity::Class;

/// The header with which a client says that a request is the same as before (IETF draft
/// "The Idempotency-Key HTTP Header Field").
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// What is going to be shared.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChallengeRequest {
    /// Digest of the file's audio, 64 hexadecimal digits (spec/essence.md).
    essence: String,
    /// Codes that the whole recording yields, 20 a second.
    codes: u32,
}

/// Where the samples of the fingerprint are to lie.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChallengeAnswer {
    /// To be sent with the fingerprint, once.
    challenge: String,
    /// Where to take the samples (spec/fingerprint.md, "Drawn places"): a 64-bit number, as text
    /// because JavaScript's numbers are shorter.
    #[schema(example = "12379813812177893520")]
    seed: String,
    /// When it ends, Unix milliseconds.
    expires_ms: i64,
}

/// Ask where to take the samples
///
/// The audio is named before the places are: so a stored fingerprint cannot be sent again.
#[utoipa::path(
    post,
    path = "/v1/challenges",
    tag = "sharing",
    security(("account" = [])),
    responses((status = 200, description = "The challenge", body = ChallengeAnswer), Asked)
)]
pub async fn challenge(
    State(service): State<Arc<Service>>,
    user: User,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<ChallengeAnswer>, Problem> {
    let request: ChallengeRequest = json::read(&headers, body).await?;
    let essence = digest("essence", &request.essence)?;
    let (platform, now_ms) = (service.platform()?, service.now_ms());
    let drawn = platform.challenge(&user.account_id, &essence, request.codes, now_ms).await?;
    Ok(Json(ChallengeAnswer {
        challenge: drawn.challenge_id,
        seed: drawn.seed.to_string(),
        expires_ms: drawn.expires_ms,
    }))
}

/// How a file is to be shared.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ShareParameters {
    /// `tag` or `drm`.
    #[param(inline)]
    method: MethodWord,
    /// Digest of the file's audio, 64 hexadecimal digits: the tag is bound to it.
    essence: String,
    /// The challenge that the fingerprint answers, where one was asked for.
    challenge: Option<String>,
    /// Codes of the whole recording, where a challenge is answered.
    codes: Option<u32>,
}

/// The answer to an upload.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShareAnswer {
    /// Whether this upload was answered before: then only the permit is told again.
    repeated: bool,
    /// What follows from the rights; null if it was answered before.
    #[schema(required = true)]
    ruling: Option<RulingWords>,
    /// Every recording above the threshold, best first.
    matches: Vec<MatchedRecording>,
    /// What goes into the file; null without a permit.
    #[schema(required = true)]
    permit: Option<PermitWords>,
}

/// A permit, and what goes into the file.
#[derive(Debug, Serialize, ToSchema)]
pub struct PermitWords {
    permit_id: String,
    /// For the tag method: the signed tag, base64url.
    #[schema(required = true)]
    tag: Option<String>,
    /// For the DRM method: the key's id, 32 hexadecimal digits, and
    #[schema(required = true)]
    kid: Option<String>,
    /// the key to encrypt with, 16 bytes in base64url.
    #[schema(required = true)]
    key: Option<String>,
}

impl From<Permitted> for PermitWords {
    fn from(permit: Permitted) -> PermitWords {
        let (kid, key) = match &permit.key {
            Some((kid, key)) => (Some(kid.to_string()), Some(base64url(key.as_bytes()))),
            None => (None, None),
        };
        let tag = permit.tag.as_deref().map(base64url);
        PermitWords { permit_id: permit.permit_id, tag, kid, key }
    }
}

/// Share a file
///
/// The body is a query fingerprint in onmon's wire format, at most 4,096 bytes. With a permit the
/// upload is counted, once for each Idempotency-Key, and the answer brings what goes into the file.
#[utoipa::path(
    post,
    path = "/v1/shares",
    tag = "sharing",
    params(
        ShareParameters,
        ("Idempotency-Key" = String, Header,
            description = "8 to 128 printable ASCII characters; a new UUID for each upload")
    ),
    request_body(
        content = inline(crate::http::openapi::WireBytes),
        content_type = "application/vnd.onmon.fingerprint"
    ),
    security(("account" = [])),
    responses(
        (status = 200, description = "No permit, or the permit that was given before",
            body = ShareAnswer),
        (status = 201, description = "Permitted and counted", body = ShareAnswer),
        (status = 409, response = inline(crate::http::openapi::Conflicting)),
        (status = 428, response = inline(crate::http::openapi::ChallengeNeeded)),
        Asked,
        AskedForOne
    )
)]
pub async fn share(
    State(service): State<Arc<Service>>,
    user: User,
    headers: HeaderMap,
    parameters: Result<Query<ShareParameters>, QueryRejection>,
    body: Body,
) -> Result<(StatusCode, Json<ShareAnswer>), Problem> {
    let Query(parameters) = parameters.map_err(|error| bad_parameter(error.body_text()))?;
    let wire = body::fingerprint(&headers, body, LIMIT_BYTES).await?;
    let key = headers.get(IDEMPOTENCY_KEY).and_then(|key| key.to_str().ok()).unwrap_or_default();
    let challenge = match (&parameters.challenge, parameters.codes) {
        (Some(challenge), Some(codes)) => Some((challenge.as_str(), codes)),
        (None, None) => None,
        _ => return Err(bad_parameter("challenge and codes come together".to_owned())),
    };
    user.admit(&service, Class::Share, &parameters.essence)?;
    let request = ShareRequest {
        wire: &wire,
        method: parameters.method.into(),
        essence: digest("essence", &parameters.essence)?,
        idempotency_key: key,
        challenge,
    };
    let shared = service.platform()?.share(&user.account_id, &request, service.now_ms()).await?;
    let fresh = shared.permit.as_ref().is_some_and(|permit| permit.fresh);
    let status = if fresh { StatusCode::CREATED } else { StatusCode::OK };
    let answer = ShareAnswer {
        repeated: shared.ruling.is_none(),
        ruling: shared.ruling.as_ref().map(RulingWords::from),
        matches: shared.matches.into_iter().map(MatchedRecording::from).collect(),
        permit: shared.permit.map(PermitWords::from),
    };
    Ok((status, Json(answer)))
}

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageParameters {
    /// Only what is older than this (Unix milliseconds): the `created_ms` of the last line.
    before_ms: Option<i64>,
    /// Lines at most, 1 to 200; 50 if left out.
    lines: Option<u32>,
}

impl PageParameters {
    /// The page, with what was left out filled in.
    pub fn page(page: Result<Query<Self>, QueryRejection>) -> Result<(i64, u32), Problem> {
        let Query(page) = page.map_err(|error| bad_parameter(error.body_text()))?;
        let lines = page.lines.unwrap_or(50);
        if !(1..=200).contains(&lines) {
            return Err(bad_parameter("lines: 1 to 200".to_owned()));
        }
        Ok((page.before_ms.unwrap_or(i64::MAX), lines))
    }
}

/// Uploads, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShareList {
    shares: Vec<ShareLine>,
}

/// An upload.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShareLine {
    permit_id: String,
    #[schema(inline)]
    method: MethodWord,
    recording_id: String,
    /// Unix milliseconds.
    created_ms: i64,
    /// Whether the permit was revoked.
    revoked: bool,
    /// How often it was bought.
    downloads: u64,
}

impl From<PermitLine> for ShareLine {
    fn from(line: PermitLine) -> ShareLine {
        ShareLine {
            permit_id: line.permit_id,
            method: line.method.into(),
            recording_id: line.recording_id,
            created_ms: line.created_ms,
            revoked: line.revoked,
            downloads: line.downloads,
        }
    }
}

/// What the account has shared
#[utoipa::path(
    get,
    path = "/v1/shares",
    tag = "sharing",
    params(PageParameters),
    security(("account" = [])),
    responses((status = 200, description = "The newest first", body = ShareList), Asked)
)]
pub async fn list(
    State(service): State<Arc<Service>>,
    user: User,
    page: Result<Query<PageParameters>, QueryRejection>,
) -> Result<Json<ShareList>, Problem> {
    let (before_ms, lines) = PageParameters::page(page)?;
    let found = service.platform()?.permits_of(&user.account_id, before_ms, lines).await?;
    Ok(Json(ShareList { shares: found.into_iter().map(ShareLine::from).collect() }))
}

/// One upload of the account
#[utoipa::path(
    get,
    path = "/v1/shares/{permit_id}",
    tag = "sharing",
    params(("permit_id" = String, Path, description = "The permit")),
    security(("account" = [])),
    responses((status = 200, description = "The upload", body = ShareLine), Asked, AskedForOne)
)]
pub async fn one(
    State(service): State<Arc<Service>>,
    user: User,
    permit_id: Result<Path<String>, PathRejection>,
) -> Result<Json<ShareLine>, Problem> {
    let Path(permit_id) = permit_id.map_err(|error| bad_parameter(error.body_text()))?;
    Ok(Json(service.platform()?.permit_of(&user.account_id, &permit_id).await?.into()))
}

/// What a recheck found.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecheckAnswer {
    /// Whether the audio is what the permit was given for.
    same: bool,
    /// What it is instead; null if it is the same, or nothing that is registered.
    #[schema(required = true)]
    found: Option<String>,
    /// Buyers who found other audio, this one included.
    reports: u64,
    /// Whether the permit was revoked by it.
    revoked: bool,
}

/// Tell what was received
///
/// The body is the query fingerprint of the file that a buyer has received. Where several buyers
/// find other audio than the permit was given for, it is revoked.
#[utoipa::path(
    post,
    path = "/v1/shares/{permit_id}/recheck",
    tag = "sharing",
    params(("permit_id" = String, Path, description = "The permit that the file names")),
    request_body(
        content = inline(crate::http::openapi::WireBytes),
        content_type = "application/vnd.onmon.fingerprint"
    ),
    security(("account" = [])),
    responses(
        (status = 200, description = "What was found", body = RecheckAnswer),
        Asked,
        AskedForOne
    )
)]
pub async fn recheck(
    State(service): State<Arc<Service>>,
    user: User,
    headers: HeaderMap,
    permit_id: Result<Path<String>, PathRejection>,
    body: Body,
) -> Result<Json<RecheckAnswer>, Problem> {
    let Path(permit_id) = permit_id.map_err(|error| bad_parameter(error.body_text()))?;
    let wire = body::fingerprint(&headers, body, LIMIT_BYTES).await?;
    let (platform, now_ms) = (service.platform()?, service.now_ms());
    let answer = match platform.recheck(&user.account_id, &permit_id, &wire, now_ms).await? {
        Rechecked::Same => RecheckAnswer { same: true, found: None, reports: 0, revoked: false },
        Rechecked::Other { found, reports, revoked } => {
            RecheckAnswer { same: false, found, reports, revoked }
        }
    };
    Ok(Json(answer))
}
