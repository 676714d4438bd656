//! `POST /v1/identify/batch`: many query fingerprints in, as many answers out.
//!
//! The body is what is sent to `/v1/identify`, one after the other, each behind its length. So the
//! bytes of a `.afp` file go in as they are, nothing grows by a third (base64), and the server
//! reads no foreign format but the one it knows.

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use onmon_library::{Answer, LibraryError, Recording};
use onmon_sharing::Identified;
use serde::Serialize;
use utoipa::ToSchema;

use super::body;
use super::identify::{DecisionWord, LIMIT_BYTES, MatchedRecording, Times};
use super::problem::{Problem, ProblemDocument};
use super::service::Service;

/// The media type of fingerprints, each behind its length.
const MEDIA_TYPE: &str = "application/vnd.onmon.fingerprints";

/// Fingerprints in one batch at most.
const COUNT_MAX: usize = 256;

/// Bytes of the length before each: a little-endian u32.
const LENGTH_BYTES: usize = 4;

/// Bytes of a batch at most.
const BATCH_BYTES_MAX: usize = COUNT_MAX * (LENGTH_BYTES + LIMIT_BYTES);

/// Identify many recordings in one request
///
/// The body is 1 to 256 query fingerprints in onmon's wire format (spec/wire.md) of at most 4,096
/// bytes each, each behind its length in bytes (a little-endian 32-bit number); 1,049,600 bytes in
/// all at most. The answers are in the same order; a fingerprint that cannot be identified gets a
/// problem in its place and spoils no other.
#[utoipa::path(
    post,
    path = "/v1/identify/batch",
    tag = "identify",
    request_body(
        content = inline(super::openapi::WireBytes),
        content_type = "application/vnd.onmon.fingerprints"
    ),
    responses(
        (status = 200, description = "An answer for each fingerprint, in order",
            body = IdentifiedBatch),
        (status = 400, response = inline(super::openapi::BadRequest)),
        (status = 408, response = inline(super::openapi::TimedOut)),
        (status = 413, response = inline(super::openapi::TooLarge)),
        (status = 415, response = inline(super::openapi::UnsupportedMediaType)),
        (status = 500, response = inline(super::openapi::InternalError)),
        (status = 503, response = inline(super::openapi::Unavailable)),
    )
)]
pub async fn identify_batch(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<IdentifiedBatch>, Problem> {
    let (library, platform) = (service.library()?, service.platform()?);
    let batch = body::typed(&headers, body, MEDIA_TYPE, BATCH_BYTES_MAX).await?;
    let messages = messages(&batch)?;
    let started = Instant::now();
    // One over the limit is not put to the library, as /v1/identify would not.
    let short = messages.iter().filter(|message| message.len() <= LIMIT_BYTES);
    let mut found = library.identify_many(short.map(|m| m.to_vec()).collect()).await.into_iter();
    let found: Vec<Result<Answer, Problem>> = messages
        .iter()
        .map(|message| match message.len() {
            ..=LIMIT_BYTES => {
                found.next().unwrap_or(Err(LibraryError::Interrupted)).map_err(Problem::from)
            }
            _ => Err(body::too_large(LIMIT_BYTES)),
        })
        .collect();
    let matched: Vec<Vec<&Recording>> =
        found.iter().flatten().map(|a| a.matches.iter().map(|m| &m.recording).collect()).collect();
    let mut rulings = platform.rule_each(&matched, service.now_ms()).await?.into_iter();
    let answers = found
        .into_iter()
        .map(|answer| {
            let ruled = answer.and_then(|Answer { matches, .. }| {
                let ruling = rulings.next().ok_or_else(Problem::internal)?;
                Ok(Identified { matches, ruling })
            });
            told(&service, ruled)
        })
        .collect();
    let elapsed = started.elapsed();
    service.metrics.observe_batch(elapsed);
    Ok(Json(IdentifiedBatch { answers, ms: elapsed.into() }))
}

/// The answers to a batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct IdentifiedBatch {
    /// One for each fingerprint, in the order in which they were sent.
    #[schema(min_items = 1, max_items = 256)]
    answers: Vec<BatchAnswer>,
    ms: Times,
}

/// The decision and every match, or the problem that this fingerprint has.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum BatchAnswer {
    Identified(IdentifiedInBatch),
    Problem(ProblemDocument),
}

/// The answer to one query fingerprint of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct IdentifiedInBatch {
    decision: DecisionWord,
    /// Why, in words that may be shown.
    rule: String,
    /// Every recording above the threshold, best first; empty if none.
    matches: Vec<MatchedRecording>,
}

fn told(service: &Service, answer: Result<Identified, Problem>) -> BatchAnswer {
    let decided = |answer: &Identified| DecisionWord::from(answer.ruling.decision).into();
    let counted = answer.as_ref().map(decided).map_err(Problem::code);
    service.metrics.count_in_batch(counted);
    match answer {
        Ok(answer) => BatchAnswer::Identified(IdentifiedInBatch {
            decision: answer.ruling.decision.into(),
            rule: answer.ruling.words(),
            matches: answer.matches.into_iter().map(MatchedRecording::from).collect(),
        }),
        Err(problem) => BatchAnswer::Problem(problem.document()),
    }
}

/// The messages of a batch, as they are: what is in them is judged one by one.
fn messages(batch: &[u8]) -> Result<Vec<&[u8]>, Problem> {
    let (mut messages, mut rest) = (vec![], batch);
    while !rest.is_empty() {
        if messages.len() == COUNT_MAX {
            let detail =
                format!("more than {COUNT_MAX} fingerprints; send them in several batches");
            let status = StatusCode::PAYLOAD_TOO_LARGE;
            return Err(Problem::new(status, "too_many_fingerprints", detail));
        }
        let message = rest.split_first_chunk::<LENGTH_BYTES>().and_then(|(length, rest)| {
            rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)
        });
        let Some((message, behind)) = message else {
            let detail = format!(
                "fingerprint {} ends beyond the body; before each stands its length in bytes as a \
                 little-endian 32-bit number",
                messages.len()
            );
            return Err(Problem::new(StatusCode::BAD_REQUEST, "malformed_batch", detail));
        };
        messages.push(message);
        rest = behind;
    }
    Ok(messages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_taken_apart_or_refused_as_a_whole() {
        assert_eq!(messages(b"\x02\0\0\0ab\0\0\0\0\x01\0\0\0c").unwrap(), [&b"ab"[..], b"", b"c"]);
        let malformed: [&[u8]; 4] =
            [b"\x01", b"\x01\0\0\0", b"\x01\0\0\0ab", b"\xff\xff\xff\xffabc"];
        for batch in malformed {
            assert_eq!(messages(batch).unwrap_err().code(), "malformed_batch", "{batch:?}");
        }
        let empty = |count| vec![0; LENGTH_BYTES * count];
        assert_eq!(messages(&empty(COUNT_MAX)).unwrap().len(), COUNT_MAX);
        let error = messages(&empty(COUNT_MAX + 1)).unwrap_err();
        assert_eq!(error.code(), "too_many_fingerprints");
    }
}
