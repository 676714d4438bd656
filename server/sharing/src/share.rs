//! An upload: from a fingerprint to a permit, counted once however often it is asked for.

use onmon_core::{Fingerprint, wire};
use onmon_keys::{ContentKey, Kid, SigningUse, content_key_new, content_key_of_permit};
use onmon_library::{LibraryError, Recording, RecordingMatch};
use onmon_rights::{Decision, Ruling, UsageForm, decide};
use onmon_tag::{KeyId, TAG_VERSION, Tag};
use sha2::{Digest, Sha256};
use sqlx::AnyConnection;

use crate::challenge;
use crate::error::SharingError;
use crate::ids;
use crate::parts::parts;
use crate::permit::{Method, Permit};
use crate::platform::{Platform, permits};
use crate::plausible::{Look, look};
use crate::summary;
use crate::unknown;

/// What somebody wants to share.
#[derive(Debug, Clone, Copy)]
pub struct ShareRequest<'a> {
    /// The query fingerprint's wire bytes.
    pub wire: &'a [u8],
    /// How it is to be shared.
    pub method: Method,
    /// Digest of the audio's packets: the tag is bound to it.
    pub essence: [u8; 32],
    /// The asker's own key for this upload, 8 to 128 printable ASCII characters: asked again with
    /// it, nothing is counted again.
    pub idempotency_key: &'a str,
    /// The challenge that the fingerprint answers, and the recording's length in codes.
    pub challenge: Option<(&'a str, u32)>,
}

/// The answer to it.
#[derive(Debug)]
pub struct Shared {
    /// Every recording above the threshold, best first; empty when the request was answered before.
    pub matches: Vec<RecordingMatch>,
    /// What follows from their rights; none when the request was answered before.
    pub ruling: Option<Ruling>,
    /// The permit, if the answer is yes.
    pub permit: Option<Permitted>,
}

/// A permit, and what goes into the file.
#[derive(Debug)]
pub struct Permitted {
    /// Its id.
    pub permit_id: String,
    /// Whether this request made it; otherwise the upload was counted before.
    pub fresh: bool,
    /// For the tag method: the signed tag, to be written into the file.
    pub tag: Option<Vec<u8>>,
    /// For the DRM method: the key to encrypt with, and its name.
    pub key: Option<(Kid, ContentKey)>,
}

impl Platform {
    /// Identifies, decides, and on a permit counts the upload and hands out what goes into the
    /// file.
    ///
    /// # Errors
    /// A fingerprint that is none, or of no sound; an idempotency key that was used for something
    /// else; a challenge that is not answered; a library or database that does not answer.
    pub async fn share(
        &self,
        account_id: &str,
        request: &ShareRequest<'_>,
        now_ms: i64,
    ) -> Result<Shared, SharingError> {
        check_key(request.idempotency_key)?;
        let request_digest = digest_of(request);
        let fingerprint = wire::decode(request.wire).map_err(LibraryError::Fingerprint)?;
        let looks = look(&fingerprint);
        if looks == Look::Random {
            return Err(SharingError::Implausible);
        }
        if let Some(before) = self.shared_before(account_id, request, &request_digest).await? {
            return Ok(before);
        }
        let matches = self.shared.library.identify(request.wire).await?.matches;
        let parted = parts(&matches);
        let recordings: Vec<&Recording> = matches.iter().map(|found| &found.recording).collect();

        let mut write = self.shared.store.begin().await?;
        // Somebody may have asked the same meanwhile.
        if let Some(permit) =
            Permit::by_key(&mut write, account_id, request.idempotency_key).await?
        {
            drop(write);
            return self.again(&permit, &request_digest).await;
        }
        self.answer_challenge(&mut write, account_id, request, &fingerprint, now_ms).await?;
        let claims = self.claims_of(&mut write, &recordings).await?;
        let ruling = decide(&claims, &self.used(UsageForm::Upload, now_ms)?);
        summary::count(&mut write, ruling.decision, now_ms).await?;
        let permit = if permits(&ruling, self.settings()) {
            let given = Given { account_id, request, request_digest, parts: &parted, now_ms };
            Some(self.permit(&mut write, &given, &fingerprint, &ruling, looks).await?)
        } else {
            if ruling.decision == Decision::Unregistered && matches.is_empty() {
                let days = self.settings().unknown_days;
                unknown::keep(&mut write, request.wire, days, now_ms).await?;
            }
            None
        };
        write.commit().await?;
        Ok(Shared { matches, ruling: Some(ruling), permit })
    }

    async fn shared_before(
        &self,
        account_id: &str,
        request: &ShareRequest<'_>,
        request_digest: &[u8; 32],
    ) -> Result<Option<Shared>, SharingError> {
        let mut reader = self.shared.store.readers().acquire().await?;
        let known = Permit::by_key(&mut reader, account_id, request.idempotency_key).await?;
        drop(reader);
        match known {
            Some(permit) => Ok(Some(self.again(&permit, request_digest).await?)),
            None => Ok(None),
        }
    }

    /// The same answer as the first time.
    async fn again(&self, permit: &Permit, digest: &[u8; 32]) -> Result<Shared, SharingError> {
        if permit.request_digest != *digest {
            return Err(SharingError::KeyReused);
        }
        if permit.revoked_ms.is_some() {
            return Err(SharingError::NoSuchPermit);
        }
        let key = match permit.method {
            Method::Tag => None,
            Method::Drm => {
                let mut reader = self.shared.store.readers().acquire().await?;
                let (masters, id) = (self.masters(), &permit.permit_id);
                Some(content_key_of_permit(&mut *reader, masters, id).await?)
            }
        };
        let permitted = Permitted {
            permit_id: permit.permit_id.clone(),
            fresh: false,
            tag: self.tag_of(permit)?,
            key,
        };
        Ok(Shared { matches: Vec::new(), ruling: None, permit: Some(permitted) })
    }

    async fn answer_challenge(
        &self,
        connection: &mut AnyConnection,
        account_id: &str,
        request: &ShareRequest<'_>,
        fingerprint: &Fingerprint<'_>,
        now_ms: i64,
    ) -> Result<(), SharingError> {
        match request.challenge {
            Some((challenge, codes)) => {
                let answer = challenge::Answer { essence: &request.essence, codes, fingerprint };
                challenge::spend(connection, account_id, challenge, &answer, now_ms).await
            }
            None if self.settings().challenge_required => Err(SharingError::ChallengeNeeded),
            None => Ok(()),
        }
    }

    async fn permit(
        &self,
        connection: &mut AnyConnection,
        given: &Given<'_>,
        fingerprint: &Fingerprint<'_>,
        ruling: &Ruling,
        looks: Look,
    ) -> Result<Permitted, SharingError> {
        let Given { account_id, request, now_ms, .. } = *given;
        let permit_id = ids::new("prm_")?;
        let key = match request.method {
            Method::Tag => None,
            Method::Drm => {
                Some(content_key_new(connection, self.masters(), &permit_id, now_ms).await?)
            }
        };
        let permit = Permit {
            permit_id: permit_id.clone(),
            account_id: account_id.to_owned(),
            request_digest: given.request_digest,
            method: request.method,
            essence: request.essence,
            fingerprint: Sha256::digest(request.wire).into(),
            encoder: fingerprint.encoder().0,
            kid: key.as_ref().map(|(kid, _)| *kid),
            created_ms: now_ms,
            revoked_ms: None,
            parts: given
                .parts
                .iter()
                .map(|part| part.iter().map(|m| m.recording.recording_id.clone()).collect())
                .collect(),
        };
        store(connection, &permit, given, ruling).await?;
        let body = serde_json::json!({
            "account": account_id,
            "method": request.method.as_str(),
            "recordings": permit.parts,
            "rule": ruling.rule.id(),
            "rules_version": ruling.rules_version,
            "essence": hex(&permit.essence),
            "fingerprint": hex(&permit.fingerprint),
            "samples_alike": looks == Look::Copied,
            "challenged": request.challenge.is_some(),
        });
        crate::audit_line(connection, "permit", &permit_id, now_ms, &body).await?;
        let tag = self.tag_of(&permit)?;
        Ok(Permitted { permit_id, fresh: true, tag, key })
    }

    fn tag_of(&self, permit: &Permit) -> Result<Option<Vec<u8>>, SharingError> {
        if permit.method != Method::Tag {
            return Ok(None);
        }
        let tag = Tag {
            version: TAG_VERSION,
            recording_id: permit.first_recording().to_owned(),
            permit_id: permit.permit_id.clone(),
            essence: permit.essence,
            fingerprint: permit.fingerprint,
            issued_ms: permit.created_ms,
            encoder: permit.encoder,
        };
        let signing = self.signing();
        let signer = signing.signer(SigningUse::Tag)?;
        Ok(Some(tag.sign(KeyId(signer.key_id().0), |message| signer.sign(message))?))
    }
}

/// What a permit is given for.
#[derive(Clone, Copy)]
struct Given<'a> {
    account_id: &'a str,
    request: &'a ShareRequest<'a>,
    request_digest: [u8; 32],
    parts: &'a [Vec<&'a RecordingMatch>],
    now_ms: i64,
}

async fn store(
    connection: &mut AnyConnection,
    permit: &Permit,
    given: &Given<'_>,
    ruling: &Ruling,
) -> Result<(), SharingError> {
    let best = given.parts.first().and_then(|part| part.first());
    sqlx::query(
        "INSERT INTO permit (permit_id, account_id, idempotency_key, request_digest, method, \
         essence, fingerprint, rule_id, rule_version, matched_ms, confidence, encoder, kid, \
         created_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
    )
    .bind(&permit.permit_id)
    .bind(&permit.account_id)
    .bind(given.request.idempotency_key)
    .bind(&permit.request_digest[..])
    .bind(permit.method.as_str())
    .bind(&permit.essence[..])
    .bind(&permit.fingerprint[..])
    .bind(ruling.rule.id())
    .bind(i64::from(ruling.rules_version))
    .bind(best.map_or(0, |best| i64::from(best.matched_ms)))
    .bind(best.map_or(0, |best| (best.confidence * 100.0) as i64))
    .bind(i64::from(permit.encoder))
    .bind(permit.kid.map(|kid| kid.to_string()))
    .bind(permit.created_ms)
    .execute(&mut *connection)
    .await?;
    let mut line = 0i64;
    for (part, recordings) in (0i64..).zip(&permit.parts) {
        for recording in recordings {
            sqlx::query(
                "INSERT INTO permit_recording (permit_id, line, part, recording_id) \
                 VALUES ($1, $2, $3, $4)",
            )
            .bind(&permit.permit_id)
            .bind(line)
            .bind(part)
            .bind(recording)
            .execute(&mut *connection)
            .await?;
            line += 1;
        }
    }
    Ok(())
}

/// Everything that makes a request this one and no other; a challenge is only how it is proved.
fn digest_of(request: &ShareRequest<'_>) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update(b"onmon share 1\0");
    digest.update(request.method.as_str());
    digest.update([0]);
    digest.update(request.essence);
    // With a challenge the fingerprint differs from one try to the next: the audio does not.
    if request.challenge.is_none() {
        digest.update(request.wire);
    }
    digest.finalize().into()
}

fn check_key(key: &str) -> Result<(), SharingError> {
    let fits = (8..=128).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    if fits { Ok(()) } else { Err(SharingError::BadIdempotencyKey) }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
