//! Keys: the public ones that tags and releases are checked with, and Clear Key licences.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use onmon_keys::{ClearKey, KeySystem, LicenceRequest};
use onmon_sharing::SharingError;

use crate::http::answers::{Asked, AskedForOne, Open};
use crate::http::body;
use crate::http::caller::User;
use crate::http::problem::Problem;
use crate::http::service::Service;

/// The keys that tags and releases are checked with
///
/// A JWK Set (RFC 7517). Keys that will sign next are in it already, so a player that is offline
/// knows them in time.
#[utoipa::path(
    get,
    path = "/v1/keys",
    tag = "sharing",
    responses(
        (status = 200, description = "A JWK Set of Ed25519 keys", body = Object,
            content_type = "application/jwk-set+json"),
        Open
    )
)]
pub async fn jwks(State(service): State<Arc<Service>>) -> Result<Response, Problem> {
    let keys = onmon_keys::jwks(service.platform()?.signing().public());
    Ok(([(CONTENT_TYPE, "application/jwk-set+json")], keys).into_response())
}

/// A Clear Key licence
///
/// The body and the answer are those of W3C Clear Key (Encrypted Media Extensions, section 9.1),
/// for keys that the account has bought. Players that send it as `application/octet-stream` are
/// answered too.
#[utoipa::path(
    post,
    path = "/v1/clear-key",
    tag = "sharing",
    request_body(content = Object, content_type = "application/json"),
    security(("account" = [])),
    responses(
        (status = 200, description = "A JSON Web Key set", body = Object,
            content_type = "application/json"),
        Asked,
        AskedForOne
    )
)]
pub async fn clear_key(
    State(service): State<Arc<Service>>,
    user: User,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let bytes = body::licence_request(&headers, body, LicenceRequest::BYTES_MAX).await?;
    let request = ClearKey.request(&bytes).map_err(SharingError::from)?;
    let granted = service.platform()?.keys_of(&user.account_id, &request.kids).await?;
    let licence = ClearKey.licence(&request, &granted).map_err(SharingError::from)?;
    Ok(([(CONTENT_TYPE, "application/json")], licence.to_string()).into_response())
}
