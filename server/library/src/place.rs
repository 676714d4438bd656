//! Where a library is, and how its catalogue is opened.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use onmon_store::{Location, Schema, Store};

use crate::catalogue;
use crate::error::{LibraryError, read_fault};
use crate::writer_lock::WriterLock;

/// The catalogue's file in a library directory, where no other database is named.
const FILE: &str = "onmon.sqlite";

/// The catalogue's tables, as SQLite takes them; onmon-store says them to PostgreSQL.
const SCHEMA: Schema =
    Schema { name: "catalogue", steps: &[include_str!("../migrations/0001_catalogue.sql")] };

/// Held on PostgreSQL by the one session that writes to a catalogue: "catal" in ASCII.
const WRITER_LOCK: i64 = 426_836_779_372;

/// Where a library is: its directory, and its catalogue's database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    dir: PathBuf,
    /// None: the file in the directory.
    catalogue: Option<Location>,
}

/// A library that nobody else writes to.
pub(crate) struct ToWrite {
    pub dir: PathBuf,
    pub catalogue: Store,
    pub locks: Vec<WriterLock>,
}

impl Place {
    /// All of it in a directory: the catalogue is the SQLite file `onmon.sqlite`.
    pub fn new(dir: &Path) -> Place {
        Place { dir: dir.to_path_buf(), catalogue: None }
    }

    /// The catalogue in this database, the index in a directory.
    pub fn with_catalogue(dir: &Path, catalogue: Location) -> Place {
        Place { dir: dir.to_path_buf(), catalogue: Some(catalogue) }
    }

    /// The index in a directory, the catalogue beside other tables; but on SQLite in a file of its
    /// own, so that who enrols and who writes to the others do not wait for each other.
    pub fn beside(dir: &Path, tables: &Location) -> Place {
        match tables {
            Location::Postgres(_) => Place::with_catalogue(dir, tables.clone()),
            Location::Sqlite(_) => Place::new(dir),
        }
    }

    /// The catalogue's database.
    pub fn catalogue(&self) -> Location {
        self.location(&self.dir)
    }

    /// Opens the catalogue to write to it, making what is not there. The directory is absolute.
    pub(crate) async fn open_to_write(&self) -> Result<ToWrite, LibraryError> {
        fs::create_dir_all(&self.dir).map_err(|source| self.unusable(source))?;
        let dir = self.absolute()?;
        let location = self.location(&dir);
        let mut locks = vec![WriterLock::acquire(&dir)?];
        // PostgreSQL has a lock of its own, for every machine.
        if let Some(folder) = folder_of(&location)
            && folder != dir
        {
            locks.push(WriterLock::acquire(&folder)?);
        }
        self.refuse_to_forget(&dir, &location).await?;
        let catalogue = Store::open_alone(&location, &[SCHEMA], WRITER_LOCK).await?;
        sync_names(&dir).map_err(|source| self.unusable(source))?;
        Ok(ToWrite { dir, catalogue, locks })
    }

    /// Opens the catalogue to read, and the directory, absolute.
    pub(crate) async fn open_to_read(&self) -> Result<(PathBuf, Store), LibraryError> {
        let none = || LibraryError::NotALibrary { dir: self.dir.clone() };
        if let Location::Sqlite(file) = self.location(&self.dir)
            && !file.is_file()
        {
            return Err(none());
        }
        let dir = self.absolute()?;
        let store = Store::look(&self.location(&dir))?;
        if store.is_behind(&[SCHEMA]).await.map_err(read_fault)? {
            // Made by an earlier build, or by none.
            if !catalogue::is_there(store.readers()).await? {
                return Err(none());
            }
            store.migrate(&[SCHEMA]).await?;
        }
        Ok((dir, store))
    }

    /// A server that is given a database for the first time would know nothing of what is enrolled.
    async fn refuse_to_forget(&self, dir: &Path, other: &Location) -> Result<(), LibraryError> {
        let file = dir.join(FILE);
        if *other == Location::file(&file) || !file.is_file() {
            return Ok(());
        }
        let store = Store::look(other)?;
        let is_empty = store.is_behind(&[SCHEMA]).await.map_err(read_fault)?
            && !catalogue::is_there(store.readers()).await?;
        store.close().await;
        if is_empty { Err(LibraryError::CatalogueElsewhere { file }) } else { Ok(()) }
    }

    fn location(&self, dir: &Path) -> Location {
        self.catalogue.clone().unwrap_or_else(|| Location::file(&dir.join(FILE)))
    }

    fn absolute(&self) -> Result<PathBuf, LibraryError> {
        self.dir.canonicalize().map_err(|source| self.unusable(source))
    }

    fn unusable(&self, source: std::io::Error) -> LibraryError {
        LibraryError::Directory { dir: self.dir.clone(), source }
    }
}

fn folder_of(location: &Location) -> Option<PathBuf> {
    match location {
        Location::Sqlite(file) => file.parent()?.canonicalize().ok(),
        Location::Postgres(_) => None,
    }
}

/// Makes the names of new files survive the loss of power: SQLite syncs its files, not the folder
/// that the library's own folder was made in.
fn sync_names(dir: &Path) -> std::io::Result<()> {
    let sync = |dir: &Path| File::open(dir).and_then(|folder| folder.sync_all());
    sync(dir).and_then(|()| dir.parent().map_or(Ok(()), sync))
}
