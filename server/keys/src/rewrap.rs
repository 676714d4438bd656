//! Moves everything from one master key to the next.

use sqlx::{Any, AnyConnection, Executor, Row};

use crate::content;
use crate::error::KeysError;
use crate::master::MasterKeys;
use crate::signing::Stored;

/// Wraps up to `limit` content keys, and all signing keys, anew: from the previous master key to
/// the current one. Returns how many; once it is 0 this room needs the previous one no more. A
/// transaction for each call, so that others come between.
///
/// # Errors
/// [`KeysError::Damaged`] where one does not open: nothing of the call is to be kept. The database.
pub async fn rewrap(
    connection: &mut AnyConnection,
    masters: &MasterKeys,
    limit: u32,
) -> Result<u64, KeysError> {
    let Some(previous) = masters.previous() else { return Ok(0) };
    let (previous, current) = (previous.to_string(), masters.current().to_string());
    let rows =
        sqlx::query("SELECT kid, permit, wrapped FROM content_key WHERE master = $1 LIMIT $2")
            .bind(&previous)
            .bind(i64::from(limit))
            .fetch_all(&mut *connection)
            .await?;
    let mut moved = rows.len() as u64;
    for row in rows {
        let (kid, permit): (String, String) = (row.try_get("kid")?, row.try_get("permit")?);
        let place = content::place(&kid, &permit);
        let key = masters.open(content::PURPOSE, &place, row.try_get("wrapped")?)?;
        sqlx::query("UPDATE content_key SET wrapped = $1, master = $2 WHERE kid = $3")
            .bind(masters.wrap(content::PURPOSE, &place, &key)?)
            .bind(&current)
            .bind(kid)
            .execute(&mut *connection)
            .await?;
    }
    let rows = sqlx::query(
        "SELECT id, purpose, state, public, wrapped FROM signing_key WHERE master = $1",
    )
    .bind(&previous)
    .fetch_all(&mut *connection)
    .await?;
    moved += rows.len() as u64;
    for row in &rows {
        let stored = Stored::read(row)?;
        let (purpose, id) = stored.place();
        let key = masters.open(purpose, &id, &stored.wrapped)?;
        sqlx::query("UPDATE signing_key SET wrapped = $1, master = $2 WHERE id = $3")
            .bind(masters.wrap(purpose, &id, &key)?)
            .bind(&current)
            .bind(stored.public.id.to_string())
            .execute(&mut *connection)
            .await?;
    }
    Ok(moved)
}

/// Whether all that is in the database can be opened with these master keys: to be asked at every
/// start. Returns how many keys still need the previous one.
///
/// # Errors
/// [`KeysError::UnknownMaster`]; the database.
pub async fn check_masters<'e>(
    executor: impl Executor<'e, Database = Any>,
    masters: &MasterKeys,
) -> Result<u64, KeysError> {
    let rows = sqlx::query(
        "SELECT master, COUNT(*) AS keys FROM \
         (SELECT master FROM content_key UNION ALL SELECT master FROM signing_key) AS wrapped \
         GROUP BY master",
    )
    .fetch_all(executor)
    .await?;
    let (current, previous) = (masters.current().to_string(), masters.previous());
    let mut waiting = 0;
    for row in rows {
        let master: String = row.try_get("master")?;
        if master == current {
            continue;
        }
        if previous.is_none_or(|previous| previous.to_string() != master) {
            return Err(KeysError::UnknownMaster);
        }
        waiting += u64::try_from(row.try_get::<i64, _>("keys")?).unwrap_or(0);
    }
    Ok(waiting)
}
