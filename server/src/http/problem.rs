//! Errors as `application/problem+json` (RFC 9457), each with a stable `code` for programs.

use std::any::Any;
use std::borrow::Cow;

use axum::Json;
use axum::http::header::{CONNECTION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use onmon_accounts::AccountsError;
use onmon_billing::BillingError;
use onmon_keys::KeysError;
use onmon_ledger::LedgerError;
use onmon_library::LibraryError;
use onmon_sharing::SharingError;
use onmon_store::StoreError;
use serde::Serialize;
use utoipa::ToSchema;

use crate::payments::NotReceived;

/// The media type of a problem.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Why a request is not answered as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: Cow<'static, str>,
    /// Boxed: most problems have none, and every route's result has room for a problem.
    header: Option<Box<(HeaderName, HeaderValue)>>,
    next_code: Option<u64>,
}

/// Why a request was not answered as asked, and what to do about it (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDocument {
    /// A name for this kind of problem: `urn:onmon:problem:` and the code.
    #[schema(example = "urn:onmon:problem:checksum_mismatch")]
    r#type: String,
    /// The status in words.
    #[schema(example = "Bad Request")]
    title: &'static str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599, example = 400)]
    status: u16,
    /// What is wrong with this request and what to do about it, for people.
    detail: Cow<'static, str>,
    /// What is wrong, for programs; stable.
    #[schema(example = "checksum_mismatch", pattern = "^[a-z_]+$")]
    code: &'static str,
    /// Of `codes_missing` only: the number of the code that the stream expects next.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_code: Option<u64>,
}

/// A problem's code, beside its response, for those who count.
#[derive(Debug, Clone, Copy)]
pub struct Code(pub &'static str);

impl Problem {
    /// A problem of the request: `detail` says what to do.
    pub fn new(
        status: StatusCode,
        code: &'static str,
        detail: impl Into<Cow<'static, str>>,
    ) -> Problem {
        Problem { status, code, detail: detail.into(), header: None, next_code: None }
    }

    /// No token, or the wrong one.
    pub fn unauthorised() -> Problem {
        let detail = "this needs a token that is good: Authorization: Bearer TOKEN";
        Problem::new(StatusCode::UNAUTHORIZED, "unauthorised", detail)
            .with(WWW_AUTHENTICATE, "Bearer realm=\"onmon\"")
    }

    /// A good token, but not for this.
    pub fn forbidden(detail: &'static str) -> Problem {
        Problem::new(StatusCode::FORBIDDEN, "forbidden", detail)
    }

    /// An account that asks faster than people do.
    pub fn too_fast(retry_ms: i64) -> Problem {
        let detail = "too many requests of this account; wait as long as Retry-After says";
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_fast", detail).retry_after(retry_ms)
    }

    /// An account that asks for more different things in a day than people do.
    pub fn too_much(retry_ms: i64) -> Problem {
        let detail = "this account has asked for too many different things today; ask the operator";
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_much", detail).retry_after(retry_ms)
    }

    /// No permit of this id; nor does anything tell whether another has one.
    pub fn no_such_permit() -> Problem {
        Problem::from(SharingError::NoSuchPermit)
    }

    /// Too many requests at once; to be sent again so many seconds later.
    pub fn busy(seconds: u64) -> Problem {
        let detail = "too many requests at once; wait as long as Retry-After says";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail).retry_after_s(seconds)
    }

    /// No room for one more stream.
    pub fn too_many_streams() -> Problem {
        let detail = "too many streams at once; end one, or try again in a minute";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_streams", detail)
            .with(RETRY_AFTER, "60")
    }

    /// No stream has this id: never, or not any more.
    pub fn no_such_stream() -> Problem {
        let detail = "no stream of this id: it was ended, not used for too long, or the server \
                      was started again; begin another one";
        Problem::new(StatusCode::NOT_FOUND, "no_such_stream", detail)
    }

    /// The library is still being read.
    pub fn starting() -> Problem {
        let detail = "the server is still reading its library; try again in a few seconds";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "starting", detail).with(RETRY_AFTER, "5")
    }

    /// Told to stop.
    pub fn stopping() -> Problem {
        let detail = "the server is stopping; try another, or again when it is back";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", detail).with(RETRY_AFTER, "5")
    }

    /// The request took too long, most likely to send its body.
    pub fn timed_out() -> Problem {
        let detail = "the request took too long; send it again";
        // The rest of its body may still come: the connection is of no more use.
        Problem::new(StatusCode::REQUEST_TIMEOUT, "timed_out", detail).with(CONNECTION, "close")
    }

    /// The library does not answer: whatever its reason, no request should be sent here.
    pub fn not_ready(error: LibraryError) -> Problem {
        Problem { status: StatusCode::SERVICE_UNAVAILABLE, ..Problem::from(error) }
    }

    /// The same as JSON.
    pub fn document(self) -> ProblemDocument {
        let Problem { status, code, detail, next_code, .. } = self;
        ProblemDocument {
            r#type: format!("urn:onmon:problem:{code}"),
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail,
            code,
            next_code,
        }
    }

    /// What is wrong, for programs.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// A fault of the server.
    pub fn internal() -> Problem {
        let detail = "internal error; it is in the server's log";
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }

    /// What the asker can mend is told to the asker; the rest goes to the log, with its causes.
    fn told(
        status: StatusCode,
        code: &'static str,
        error: impl std::error::Error + Send + Sync + 'static,
    ) -> Problem {
        if status.is_client_error() {
            return Problem::new(status, code, error.to_string());
        }
        let error = anyhow::Error::from(error);
        tracing::error!(code, "{error:#}");
        Problem::new(status, code, "the server cannot do this now; its log says why")
    }

    fn with(mut self, name: HeaderName, value: &'static str) -> Problem {
        self.header = Some(Box::new((name, HeaderValue::from_static(value))));
        self
    }

    fn retry_after(self, retry_ms: i64) -> Problem {
        // Whole seconds, and not too few.
        self.retry_after_s(retry_ms.max(0).unsigned_abs() / 1_000 + 1)
    }

    fn retry_after_s(mut self, seconds: u64) -> Problem {
        self.header = Some(Box::new((RETRY_AFTER, HeaderValue::from(seconds))));
        self
    }
}

impl From<LibraryError> for Problem {
    /// What the asker can mend is told to the asker; the rest goes to the log, with its causes.
    fn from(error: LibraryError) -> Problem {
        use LibraryError::{
            BadRecordingId, CatalogueBusy, CatalogueUnreachable, ClipForStream, Closed,
            CodesMissing, DiskFull, Fingerprint, Locked, QueryForEnrolment, ReferenceForIdentify,
            TextTooLong, WriteFailed, ZeroInText,
        };
        let status = match &error {
            Fingerprint(_) | BadRecordingId | TextTooLong { .. } | ZeroInText { .. } => {
                StatusCode::BAD_REQUEST
            }
            ClipForStream | QueryForEnrolment | ReferenceForIdentify => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            CodesMissing { .. } => StatusCode::CONFLICT,
            DiskFull(_) => StatusCode::INSUFFICIENT_STORAGE,
            CatalogueBusy(_)
            | CatalogueUnreachable(_)
            | Closed
            | Locked { .. }
            | WriteFailed(_) => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let code = error.code();
        if status.is_client_error() {
            let next_code = match error {
                CodesMissing { next, .. } => Some(next),
                _ => None,
            };
            return Problem { next_code, ..Problem::new(status, code, error.to_string()) };
        }
        let error = anyhow::Error::from(error);
        tracing::error!(code, "{error:#}");
        Problem::new(status, code, "the server cannot do this now; its log says why")
    }
}

impl From<SharingError> for Problem {
    /// As for the library: what the asker can mend is told to the asker.
    fn from(error: SharingError) -> Problem {
        use SharingError::{
            BadIdempotencyKey, BadReason, ChallengeFailed, ChallengeNeeded, Implausible, KeyReused,
            Keys, Ledger, Library, NoLongerPermitted, NoSuchChallenge, NoSuchPermit,
            NoSuchPurchase, NoTariff, OtherAudio, Refunded, Store,
        };
        let status = match &error {
            BadIdempotencyKey | BadReason | Keys(KeysError::LicenceRequest(_)) => {
                StatusCode::BAD_REQUEST
            }
            KeyReused | OtherAudio | NoLongerPermitted | Refunded => StatusCode::CONFLICT,
            ChallengeNeeded => StatusCode::PRECONDITION_REQUIRED,
            Implausible | ChallengeFailed => StatusCode::UNPROCESSABLE_ENTITY,
            NoSuchPermit | NoSuchPurchase | NoSuchChallenge => StatusCode::NOT_FOUND,
            Keys(KeysError::NotFound | KeysError::Revoked) => StatusCode::NOT_FOUND,
            Ledger(LedgerError::LimitExceeded { .. }) => StatusCode::PAYMENT_REQUIRED,
            NoTariff { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Store(error) => store_status(error),
            Library(_) => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        if let Library(error) = error {
            return Problem::from(error);
        }
        Problem::told(status, error.code(), error)
    }
}

impl From<BillingError> for Problem {
    fn from(error: BillingError) -> Problem {
        let status = match &error {
            BillingError::Unknown => StatusCode::NOT_FOUND,
            BillingError::MonthNotOver
            | BillingError::NothingToPay
            | BillingError::AlreadyPaid
            | BillingError::PaidOtherwise
            | BillingError::Mismatch => StatusCode::CONFLICT,
            BillingError::Provider(_) | BillingError::Interrupted => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            BillingError::Store(error) => store_status(error),
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Problem::told(status, error.code(), error)
    }
}

impl From<AccountsError> for Problem {
    fn from(error: AccountsError) -> Problem {
        let status = match &error {
            AccountsError::UnknownKey | AccountsError::Suspended => {
                return Problem::unauthorised();
            }
            AccountsError::Forbidden | AccountsError::RegistrationClosed => StatusCode::FORBIDDEN,
            AccountsError::NotFound => StatusCode::NOT_FOUND,
            AccountsError::TooManyKeys | AccountsError::RotationTooSoon { .. } => {
                StatusCode::CONFLICT
            }
            AccountsError::Malformed(_) => StatusCode::BAD_REQUEST,
            AccountsError::Store(error) => store_status(error),
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Problem::told(status, error.code(), error)
    }
}

impl From<NotReceived> for Problem {
    fn from(error: NotReceived) -> Problem {
        match error {
            NotReceived::Billing(error) => Problem::from(error),
            NotReceived::Webhook(error) => {
                Problem::new(StatusCode::BAD_REQUEST, error.code(), error.to_string())
            }
        }
    }
}

fn store_status(error: &StoreError) -> StatusCode {
    match error {
        StoreError::DiskFull(_) => StatusCode::INSUFFICIENT_STORAGE,
        StoreError::Busy(_)
        | StoreError::Closed
        | StoreError::Locked { .. }
        | StoreError::Unreachable(_)
        | StoreError::WriteFailed(_) => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, code, header) = (self.status, self.code, self.header.clone());
        let mut response = (status, Json(self.document())).into_response();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if let Some((name, value)) = header.map(|header| *header) {
            response.headers_mut().insert(name, value);
        }
        response.extensions_mut().insert(Code(code));
        response
    }
}

/// No such route.
pub async fn not_found() -> Problem {
    let detail = "there is nothing here; GET /openapi.json lists what there is";
    Problem::new(StatusCode::NOT_FOUND, "not_found", detail)
}

/// A route, but not by this method; which it takes is in the header `Allow`.
pub async fn method_not_allowed() -> Problem {
    let detail = "this route takes another method; see the header Allow";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
}

/// A fault of the program; the connection and the server live on.
pub fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    Problem::internal().into_response()
}
