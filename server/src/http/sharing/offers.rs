//! Offers: what a shared file is and what it costs. For whoever holds the file; no account is
//! needed.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use onmon_sharing::{Offer, Wanted};
use serde::Serialize;
use utoipa::ToSchema;

use super::words::{MethodWord, Price, PricedShareWords};
use crate::http::answers::{Open, OpenForOne};
use crate::http::problem::Problem;
use crate::http::recordings::bad_parameter;
use crate::http::service::Service;

/// What a shared file is, and what it costs now.
#[derive(Debug, Serialize, ToSchema)]
pub struct OfferAnswer {
    permit_id: String,
    #[schema(inline)]
    method: MethodWord,
    /// The recordings in it, one a piece of music.
    recordings: Vec<OfferedRecording>,
    price: Price,
    /// Who gets what of it.
    shares: Vec<PricedShareWords>,
}

/// A recording in a shared file.
#[derive(Debug, Serialize, ToSchema)]
pub struct OfferedRecording {
    recording_id: String,
    #[schema(required = true)]
    title: Option<String>,
    #[schema(required = true)]
    artist: Option<String>,
}

impl From<Offer> for OfferAnswer {
    fn from(offer: Offer) -> OfferAnswer {
        let recordings = offer.recordings.into_iter().map(|recording| OfferedRecording {
            recording_id: recording.recording_id,
            title: recording.title,
            artist: recording.artist,
        });
        OfferAnswer {
            permit_id: offer.permit_id,
            method: offer.method.into(),
            recordings: recordings.collect(),
            price: Price::new(offer.price, offer.tax_ppm),
            shares: offer.shares.into_iter().map(PricedShareWords::from).collect(),
        }
    }
}

/// What a tagged file costs
#[utoipa::path(
    get,
    path = "/v1/offers/{permit_id}",
    tag = "sharing",
    params(("permit_id" = String, Path, description = "The permit that the tag names")),
    responses((status = 200, description = "The offer", body = OfferAnswer), Open, OpenForOne)
)]
pub async fn of_permit(
    State(service): State<Arc<Service>>,
    permit_id: Result<Path<String>, PathRejection>,
) -> Result<Json<OfferAnswer>, Problem> {
    let Path(permit_id) = permit_id.map_err(|error| bad_parameter(error.body_text()))?;
    let wanted = Wanted::Permit(permit_id);
    Ok(Json(service.platform()?.offer(&wanted, service.now_ms()).await?.into()))
}

/// What an encrypted file costs
#[utoipa::path(
    get,
    path = "/v1/keys/{kid}/offer",
    tag = "sharing",
    params(("kid" = String, Path, description = "The key that the file names, 32 digits")),
    responses((status = 200, description = "The offer", body = OfferAnswer), Open, OpenForOne)
)]
pub async fn of_kid(
    State(service): State<Arc<Service>>,
    kid: Result<Path<String>, PathRejection>,
) -> Result<Json<OfferAnswer>, Problem> {
    let Path(kid) = kid.map_err(|error| bad_parameter(error.body_text()))?;
    let wanted = Wanted::Kid(kid.parse().map_err(|_| Problem::no_such_permit())?);
    Ok(Json(service.platform()?.offer(&wanted, service.now_ms()).await?.into()))
}
