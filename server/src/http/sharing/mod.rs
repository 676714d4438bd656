//! Routes of the copyright platform: who asks, and bytes and JSON to what `onmon_sharing` takes.

mod accounts;
mod invoices;
mod json;
mod keys;
mod offers;
mod operator;
mod purchases;
mod reports;
mod shares;
mod words;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::service::Service;

/// Routes for whoever holds an account's token, and those that need none.
pub fn routes() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::new()
        .routes(routes!(shares::challenge))
        .routes(routes!(shares::share, shares::list))
        .routes(routes!(shares::one))
        .routes(routes!(shares::recheck))
        .routes(routes!(offers::of_permit))
        .routes(routes!(offers::of_kid))
        .routes(routes!(purchases::buy, purchases::list))
        .routes(routes!(purchases::one))
        .routes(routes!(keys::jwks))
        .routes(routes!(keys::clear_key))
        .routes(routes!(accounts::create))
        .routes(routes!(accounts::token))
        .routes(routes!(invoices::list))
        .routes(routes!(invoices::one))
        .routes(routes!(invoices::pay))
        .routes(routes!(invoices::one_payment))
        .routes(routes!(invoices::provider_event))
        .routes(routes!(invoices::list_statements))
        .routes(routes!(invoices::one_statement))
        .routes(routes!(reports::report))
        .routes(routes!(operator::summary))
        .routes(routes!(operator::days))
        .routes(routes!(operator::top))
        .routes(routes!(operator::close_month))
        .routes(routes!(operator::rotate))
        .routes(routes!(operator::settle))
        .routes(routes!(operator::refund))
}
