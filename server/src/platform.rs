//! Opens the copyright platform beside the library: its database, its keys, its settings.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use clap::{Args, value_parser};
use onmon_keys::MasterKeys;
use onmon_ledger::{Date, jasrac, tariff_add, tariffs};
use onmon_library::{Library, Place};
use onmon_rights::{OrganisationId, Territory};
use onmon_sharing::{Platform, Settings};
use onmon_store::{Location, Schema, Store};

/// The platform's database in the data directory, unless another is named.
pub const FILE: &str = "platform.sqlite";

/// The master key in the data directory, unless another file is named.
pub const MASTER_FILE: &str = "master-key";

/// What an operator decides about sharing.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Sharing")]
pub struct PlatformArgs {
    /// Where catalogue, rights, money and accounts are kept: `postgres://user:password@host/name`.
    /// Without it they are SQLite files in DIR. The index, which is derived, is in DIR in any case.
    /// (`sqlite:FILE` moves rights, money and accounts only.)
    #[arg(long, value_name = "URL", env = "ONMON_DATABASE", hide_env_values = true)]
    pub database: Option<Location>,

    /// The key that all other keys are wrapped by, as 64 hexadecimal digits. Without it the
    /// environment's ONMON_MASTER_KEY counts, and without that DIR/master-key, which is made once:
    /// keep a copy elsewhere, without it no shared key can be released again.
    #[arg(long, env = "ONMON_MASTER_KEY_FILE", value_name = "FILE")]
    pub master_key_file: Option<PathBuf>,

    /// Where the sharing happens: a country's two letters, or `world`.
    #[arg(long, env = "ONMON_TERRITORY", value_name = "TERRITORY", default_value = "JP")]
    pub territory: Territory,

    /// Who is taken to claim what was enrolled as entrusted and has no line in the register.
    #[arg(
        long,
        env = "ONMON_DEFAULT_CLAIMANT",
        value_name = "ORGANISATION",
        default_value = "JASRAC"
    )]
    pub default_claimant: OrganisationId,

    /// Asks for the recording's own (neighbouring) right too.
    #[arg(long, env = "ONMON_WITH_MASTER_RIGHT")]
    pub with_master_right: bool,

    /// Permits what a part of has no known claimant; that part of the charge is held.
    #[arg(long, env = "ONMON_PERMIT_UNKNOWN_SHARES")]
    pub permit_unknown_shares: bool,

    /// Consumption tax on what is bought, in percent.
    #[arg(
        long,
        env = "ONMON_TAX_PERCENT",
        value_name = "PERCENT",
        default_value_t = 10,
        value_parser = value_parser!(u32).range(0..=100),
    )]
    pub tax_percent: u32,

    /// For how many days a release unlocks a tagged file; it is renewed for nothing.
    #[arg(
        long,
        env = "ONMON_RELEASE_DAYS",
        value_name = "DAYS",
        default_value_t = 30,
        value_parser = value_parser!(u32).range(1..=3650),
    )]
    pub release_days: u32,

    /// For how many days a fingerprint that matched nothing is kept, to be found when it is
    /// registered; 0 keeps none.
    #[arg(long, env = "ONMON_UNKNOWN_DAYS", value_name = "DAYS", default_value_t = 30)]
    pub unknown_days: u32,

    /// Takes only fingerprints whose samples lie where the server has drawn them.
    #[arg(long, env = "ONMON_CHALLENGE_REQUIRED")]
    pub challenge_required: bool,

    /// Lets everyone make a user's account; otherwise the operator makes them.
    #[arg(long, env = "ONMON_OPEN_REGISTRATION")]
    pub open_registration: bool,
}

impl PlatformArgs {
    /// Where the platform's tables are.
    pub fn location(&self, data: &Path) -> Location {
        location(self.database.as_ref(), data)
    }

    /// Where the library is.
    pub fn library(&self, data: &Path) -> Place {
        library(self.database.as_ref(), data)
    }

    /// The master keys, made where there are none.
    pub fn masters(&self, data: &Path) -> anyhow::Result<MasterKeys> {
        let file = self.master_key_file.clone().unwrap_or_else(|| data.join(MASTER_FILE));
        MasterKeys::load(&file).with_context(|| format!("master key file {}", file.display()))
    }

    fn settings(&self) -> Settings {
        Settings {
            territory: self.territory,
            with_master: self.with_master_right,
            permit_unknown_shares: self.permit_unknown_shares,
            tax_ppm: self.tax_percent * 10_000,
            release_ms: i64::from(self.release_days) * 86_400_000,
            unknown_days: self.unknown_days,
            challenge_required: self.challenge_required,
            ..Settings::japan(self.default_claimant.clone())
        }
    }
}

/// Every table that the server has beside the catalogue's.
pub fn schemas() -> Vec<Schema> {
    let mut schemas = onmon_sharing::SCHEMAS.to_vec();
    schemas.extend([onmon_accounts::SCHEMA, onmon_billing::SCHEMA]);
    schemas
}

/// Where the tables are: in the database that is named, or in a file of the data directory.
pub fn location(named: Option<&Location>, data: &Path) -> Location {
    named.cloned().unwrap_or_else(|| Location::file(&data.join(FILE)))
}

/// Where the library is.
pub fn library(named: Option<&Location>, data: &Path) -> Place {
    Place::beside(data, &location(named, data))
}

/// Opens the platform's database, as the server does.
pub async fn open_store(location: &Location) -> anyhow::Result<Store> {
    let opened = Store::open(location, &schemas()).await;
    opened.with_context(|| format!("cannot open {location}"))
}

/// Opens the platform's database beside a server that may run.
pub async fn open_store_beside(location: &Location) -> anyhow::Result<Store> {
    let opened = Store::open_beside(location, &schemas()).await;
    opened.with_context(|| format!("cannot open {location}"))
}

/// Opens the platform over a library, as the server does.
pub async fn open(
    args: &PlatformArgs,
    data: &Path,
    library: Library,
    now_ms: i64,
) -> anyhow::Result<Platform> {
    let store = open_store(&args.location(data)).await?;
    open_on(store, args, data, library, now_ms).await
}

/// The same on a database that is open.
pub async fn open_on(
    store: Store,
    args: &PlatformArgs,
    data: &Path,
    library: Library,
    now_ms: i64,
) -> anyhow::Result<Platform> {
    let masters = args.masters(data)?;
    let store = Arc::new(store);
    onmon_keys::check_masters(store.readers(), &masters)
        .await
        .context("the master key does not open what the database holds")?;
    let settings = args.settings();
    first_tariffs(&store, &settings, now_ms).await?;
    Platform::open(library, store, masters, settings, now_ms).await.context("cannot share")
}

/// Without any tariff nothing can be bought: a new platform begins with the published example, and
/// says so.
async fn first_tariffs(store: &Store, settings: &Settings, now_ms: i64) -> anyhow::Result<()> {
    if settings.default_claimant.as_str() != jasrac::ORGANISATION {
        return Ok(());
    }
    // Asked first without the right to write: most often there is nothing to do.
    let form = &settings.tariff_form;
    if !tariffs(store.readers(), jasrac::ORGANISATION, form).await?.is_empty() {
        return Ok(());
    }
    let mut write = store.begin().await?;
    if tariffs(&mut *write, jasrac::ORGANISATION, form).await?.is_empty() {
        for tariff in jasrac::example(Date::in_japan(now_ms)?) {
            // What the operator has set for the other forms stays as it is.
            if tariffs(&mut *write, &tariff.organisation, &tariff.form).await?.is_empty() {
                tariff_add(&mut write, &tariff).await?;
            }
        }
        write.commit().await?;
        tracing::warn!("no tariff was set: began with \"{}\"", jasrac::SOURCE);
    }
    Ok(())
}
