//! `GET /openapi.json`: the document that the routes write; a test holds it to the truth.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi, ToResponse, ToSchema};

use super::problem::ProblemDocument;
use super::service::Service;

/// What the routes do not say of themselves.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "onmon",
        description = "Identifies audio fingerprints and decides permit, refuse or unregistered. \
                       Takes fingerprints only, never audio."
    ),
    components(schemas(ProblemDocument)),
    modifiers(&TokenSchemes),
    tags(
        (name = "identify", description = "For everyone"),
        (name = "streams", description = "For everyone; whoever knows a stream's id"),
        (name = "sharing", description = "For holders of an account's access token"),
        (name = "money", description = "For accounts and organisations"),
        (name = "operator", description = "For operators"),
        (name = "recordings", description = "For holders of the admin token"),
        (name = "operation", description = "For the operator's machines")
    )
)]
pub struct Document;

/// This document
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "operation",
    responses(
        (status = 200, description = "OpenAPI 3.1", body = Object,
            content_type = "application/json")
    )
)]
pub async fn document(State(service): State<Arc<Service>>) -> Response {
    ([(CONTENT_TYPE, "application/json")], service.document()).into_response()
}

struct TokenSchemes;

impl Modify for TokenSchemes {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_with(Default::default);
        for name in ["admin_token", "account"] {
            let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
            components.add_security_scheme(name, scheme);
        }
    }
}

/// A fingerprint in onmon's wire format (spec/wire.md).
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[allow(dead_code)]
pub struct WireBytes(Vec<u8>);

macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(ToResponse)]
        #[response(content_type = "application/problem+json")]
        #[allow(dead_code)]
        pub struct $name(ProblemDocument);
    )*};
}

problems! {
    /// A parameter or the fingerprint is malformed; `code` and `detail` say how
    BadRequest
    /// The token is missing, wrong or has ended
    Unauthorised
    /// The token is good, but not for this
    Forbidden
    /// There is nothing of this id, or it is another's
    NotFound
    /// It does not go together with what is there; `code` says how
    Conflicting
    /// A challenge has to be answered first
    ChallengeNeeded
    /// The account asks more often, or for more different things, than people do; see Retry-After
    TooOften
    /// The account's credit limit is reached
    LimitReached
    /// No recording of this id
    NoSuchRecording
    /// No stream of this id: ended, not used for too long, or the server was started again
    NoSuchStream
    /// Codes before the first of these have not come; `next_code` is the number to go on from
    CodesMissing
    /// The request took too long
    TimedOut
    /// The body is too long for this route
    TooLarge
    /// The body is not announced as a fingerprint
    UnsupportedMediaType
    /// A reference where a query belongs, a query where a reference belongs, a clip in a stream
    WrongKind
    /// Starting, stopping, or too many requests at once; see Retry-After
    Unavailable
    /// A fault of the server; it is in its log
    InternalError
    /// No space left; nothing of the change was kept
    DiskFull
}
