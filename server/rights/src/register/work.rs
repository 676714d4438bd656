//! Works and organisations in the register.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use super::{Change, IDS_PER_QUERY, check, placeholders, row};
use crate::claim::{Claim, UNNAMED_WORK};
use crate::error::{RightsError, TextFault};
use crate::identifiers::{Ipi, Iswc, JasracCode, NextoneCode, OrganisationId};

/// An organisation that claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organisation {
    /// Our name of it.
    pub id: OrganisationId,
    /// Its own name, for people.
    pub name: String,
    /// Its DDEX party id (DPID), if it has one.
    pub dpid: Option<String>,
    /// Its IPI name number, if it is known.
    pub ipi: Option<Ipi>,
}

/// A musical work, and who claims which share of its interactive distribution right.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Work {
    /// The register's id, at most 256 bytes.
    pub work_id: String,
    /// The standard's number.
    pub iswc: Option<Iswc>,
    /// JASRAC's code.
    pub jasrac_code: Option<JasracCode>,
    /// NexTone's code.
    pub nextone_code: Option<NextoneCode>,
    /// As the societies write it, at most 1,024 bytes.
    pub title: Option<String>,
    /// Names, at most 2,048 bytes together; none has a `;`.
    pub composers: Vec<String>,
    /// Names, at most 2,048 bytes together; none has a `;`.
    pub lyricists: Vec<String>,
    /// Who claims what, in any order; no claim comes twice.
    pub claims: Vec<Claim>,
}

/// Makes the register know an organisation, or know it as this.
///
/// # Errors
/// A name that cannot be kept; a database that fails.
pub async fn put_organisation(
    c: &mut AnyConnection,
    organisation: &Organisation,
) -> Result<(), RightsError> {
    check::title("the organisation's name", &organisation.name)?;
    check::title("the organisation's DPID", organisation.dpid.as_deref().unwrap_or_default())?;
    sqlx::query(
        "INSERT INTO rights_organisation (id, name, dpid, ipi) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (id) DO UPDATE \
         SET name = excluded.name, dpid = excluded.dpid, ipi = excluded.ipi",
    )
    .bind(organisation.id.as_str())
    .bind(&*organisation.name)
    .bind(organisation.dpid.clone().unwrap_or_default())
    .bind(organisation.ipi.as_ref().map(ToString::to_string).unwrap_or_default())
    .execute(c)
    .await?;
    Ok(())
}

/// Every organisation that was put, by id.
///
/// # Errors
/// A database that fails.
pub async fn organisations(c: &mut AnyConnection) -> Result<Vec<Organisation>, RightsError> {
    let rows =
        sqlx::query("SELECT id, name, dpid, ipi FROM rights_organisation").fetch_all(c).await?;
    let mut found = Vec::with_capacity(rows.len());
    for of in rows {
        let text = |at: usize| of.try_get::<String, _>(at);
        let dpid = text(2)?;
        found.push(Organisation {
            id: text(0)?.parse().map_err(onmon_store::StoreError::foreign)?,
            name: text(1)?,
            dpid: (!dpid.is_empty()).then_some(dpid),
            ipi: row::optional(&text(3)?)?,
        });
    }
    found.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(found)
}

/// Makes the register hold exactly this of a work.
///
/// # Errors
/// A claim that comes twice or is out of range, a text that cannot be kept; a database that fails.
pub async fn replace_work(c: &mut AnyConnection, work: &Work) -> Result<Change, RightsError> {
    let (work, before) = compared(c, work).await?;
    let change = Change::between(before.as_ref(), &work);
    if change == Change::Same {
        return Ok(change);
    }
    write_description(c, &work).await?;
    if before.is_none_or(|before| before.claims != work.claims) {
        write_claims(c, &work).await?;
    }
    Ok(change)
}

/// What [`replace_work`] would do; nothing is written.
///
/// # Errors
/// The same.
pub async fn work_change(c: &mut AnyConnection, work: &Work) -> Result<Change, RightsError> {
    let (work, before) = compared(c, work).await?;
    Ok(Change::between(before.as_ref(), &work))
}

/// The work as it is kept, and as the register has it.
async fn compared(c: &mut AnyConnection, work: &Work) -> Result<(Work, Option<Work>), RightsError> {
    check::id("the work's id", &work.work_id)?;
    if work.work_id == UNNAMED_WORK {
        let (what, text) = ("the work's id", work.work_id.clone());
        return Err(RightsError::Text { what, text, why: TextFault::Reserved });
    }
    check::title("the work's title", work.title.as_deref().unwrap_or_default())?;
    check::names("a composer's name", &work.composers)?;
    check::names("a lyricist's name", &work.lyricists)?;
    let claims = check::in_order(&work.work_id, &work.claims)?;
    let work = Work { claims, title: work.title.clone().filter(|t| !t.is_empty()), ..work.clone() };
    let before = works(c, &[&work.work_id]).await?.pop();
    Ok((work, before))
}

async fn write_claims(c: &mut AnyConnection, work: &Work) -> Result<(), RightsError> {
    sqlx::query("DELETE FROM rights_work_claim WHERE work_id = $1")
        .bind(&*work.work_id)
        .execute(&mut *c)
        .await?;
    for (position, claim) in (0i64..).zip(&work.claims) {
        let insert = sqlx::query(
            "INSERT INTO rights_work_claim (work_id, position, claimant, party, share_ppm, \
             forms, territories, valid_from, valid_until, state) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        );
        let insert = insert.bind(&*work.work_id).bind(position);
        row::bind(insert, claim).execute(&mut *c).await?;
    }
    Ok(())
}

async fn write_description(c: &mut AnyConnection, work: &Work) -> Result<(), RightsError> {
    sqlx::query(
        "INSERT INTO rights_work (id, iswc, jasrac_code, nextone_code, title, composers, lyricists) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO UPDATE SET iswc = excluded.iswc, \
         jasrac_code = excluded.jasrac_code, nextone_code = excluded.nextone_code, \
         title = excluded.title, composers = excluded.composers, lyricists = excluded.lyricists",
    )
    .bind(&*work.work_id)
    .bind(work.iswc.as_ref().map(ToString::to_string).unwrap_or_default())
    .bind(work.jasrac_code.as_ref().map(ToString::to_string).unwrap_or_default())
    .bind(work.nextone_code.as_ref().map(ToString::to_string).unwrap_or_default())
    .bind(work.title.clone().unwrap_or_default())
    .bind(work.composers.join(";"))
    .bind(work.lyricists.join(";"))
    .execute(c)
    .await?;
    Ok(())
}

/// Works by their ids, in the order of the ids; what is not known is left out.
///
/// # Errors
/// A database that fails.
pub async fn works(c: &mut AnyConnection, work_ids: &[&str]) -> Result<Vec<Work>, RightsError> {
    let mut ids = work_ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    let mut found: Vec<Work> = Vec::with_capacity(ids.len());
    for ids in ids.chunks(IDS_PER_QUERY) {
        let sql = format!(
            "SELECT w.id, w.iswc, w.jasrac_code, w.nextone_code, w.title, w.composers, \
             w.lyricists, COALESCE(c.claimant, ''), COALESCE(c.party, ''), \
             COALESCE(c.share_ppm, 0), COALESCE(c.forms, ''), COALESCE(c.territories, ''), \
             COALESCE(c.valid_from, ''), COALESCE(c.valid_until, ''), COALESCE(c.state, '') \
             FROM rights_work w LEFT JOIN rights_work_claim c ON c.work_id = w.id \
             WHERE w.id IN ({}) ORDER BY w.id, c.position",
            placeholders(ids.len())
        );
        // Only numbers were put into the text.
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for id in ids {
            query = query.bind(*id);
        }
        for row in query.fetch_all(&mut *c).await? {
            let id: String = row.try_get(0)?;
            if found.last().is_none_or(|last| last.work_id != id) {
                found.push(described(id, &row)?);
            }
            if let (Some(work), Some(claim)) = (found.last_mut(), row::claim(&row, 7)?) {
                work.claims.push(claim);
            }
        }
    }
    // The engines collate each in their own way.
    found.sort_by(|a, b| a.work_id.cmp(&b.work_id));
    Ok(found)
}

fn described(work_id: String, of: &AnyRow) -> Result<Work, RightsError> {
    let text = |at: usize| of.try_get::<String, _>(at);
    let title = text(4)?;
    Ok(Work {
        work_id,
        iswc: row::optional(&text(1)?)?,
        jasrac_code: row::optional(&text(2)?)?,
        nextone_code: row::optional(&text(3)?)?,
        title: (!title.is_empty()).then_some(title),
        composers: row::list(&text(5)?)?,
        lyricists: row::list(&text(6)?)?,
        claims: Vec::new(),
    })
}
