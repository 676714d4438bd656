//! An open database: connections that read, and one transaction at a time that writes.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::sync::Once;
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sqlx::any::{AnyConnectOptions, AnyPoolOptions, install_drivers};
use sqlx::{Any, AnyConnection, AnyPool, ConnectOptions, Connection, Row, Transaction, raw_sql};
use tokio::sync::{Mutex, MutexGuard};

use crate::error::StoreError;
use crate::location::{Engine, Location};
use crate::schema::{self, Schema};

/// Connections that read while the one writer writes.
const READERS_MAX: u32 = 4;

/// Readers never wait for the writer under WAL, nor it for them; this is for foreign programs.
const BUSY_TIMEOUT: &str = "PRAGMA busy_timeout = 5000";

/// How long a request waits for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

/// How often and how long it is waited for a lock that a killed process may have left.
const LOCK_TRIES: u32 = 5;
const LOCK_WAIT: Duration = Duration::from_millis(100);

/// How long a closing store waits for a server that may be gone.
const LET_GO_TIMEOUT: Duration = Duration::from_secs(1);

/// Held on PostgreSQL for the length of every transaction that writes: "onmon" in ASCII.
const WRITER_LOCK: &str = "SELECT pg_advisory_xact_lock(478593085294)";

/// So that a server notices within a minute that a writer's machine is gone (not only its process),
/// and lets go of what it has locked. On a local socket these mean nothing.
const KEEPALIVES: &str = "SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; \
    SET tcp_keepalives_count = 3";

/// An open database. It is closed by [`Store::close`], or when it is dropped.
pub struct Store {
    location: Location,
    readers: AnyPool,
    /// One connection, so that on SQLite no two transactions of ours meet.
    writer: AnyPool,
    writing: Mutex<()>,
    /// On PostgreSQL the lock that the writing session holds, where nobody else may write.
    alone: Option<i64>,
}

impl Store {
    /// Opens a database and brings the tables of `schemas` up to date. Where they are, nothing is
    /// written, and nobody who writes is waited for.
    ///
    /// A file that was not closed is checked first, all of it.
    ///
    /// # Errors
    /// A database that cannot be reached or read, or that a newer program has made.
    pub async fn open(location: &Location, schemas: &[Schema]) -> Result<Store, StoreError> {
        let store = Store::look(location)?;
        store.check_if_unclean().await?;
        store.bring_up_to_date(schemas).await?;
        Ok(store)
    }

    /// The same beside the program whose database it is: what that one has not closed yet is not
    /// checked.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn open_beside(location: &Location, schemas: &[Schema]) -> Result<Store, StoreError> {
        let store = Store::look(location)?;
        store.bring_up_to_date(schemas).await?;
        Ok(store)
    }

    /// The same as the only one who writes to these tables, on any machine, until the store is
    /// closed, [`Store::stop_writing`] is called or the process ends: on PostgreSQL `lock` is held
    /// by the session that writes. So a lost connection never writes beside another's: it has lost
    /// the lock too, and the next [`Store::begin`] takes it again or is refused. (A pooler before
    /// the server must keep sessions together.) On SQLite a file lock is the caller's to hold.
    ///
    /// # Errors
    /// As [`Store::open`]; [`StoreError::Locked`] within half a second.
    pub async fn open_alone(
        location: &Location,
        schemas: &[Schema],
        lock: i64,
    ) -> Result<Store, StoreError> {
        let mut store = Store::look(location)?;
        store.alone = Some(lock);
        store.check_if_unclean().await?;
        store.bring_up_to_date(schemas).await?;
        for _ in 0..LOCK_TRIES {
            match store.begin().await {
                // It may be of a process that was just killed: its session ends in a moment.
                Err(StoreError::Locked { .. }) => tokio::time::sleep(LOCK_WAIT).await,
                held => {
                    held?.commit().await?;
                    return Ok(store);
                }
            }
        }
        Err(StoreError::Locked { location: location.to_string() })
    }

    /// Opens a database as it is: nothing is made, checked or changed.
    ///
    /// # Errors
    /// A location that cannot be one.
    pub fn look(location: &Location) -> Result<Store, StoreError> {
        let writer = writer_pool(location)?;
        let readers = reader_pool(location)?;
        let location = location.clone();
        Ok(Store { location, readers, writer, writing: Mutex::new(()), alone: None })
    }

    /// Whether some of these tables are older than this program, or not there.
    ///
    /// # Errors
    /// A database that cannot be reached or read, or that a newer program has made.
    pub async fn is_behind(&self, schemas: &[Schema]) -> Result<bool, StoreError> {
        if let Location::Sqlite(file) = &self.location
            && !file.exists()
        {
            return Ok(true);
        }
        let reader = self.readers.acquire().await;
        let mut reader = reader.map_err(|error| self.not_connected(error))?;
        schema::any_behind(schemas, self.engine(), &mut reader).await
    }

    /// Brings these tables up to date, making them where there are none.
    ///
    /// # Errors
    /// As [`Store::is_behind`]; a disk that is full or fails.
    pub async fn migrate(&self, schemas: &[Schema]) -> Result<(), StoreError> {
        let mut write = self.begin().await?;
        if self.engine() == Engine::Postgres {
            // Also where this store writes alone: others make other tables meanwhile.
            raw_sql(WRITER_LOCK).execute(&mut *write).await?;
        }
        for schema in schemas {
            schema.migrate(self.engine(), &mut write).await?;
        }
        write.commit().await
    }

    async fn bring_up_to_date(&self, schemas: &[Schema]) -> Result<(), StoreError> {
        if self.is_behind(schemas).await? { self.migrate(schemas).await } else { Ok(()) }
    }

    /// Copies the database as it is at one moment into a new file, while others go on writing.
    /// SQLite's alone: PostgreSQL has `pg_dump`. The copy is whole and on disk when this returns.
    ///
    /// # Errors
    /// A database that cannot be read, a file that is there already, a full disk;
    /// [`StoreError::NotAFile`] on PostgreSQL.
    pub async fn copy_into(&self, file: &Path) -> Result<(), StoreError> {
        let Location::Sqlite(_) = &self.location else {
            return Err(StoreError::NotAFile { location: self.location.to_string() });
        };
        let name = file.to_str();
        let name = name.ok_or_else(|| StoreError::PathNotUtf8 { path: file.to_path_buf() })?;
        // A connection of its own: those that read refuse this too, and the one that writes would
        // be missed for as long as it takes.
        let mut connection = options(&self.location, "rw")?.connect().await?;
        raw_sql(BUSY_TIMEOUT).execute(&mut connection).await?;
        sqlx::query("VACUUM INTO $1").bind(name).execute(&mut connection).await?;
        connection.close().await?;
        let synced = std::fs::File::open(file).and_then(|copy| copy.sync_all());
        synced.map_err(StoreError::foreign)
    }

    /// Which program keeps the data.
    pub fn engine(&self) -> Engine {
        self.location.engine()
    }

    /// Connections to ask with. On SQLite they refuse to write.
    pub fn readers(&self) -> &AnyPool {
        &self.readers
    }

    /// Begins a transaction that may write, when no other one is under way. Dropped without
    /// [`Write::commit`] it leaves no trace.
    ///
    /// # Errors
    /// A database that cannot be reached, or that another program has locked.
    pub async fn begin(&self) -> Result<Write<'_>, StoreError> {
        let turn = self.writing.lock().await;
        let begin = match self.engine() {
            // At once the right to write: one that begins to read and then writes may be refused.
            Engine::Sqlite => "BEGIN IMMEDIATE",
            Engine::Postgres => "BEGIN",
        };
        let mut begun = self.writer.begin_with(begin).await;
        if let Err(sqlx::Error::InvalidSavePointStatement) = begun {
            // SQLite ended the last transaction by itself (a full disk), and the driver takes it
            // for one that goes on: this connection begins no other.
            self.writer.acquire().await?.close().await?;
            begun = self.writer.begin_with(begin).await;
        }
        let mut transaction = begun.map_err(|error| self.not_connected(error))?;
        match (self.engine(), self.alone) {
            (Engine::Sqlite, _) => {}
            (Engine::Postgres, None) => {
                raw_sql(WRITER_LOCK).execute(&mut *transaction).await?;
            }
            (Engine::Postgres, Some(lock)) => self.hold(lock, &mut transaction).await?,
        }
        Ok(Write { transaction, _turn: turn })
    }

    /// Takes the lock for this session, which may hold it already.
    async fn hold(&self, lock: i64, connection: &mut AnyConnection) -> Result<(), StoreError> {
        let row = sqlx::query("SELECT pg_try_advisory_lock($1)");
        let row = row.bind(lock).fetch_one(connection).await?;
        match row.try_get(0)? {
            true => Ok(()),
            false => Err(StoreError::Locked { location: self.location.to_string() }),
        }
    }

    /// The writing pool has one connection and one user, so what it waits for is the server.
    fn not_connected(&self, error: sqlx::Error) -> StoreError {
        match error {
            sqlx::Error::PoolTimedOut if self.engine() == Engine::Postgres => {
                StoreError::unreachable(error)
            }
            error => error.into(),
        }
    }

    /// Waits for a transaction under way; from then on nothing is written, and others may. Asking
    /// goes on.
    pub async fn stop_writing(&self) {
        let _turn = self.writing.lock().await;
        self.let_go().await;
        self.writer.close().await;
    }

    /// Waits for a transaction under way and lets go of the files.
    pub async fn close(&self) {
        let _turn = self.writing.lock().await;
        self.let_go().await;
        self.readers.close().await;
        self.writer.close().await;
    }

    /// Gives the lock back before the session ends: PostgreSQL ends it, and lets go of its locks,
    /// some time after the connection is closed, and who writes next should not have to wait.
    async fn let_go(&self) {
        if self.alone.is_none() || self.engine() != Engine::Postgres || self.writer.size() == 0 {
            return;
        }
        let given_back = async {
            let mut session = self.writer.acquire().await?;
            raw_sql("SELECT pg_advisory_unlock_all()").execute(&mut *session).await
        };
        // Without an answer the lock ends with the session, as after a kill.
        let _ = tokio::time::timeout(LET_GO_TIMEOUT, given_back).await;
    }

    /// Finds damage from a failing disk or a foreign hand before anything is built upon it. Reads
    /// the whole file, so only after a stop that left a log behind.
    async fn check_if_unclean(&self) -> Result<(), StoreError> {
        if !stopped_uncleanly(&self.location) {
            return Ok(());
        }
        tracing::info!("the database was not closed cleanly; checking its integrity");
        let row = sqlx::query("PRAGMA quick_check(1)").fetch_one(&self.readers).await?;
        let found: String = row.try_get(0)?;
        if found == "ok" {
            return Ok(());
        }
        Err(StoreError::foreign(std::io::Error::other(found)))
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("location", &self.location).finish_non_exhaustive()
    }
}

/// A transaction that may write. It is used as the connection it is on.
#[must_use = "without `commit` nothing of it is kept"]
pub struct Write<'a> {
    transaction: Transaction<'static, Any>,
    _turn: MutexGuard<'a, ()>,
}

impl Write<'_> {
    /// Keeps what was written: when this returns it is on disk.
    ///
    /// # Errors
    /// A disk that is full or fails. Then nothing of it is kept, or (after
    /// [`StoreError::WriteFailed`]) nobody knows.
    pub async fn commit(self) -> Result<(), StoreError> {
        Ok(self.transaction.commit().await?)
    }
}

impl Deref for Write<'_> {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        &self.transaction
    }
}

impl DerefMut for Write<'_> {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        &mut self.transaction
    }
}

impl fmt::Debug for Write<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Write").finish_non_exhaustive()
    }
}

fn writer_pool(location: &Location) -> Result<AnyPool, StoreError> {
    let engine = location.engine();
    let pool = lasting().max_connections(1).after_connect(move |connection, _| {
        Box::pin(async move {
            if engine == Engine::Sqlite {
                for pragma in [
                    BUSY_TIMEOUT,
                    // What was acknowledged survives the loss of power: the log is synced at every
                    // commit.
                    "PRAGMA journal_mode = WAL",
                    "PRAGMA synchronous = FULL",
                    "PRAGMA foreign_keys = ON",
                ] {
                    raw_sql(pragma).execute(&mut *connection).await?;
                }
            } else {
                raw_sql(KEEPALIVES).execute(&mut *connection).await?;
            }
            Ok(())
        })
    });
    Ok(pool.connect_lazy_with(options(location, "rwc")?))
}

fn reader_pool(location: &Location) -> Result<AnyPool, StoreError> {
    let engine = location.engine();
    let pool = lasting().max_connections(READERS_MAX).after_connect(move |connection, _| {
        Box::pin(async move {
            if engine == Engine::Sqlite {
                for pragma in [BUSY_TIMEOUT, "PRAGMA query_only = ON"] {
                    raw_sql(pragma).execute(&mut *connection).await?;
                }
            }
            Ok(())
        })
    });
    // Not mode=ro: a reader must be able to recover the log of a writer that was killed.
    Ok(pool.connect_lazy_with(options(location, "rw")?))
}

fn lasting() -> AnyPoolOptions {
    AnyPoolOptions::new().acquire_timeout(ACQUIRE_TIMEOUT).idle_timeout(None).max_lifetime(None)
}

fn options(location: &Location, mode: &str) -> Result<AnyConnectOptions, StoreError> {
    drivers();
    let url = match location {
        Location::Sqlite(path) => {
            let path =
                path.to_str().ok_or_else(|| StoreError::PathNotUtf8 { path: path.clone() })?;
            format!("sqlite:{}?mode={mode}", utf8_percent_encode(path, NON_ALPHANUMERIC))
        }
        Location::Postgres(url) => url.clone(),
    };
    let options: AnyConnectOptions = url.parse()?;
    Ok(options.disable_statement_logging())
}

/// Tells sqlx which engines there are; any number of times. A process has one list of them, so
/// whoever opens a database without a [`Store`] calls this and no other.
pub fn drivers() {
    static DRIVERS: Once = Once::new();
    DRIVERS.call_once(|| {
        // It fails only where the host program has chosen its own drivers already.
        let _ = install_drivers(&[sqlx::sqlite::any::DRIVER, sqlx::postgres::any::DRIVER]);
    });
}

fn stopped_uncleanly(location: &Location) -> bool {
    match location {
        Location::Sqlite(path) => {
            let mut log = path.clone().into_os_string();
            log.push("-wal");
            std::path::Path::new(&log).exists()
        }
        Location::Postgres(_) => false,
    }
}
