//! A challenge: the server draws where the samples are to lie, after the client has named its
//! audio.
//!
//! So a stored fingerprint cannot be replayed, and whoever wants to be taken for a song needs that
//! song's audio at hand. It does not make anyone honest: who has another song's audio can still
//! send that song's codes (docs/honest-limits.md).

use onmon_core::{Fingerprint, Kind, MARGIN_CODES, plan};
use onmon_store::StoreError;
use sqlx::{AnyConnection, Row};

use crate::error::SharingError;
use crate::ids;
use crate::platform::Platform;

/// A browser needs seconds to extract; a person may have looked away.
const LIFE_MS: i64 = 120_000;

/// Times that an account may have open at once: beyond, the oldest end.
const OPEN_MAX: i64 = 32;

/// Headers may tell a length wrong by a little, which a whole pass then corrects.
const CODES_OFF_MAX: u32 = 200;

/// Where the samples are to lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// Its id, to be sent with the fingerprint.
    pub challenge_id: String,
    /// What the places follow from ([`plan::drawn_spans`]).
    pub seed: u64,
    /// When it ends (Unix milliseconds).
    pub expires_ms: i64,
}

/// What comes back.
pub(crate) struct Answer<'a> {
    pub essence: &'a [u8; 32],
    /// Codes of the whole recording, as the client counted them.
    pub codes: u32,
    pub fingerprint: &'a Fingerprint<'a>,
}

impl Platform {
    /// Draws the places for audio that is named by its digest and length in codes.
    ///
    /// # Errors
    /// A database that does not answer; no randomness.
    pub async fn challenge(
        &self,
        account_id: &str,
        essence: &[u8; 32],
        codes: u32,
        now_ms: i64,
    ) -> Result<Challenge, SharingError> {
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(|_| SharingError::NoRandomness)?;
        let challenge = Challenge {
            challenge_id: ids::new("chl_")?,
            seed: u64::from_be_bytes(random),
            expires_ms: now_ms + LIFE_MS,
        };
        let mut write = self.shared.store.begin().await?;
        sqlx::query("DELETE FROM challenge WHERE expires_ms <= $1")
            .bind(now_ms)
            .execute(&mut *write)
            .await?;
        sqlx::query(
            "DELETE FROM challenge WHERE account_id = $1 AND challenge_id NOT IN \
             (SELECT challenge_id FROM challenge WHERE account_id = $1 \
              ORDER BY expires_ms DESC LIMIT $2)",
        )
        .bind(account_id)
        .bind(OPEN_MAX - 1)
        .execute(&mut *write)
        .await?;
        sqlx::query(
            "INSERT INTO challenge (challenge_id, account_id, essence, codes, seed, expires_ms) \
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(&challenge.challenge_id)
        .bind(account_id)
        .bind(&essence[..])
        .bind(i64::from(codes))
        .bind(&random[..])
        .bind(challenge.expires_ms)
        .execute(&mut *write)
        .await?;
        write.commit().await?;
        Ok(challenge)
    }
}

/// Takes a challenge and looks whether it is answered. It is gone if the caller's transaction
/// commits.
pub(crate) async fn spend(
    connection: &mut AnyConnection,
    account_id: &str,
    challenge_id: &str,
    answer: &Answer<'_>,
    now_ms: i64,
) -> Result<(), SharingError> {
    let row = sqlx::query(
        "DELETE FROM challenge WHERE challenge_id = $1 AND account_id = $2 AND expires_ms > $3 \
         RETURNING essence, codes, seed",
    )
    .bind(challenge_id)
    .bind(account_id)
    .bind(now_ms)
    .fetch_optional(connection)
    .await?
    .ok_or(SharingError::NoSuchChallenge)?;
    let essence: Vec<u8> = row.try_get(0)?;
    let codes = u32::try_from(row.try_get::<i64, _>(1)?).map_err(StoreError::foreign)?;
    let seed: Vec<u8> = row.try_get(2)?;
    let seed = <[u8; 8]>::try_from(seed)
        .map_err(|_| StoreError::foreign(std::io::Error::other("a seed has 8 bytes")))?;
    let answered = essence == answer.essence
        && answer.codes.abs_diff(codes) <= CODES_OFF_MAX
        && lies_there(answer.fingerprint, answer.codes, u64::from_be_bytes(seed));
    if answered { Ok(()) } else { Err(SharingError::ChallengeFailed) }
}

/// Whether a fingerprint is of the places that the seed draws in a recording of so many codes: of a
/// short one that is all of it.
fn lies_there(fingerprint: &Fingerprint<'_>, codes: u32, seed: u64) -> bool {
    if fingerprint.kind() == Kind::Clip {
        let all = codes as usize + 2 * MARGIN_CODES;
        return plan::is_clip(codes) && fingerprint.codes().len() == all;
    }
    plan::drawn_spans(codes, seed).is_ok_and(|asked| {
        let given = fingerprint.samples();
        given.len() == asked.len()
            && given.zip(&asked).all(|(sample, span)| {
                (sample.start, sample.codes.len()) == (span.start, span.len as usize)
            })
    })
}

#[cfg(test)]
mod tests {
    use onmon_core::{Margins, QueryBuilder};

    use super::*;

    #[test]
    fn of_a_clip_all_has_to_be_there() {
        let margins = Margins { before: [1; MARGIN_CODES], after: [2; MARGIN_CODES] };
        let of = |codes: usize, margins: Option<&Margins>| {
            QueryBuilder::of_sound(0, &vec![7; codes], margins, Some(5)).unwrap()
        };
        let clip = of(400, Some(&margins));
        let clip = clip.finish().unwrap();
        assert_eq!(clip.kind(), Kind::Clip);
        assert!(lies_there(&clip, 400, 5));
        assert!(!lies_there(&clip, 401, 5) && !lies_there(&clip, 424, 5));
        // A client that makes no margins; and of a whole song the places drawn.
        let bare = of(400, None);
        assert!(lies_there(&bare.finish().unwrap(), 400, 5));
        let song = of(5_000, Some(&margins));
        let song = song.finish().unwrap();
        assert!(lies_there(&song, 5_000, 5) && !lies_there(&song, 5_000, 6));
    }
}
