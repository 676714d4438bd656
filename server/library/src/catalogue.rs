//! The catalogue: which recordings there are, their rights, their raw codes, and in what order that
//! changed. SQL that SQLite and PostgreSQL both take.

use futures_util::{Stream, TryStreamExt};
use onmon_core::{EncoderId, ProfileId};
use onmon_index::Slot;
use onmon_store::{Store, StoreError};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AnyPool, Row};

use crate::entry::{CheckedEntry, ReferenceCodes};
use crate::error::{LibraryError, read_fault, write_fault};
use crate::index_stats::NotOnDisk;
use crate::recording::Recording;
use crate::rights::Rights;

/// One change of the catalogue, as the index has to follow it.
#[derive(Debug)]
pub(crate) struct Change {
    pub seq: u64,
    pub slot: Slot,
    /// The recording's codes; none if it was removed.
    pub codes: Option<ReferenceCodes>,
}

/// What the catalogue has in a slot.
#[derive(Debug)]
pub(crate) struct Kept {
    pub slot: Slot,
    /// The number of its last change.
    pub seq: u64,
    pub recording_id: String,
    /// Its codes; none if it was removed.
    pub reference: Option<ReferenceCodes>,
}

/// A recording that is now on disk.
#[derive(Debug)]
pub(crate) struct Stored {
    pub seq: u64,
    pub slot: Slot,
    pub replaced: bool,
}

/// Stores all entries in one transaction. When this returns they are on disk, or none is.
pub(crate) async fn store(
    catalogue: &Store,
    entries: &[CheckedEntry],
) -> Result<Vec<Stored>, LibraryError> {
    let mut transaction = catalogue.begin().await?;
    let mut stored = Vec::with_capacity(entries.len());
    for entry in entries {
        stored.push(store_one(&mut transaction, entry).await?);
    }
    transaction.commit().await?;
    Ok(stored)
}

/// Turns a recording into a tombstone; none if there is no such recording.
pub(crate) async fn remove(
    catalogue: &Store,
    recording_id: &str,
) -> Result<Option<Change>, LibraryError> {
    let mut transaction = catalogue.begin().await?;
    let seq = next_seq(&mut transaction).await?;
    let row = sqlx::query(
        "UPDATE recording SET seq = $1, removed = 1, title = NULL, artist = NULL, isrc = NULL, \
         iswc = NULL, rights = 'unknown' WHERE recording_id = $2 AND removed = 0 RETURNING slot",
    )
    .bind(seq)
    .bind(recording_id)
    .fetch_optional(&mut *transaction)
    .await
    .map_err(write_fault)?;
    let Some(row) = row else {
        // The transaction is dropped and with it the number it took.
        return Ok(None);
    };
    let slot: i64 = row.try_get(0).map_err(read_fault)?;
    sqlx::query("DELETE FROM reference_codes WHERE slot = $1")
        .bind(slot)
        .execute(&mut *transaction)
        .await
        .map_err(write_fault)?;
    transaction.commit().await?;
    Ok(Some(Change { seq: unsigned(seq)?, slot: unsigned(slot)?, codes: None }))
}

/// Whether there is a catalogue, of any version.
pub(crate) async fn is_there(pool: &AnyPool) -> Result<bool, LibraryError> {
    match last_seq(pool).await {
        Ok(_) => Ok(true),
        // No such table; what else may be wrong has a name of its own.
        Err(LibraryError::Catalogue(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Notes that the catalogue is opened to write, under a mark of its own.
pub(crate) async fn note_opening(catalogue: &Store, mark: &str) -> Result<(), LibraryError> {
    let mut transaction = catalogue.begin().await?;
    sqlx::query(
        "INSERT INTO catalogue_opening (number, mark, last_seq) \
         SELECT (SELECT COALESCE(MAX(number), 0) + 1 FROM catalogue_opening), \
         CAST($1 AS TEXT), last_seq FROM change_counter WHERE id = 1",
    )
    .bind(mark)
    .execute(&mut *transaction)
    .await
    .map_err(write_fault)?;
    Ok(transaction.commit().await?)
}

/// Up to which change the catalogue is as whoever wrote under this mark knew it; none if nobody
/// did.
pub(crate) async fn reach_of(pool: &AnyPool, mark: &str) -> Result<Option<u64>, LibraryError> {
    let row = sqlx::query(
        "SELECT COALESCE((SELECT MIN(later.last_seq) FROM catalogue_opening later \
         WHERE later.number > o.number), c.last_seq) \
         FROM catalogue_opening o CROSS JOIN change_counter c WHERE o.mark = $1 AND c.id = 1",
    )
    .bind(mark)
    .fetch_optional(pool)
    .await
    .map_err(read_fault)?;
    row.map(|row| unsigned(row.try_get::<i64, _>(0).map_err(read_fault)?)).transpose()
}

/// The number of the last change; 0 for an empty catalogue.
pub(crate) async fn last_seq(pool: &AnyPool) -> Result<u64, LibraryError> {
    let row = sqlx::query("SELECT last_seq FROM change_counter WHERE id = 1")
        .fetch_one(pool)
        .await
        .map_err(read_fault)?;
    unsigned(row.try_get::<i64, _>(0).map_err(read_fault)?)
}

/// The next changes after `seq`, in order, at most `limit`; only the last change of each recording.
pub(crate) async fn changes_after(
    pool: &AnyPool,
    seq: u64,
    limit: u32,
) -> Result<Vec<Change>, LibraryError> {
    sqlx::query(
        "SELECT r.seq, r.slot, r.removed, c.profile, c.encoder, c.duration_ms, c.codes \
         FROM recording r LEFT JOIN reference_codes c ON c.slot = r.slot \
         WHERE r.seq > $1 ORDER BY r.seq LIMIT $2",
    )
    .bind(signed(seq)?)
    .bind(i64::from(limit))
    .fetch(pool)
    .map_err(read_fault)
    .and_then(async |row| change(&row))
    .try_collect()
    .await
}

/// How much changed after `seq`.
pub(crate) async fn size_after(pool: &AnyPool, seq: u64) -> Result<NotOnDisk, LibraryError> {
    let row = sqlx::query(
        "SELECT COUNT(*), CAST(COALESCE(SUM(1 - r.removed), 0) AS BIGINT), \
         CAST(COALESCE(SUM(LENGTH(c.codes)), 0) AS BIGINT) \
         FROM recording r LEFT JOIN reference_codes c ON c.slot = r.slot WHERE r.seq > $1",
    )
    .bind(signed(seq)?)
    .fetch_one(pool)
    .await
    .map_err(read_fault)?;
    let number = |column: usize| row.try_get::<i64, _>(column).map_err(read_fault);
    Ok(NotOnDisk {
        changes: unsigned(number(0)?)?,
        recordings: unsigned(number(1)?)?,
        codes: unsigned(number(2)?)?,
    })
}

/// What is in the next slots after this one, in order, at most `limit`.
pub(crate) async fn kept_after(
    pool: &AnyPool,
    slot: Option<Slot>,
    limit: u32,
) -> Result<Vec<Kept>, LibraryError> {
    sqlx::query(
        "SELECT r.seq, r.slot, r.removed, c.profile, c.encoder, c.duration_ms, c.codes, \
         r.recording_id \
         FROM recording r LEFT JOIN reference_codes c ON c.slot = r.slot \
         WHERE r.slot > $1 ORDER BY r.slot LIMIT $2",
    )
    .bind(slot.map_or(-1, i64::from))
    .bind(i64::from(limit))
    .fetch(pool)
    .map_err(read_fault)
    .and_then(async |row| {
        let Change { seq, slot, codes: reference } = change(&row)?;
        Ok(Kept { slot, seq, recording_id: row.try_get(7).map_err(read_fault)?, reference })
    })
    .try_collect()
    .await
}

/// Every live recording with its codes, in the order of slots. One statement, so all of it is as it
/// was when the first one was read, whatever changes meanwhile.
pub(crate) fn living(
    pool: &AnyPool,
) -> impl Stream<Item = Result<(Recording, ReferenceCodes), LibraryError>> + '_ {
    sqlx::query(
        "SELECT r.recording_id, r.title, r.artist, r.isrc, r.iswc, r.rights, \
         c.profile, c.encoder, c.duration_ms, c.codes \
         FROM recording r JOIN reference_codes c ON c.slot = r.slot \
         WHERE r.removed = 0 ORDER BY r.slot",
    )
    .fetch(pool)
    .map_err(read_fault)
    .and_then(async |row| Ok((recording(&row)?, reference(&row, 6)?)))
}

/// The live recording in a slot.
pub(crate) async fn recording_in(
    pool: &AnyPool,
    slot: Slot,
) -> Result<Option<Recording>, LibraryError> {
    let row = sqlx::query(
        "SELECT recording_id, title, artist, isrc, iswc, rights FROM recording \
         WHERE slot = $1 AND removed = 0",
    )
    .bind(i64::from(slot))
    .fetch_optional(pool)
    .await
    .map_err(read_fault)?;
    row.map(|row| recording(&row)).transpose()
}

/// The live recording of this id.
pub(crate) async fn recording_of(
    pool: &AnyPool,
    recording_id: &str,
) -> Result<Option<Recording>, LibraryError> {
    let row = sqlx::query(
        "SELECT recording_id, title, artist, isrc, iswc, rights FROM recording \
         WHERE recording_id = $1 AND removed = 0",
    )
    .bind(recording_id)
    .fetch_optional(pool)
    .await
    .map_err(read_fault)?;
    row.map(|row| recording(&row)).transpose()
}

/// The reference codes of the recording in a slot; none if it was removed.
pub(crate) async fn codes_in(pool: &AnyPool, slot: Slot) -> Result<Option<Vec<u8>>, LibraryError> {
    let row = sqlx::query("SELECT codes FROM reference_codes WHERE slot = $1")
        .bind(i64::from(slot))
        .fetch_optional(pool)
        .await
        .map_err(read_fault)?;
    row.map(|row| row.try_get(0).map_err(read_fault)).transpose()
}

async fn store_one(
    transaction: &mut AnyConnection,
    entry: &CheckedEntry,
) -> Result<Stored, LibraryError> {
    let CheckedEntry { recording, reference } = entry;
    let seq = next_seq(transaction).await?;
    let (slot, replaced) = slot_of(transaction, &recording.recording_id).await?;
    sqlx::query(
        "INSERT INTO recording \
         (slot, recording_id, seq, removed, title, artist, isrc, iswc, rights) \
         VALUES ($1, $2, $3, 0, $4, $5, $6, $7, $8) \
         ON CONFLICT (slot) DO UPDATE SET seq = excluded.seq, removed = 0, \
         title = excluded.title, artist = excluded.artist, isrc = excluded.isrc, \
         iswc = excluded.iswc, rights = excluded.rights",
    )
    .bind(i64::from(slot))
    .bind(recording.recording_id.as_str())
    .bind(seq)
    .bind(recording.title.as_deref())
    .bind(recording.artist.as_deref())
    .bind(recording.isrc.as_ref().map(|isrc| isrc.as_str()))
    .bind(recording.iswc.as_ref().map(|iswc| iswc.as_str()))
    .bind(recording.rights.as_str())
    .execute(&mut *transaction)
    .await
    .map_err(write_fault)?;
    sqlx::query(
        "INSERT INTO reference_codes (slot, profile, encoder, duration_ms, codes) \
         VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (slot) DO UPDATE SET profile = excluded.profile, \
         encoder = excluded.encoder, duration_ms = excluded.duration_ms, codes = excluded.codes",
    )
    .bind(i64::from(slot))
    .bind(i64::from(reference.profile.0))
    .bind(i64::from(reference.encoder.0))
    .bind(i64::from(reference.duration_ms))
    .bind(reference.codes.as_slice())
    .execute(&mut *transaction)
    .await
    .map_err(write_fault)?;
    Ok(Stored { seq: unsigned(seq)?, slot, replaced })
}

/// Takes the next change number; it is given back if the transaction does not commit.
async fn next_seq(transaction: &mut AnyConnection) -> Result<i64, LibraryError> {
    let row = sqlx::query(
        "UPDATE change_counter SET last_seq = last_seq + 1 WHERE id = 1 RETURNING last_seq",
    )
    .fetch_one(&mut *transaction)
    .await
    .map_err(write_fault)?;
    row.try_get(0).map_err(read_fault)
}

/// The recording's slot, a new one if it has none, and whether a live recording is in it.
async fn slot_of(
    transaction: &mut AnyConnection,
    recording_id: &str,
) -> Result<(Slot, bool), LibraryError> {
    let known = sqlx::query("SELECT slot, removed FROM recording WHERE recording_id = $1")
        .bind(recording_id)
        .fetch_optional(&mut *transaction)
        .await
        .map_err(read_fault)?;
    if let Some(row) = known {
        let slot: i64 = row.try_get(0).map_err(read_fault)?;
        let removed: i64 = row.try_get(1).map_err(read_fault)?;
        return Ok((unsigned(slot)?, removed == 0));
    }
    let row = sqlx::query("SELECT COALESCE(MAX(slot) + 1, 0) FROM recording")
        .fetch_one(&mut *transaction)
        .await
        .map_err(read_fault)?;
    let slot: i64 = row.try_get(0).map_err(read_fault)?;
    Ok((Slot::try_from(slot).map_err(|_| LibraryError::Full)?, false))
}

fn change(row: &AnyRow) -> Result<Change, LibraryError> {
    let number = |column: usize| row.try_get::<i64, _>(column).map_err(read_fault);
    let removed = number(2)? != 0;
    let codes = if removed { None } else { Some(reference(row, 3)?) };
    Ok(Change { seq: unsigned(number(0)?)?, slot: unsigned(number(1)?)?, codes })
}

/// From the columns `profile`, `encoder`, `duration_ms`, `codes`, of which this is the first.
fn reference(row: &AnyRow, column: usize) -> Result<ReferenceCodes, LibraryError> {
    let number = |column: usize| row.try_get::<i64, _>(column).map_err(read_fault);
    Ok(ReferenceCodes {
        profile: ProfileId(unsigned(number(column)?)?),
        encoder: EncoderId(unsigned(number(column + 1)?)?),
        duration_ms: unsigned(number(column + 2)?)?,
        codes: row.try_get(column + 3).map_err(read_fault)?,
    })
}

fn recording(row: &AnyRow) -> Result<Recording, LibraryError> {
    let text = |column: usize| row.try_get::<Option<String>, _>(column).map_err(read_fault);
    let rights: String = row.try_get(5).map_err(read_fault)?;
    Ok(Recording {
        recording_id: row.try_get(0).map_err(read_fault)?,
        title: text(1)?,
        artist: text(2)?,
        isrc: text(3)?.map(|isrc| isrc.parse().map_err(foreign)).transpose()?,
        iswc: text(4)?.map(|iswc| iswc.parse().map_err(foreign)).transpose()?,
        rights: rights.parse::<Rights>().map_err(foreign)?,
    })
}

fn unsigned<T: TryFrom<i64>>(number: i64) -> Result<T, LibraryError>
where
    T::Error: std::error::Error + Send + Sync + 'static,
{
    T::try_from(number).map_err(foreign)
}

fn signed(seq: u64) -> Result<i64, LibraryError> {
    i64::try_from(seq).map_err(foreign)
}

/// A value that this program never writes: someone else has been at the file.
fn foreign(error: impl std::error::Error + Send + Sync + 'static) -> LibraryError {
    LibraryError::from(StoreError::foreign(error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::Place;
    use onmon_core::{ENCODER, PROFILE};
    use onmon_store::testing::{ENGINES, Scratch};
    use sqlx::raw_sql;

    fn entry(id: &str, codes: usize) -> CheckedEntry {
        let codes = vec![7; codes];
        let reference =
            ReferenceCodes { profile: PROFILE, encoder: ENCODER, duration_ms: 0, codes };
        CheckedEntry { recording: Recording::new(id), reference }
    }

    async fn set_pages(catalogue: &Store, pragma: &'static str) {
        // Outside of a transaction, on the one connection that writes.
        let mut write = catalogue.begin().await.unwrap();
        raw_sql(pragma).execute(&mut *write).await.unwrap();
        write.commit().await.unwrap();
    }

    #[tokio::test]
    async fn a_full_disk_keeps_nothing_of_the_batch_and_all_from_before() {
        let dir = tempfile::tempdir().unwrap();
        let opened = Place::new(dir.path()).open_to_write().await.unwrap();
        let catalogue = &opened.catalogue;
        store(catalogue, &[entry("before", 5_400)]).await.unwrap();
        set_pages(catalogue, "PRAGMA max_page_count = 20").await;

        let batch = [entry("small", 100), entry("large", 864_000)];
        let error = store(catalogue, &batch).await.unwrap_err();
        assert!(matches!(error, LibraryError::DiskFull(_)), "{error:?}");
        assert_eq!(last_seq(catalogue.readers()).await.unwrap(), 1);

        set_pages(catalogue, "PRAGMA max_page_count = 1000000").await;
        let stored = store(catalogue, &batch).await.unwrap();
        assert_eq!((stored[0].seq, stored[0].slot), (2, 1));
        let changes = changes_after(catalogue.readers(), 0, 10).await.unwrap();
        let lengths: Vec<_> = changes
            .iter()
            .map(|change| (change.seq, change.codes.as_ref().map(|codes| codes.codes.len())))
            .collect();
        assert_eq!(lengths, [(1, Some(5_400)), (2, Some(100)), (3, Some(864_000))]);
    }

    #[tokio::test]
    async fn changes_come_in_batches_in_order_and_only_the_last_of_each_recording() {
        for engine in ENGINES {
            let (dir, scratch) = (tempfile::tempdir().unwrap(), Scratch::new(engine).await);
            let place = Place::with_catalogue(dir.path(), scratch.location.clone());
            let opened = place.open_to_write().await.unwrap();
            let catalogue = &opened.catalogue;
            store(catalogue, &[entry("a", 30), entry("b", 31), entry("c", 32)]).await.unwrap();
            store(catalogue, &[entry("a", 33)]).await.unwrap();
            remove(catalogue, "b").await.unwrap().unwrap();
            assert!(remove(catalogue, "b").await.unwrap().is_none());

            let mut seen = Vec::new();
            let mut seq = 0;
            loop {
                let changes = changes_after(catalogue.readers(), seq, 2).await.unwrap();
                let Some(last) = changes.last() else { break };
                seq = last.seq;
                seen.extend(changes.into_iter().map(|c| (c.seq, c.slot, c.codes.is_some())));
            }
            assert_eq!(seen, [(3, 2, true), (4, 0, true), (5, 1, false)], "{engine:?}");
            assert_eq!(last_seq(catalogue.readers()).await.unwrap(), 5);
        }
    }

    #[tokio::test]
    async fn a_mark_reaches_up_to_the_next_opening() {
        for engine in ENGINES {
            let (dir, scratch) = (tempfile::tempdir().unwrap(), Scratch::new(engine).await);
            let place = Place::with_catalogue(dir.path(), scratch.location.clone());
            let opened = place.open_to_write().await.unwrap();
            let catalogue = &opened.catalogue;
            let reach = async |mark| reach_of(catalogue.readers(), mark).await.unwrap();
            note_opening(catalogue, "one").await.unwrap();
            store(catalogue, &[entry("a", 30), entry("b", 31)]).await.unwrap();
            assert_eq!((reach("one").await, reach("two").await), (Some(2), None), "{engine:?}");
            note_opening(catalogue, "two").await.unwrap();
            store(catalogue, &[entry("c", 32)]).await.unwrap();
            note_opening(catalogue, "three").await.unwrap();
            store(catalogue, &[entry("d", 32)]).await.unwrap();
            let all = (reach("one").await, reach("two").await, reach("three").await);
            assert_eq!(all, (Some(2), Some(3), Some(4)), "{engine:?}");
        }
    }
}
