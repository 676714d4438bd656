//! Which platform a command is about, and opening it beside a running server.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, ensure};
use clap::{Args, Parser};
use onmon_keys::{MasterKeys, SigningKeys, SigningUse, VARIABLE};
use onmon_library::Library;
use onmon_rights::{OrganisationId, Territory};
use onmon_sharing::Platform;
use onmon_store::{Location, Store};

use crate::http::now_ms;
use crate::platform::{self, PlatformArgs};

/// Where the tables are.
#[derive(Debug, Clone, Args)]
pub struct Place {
    /// The server's directory.
    #[arg(long, value_name = "DIR", env = "ONMON_DATA")]
    pub data: PathBuf,

    /// The server's database, if all is not in DIR: `postgres://user:password@host/name`.
    #[arg(long, value_name = "URL", env = "ONMON_DATABASE", hide_env_values = true)]
    pub database: Option<Location>,
}

/// Where the tables are, and the key to what is wrapped in them.
#[derive(Debug, Clone, Args)]
pub struct KeyedPlace {
    #[command(flatten)]
    pub place: Place,

    /// The server's master key, if it is neither in DIR nor in the environment's ONMON_MASTER_KEY.
    #[arg(long, value_name = "FILE")]
    pub master_key_file: Option<PathBuf>,
}

/// A whole platform: tables, keys, library, and what of its operator's decisions such commands ask.
#[derive(Debug, Clone, Args)]
pub struct PlatformPlace {
    #[command(flatten)]
    pub keyed: KeyedPlace,

    /// As the server has it: where the sharing happens.
    #[arg(long, value_name = "TERRITORY", default_value = "JP")]
    territory: Territory,

    /// As the server has it: who claims what the register does not know.
    #[arg(long, value_name = "ORGANISATION", default_value = "JASRAC")]
    pub default_claimant: OrganisationId,

    /// As the server has it: the recording's own right is asked for too.
    #[arg(long)]
    with_master_right: bool,
}

impl Place {
    /// Where the tables are.
    pub fn location(&self) -> Location {
        platform::location(self.database.as_ref(), &self.data)
    }

    /// Where the library is.
    pub fn library(&self) -> onmon_library::Place {
        platform::library(self.database.as_ref(), &self.data)
    }

    /// Does something with the tables, which must be there.
    pub async fn with<T>(
        &self,
        work: impl AsyncFnOnce(&Store) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        must_exist(&self.location())?;
        self.opened(work).await
    }

    /// The same; the tables are made where there are none, so that rights and tariffs can be there
    /// before the server's first start.
    pub async fn with_new<T>(
        &self,
        work: impl AsyncFnOnce(&Store) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let made = std::fs::create_dir_all(&self.data);
        made.with_context(|| format!("cannot make {}", self.data.display()))?;
        self.opened(work).await
    }

    async fn opened<T>(
        &self,
        work: impl AsyncFnOnce(&Store) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let store = platform::open_store_beside(&self.location()).await?;
        let done = work(&store).await;
        store.close().await;
        done
    }
}

impl KeyedPlace {
    /// Where the master key is, if not in the environment. A new one would open nothing of what is
    /// there, so none is made.
    fn key_file(&self) -> anyhow::Result<PathBuf> {
        let file = self.master_key_file.clone();
        let file = file.unwrap_or_else(|| self.place.data.join(platform::MASTER_FILE));
        ensure!(
            std::env::var_os(VARIABLE).is_some() || file.exists(),
            "no master key in {}: name the server's with --master-key-file or {VARIABLE}",
            file.display()
        );
        Ok(file)
    }

    /// The keys that sign, opened; made where there are none yet.
    pub async fn signing(&self, store: &Store) -> anyhow::Result<SigningKeys> {
        let file = self.key_file()?;
        let masters = MasterKeys::load(&file);
        let masters = masters.with_context(|| format!("master key file {}", file.display()))?;
        let keys = SigningKeys::load(store.readers(), &masters).await?;
        if keys.signer(SigningUse::Checkpoint).is_ok() {
            return Ok(keys);
        }
        let mut write = store.begin().await?;
        SigningKeys::prepare(&mut write, &masters, now_ms()).await?;
        write.commit().await?;
        Ok(SigningKeys::load(store.readers(), &masters).await?)
    }
}

impl PlatformPlace {
    /// Does something with a platform, over its library as it is at this moment.
    pub async fn with<T>(
        &self,
        work: impl AsyncFnOnce(&Platform) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let place = &self.keyed.place;
        must_exist(&place.location())?;
        let args = PlatformArgs {
            database: place.database.clone(),
            master_key_file: Some(self.keyed.key_file()?),
            territory: self.territory,
            default_claimant: self.default_claimant.clone(),
            with_master_right: self.with_master_right,
            ..Defaults::try_parse_from([""])?.platform
        };
        let library = Library::open_to_read_at(&place.library()).await?;
        let store = platform::open_store_beside(&place.location()).await?;
        let opened =
            platform::open_on(store, &args, &place.data, library.clone(), now_ms()).await?;
        let done = work(&opened).await;
        let store = Arc::clone(opened.store());
        drop(opened);
        store.close().await;
        library.close().await.context("the library was not closed cleanly")?;
        done
    }
}

/// A file that is not there is a wrong name: nothing is made of it.
fn must_exist(location: &Location) -> anyhow::Result<()> {
    if let Location::Sqlite(file) = location {
        ensure!(
            file.exists(),
            "no platform in {}: name the server's directory with --data, or start the server once",
            file.display()
        );
    }
    Ok(())
}

/// Every decision as the server takes it when nothing is said.
#[derive(Debug, Parser)]
struct Defaults {
    #[command(flatten)]
    platform: PlatformArgs,
}
