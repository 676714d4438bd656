//! The register into a catalogue's file: what [`import`](super::import()) reads back as the same.

use std::collections::BTreeMap;
use std::io::{self, Write};

use sqlx::AnyConnection;

use super::COLUMNS;
use super::shield::shielded;
use crate::claim::Claim;
use crate::error::RightsError;
use crate::register::{Recording, Work, recording_ids, recordings, works};
use crate::usage::Right;

/// How many recordings are held in memory at once.
const RECORDINGS_AT_ONCE: usize = 200;

/// What an export wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Exported {
    /// Recordings.
    pub recordings: u64,
    /// Lines, the header not counted.
    pub lines: u64,
}

/// Writes every recording of the register, in the order of their ids, as UTF-8 with LF; the same
/// register gives the same bytes. (A work that no recording has is not in it: the format is one of
/// recordings.) Memory: every id and 200 recordings. Ask on a connection with a transaction, so
/// that no change comes between.
///
/// # Errors
/// A writer or database that fails.
pub async fn export(c: &mut AnyConnection, out: impl Write) -> Result<Exported, RightsError> {
    let mut file =
        csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(out);
    let mut exported = Exported::default();
    file.write_record(COLUMNS).map_err(write_error)?;
    let ids = recording_ids(c).await?;
    for ids in ids.chunks(RECORDINGS_AT_ONCE) {
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let recordings = recordings(c, &ids).await?;
        let work_ids: Vec<&str> =
            recordings.iter().flat_map(|of| of.work_ids.iter().map(String::as_str)).collect();
        let works: BTreeMap<String, Work> = works(c, &work_ids)
            .await?
            .into_iter()
            .map(|work| (work.work_id.clone(), work))
            .collect();
        for recording in &recordings {
            for line in lines(recording, &works) {
                file.write_record(&line).map_err(write_error)?;
                exported.lines += 1;
            }
            exported.recordings += 1;
        }
    }
    file.flush().map_err(RightsError::Write)?;
    Ok(exported)
}

fn write_error(error: csv::Error) -> RightsError {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => RightsError::Write(error),
        _ => RightsError::Write(io::Error::other("a record of another width")),
    }
}

type Line = [String; COLUMNS.len()];

fn lines(recording: &Recording, works: &BTreeMap<String, Work>) -> Vec<Line> {
    let mut lines = Vec::new();
    for work in recording.work_ids.iter().filter_map(|id| works.get(id)) {
        match &work.claims[..] {
            [] => lines.push(line(recording, Some(work), None)),
            claims => {
                lines.extend(claims.iter().map(|claim| line(recording, Some(work), Some(claim))))
            }
        }
    }
    lines.extend(recording.master.iter().map(|claim| line(recording, None, Some(claim))));
    if lines.is_empty() {
        lines.push(line(recording, None, None));
    }
    lines
}

fn line(recording: &Recording, work: Option<&Work>, claim: Option<&Claim>) -> Line {
    let isrcs: Vec<&str> = recording.isrcs.iter().map(|isrc| isrc.as_str()).collect();
    let right = match (work, claim) {
        (Some(_), _) => Right::InteractiveDistribution.as_str(),
        (None, Some(_)) => Right::MasterMakingAvailable.as_str(),
        (None, None) => "",
    };
    let of_work = |text: fn(&Work) -> Option<String>| work.and_then(text).unwrap_or_default();
    let of_claim = |text: fn(&Claim) -> Option<String>| claim.and_then(text).unwrap_or_default();
    [
        shielded(&recording.recording_id),
        isrcs.join(";"),
        right.to_owned(),
        of_work(|work| Some(shielded(&work.work_id))),
        of_work(|work| work.iswc.as_ref().map(ToString::to_string)),
        of_work(|work| work.jasrac_code.as_ref().map(ToString::to_string)),
        of_work(|work| work.nextone_code.as_ref().map(ToString::to_string)),
        of_work(|work| work.title.as_deref().map(shielded)),
        of_work(|work| Some(shielded(&work.composers.join(";")))),
        of_work(|work| Some(shielded(&work.lyricists.join(";")))),
        of_claim(|claim| Some(claim.claimant.to_string())),
        of_claim(|claim| claim.party.as_ref().map(ToString::to_string)),
        of_claim(|claim| Some(claim.share_ppm.to_string())),
        of_claim(|claim| Some(claim.form.to_string())),
        of_claim(|claim| Some(claim.territory.to_string())),
        of_claim(|claim| claim.period.from().map(|date| date.to_string())),
        of_claim(|claim| claim.period.until().map(|date| date.to_string())),
        of_claim(|claim| Some(claim.state.to_string())),
    ]
}
