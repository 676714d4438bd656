//! Who asks: taken from the access token, before a route runs.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use super::problem::Problem;
use super::service::Service;

/// RFC 6750; the scheme's name is read in either case (RFC 9110).
const SCHEME: &[u8] = b"Bearer ";

/// The bearer's token, if there is one.
pub fn token(headers: &HeaderMap) -> Option<&[u8]> {
    let value = headers.get(AUTHORIZATION)?.as_bytes();
    let (scheme, token) = value.split_first_chunk::<{ SCHEME.len() }>()?;
    scheme.eq_ignore_ascii_case(SCHEME).then(|| token.trim_ascii())
}

/// Someone who shares and buys.
#[derive(Debug, Clone)]
pub struct User {
    /// Which account; every question to the database is asked for it alone.
    pub account_id: String,
}

impl FromRequestParts<Arc<Service>> for User {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        service: &Arc<Service>,
    ) -> Result<User, Problem> {
        let _ = (token(&parts.headers), service);
        Err(Problem::unauthorised())
    }
}
