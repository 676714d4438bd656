//! `GET /healthz` and `GET /readyz`: alive is not the same as ready.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::Problem;
use super::service::Service;

/// Whether the process is alive
///
/// Answers also while the library is still being read and while the server stops.
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "operation",
    responses((status = 200, description = "Alive", body = Health))
)]
pub async fn alive() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Whether requests should be sent here
///
/// Not while the library is being read, its catalogue does not answer, or the server stops.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "operation",
    responses(
        (status = 200, description = "Ready", body = Health),
        (status = 503, response = inline(super::openapi::Unavailable)),
    )
)]
pub async fn ready(State(service): State<Arc<Service>>) -> Result<Json<Health>, Problem> {
    if service.is_draining() {
        return Err(Problem::stopping());
    }
    service.library()?.stats().await.map_err(Problem::not_ready)?;
    Ok(Json(Health { status: "ready" }))
}

/// `ok` or `ready`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    status: &'static str,
}
