//! Money of accounts and organisations: invoices and their payments, statements.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use onmon_billing::{BillingError, Payment, Reader, invoice, invoices, payment, start_payment};
use onmon_billing::{Statement, statement, statements, webhook};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::answers::{Asked, AskedForOne};
use crate::http::body;
use crate::http::caller::{Organisation, User};
use crate::http::problem::Problem;
use crate::http::recordings::bad_parameter;
use crate::http::service::Service;

/// Documents in a list at most, the newest first.
const LIST_MAX: u32 = 120;

/// The invoices of the account
#[utoipa::path(
    get,
    path = "/v1/invoices",
    tag = "money",
    security(("account" = [])),
    responses(
        (status = 200, description = "Invoices, the newest first, 120 at most: each with its \
            number, month, lines, tax groups and total; amounts in 1/100 yen", body = Vec<Object>),
        Asked
    )
)]
pub async fn list(State(service): State<Arc<Service>>, user: User) -> Result<Response, Problem> {
    let mut reader = service.platform()?.reader().await?;
    let found = invoices(&mut reader, Reader::Account(&user.account_id), LIST_MAX).await?;
    Ok(Json(found).into_response())
}

/// One invoice of the account
#[utoipa::path(
    get,
    path = "/v1/invoices/{invoice_id}",
    tag = "money",
    params(("invoice_id" = String, Path, description = "The invoice")),
    security(("account" = [])),
    responses((status = 200, description = "The invoice", body = Object), Asked, AskedForOne)
)]
pub async fn one(
    State(service): State<Arc<Service>>,
    user: User,
    invoice_id: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let Path(invoice_id) = invoice_id.map_err(|error| bad_parameter(error.body_text()))?;
    let mut reader = service.platform()?.reader().await?;
    let found = invoice(&mut reader, Reader::Account(&user.account_id), &invoice_id).await?;
    Ok(Json(found.ok_or(BillingError::Unknown)?).into_response())
}

/// A payment that its provider knows.
#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentStarted {
    /// The payment: its id, invoice, amount in 1/100 yen, provider and state.
    #[schema(value_type = Object)]
    payment: Payment,
    /// Where the user pays, if the provider says so.
    #[schema(required = true)]
    checkout_url: Option<String>,
}

/// Pay an invoice
///
/// Opens a payment at the provider, or gives back the one that is open: an invoice has one at a
/// time.
#[utoipa::path(
    post,
    path = "/v1/invoices/{invoice_id}/payments",
    tag = "money",
    params(("invoice_id" = String, Path, description = "The invoice")),
    security(("account" = [])),
    responses(
        (status = 200, description = "The payment", body = PaymentStarted),
        (status = 409, response = inline(crate::http::openapi::Conflicting)),
        Asked,
        AskedForOne
    )
)]
pub async fn pay(
    State(service): State<Arc<Service>>,
    user: User,
    invoice_id: Result<Path<String>, PathRejection>,
) -> Result<Json<PaymentStarted>, Problem> {
    let Path(invoice_id) = invoice_id.map_err(|error| bad_parameter(error.body_text()))?;
    let reader = Reader::Account(&user.account_id);
    let (store, now_ms) = (service.platform()?.store(), service.now_ms());
    let provider = &service.payments.provider;
    let started = start_payment(store, provider, reader, &invoice_id, now_ms).await?;
    Ok(Json(PaymentStarted { payment: started.payment, checkout_url: started.checkout_url }))
}

/// One payment of the account
#[utoipa::path(
    get,
    path = "/v1/payments/{payment_id}",
    tag = "money",
    params(("payment_id" = String, Path, description = "The payment")),
    security(("account" = [])),
    responses((status = 200, description = "The payment", body = Object), Asked, AskedForOne)
)]
pub async fn one_payment(
    State(service): State<Arc<Service>>,
    user: User,
    payment_id: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let Path(payment_id) = payment_id.map_err(|error| bad_parameter(error.body_text()))?;
    let mut reader = service.platform()?.reader().await?;
    let found = payment(&mut reader, Reader::Account(&user.account_id), &payment_id).await?;
    Ok(Json(found.ok_or(BillingError::Unknown)?).into_response())
}

/// An event of the payment provider
///
/// Signed: the header `Onmon-Signature` is `t=UNIX_SECONDS,v1=HEX`, HMAC-SHA256 of the time, a
/// point and the body, under the provider's secret; five minutes of difference are let pass. An
/// event counts once, by its id; in whatever order they come, a payment goes forward only.
#[utoipa::path(
    post,
    path = "/v1/webhooks/payments",
    tag = "money",
    request_body(content = Object, content_type = "application/json"),
    params(("Onmon-Signature" = String, Header, description = "t=…,v1=…")),
    responses((status = 204, description = "Taken, or known already"), Asked, AskedForOne)
)]
pub async fn provider_event(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Problem> {
    let limit = webhook::BODY_BYTES_MAX;
    let bytes = body::json(&headers, body, limit).await?;
    let signature = headers.get(webhook::HEADER).and_then(|value| value.to_str().ok());
    let signature = signature.unwrap_or_default();
    service.payments.receive(service.platform()?, signature, &bytes, service.now_ms()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The statements of the organisation
#[utoipa::path(
    get,
    path = "/v1/statements",
    tag = "money",
    security(("account" = [])),
    responses(
        (status = 200, description = "Statements, the newest first, 120 at most: each with its \
            number, month, lines (what is held apart), tax groups, total and payout; amounts in \
            1/100 yen", body = Vec<Object>),
        Asked
    )
)]
pub async fn list_statements(
    State(service): State<Arc<Service>>,
    organisation: Organisation,
) -> Result<Json<Vec<Statement>>, Problem> {
    let mut reader = service.platform()?.reader().await?;
    let of = Reader::Organisation(&organisation.organisation);
    Ok(Json(statements(&mut reader, of, LIST_MAX).await?))
}

/// One statement of the organisation
#[utoipa::path(
    get,
    path = "/v1/statements/{statement_id}",
    tag = "money",
    params(("statement_id" = String, Path, description = "The statement")),
    security(("account" = [])),
    responses((status = 200, description = "The statement", body = Object), Asked, AskedForOne)
)]
pub async fn one_statement(
    State(service): State<Arc<Service>>,
    organisation: Organisation,
    statement_id: Result<Path<String>, PathRejection>,
) -> Result<Json<Statement>, Problem> {
    let Path(statement_id) = statement_id.map_err(|error| bad_parameter(error.body_text()))?;
    let mut reader = service.platform()?.reader().await?;
    let of = Reader::Organisation(&organisation.organisation);
    let found = statement(&mut reader, of, &statement_id).await?;
    Ok(Json(found.ok_or(BillingError::Unknown)?))
}
