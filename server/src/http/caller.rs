//! Who asks: taken from the access token, before a route runs.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use onmon_accounts::{Admin, Caller, Role, Verdict, record};
use onmon_sharing::SharingError;

use super::problem::Problem;
use super::service::Service;
use crate::identity::Class;

/// RFC 6750; the scheme's name is read in either case (RFC 9110).
const SCHEME: &[u8] = b"Bearer ";

/// The bearer's token, if there is one.
pub fn token(headers: &HeaderMap) -> Option<&[u8]> {
    let value = headers.get(AUTHORIZATION)?.as_bytes();
    let (scheme, token) = value.split_first_chunk::<{ SCHEME.len() }>()?;
    scheme.eq_ignore_ascii_case(SCHEME).then(|| token.trim_ascii())
}

/// Whoever holds a good access token.
fn caller(service: &Service, headers: &HeaderMap) -> Result<Caller, Problem> {
    let token = token(headers).and_then(|token| std::str::from_utf8(token).ok());
    let token = token.ok_or_else(Problem::unauthorised)?;
    let checked = service.identity()?.check(token, service.now_ms());
    checked.map_err(|error| {
        tracing::debug!(code = error.code(), "a token is not taken");
        Problem::unauthorised()
    })
}

/// Someone who shares and buys.
#[derive(Debug, Clone)]
pub struct User {
    /// Which account; every question to the database is asked for it alone.
    pub account_id: String,
}

impl User {
    /// Passes the account if it asks no more than people do.
    pub fn admit(&self, service: &Service, class: Class, object: &str) -> Result<(), Problem> {
        let identity = service.identity()?;
        match identity.admit(&self.account_id, class, object, service.now_ms()) {
            Verdict::Admit => Ok(()),
            Verdict::Wait { retry_ms } => Err(Problem::too_fast(retry_ms)),
            Verdict::Tripped { retry_ms } => {
                // A reason to look: nobody shares or buys so many different things in a day.
                tracing::warn!(account = self.account_id, ?class, "an account asks for too much");
                Err(Problem::too_much(retry_ms))
            }
        }
    }
}

impl FromRequestParts<Arc<Service>> for User {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        service: &Arc<Service>,
    ) -> Result<User, Problem> {
        let caller = caller(service, &parts.headers)?;
        match caller.role {
            Role::User => Ok(User { account_id: caller.account_id.as_str().to_owned() }),
            _ => Err(Problem::forbidden("this is for users' accounts")),
        }
    }
}

/// Someone who acts for an organisation that manages rights.
#[derive(Debug, Clone)]
pub struct Organisation {
    /// Which.
    pub organisation: String,
}

impl FromRequestParts<Arc<Service>> for Organisation {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        service: &Arc<Service>,
    ) -> Result<Organisation, Problem> {
        let caller = caller(service, &parts.headers)?;
        match caller.role.organisation() {
            Some(organisation) => Ok(Organisation { organisation: organisation.to_string() }),
            None => Err(Problem::forbidden("this is for organisations' accounts")),
        }
    }
}

/// Someone who runs the platform: by an operator's token, or by the admin token.
#[derive(Debug, Clone)]
pub struct Operator(pub Admin);

/// What stands for the address in the record of what operators did: none is kept.
const ORIGIN: &str = "http";

impl Operator {
    /// Who asks, if they may.
    pub fn of(service: &Service, headers: &HeaderMap) -> Result<Operator, Problem> {
        let now_ms = service.now_ms();
        if token(headers).is_some_and(|token| service.admin_token.is(token)) {
            return Ok(Operator(Admin::console(ORIGIN, now_ms)));
        }
        let admin = Admin::operator(&caller(service, headers)?, ORIGIN, now_ms);
        admin.map(Operator).map_err(|_| Problem::forbidden("this is for operators' accounts"))
    }

    /// Writes down what was done.
    pub async fn log(&self, service: &Service, action: &str, subject: &str) -> Result<(), Problem> {
        let mut write = service.platform()?.store().begin().await.map_err(SharingError::from)?;
        record(&mut write, &self.0, action, subject, "").await?;
        Ok(write.commit().await.map_err(SharingError::from)?)
    }
}

impl FromRequestParts<Arc<Service>> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        service: &Arc<Service>,
    ) -> Result<Operator, Problem> {
        Operator::of(service, &parts.headers)
    }
}
