//! An offer: what a shared file is, and what it costs now.

use std::collections::BTreeSet;

use onmon_keys::Kid;
use onmon_ledger::{Sen, tariff_at};
use onmon_library::Recording;
use onmon_rights::{Right, Ruling, UsageForm, decide};
use sqlx::AnyConnection;

use crate::error::SharingError;
use crate::permit::{Method, Permit};
use crate::platform::{Platform, permits};
use crate::price::{PricedShare, Tariffs, form_of, price, total};

/// What somebody wants to have: named by what stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// The permit that the tag names.
    Permit(String),
    /// The content key that the encrypted file names.
    Kid(Kid),
}

/// What a shared file is, and what it costs.
#[derive(Debug, Clone)]
pub struct Offer {
    /// The permit.
    pub permit_id: String,
    /// How it is shared.
    pub method: Method,
    /// What the catalogue knows of the recordings in it, one a piece of music.
    pub recordings: Vec<Recording>,
    /// The price without tax.
    pub price: Sen,
    /// Consumption tax on the invoice, in ppm of the price.
    pub tax_ppm: u32,
    /// Who gets what of it.
    pub shares: Vec<PricedShare>,
}

impl Platform {
    /// What a shared file is, and what it costs now.
    ///
    /// # Errors
    /// [`SharingError::NoSuchPermit`], [`SharingError::NoLongerPermitted`],
    /// [`SharingError::NoTariff`]; a database that does not answer.
    pub async fn offer(&self, wanted: &Wanted, now_ms: i64) -> Result<Offer, SharingError> {
        let mut reader = self.shared.store.readers().acquire().await?;
        let permit = find(&mut reader, wanted).await?;
        self.offer_of(&mut reader, &permit, now_ms).await
    }

    /// The same of a permit that is at hand, in the caller's transaction.
    pub(crate) async fn offer_of(
        &self,
        connection: &mut AnyConnection,
        permit: &Permit,
        now_ms: i64,
    ) -> Result<Offer, SharingError> {
        let (mut recordings, mut shares) = (Vec::new(), Vec::new());
        for part in &permit.parts {
            let mut known = Vec::new();
            for id in part {
                // Taken out of the catalogue since: its other registrations may still hold.
                known.extend(self.shared.library.recording(id).await?);
            }
            let refs: Vec<&Recording> = known.iter().collect();
            let used = self.used(UsageForm::Download, now_ms)?;
            let claims = self.claims_of(connection, &refs).await?;
            let together = decide(&claims, &used);
            if !permits(&together, self.settings()) {
                return Err(SharingError::NoLongerPermitted);
            }
            let alone: Vec<Ruling> =
                claims.iter().map(|one| decide(std::slice::from_ref(one), &used)).collect();
            let tariffs = self.tariffs(connection, &together, now_ms).await?;
            let unknown_to = &self.settings().default_claimant;
            shares.extend(price(&together, &alone, unknown_to, &tariffs)?);
            recordings.extend(known.into_iter().next());
        }
        Ok(Offer {
            permit_id: permit.permit_id.clone(),
            method: permit.method,
            recordings,
            price: total(&shares)?,
            tax_ppm: self.settings().tax_ppm,
            shares,
        })
    }

    async fn tariffs(
        &self,
        connection: &mut AnyConnection,
        ruling: &Ruling,
        now_ms: i64,
    ) -> Result<Tariffs, SharingError> {
        let date = onmon_ledger::Date::in_japan(now_ms)?;
        let default = self.settings().default_claimant.as_str();
        let payees = ruling.payees.iter().map(|share| (share.organisation.as_str(), share.right));
        let unknown = ruling.unknown.iter().map(|part| (default, part.right));
        let asked: BTreeSet<(&str, Right)> = payees.chain(unknown).collect();
        let mut tariffs = Tariffs::new();
        for (organisation, right) in asked {
            let form = form_of(right, &self.settings().tariff_form);
            if let Some(tariff) = tariff_at(&mut *connection, organisation, &form, date).await? {
                tariffs.insert((organisation.to_owned(), right), tariff);
            }
        }
        Ok(tariffs)
    }
}

/// The permit that holds, of what is wanted.
pub(crate) async fn find(
    connection: &mut AnyConnection,
    wanted: &Wanted,
) -> Result<Permit, SharingError> {
    let found = match wanted {
        Wanted::Permit(id) => Permit::by_id(connection, id).await?,
        Wanted::Kid(kid) => Permit::by_kid(connection, kid).await?,
    };
    found.filter(|permit| permit.revoked_ms.is_none()).ok_or(SharingError::NoSuchPermit)
}
