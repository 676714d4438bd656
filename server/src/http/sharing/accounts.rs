//! Accounts and their tokens: a long-lived API key is exchanged for a token of minutes.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::answers::Asked;
use crate::http::caller::{self, Operator};
use crate::http::problem::Problem;
use crate::http::service::Service;

/// A new account, and the secret that is told this once.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountMade {
    account_id: String,
    /// To be kept: it is not stored here, only its hash.
    api_key: String,
}

/// Make a user's account
///
/// For everyone where the operator lets everyone, otherwise for operators.
#[utoipa::path(
    post,
    path = "/v1/accounts",
    tag = "sharing",
    security((), ("admin_token" = [])),
    responses((status = 201, description = "Made", body = AccountMade), Asked)
)]
pub async fn create(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
) -> Result<(StatusCode, Json<AccountMade>), Problem> {
    let admin = match service.open_registration {
        true => None,
        false => Some(Operator::of(&service, &headers)?),
    };
    let (account_id, api_key) = caller::make_user(&service, admin).await?;
    Ok((StatusCode::CREATED, Json(AccountMade { account_id, api_key })))
}

/// A token, for a few minutes.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenAnswer {
    /// To be sent as `Authorization: Bearer TOKEN`.
    access_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// For how long, in seconds.
    expires_in: i64,
}

/// Exchange an API key for an access token
///
/// `Authorization: Bearer onk_…`. The token ends within minutes; ask again.
#[utoipa::path(
    post,
    path = "/v1/tokens",
    tag = "sharing",
    security(("account" = [])),
    responses((status = 200, description = "The token", body = TokenAnswer), Asked)
)]
pub async fn token(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
) -> Result<Json<TokenAnswer>, Problem> {
    let secret = caller::token(&headers).and_then(|token| std::str::from_utf8(token).ok());
    let secret = secret.ok_or_else(Problem::unauthorised)?;
    let (access_token, expires_in) = caller::exchange(&service, secret).await?;
    Ok(Json(TokenAnswer { access_token, token_type: "Bearer", expires_in }))
}
