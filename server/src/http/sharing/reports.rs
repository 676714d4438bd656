//! Reports for an organisation: what was used of what it holds, as a file.

use std::sync::Arc;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use onmon_ledger::Month;
use onmon_report::{Form, society};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::http::answers::{Asked, AskedForOne};
use crate::http::caller::Organisation;
use crate::http::problem::Problem;
use crate::http::recordings::bad_parameter;
use crate::http::service::Service;
use crate::usage_lines::{self, Licensee};

/// Which form of report.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReportForm {
    /// Tab-separated, as JASRAC takes it.
    Jasrac,
    /// Tab-separated, as NexTone takes it.
    Nextone,
}

/// Which report.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReportParameters {
    /// `jasrac` or `nextone`.
    #[param(inline)]
    form: ReportForm,
    /// The licence that the uses are under: 1 to 20 letters and digits.
    licence_number: String,
}

/// A month's uses of what the organisation holds
///
/// A tab-separated file, UTF-8, under the name that the society asks for.
#[utoipa::path(
    get,
    path = "/v1/reports/{month}",
    tag = "money",
    params(("month" = String, Path, description = "As `2026-04`"), ReportParameters),
    security(("account" = [])),
    responses(
        (status = 200, description = "The file", body = String,
            content_type = "text/tab-separated-values; charset=utf-8"),
        Asked,
        AskedForOne
    )
)]
pub async fn report(
    State(service): State<Arc<Service>>,
    organisation: Organisation,
    month: Result<Path<String>, PathRejection>,
    parameters: Result<Query<ReportParameters>, QueryRejection>,
) -> Result<Response, Problem> {
    let Path(month) = month.map_err(|error| bad_parameter(error.body_text()))?;
    let Query(parameters) = parameters.map_err(|error| bad_parameter(error.body_text()))?;
    let named: Month = month.parse().map_err(|_| bad_parameter("month: as 2026-04".to_owned()))?;
    let licensee =
        Licensee { service: "onmon".to_owned(), licence_number: parameters.licence_number.clone() };
    let lines = usage_lines::of_month(service.platform()?, named, &licensee).await;
    let lines = lines.map_err(|error| {
        tracing::error!("report of {month}: {error:#}");
        Problem::internal()
    })?;
    let wanted = society::SocietyReport {
        society: match parameters.form {
            ReportForm::Jasrac => society::Society::Jasrac,
            ReportForm::Nextone => society::Society::Nextone,
        },
        organisation: organisation.organisation,
        licence_number: parameters.licence_number,
        month: month.parse().map_err(|_| bad_parameter("month: as 2026-04".to_owned()))?,
        form: Form::Download,
        encoding: society::Encoding::Utf8,
    };
    let file = society::write(&lines, &wanted).map_err(|error| bad_parameter(error.to_string()))?;
    let attachment = format!("attachment; filename=\"{}\"", file.name);
    let attachment = HeaderValue::from_str(&attachment).map_err(|_| Problem::internal())?;
    let media_type = HeaderValue::from_static("text/tab-separated-values; charset=utf-8");
    let headers = [(CONTENT_TYPE, media_type), (CONTENT_DISPOSITION, attachment)];
    Ok((headers, file.bytes).into_response())
}
