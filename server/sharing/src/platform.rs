//! Everything that a share or a purchase needs, in one hand.

use std::fmt;
use std::sync::{Arc, RwLock};

use onmon_keys::{MasterKeys, SigningKeys};
use onmon_library::{Library, Recording, RecordingMatch, stage};
use onmon_rights::{
    Date, OrganisationId, RecordingClaims, Right, Ruling, Territory, UsageForm, Use, decide,
};
use onmon_store::Store;
use sqlx::AnyConnection;
use tracing::Instrument;

use crate::error::SharingError;

/// What an operator decides.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the sharing happens.
    pub territory: Territory,
    /// Whether the recording's own (neighbouring) right has to be entrusted too.
    pub with_master: bool,
    /// Who is taken to claim what is enrolled as `entrusted` without a word in the register.
    pub default_claimant: OrganisationId,
    /// Whether what nobody has spoken for is no hindrance: it is permitted and its part of the
    /// charge is held. Otherwise the answer to a share of it is no.
    pub permit_unknown_shares: bool,
    /// Under which form of usage organisations' tariffs are looked up, as `download_paid`.
    pub tariff_form: String,
    /// Consumption tax on what is bought, in ppm of the price without it.
    pub tax_ppm: u32,
    /// How long a release unlocks, in ms.
    pub release_ms: i64,
    /// How long a fingerprint that matched nothing is kept, in days; 0: not at all.
    pub unknown_days: u32,
    /// Whether a share must answer a challenge: samples at places that the server has drawn.
    pub challenge_required: bool,
    /// How many buyers have to report other audio before a permit is revoked.
    pub rechecks_to_revoke: u32,
}

impl Settings {
    /// Japan's, with this claimant for what the register does not know.
    pub fn japan(default_claimant: OrganisationId) -> Settings {
        Settings {
            territory: Territory::JP,
            with_master: false,
            default_claimant,
            permit_unknown_shares: false,
            tariff_form: "download_paid".to_owned(),
            tax_ppm: 100_000,
            release_ms: 30 * DAY_MS,
            unknown_days: 30,
            challenge_required: false,
            rechecks_to_revoke: 3,
        }
    }
}

pub(crate) const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// The copyright platform over a library. A cheap handle: clones are the same platform.
#[derive(Clone)]
pub struct Platform {
    pub(crate) shared: Arc<SharedState>,
}

pub(crate) struct SharedState {
    pub library: Library,
    pub store: Arc<Store>,
    pub masters: MasterKeys,
    /// Replaced when keys are rotated.
    pub signing: RwLock<Arc<SigningKeys>>,
    pub settings: Settings,
}

/// What a fingerprint is, and whether it may be shared.
#[derive(Debug, Clone)]
pub struct Identified {
    /// Every recording above the threshold, best first.
    pub matches: Vec<RecordingMatch>,
    /// What follows from all of their rights.
    pub ruling: Ruling,
}

impl Platform {
    /// Over a library and a database that has this crate's [`crate::SCHEMAS`]. Makes the keys that
    /// sign where there are none yet.
    ///
    /// # Errors
    /// A database that does not answer; keys that the master keys do not open.
    pub async fn open(
        library: Library,
        store: Arc<Store>,
        masters: MasterKeys,
        settings: Settings,
        now_ms: i64,
    ) -> Result<Platform, SharingError> {
        // Asked first without the right to write: a command beside the server waits for nobody.
        let prepared = SigningKeys::are_prepared(&mut *store.readers().acquire().await?).await?;
        if !prepared {
            let mut write = store.begin().await?;
            SigningKeys::prepare(&mut write, &masters, now_ms).await?;
            write.commit().await?;
        }
        let signing = SigningKeys::load(store.readers(), &masters).await?;
        let signing = RwLock::new(Arc::new(signing));
        let shared = SharedState { library, store, masters, signing, settings };
        Ok(Platform { shared: Arc::new(shared) })
    }

    /// The library that is asked.
    pub fn library(&self) -> &Library {
        &self.shared.library
    }

    /// The database that everything is in.
    pub fn store(&self) -> &Arc<Store> {
        &self.shared.store
    }

    /// A connection to ask with.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn reader(&self) -> Result<sqlx::pool::PoolConnection<sqlx::Any>, SharingError> {
        Ok(self.shared.store.readers().acquire().await?)
    }

    /// What the operator has decided.
    pub fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    /// The master keys that wrap what the database holds.
    pub fn masters(&self) -> &MasterKeys {
        &self.shared.masters
    }

    /// The keys that sign and verify now.
    pub fn signing(&self) -> Arc<SigningKeys> {
        // A poisoned lock holds keys that are as good as before: they are only ever replaced whole.
        let keys = self.shared.signing.read();
        Arc::clone(&keys.unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    /// Reads the signing keys again, after a rotation.
    ///
    /// # Errors
    /// A database that does not answer; keys that the master keys do not open.
    pub async fn reload_signing(&self) -> Result<(), SharingError> {
        let loaded = SigningKeys::load(self.shared.store.readers(), &self.shared.masters).await?;
        let mut keys =
            self.shared.signing.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        *keys = Arc::new(loaded);
        Ok(())
    }

    /// Identifies the wire bytes of a query and decides. Nothing is counted or kept.
    ///
    /// # Errors
    /// Bytes that are no query fingerprint; a library or database that does not answer.
    pub async fn identify(&self, wire: &[u8], now_ms: i64) -> Result<Identified, SharingError> {
        let matches = self.shared.library.identify(wire).await?.matches;
        let ruling = self.rule(&matches, now_ms).instrument(stage::rights()).await?;
        Ok(Identified { matches, ruling })
    }

    /// What follows from the rights of what matched, for an upload.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn rule(
        &self,
        matches: &[RecordingMatch],
        now_ms: i64,
    ) -> Result<Ruling, SharingError> {
        let used = self.used(UsageForm::Upload, now_ms)?;
        let recordings: Vec<&Recording> = matches.iter().map(|found| &found.recording).collect();
        Ok(decide(&self.claims_of_matched(&recordings).await?, &used))
    }

    /// What follows from the rights of each group of recordings that are heard together, for an
    /// upload; as many rulings as groups. The register is asked once for all.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn rule_each(
        &self,
        groups: &[Vec<&Recording>],
        now_ms: i64,
    ) -> Result<Vec<Ruling>, SharingError> {
        let used = self.used(UsageForm::Upload, now_ms)?;
        let claims = self.claims_of_matched(&groups.concat()).await?;
        let mut rest = &claims[..];
        let rulings = groups.iter().map(|group| {
            let (claims, behind) = rest.split_at(group.len());
            rest = behind;
            decide(claims, &used)
        });
        Ok(rulings.collect())
    }

    /// The commonest query matches nothing, and then nobody is asked.
    async fn claims_of_matched(
        &self,
        recordings: &[&Recording],
    ) -> Result<Vec<RecordingClaims>, SharingError> {
        if recordings.is_empty() {
            return Ok(Vec::new());
        }
        self.claims_of(&mut *self.reader().await?, recordings).await
    }

    /// What is claimed of recordings: from the register, or where that says nothing from the one
    /// word that they were enrolled with.
    pub(crate) async fn claims_of(
        &self,
        connection: &mut AnyConnection,
        recordings: &[&Recording],
    ) -> Result<Vec<RecordingClaims>, SharingError> {
        let ids: Vec<&str> = recordings.iter().map(|one| one.recording_id.as_str()).collect();
        let registered = onmon_rights::claims_of(connection, &ids).await?;
        let claimant = &self.shared.settings.default_claimant;
        let with_words = registered
            .into_iter()
            .zip(recordings)
            .map(|(claims, recording)| claims.or_shorthand(recording.rights, claimant));
        Ok(with_words.collect())
    }

    pub(crate) fn used(&self, form: UsageForm, now_ms: i64) -> Result<Use, SharingError> {
        Ok(Use {
            right: Right::InteractiveDistribution,
            with_master: self.shared.settings.with_master,
            form,
            territory: self.shared.settings.territory,
            date: Date::in_japan(now_ms).ok_or(SharingError::BadTime)?,
        })
    }
}

impl fmt::Debug for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Platform");
        out.field("store", &self.shared.store).finish_non_exhaustive()
    }
}

/// Whether these recordings' ruling permits, under the operator's policy for unknown shares.
pub(crate) fn permits(ruling: &Ruling, settings: &Settings) -> bool {
    match ruling.decision {
        onmon_rights::Decision::Permit => true,
        onmon_rights::Decision::UnknownShare => settings.permit_unknown_shares,
        _ => false,
    }
}
