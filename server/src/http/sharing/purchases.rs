//! Downloads: `POST /v1/purchases`, and what an account has bought.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use onmon_sharing::{PurchaseLine, Released, Wanted};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::json;
use super::shares::PageParameters;
use super::words::{Price, base64url, digest};
use crate::http::answers::{Asked, AskedForOne};
use crate::http::caller::User;
use crate::http::problem::Problem;
use crate::http::recordings::bad_parameter;
use crate::http::service::Service;
use crate::identity::Class;

/// What is to be bought: a permit id with the file's digest, or a key's id.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PurchaseRequest {
    /// The permit that the file's tag names.
    permit_id: Option<String>,
    /// Digest of the file's audio, 64 hexadecimal digits; needed beside `permit_id`: a tag that was
    /// copied into another file buys nothing.
    essence: Option<String>,
    /// The key that an encrypted file names, 32 hexadecimal digits.
    kid: Option<String>,
}

/// What was bought, and what opens it.
#[derive(Debug, Serialize, ToSchema)]
pub struct PurchaseAnswer {
    purchase_id: String,
    permit_id: String,
    /// Whether it was bought before: then nothing was charged.
    repeated: bool,
    price: Price,
    /// For the tag method: the signed release, base64url.
    #[schema(required = true)]
    release: Option<String>,
    /// For the DRM method: the key's id, and
    #[schema(required = true)]
    kid: Option<String>,
    /// the key, 16 bytes in base64url.
    #[schema(required = true)]
    key: Option<String>,
}

/// Buy a download
///
/// Counts it, books its price on the account and releases it, all or nothing. What was bought is
/// released again for nothing, as often as it is asked for.
#[utoipa::path(
    post,
    path = "/v1/purchases",
    tag = "sharing",
    request_body = PurchaseRequest,
    security(("account" = [])),
    responses(
        (status = 200, description = "Bought before: released again", body = PurchaseAnswer),
        (status = 201, description = "Bought", body = PurchaseAnswer),
        (status = 402, response = inline(crate::http::openapi::LimitReached)),
        (status = 409, response = inline(crate::http::openapi::Conflicting)),
        Asked,
        AskedForOne
    )
)]
pub async fn buy(
    State(service): State<Arc<Service>>,
    user: User,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<PurchaseAnswer>), Problem> {
    let request: PurchaseRequest = json::read(&headers, body).await?;
    let object = request.permit_id.as_deref().or(request.kid.as_deref()).unwrap_or_default();
    user.admit(&service, Class::Purchase, object)?;
    let wanted = match (request.permit_id, request.kid) {
        (Some(permit_id), None) => Wanted::Permit(permit_id),
        (None, Some(kid)) => Wanted::Kid(kid.parse().map_err(|_| Problem::no_such_permit())?),
        _ => return Err(bad_parameter("one of permit_id and kid".to_owned())),
    };
    let essence = request.essence.map(|text| digest("essence", &text)).transpose()?;
    let (platform, now_ms) = (service.platform()?, service.now_ms());
    let bought = platform.buy(&user.account_id, &wanted, essence.as_ref(), now_ms).await?;
    let (release, kid, key) = match &bought.released {
        Released::Release(release) => (Some(base64url(release)), None, None),
        Released::Key(kid, key) => (None, Some(kid.to_string()), Some(base64url(key.as_bytes()))),
    };
    let status = if bought.fresh { StatusCode::CREATED } else { StatusCode::OK };
    let answer = PurchaseAnswer {
        purchase_id: bought.purchase_id,
        permit_id: bought.permit_id,
        repeated: !bought.fresh,
        price: Price::new(bought.price, platform.settings().tax_ppm),
        release,
        kid,
        key,
    };
    Ok((status, Json(answer)))
}

/// Downloads, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct PurchaseList {
    purchases: Vec<PurchaseListed>,
}

/// A download.
#[derive(Debug, Serialize, ToSchema)]
pub struct PurchaseListed {
    purchase_id: String,
    permit_id: String,
    recording_id: String,
    price: Price,
    /// Unix milliseconds.
    created_ms: i64,
    /// When it was refunded (Unix milliseconds); null if it was not.
    #[schema(required = true)]
    refunded_ms: Option<i64>,
}

impl PurchaseListed {
    fn new(line: PurchaseLine, tax_ppm: u32) -> PurchaseListed {
        PurchaseListed {
            purchase_id: line.purchase_id,
            permit_id: line.permit_id,
            recording_id: line.recording_id,
            price: Price::new(line.price, tax_ppm),
            created_ms: line.created_ms,
            refunded_ms: line.refunded_ms,
        }
    }
}

/// What the account has bought
#[utoipa::path(
    get,
    path = "/v1/purchases",
    tag = "sharing",
    params(PageParameters),
    security(("account" = [])),
    responses((status = 200, description = "The newest first", body = PurchaseList), Asked)
)]
pub async fn list(
    State(service): State<Arc<Service>>,
    user: User,
    page: Result<Query<PageParameters>, QueryRejection>,
) -> Result<Json<PurchaseList>, Problem> {
    let (before_ms, lines) = PageParameters::page(page)?;
    let platform = service.platform()?;
    let found = platform.purchases_of(&user.account_id, before_ms, lines).await?;
    let tax_ppm = platform.settings().tax_ppm;
    let purchases = found.into_iter().map(|line| PurchaseListed::new(line, tax_ppm)).collect();
    Ok(Json(PurchaseList { purchases }))
}

/// One download of the account
#[utoipa::path(
    get,
    path = "/v1/purchases/{purchase_id}",
    tag = "sharing",
    params(("purchase_id" = String, Path, description = "The purchase")),
    security(("account" = [])),
    responses(
        (status = 200, description = "The download", body = PurchaseListed),
        Asked,
        AskedForOne
    )
)]
pub async fn one(
    State(service): State<Arc<Service>>,
    user: User,
    purchase_id: Result<Path<String>, PathRejection>,
) -> Result<Json<PurchaseListed>, Problem> {
    let Path(purchase_id) = purchase_id.map_err(|error| bad_parameter(error.body_text()))?;
    let platform = service.platform()?;
    let line = platform.purchase_of(&user.account_id, &purchase_id).await?;
    Ok(Json(PurchaseListed::new(line, platform.settings().tax_ppm)))
}
