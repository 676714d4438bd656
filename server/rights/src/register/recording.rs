//! Recordings in the register: the works in them, and claims to the recording itself.

use std::collections::BTreeMap;

use sqlx::{AnyConnection, AssertSqlSafe, Row};

use super::{Change, IDS_PER_QUERY, check, placeholders, row};
use crate::claim::{Claim, RecordingClaims, WorkClaims};
use crate::error::RightsError;
use crate::identifiers::Isrc;

/// A recording: its numbers, its works, and who claims which share of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recording {
    /// The catalogue's id, at most 256 bytes.
    pub recording_id: String,
    /// Its numbers, in any order; several happen.
    pub isrcs: Vec<Isrc>,
    /// The works in it, in any order.
    pub work_ids: Vec<String>,
    /// Claims to its making-available right, in any order; no claim comes twice.
    pub master: Vec<Claim>,
}

/// Makes the register hold exactly this of a recording. Its works must be known already.
///
/// # Errors
/// A work that is not known, a claim that comes twice or is out of range, a text that cannot be
/// kept; a database that fails.
pub async fn replace_recording(
    c: &mut AnyConnection,
    recording: &Recording,
) -> Result<Change, RightsError> {
    let (recording, before) = compared(c, recording).await?;
    let change = Change::between(before.as_ref(), &recording);
    if change == Change::Same {
        return Ok(change);
    }
    let id = &*recording.recording_id;
    let before = before.unwrap_or_default();
    let isrcs: Vec<&str> = recording.isrcs.iter().map(Isrc::as_str).collect();
    sqlx::query(
        "INSERT INTO rights_recording (id, isrcs) VALUES ($1, $2) \
         ON CONFLICT (id) DO UPDATE SET isrcs = excluded.isrcs",
    )
    .bind(id)
    .bind(isrcs.join(";"))
    .execute(&mut *c)
    .await?;
    if before.work_ids != recording.work_ids {
        write_works(c, id, &recording.work_ids).await?;
    }
    if before.master != recording.master {
        write_master(c, id, &recording.master).await?;
    }
    Ok(change)
}

/// What [`replace_recording`] would do, once its works are known; nothing is written.
///
/// # Errors
/// The same, but for a work that is not known.
pub async fn recording_change(
    c: &mut AnyConnection,
    recording: &Recording,
) -> Result<Change, RightsError> {
    let (recording, before) = compared(c, recording).await?;
    Ok(Change::between(before.as_ref(), &recording))
}

/// The recording as it is kept, and as the register has it.
async fn compared(
    c: &mut AnyConnection,
    recording: &Recording,
) -> Result<(Recording, Option<Recording>), RightsError> {
    let id = &*recording.recording_id;
    check::id("the recording's id", id)?;
    let mut recording = recording.clone();
    recording.master = check::in_order(id, &recording.master)?;
    recording.isrcs.sort();
    recording.isrcs.dedup();
    recording.work_ids.sort();
    recording.work_ids.dedup();
    let before = recordings(c, &[&*recording.recording_id]).await?.pop();
    Ok((recording, before))
}

async fn write_works(c: &mut AnyConnection, id: &str, works: &[String]) -> Result<(), RightsError> {
    delete(c, "DELETE FROM rights_recording_work WHERE recording_id = $1", id).await?;
    for work_id in works {
        // Inserted from the work's own row, so that a work that is not there inserts nothing.
        let inserted = sqlx::query(
            "INSERT INTO rights_recording_work (recording_id, work_id) \
             SELECT CAST($1 AS TEXT), id FROM rights_work WHERE id = $2",
        )
        .bind(id)
        .bind(&**work_id)
        .execute(&mut *c)
        .await?;
        if inserted.rows_affected() == 0 {
            return Err(RightsError::UnknownWork(work_id.clone()));
        }
    }
    Ok(())
}

async fn write_master(
    c: &mut AnyConnection,
    id: &str,
    claims: &[Claim],
) -> Result<(), RightsError> {
    delete(c, "DELETE FROM rights_master_claim WHERE recording_id = $1", id).await?;
    for (position, claim) in (0i64..).zip(claims) {
        let insert = sqlx::query(
            "INSERT INTO rights_master_claim (recording_id, position, claimant, party, share_ppm, \
             forms, territories, valid_from, valid_until, state) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        );
        row::bind(insert.bind(id).bind(position), claim).execute(&mut *c).await?;
    }
    Ok(())
}

/// Forgets a recording and the claims to it; its works stay. Says whether it was there.
///
/// # Errors
/// A database that fails.
pub async fn forget_recording(c: &mut AnyConnection, id: &str) -> Result<bool, RightsError> {
    delete(c, "DELETE FROM rights_recording_work WHERE recording_id = $1", id).await?;
    delete(c, "DELETE FROM rights_master_claim WHERE recording_id = $1", id).await?;
    Ok(delete(c, "DELETE FROM rights_recording WHERE id = $1", id).await? > 0)
}

async fn delete(c: &mut AnyConnection, sql: &'static str, id: &str) -> Result<u64, RightsError> {
    Ok(sqlx::query(sql).bind(id).execute(c).await?.rows_affected())
}

/// Recordings by their ids, in the order of the ids; what is not known is left out. On a
/// connection without a transaction, a change between its statements may be seen by half.
///
/// # Errors
/// A database that fails.
pub async fn recordings(
    c: &mut AnyConnection,
    recording_ids: &[&str],
) -> Result<Vec<Recording>, RightsError> {
    let mut found: BTreeMap<String, Recording> = BTreeMap::new();
    for ids in recording_ids.chunks(IDS_PER_QUERY) {
        let sql = format!(
            "SELECT r.id, r.isrcs, COALESCE(w.work_id, '') FROM rights_recording r \
             LEFT JOIN rights_recording_work w ON w.recording_id = r.id WHERE r.id IN ({})",
            placeholders(ids.len())
        );
        for row in of_ids(c, sql, ids).await? {
            let (id, work_id): (String, String) = (row.try_get(0)?, row.try_get(2)?);
            if !found.contains_key(&id) {
                let isrcs = row::list(&row.try_get::<String, _>(1)?)?;
                let recording =
                    Recording { recording_id: id.clone(), isrcs, ..Recording::default() };
                found.insert(id.clone(), recording);
            }
            if let (Some(recording), false) = (found.get_mut(&id), work_id.is_empty()) {
                recording.work_ids.push(work_id);
            }
        }
        let sql = format!(
            "SELECT recording_id, claimant, party, share_ppm, forms, territories, valid_from, \
             valid_until, state FROM rights_master_claim WHERE recording_id IN ({}) \
             ORDER BY recording_id, position",
            placeholders(ids.len())
        );
        for row in of_ids(c, sql, ids).await? {
            let id: String = row.try_get(0)?;
            if let (Some(recording), Some(claim)) = (found.get_mut(&id), row::claim(&row, 1)?) {
                recording.master.push(claim);
            }
        }
    }
    found.values_mut().for_each(|recording| recording.work_ids.sort());
    Ok(found.into_values().collect())
}

/// What is claimed of these recordings, one answer for each id in the order given: of one that the
/// register does not know, nothing is. One statement reads it all, so no change is seen by half.
/// For a pool: `&mut *store.readers().acquire().await?`.
///
/// # Errors
/// A database that fails.
pub async fn claims_of(
    c: &mut AnyConnection,
    recording_ids: &[&str],
) -> Result<Vec<RecordingClaims>, RightsError> {
    let mut found: BTreeMap<String, RecordingClaims> = BTreeMap::new();
    for ids in recording_ids.chunks(IDS_PER_QUERY) {
        let places = placeholders(ids.len());
        let sql = format!(
            "SELECT w.recording_id, w.work_id, COALESCE(c.claimant, ''), COALESCE(c.party, ''), \
             COALESCE(c.share_ppm, 0), COALESCE(c.forms, ''), COALESCE(c.territories, ''), \
             COALESCE(c.valid_from, ''), COALESCE(c.valid_until, ''), COALESCE(c.state, ''), \
             COALESCE(c.position, 0) AS position \
             FROM rights_recording_work w LEFT JOIN rights_work_claim c ON c.work_id = w.work_id \
             WHERE w.recording_id IN ({places}) \
             UNION ALL \
             SELECT recording_id, '', claimant, party, share_ppm, forms, territories, valid_from, \
             valid_until, state, position FROM rights_master_claim \
             WHERE recording_id IN ({places}) ORDER BY position"
        );
        for row in of_ids(c, sql, ids).await? {
            let (id, work_id): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            let recording =
                found.entry(id).or_insert_with_key(|id| RecordingClaims::unknown(&**id));
            let claim = row::claim(&row, 2)?;
            if work_id.is_empty() {
                recording.master.extend(claim);
            } else {
                add_to_work(&mut recording.works, work_id, claim);
            }
        }
    }
    let answer = recording_ids.iter().map(|id| {
        let mut claims = found.get(*id).cloned().unwrap_or_else(|| RecordingClaims::unknown(*id));
        claims.works.sort();
        claims
    });
    Ok(answer.collect())
}

fn add_to_work(works: &mut Vec<WorkClaims>, work_id: String, claim: Option<Claim>) {
    match works.iter_mut().find(|work| work.work_id == work_id) {
        Some(work) => work.claims.extend(claim),
        None => works.push(WorkClaims { work_id, claims: claim.into_iter().collect() }),
    }
}

/// The id of every recording that the register knows, in order. About 100 bytes of memory each.
///
/// # Errors
/// A database that fails.
pub async fn recording_ids(c: &mut AnyConnection) -> Result<Vec<String>, RightsError> {
    let rows = sqlx::query("SELECT id FROM rights_recording").fetch_all(c).await?;
    let ids: Result<Vec<String>, sqlx::Error> = rows.iter().map(|row| row.try_get(0)).collect();
    let mut ids = ids?;
    ids.sort_unstable();
    Ok(ids)
}

async fn of_ids(
    c: &mut AnyConnection,
    sql: String,
    ids: &[&str],
) -> Result<Vec<sqlx::any::AnyRow>, RightsError> {
    // Only numbers were put into the text.
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for id in ids {
        query = query.bind(*id);
    }
    Ok(query.fetch_all(c).await?)
}
