//! What the operator sees and does: counts, months, keys, payments that are simulated.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use onmon_billing::{ProviderState, issue_invoices, issue_statements};
use onmon_keys::{SigningKeys, SigningUse};
use onmon_ledger::{Month, Sen};
use onmon_sharing::{Day, SharingError, TopRecording};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::json;
use crate::http::answers::{Asked, AskedForOne};
use crate::http::caller::Operator;
use crate::http::problem::Problem;
use crate::http::recordings::bad_parameter;
use crate::http::service::Service;

/// Money: in 1/100 yen, and as people read it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Amount {
    sen: i64,
    #[schema(example = "7.70")]
    yen: String,
}

impl From<Sen> for Amount {
    fn from(amount: Sen) -> Amount {
        Amount { sen: amount.get(), yen: amount.to_string() }
    }
}

/// All there is, at a glance.
#[derive(Debug, Serialize, ToSchema)]
pub struct SummaryAnswer {
    /// Uploads that were permitted.
    uploads: u64,
    /// Downloads that were bought.
    downloads: u64,
    /// What they cost, without tax.
    charged: Amount,
    /// How much of that is held.
    held: Amount,
    /// Fingerprints kept that matched nothing.
    unknown: u64,
    /// Permits that were revoked.
    revoked: u64,
    /// Recordings that can be identified.
    recordings: u64,
    /// Downloads that were refunded; what they cost is in none of the sums.
    refunds: u64,
    /// Whether debits equal credits, account by account.
    ledger_is_sound: bool,
    /// When that was checked, Unix milliseconds: a minute ago or so.
    ledger_checked_ms: i64,
    /// What all accounts of a kind come to.
    books: Vec<BookAnswer>,
    /// Lines of the audit log.
    audit_lines: u64,
    /// The server's time, Unix milliseconds.
    now_ms: i64,
}

/// What all accounts of a kind come to.
#[derive(Debug, Serialize, ToSchema)]
pub struct BookAnswer {
    /// As `organisation_held`.
    kind: &'static str,
    /// Debits less credits: below nothing is what the operator owes.
    balance: Amount,
}

/// Counts and money at a glance
#[utoipa::path(
    get,
    path = "/v1/operator/summary",
    tag = "operator",
    security(("admin_token" = []), ("account" = [])),
    responses((status = 200, description = "The summary", body = SummaryAnswer), Asked)
)]
pub async fn summary(
    State(service): State<Arc<Service>>,
    _operator: Operator,
) -> Result<Json<SummaryAnswer>, Problem> {
    let platform = service.platform()?;
    let found = platform.summary().await?;
    let checked = service.soundness.of(platform.store(), service.now_ms()).await;
    let checked = checked.map_err(SharingError::from)?;
    let mut reader = platform.reader().await?;
    let books = onmon_ledger::books(&mut *reader).await.map_err(SharingError::from)?;
    let audit_lines = onmon_audit::lines(&mut *reader).await.map_err(SharingError::from)?;
    Ok(Json(SummaryAnswer {
        uploads: found.uploads,
        downloads: found.downloads,
        charged: found.charged.into(),
        held: found.held.into(),
        unknown: found.unknown,
        revoked: found.revoked,
        refunds: found.refunds,
        recordings: service.library()?.stats().await?.recordings,
        ledger_is_sound: checked.is_sound,
        ledger_checked_ms: checked.at_ms,
        books: books
            .into_iter()
            .map(|(kind, balance)| BookAnswer { kind: kind.as_str(), balance: balance.into() })
            .collect(),
        audit_lines,
        now_ms: service.now_ms(),
    }))
}

/// How many days back.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DaysParameters {
    /// 1 to 400; 30 if left out.
    days: Option<u32>,
}

/// One day, in Japan.
#[derive(Debug, Serialize, ToSchema)]
pub struct DayAnswer {
    #[schema(example = "2026-04-15")]
    day: String,
    /// How often was decided what; what never was is left out.
    decisions: std::collections::BTreeMap<String, u64>,
    downloads: u64,
    /// Without tax.
    charged: Amount,
}

impl From<Day> for DayAnswer {
    fn from(day: Day) -> DayAnswer {
        DayAnswer {
            day: day.day,
            decisions: day.decisions.into_iter().collect(),
            downloads: day.downloads,
            charged: day.charged.into(),
        }
    }
}

/// Decisions, downloads and money, day by day
#[utoipa::path(
    get,
    path = "/v1/operator/days",
    tag = "operator",
    params(DaysParameters),
    security(("admin_token" = []), ("account" = [])),
    responses((status = 200, description = "The oldest first", body = Vec<DayAnswer>), Asked)
)]
pub async fn days(
    State(service): State<Arc<Service>>,
    _operator: Operator,
    parameters: Result<Query<DaysParameters>, QueryRejection>,
) -> Result<Json<Vec<DayAnswer>>, Problem> {
    let Query(parameters) = parameters.map_err(|error| bad_parameter(error.body_text()))?;
    let days = parameters.days.unwrap_or(30);
    if !(1..=400).contains(&days) {
        return Err(bad_parameter("days: 1 to 400".to_owned()));
    }
    let found = service.platform()?.days(days, service.now_ms()).await?;
    Ok(Json(found.into_iter().map(DayAnswer::from).collect()))
}

/// A recording that is shared often.
#[derive(Debug, Serialize, ToSchema)]
pub struct TopAnswer {
    recording_id: String,
    #[schema(required = true)]
    title: Option<String>,
    #[schema(required = true)]
    artist: Option<String>,
    uploads: u64,
    downloads: u64,
}

/// What is shared most
#[utoipa::path(
    get,
    path = "/v1/operator/top",
    tag = "operator",
    security(("admin_token" = []), ("account" = [])),
    responses(
        (status = 200, description = "20 recordings, the most downloaded first",
            body = Vec<TopAnswer>),
        Asked
    )
)]
pub async fn top(
    State(service): State<Arc<Service>>,
    _operator: Operator,
) -> Result<Json<Vec<TopAnswer>>, Problem> {
    let mut all = Vec::new();
    for TopRecording { recording_id, uploads, downloads } in
        service.platform()?.top_recordings(20).await?
    {
        let known = service.library()?.recording(&recording_id).await?;
        let (title, artist) = known.map_or((None, None), |known| (known.title, known.artist));
        all.push(TopAnswer { recording_id, title, artist, uploads, downloads });
    }
    Ok(Json(all))
}

/// What was issued for a month.
#[derive(Debug, Serialize, ToSchema)]
pub struct MonthClosed {
    /// Invoices issued now; those that were there before are not counted.
    invoices: usize,
    /// Their sum, with tax.
    invoiced: Amount,
    /// Statements issued now.
    statements: usize,
    /// Their sum, with tax.
    stated: Amount,
}

/// Issue a month's invoices and statements
///
/// Once the month is over in Japan. Asked again it issues what is missing and nothing twice.
#[utoipa::path(
    post,
    path = "/v1/operator/months/{month}/close",
    tag = "operator",
    params(("month" = String, Path, description = "As `2026-04`")),
    security(("admin_token" = []), ("account" = [])),
    responses(
        (status = 200, description = "What was issued", body = MonthClosed),
        (status = 409, response = inline(crate::http::openapi::Conflicting)),
        Asked,
        AskedForOne
    )
)]
pub async fn close_month(
    State(service): State<Arc<Service>>,
    operator: Operator,
    month: Result<Path<String>, PathRejection>,
) -> Result<Json<MonthClosed>, Problem> {
    let Path(month) = month.map_err(|error| bad_parameter(error.body_text()))?;
    let named: Month = month.parse().map_err(|_| bad_parameter("month: as 2026-04".to_owned()))?;
    let (platform, now_ms) = (service.platform()?, service.now_ms());
    let invoices = issue_invoices(platform.store(), named, now_ms).await?;
    let statements = issue_statements(platform.store(), named, now_ms).await?;
    operator.log(&service, "month.close", &month).await?;
    let sum = |amounts: Vec<Sen>| Sen::sum(amounts).map_err(SharingError::from);
    let closed = MonthClosed {
        invoices: invoices.len(),
        invoiced: sum(invoices.iter().map(|one| one.total).collect())?.into(),
        statements: statements.len(),
        stated: sum(statements.iter().map(|one| one.total).collect())?.into(),
    };
    Ok(Json(closed))
}

/// A signing key that signs from now on.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeyRotated {
    /// Its id.
    key_id: String,
}

/// Let the next signing key sign
///
/// `tag` or `release`. The key that stood by signs from now on, and a new one stands by; what the
/// old one signed stays good.
#[utoipa::path(
    post,
    path = "/v1/operator/keys/{purpose}/rotate",
    tag = "operator",
    params(("purpose" = String, Path, description = "`tag` or `release`")),
    security(("admin_token" = []), ("account" = [])),
    responses(
        (status = 200, description = "Which key signs now", body = KeyRotated),
        Asked,
        AskedForOne
    )
)]
pub async fn rotate(
    State(service): State<Arc<Service>>,
    operator: Operator,
    purpose: Result<Path<String>, PathRejection>,
) -> Result<Json<KeyRotated>, Problem> {
    let Path(purpose) = purpose.map_err(|error| bad_parameter(error.body_text()))?;
    let of = SigningUse::ALL.into_iter().find(|of| of.name() == purpose);
    let of = of.ok_or_else(|| bad_parameter("purpose: tag or release".to_owned()))?;
    let (platform, now_ms) = (service.platform()?, service.now_ms());
    let mut write = platform.store().begin().await.map_err(SharingError::from)?;
    let rotated = SigningKeys::rotate(&mut write, platform.masters(), of, now_ms).await;
    let key_id = rotated.map_err(SharingError::from)?;
    write.commit().await.map_err(SharingError::from)?;
    platform.reload_signing().await?;
    operator.log(&service, "key.rotate", &key_id.to_string()).await?;
    Ok(Json(KeyRotated { key_id: key_id.to_string() }))
}

/// Why a purchase is refunded.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundRequest {
    /// In 1 to 500 characters; kept with the refund.
    reason: String,
}

/// A purchase that is refunded.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefundAnswer {
    /// The refund: the correcting event's id in reports.
    refund_id: String,
    /// Unix milliseconds.
    refunded_ms: i64,
    /// Whether it was refunded before: then this request changed nothing.
    repeated: bool,
}

/// Refund a purchase
///
/// The contrary is booked and stands in the next invoice, statement and report; nothing is edited.
/// The account gets no further release or key for it.
#[utoipa::path(
    post,
    path = "/v1/operator/purchases/{purchase_id}/refund",
    tag = "operator",
    params(("purchase_id" = String, Path, description = "The purchase")),
    request_body = RefundRequest,
    security(("admin_token" = []), ("account" = [])),
    responses(
        (status = 200, description = "It is refunded", body = RefundAnswer),
        Asked,
        AskedForOne
    )
)]
pub async fn refund(
    State(service): State<Arc<Service>>,
    Operator(admin): Operator,
    headers: HeaderMap,
    purchase_id: Result<Path<String>, PathRejection>,
    body: Body,
) -> Result<Json<RefundAnswer>, Problem> {
    let Path(purchase_id) = purchase_id.map_err(|error| bad_parameter(error.body_text()))?;
    let request: RefundRequest = json::read(&headers, body).await?;
    let mut write = service.platform()?.store().begin().await.map_err(SharingError::from)?;
    let now_ms = service.now_ms();
    let refunded = onmon_sharing::refund(&mut write, &purchase_id, &request.reason, now_ms).await?;
    if refunded.fresh {
        let reason = &request.reason;
        onmon_accounts::record(&mut write, &admin, "purchase.refund", &purchase_id, reason).await?;
    }
    write.commit().await.map_err(SharingError::from)?;
    Ok(Json(RefundAnswer {
        refund_id: refunded.refund_id,
        refunded_ms: refunded.refunded_ms,
        repeated: !refunded.fresh,
    }))
}

/// What a simulated payment becomes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettleRequest {
    /// `paid`, `failed`, `cancelled` or `refunded`.
    #[schema(value_type = String)]
    state: ProviderState,
}

/// Settle a simulated payment
///
/// Only where no real provider is set: the provider in memory sends its signed event, and it is
/// taken as a real one would be.
#[utoipa::path(
    post,
    path = "/v1/operator/simulated-payments/{provider_id}",
    tag = "operator",
    params(("provider_id" = String, Path, description = "The provider's id of the payment")),
    request_body = SettleRequest,
    security(("admin_token" = []), ("account" = [])),
    responses((status = 204, description = "Settled"), Asked, AskedForOne)
)]
pub async fn settle(
    State(service): State<Arc<Service>>,
    operator: Operator,
    headers: HeaderMap,
    provider_id: Result<Path<String>, PathRejection>,
    body: Body,
) -> Result<StatusCode, Problem> {
    let Path(provider_id) = provider_id.map_err(|error| bad_parameter(error.body_text()))?;
    let request: SettleRequest = json::read(&headers, body).await?;
    let (platform, now_ms) = (service.platform()?, service.now_ms());
    service.payments.settle(platform, &provider_id, request.state, now_ms).await?;
    operator.log(&service, "payment.settle", &provider_id).await?;
    Ok(StatusCode::NO_CONTENT)
}
