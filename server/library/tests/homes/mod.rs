//! Libraries for tests, their catalogue on either engine.

// Each test binary uses some of these.
#![allow(dead_code)]

use std::path::Path;

use onmon_library::Place;
use onmon_store::testing::Scratch;
use onmon_store::{Engine, Location, Store};
use tempfile::{TempDir, tempdir};

/// A directory of a test's own, and the database that goes with it.
pub struct Home {
    pub dir: TempDir,
    pub place: Place,
    database: Option<Scratch>,
}

impl Home {
    pub async fn new(engine: Engine) -> Home {
        let dir = tempdir().unwrap();
        let database = match engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(Scratch::new(engine).await),
        };
        let place = match &database {
            None => Place::new(dir.path()),
            Some(scratch) => Place::with_catalogue(dir.path(), scratch.location.clone()),
        };
        Home { dir, place, database }
    }

    /// The same catalogue on another machine.
    pub fn place_in(&self, dir: &Path) -> Place {
        Place::with_catalogue(dir, self.location())
    }

    /// This catalogue, beside the index of another one.
    pub fn with_dir_of(&self, other: &Home) -> Place {
        self.place_in(other.dir.path())
    }

    pub fn location(&self) -> Location {
        match &self.database {
            None => Location::file(&self.dir.path().join("onmon.sqlite")),
            Some(scratch) => scratch.location.clone(),
        }
    }

    /// As the server's restart does; while `closed` it lets nobody in.
    pub async fn cut_off(&self, closed: bool) {
        self.database.as_ref().unwrap().cut_off(closed).await;
    }

    pub async fn execute(&self, sql: &'static str) {
        let store = Store::look(&self.location()).unwrap();
        let mut write = store.begin().await.unwrap();
        sqlx::raw_sql(sql).execute(&mut *write).await.unwrap();
        write.commit().await.unwrap();
        store.close().await;
    }
}
