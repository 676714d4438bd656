//! Reads JSON bodies within a limit, and says what is wrong with those that do not fit.

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;

use crate::http::body;
use crate::http::problem::Problem;

/// Bytes of a JSON body at most.
const LIMIT_BYTES: usize = 16 << 10;

/// A JSON body as a `T`.
pub async fn read<T: DeserializeOwned>(headers: &HeaderMap, body: Body) -> Result<T, Problem> {
    let bytes = body::json(headers, body, LIMIT_BYTES).await?;
    serde_json::from_slice(&bytes).map_err(|error| {
        let detail = format!("the body does not fit: {error}");
        Problem::new(StatusCode::BAD_REQUEST, "bad_json", detail)
    })
}
