//! Which platform a command is about, and opening it beside a running server.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, ensure};
use clap::Args;
use onmon_keys::{MasterKeys, SigningKeys, SigningUse, VARIABLE};
use onmon_library::Library;
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

    /// The server's database, if it is not in DIR: `postgres://user:password@host/name`.
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

/// A whole platform: tables, keys, library and what its operator decides.
#[derive(Debug, Clone, Args)]
pub struct PlatformPlace {
    /// The server's directory.
    #[arg(long, value_name = "DIR", env = "ONMON_DATA")]
    pub data: PathBuf,

    /// As the server has them.
    #[command(flatten)]
    pub platform: PlatformArgs,
}

impl Place {
    fn location(&self) -> Location {
        let file = || Location::file(&self.data.join(platform::FILE));
        self.database.clone().unwrap_or_else(file)
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
        let location = self.location();
        let store = Store::open(&location, &platform::schemas()).await;
        let store = store.with_context(|| format!("cannot open {location}"))?;
        let done = work(&store).await;
        store.close().await;
        done
    }
}

impl KeyedPlace {
    /// The keys that sign, opened; made where there are none yet.
    pub async fn signing(&self, store: &Store) -> anyhow::Result<SigningKeys> {
        let file = self.master_key_file.clone();
        let file = file.unwrap_or_else(|| self.place.data.join(platform::MASTER_FILE));
        must_have_key(&file)?;
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
        must_exist(&self.platform.location(&self.data))?;
        let file = self.platform.master_key_file.clone();
        must_have_key(&file.unwrap_or_else(|| self.data.join(platform::MASTER_FILE)))?;
        let library = Library::open_to_read(&self.data).await?;
        let opened = platform::open(&self.platform, &self.data, library.clone(), now_ms()).await?;
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

/// A new master key would open nothing of what is there.
fn must_have_key(file: &std::path::Path) -> anyhow::Result<()> {
    ensure!(
        std::env::var_os(VARIABLE).is_some() || file.exists(),
        "no master key in {}: name the server's with --master-key-file or {VARIABLE}",
        file.display()
    );
    Ok(())
}
