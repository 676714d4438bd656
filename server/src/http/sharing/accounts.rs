//! Accounts and their tokens: a long-lived API key is exchanged for a token of minutes.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use onmon_accounts::{OrganisationId, Registration, Role};
use onmon_sharing::SharingError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::json;
use crate::http::answers::Asked;
use crate::http::caller::{self, Operator};
use crate::http::problem::Problem;
use crate::http::recordings::bad_parameter;
use crate::http::service::Service;

/// A new account, and the secret that is told this once.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountMade {
    account_id: String,
    /// To be kept: it is not stored here, only its hash.
    api_key: String,
}

/// Whose account it is to be.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AccountRequest {
    /// What people call it, for operators.
    name: Option<String>,
    /// A user's account where it is left out; the others are made by operators.
    #[schema(inline)]
    role: RoleWord,
    /// For which organisation it acts, where its role is `organisation`.
    organisation: Option<String>,
}

/// As what an account acts.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RoleWord {
    #[default]
    User,
    Operator,
    Organisation,
}

/// Make an account
///
/// A user's: for everyone where the operator lets everyone. All others are made by operators.
#[utoipa::path(
    post,
    path = "/v1/accounts",
    tag = "sharing",
    request_body = AccountRequest,
    security((), ("admin_token" = []), ("account" = [])),
    responses((status = 201, description = "Made", body = AccountMade), Asked)
)]
pub async fn create(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<AccountMade>), Problem> {
    let request: AccountRequest = json::read(&headers, body).await?;
    let name = request.name.as_deref().unwrap_or("unnamed");
    let role = match (request.role, request.organisation) {
        (RoleWord::User, None) => Role::User,
        (RoleWord::Operator, None) => Role::Operator,
        (RoleWord::Organisation, Some(organisation)) => {
            Role::Organisation(organisation_id(&organisation)?)
        }
        _ => return Err(bad_parameter("role and organisation do not fit".to_owned())),
    };
    let open = service.open_registration && role == Role::User;
    let operator = if open { None } else { Some(Operator::of(&service, &headers)?) };
    let mut write = service.platform()?.store().begin().await.map_err(SharingError::from)?;
    let (account, key) = match operator {
        None => {
            let (open, now_ms) = (Registration::Open, service.now_ms());
            onmon_accounts::register(&mut write, open, name, now_ms).await?
        }
        Some(Operator(admin)) => onmon_accounts::create(&mut write, &admin, &role, name).await?,
    };
    write.commit().await.map_err(SharingError::from)?;
    let made = AccountMade {
        account_id: account.id.as_str().to_owned(),
        api_key: key.as_str().to_owned(),
    };
    Ok((StatusCode::CREATED, Json(made)))
}

/// The organisation as the register spells it: an account sees what is asked for by that id.
fn organisation_id(text: &str) -> Result<OrganisationId, Problem> {
    let wrong = || bad_parameter("organisation".to_owned());
    let registered: onmon_rights::OrganisationId = text.parse().map_err(|_| wrong())?;
    registered.as_str().parse().map_err(|_| wrong())
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
    let (store, now_ms) = (service.platform()?.store(), service.now_ms());
    let keys = service.identity()?.keys();
    let issued = onmon_accounts::exchange(store, &keys, secret, now_ms).await?;
    let expires_in = (issued.expires_ms - now_ms).div_euclid(1_000);
    Ok(Json(TokenAnswer { access_token: issued.token, token_type: "Bearer", expires_in }))
}
