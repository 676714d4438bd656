//! Problems that many routes may answer with, for their OpenAPI entries.

// The document is all that these are for.
#![allow(dead_code)]

use utoipa::IntoResponses;

use super::openapi::{
    BadRequest, Conflicting, Forbidden, InternalError, NotFound, TimedOut, TooLarge, TooOften,
    Unauthorised, Unavailable, UnsupportedMediaType, WrongKind,
};

/// Of a route that needs no account.
#[derive(IntoResponses)]
pub enum Open {
    #[response(status = 500)]
    InternalError(#[to_response] InternalError),
    #[response(status = 503)]
    Unavailable(#[to_response] Unavailable),
}

/// Beside [`Open`]: of a route that names an object.
#[derive(IntoResponses)]
pub enum OpenForOne {
    #[response(status = 400)]
    BadRequest(#[to_response] BadRequest),
    #[response(status = 404)]
    NotFound(#[to_response] NotFound),
    #[response(status = 408)]
    TimedOut(#[to_response] TimedOut),
    #[response(status = 409)]
    Conflicting(#[to_response] Conflicting),
}

/// Of a route that needs a token.
#[derive(IntoResponses)]
pub enum Asked {
    #[response(status = 400)]
    BadRequest(#[to_response] BadRequest),
    #[response(status = 401)]
    Unauthorised(#[to_response] Unauthorised),
    #[response(status = 403)]
    Forbidden(#[to_response] Forbidden),
    #[response(status = 408)]
    TimedOut(#[to_response] TimedOut),
    #[response(status = 413)]
    TooLarge(#[to_response] TooLarge),
    #[response(status = 415)]
    UnsupportedMediaType(#[to_response] UnsupportedMediaType),
    #[response(status = 429)]
    TooOften(#[to_response] TooOften),
    #[response(status = 500)]
    InternalError(#[to_response] InternalError),
    #[response(status = 503)]
    Unavailable(#[to_response] Unavailable),
}

/// Beside [`Asked`]: of a route that names an object, or takes a fingerprint.
#[derive(IntoResponses)]
pub enum AskedForOne {
    #[response(status = 404)]
    NotFound(#[to_response] NotFound),
    #[response(status = 422)]
    WrongKind(#[to_response] WrongKind),
}
