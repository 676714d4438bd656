//! Reads a request's body, of the type and within the limit that its route takes.

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use onmon_core::wire::MEDIA_TYPE;

use super::problem::Problem;

const JSON: &str = "application/json";

/// What players send a licence request as that do not look into it.
const OCTETS: &str = "application/octet-stream";

/// The body, of the very type and at most `limit_bytes` long.
///
/// The headers are looked at first: a body of another type or of a greater stated length is refused
/// before a byte of it is read; one without a stated length is cut off at the limit.
pub async fn typed(
    headers: &HeaderMap,
    body: Body,
    media_type: &str,
    limit_bytes: usize,
) -> Result<Bytes, Problem> {
    if headers.get(CONTENT_TYPE).is_none_or(|found| found != media_type) {
        let detail = format!("send fingerprints only, with Content-Type: {media_type}");
        return Err(other_type(detail));
    }
    within(headers, body, limit_bytes).await
}

/// The bytes of a JSON body, likewise.
pub async fn json(headers: &HeaderMap, body: Body, limit_bytes: usize) -> Result<Bytes, Problem> {
    if !is_one_of(headers, &[JSON]) {
        return Err(other_type(format!("send JSON, with Content-Type: {JSON}")));
    }
    within(headers, body, limit_bytes).await
}

/// The bytes of a player's request for a licence, likewise.
pub async fn licence_request(
    headers: &HeaderMap,
    body: Body,
    limit_bytes: usize,
) -> Result<Bytes, Problem> {
    if !is_one_of(headers, &[JSON, OCTETS]) {
        return Err(other_type(format!("send the player's message, with Content-Type: {JSON}")));
    }
    within(headers, body, limit_bytes).await
}

/// Whether the body is said to be of one of these types. A parameter, as the `charset=utf-8` that
/// many clients add, changes nothing.
fn is_one_of(headers: &HeaderMap, media_types: &[&str]) -> bool {
    let stated = headers.get(CONTENT_TYPE).and_then(|found| found.to_str().ok());
    let found = stated.and_then(|stated| stated.split(';').next()).unwrap_or_default().trim();
    media_types.iter().any(|media_type| found.eq_ignore_ascii_case(media_type))
}

fn other_type(detail: String) -> Problem {
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail)
}

async fn within(headers: &HeaderMap, body: Body, limit_bytes: usize) -> Result<Bytes, Problem> {
    let stated = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if stated.is_some_and(|length: u64| length > limit_bytes as u64) {
        return Err(too_large(limit_bytes));
    }
    let bytes = match Limited::new(body, limit_bytes).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Err(too_large(limit_bytes)),
        Err(_) => {
            let detail = "the body broke off; send it again";
            return Err(Problem::new(StatusCode::BAD_REQUEST, "body_broke_off", detail));
        }
    };
    if bytes.is_empty() {
        let detail = "the body is empty; send the bytes of a fingerprint";
        return Err(Problem::new(StatusCode::BAD_REQUEST, "empty_body", detail));
    }
    Ok(bytes)
}

/// The bytes of one fingerprint.
pub async fn fingerprint(
    headers: &HeaderMap,
    body: Body,
    limit_bytes: usize,
) -> Result<Bytes, Problem> {
    typed(headers, body, MEDIA_TYPE, limit_bytes).await
}

/// More bytes than are taken.
pub fn too_large(limit_bytes: usize) -> Problem {
    let detail =
        format!("at most {limit_bytes} bytes are taken here; send the fingerprint, not the audio");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail)
}
