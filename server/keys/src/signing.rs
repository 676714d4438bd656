//! The keys that sign tags, releases and checkpoints: Ed25519, two live for each purpose, rotated
//! by their ids.
//!
//! ```text
//! standby   published, does not sign yet: who verifies offline knows it before it is used
//! signing   the one that signs
//! retired   published, its private half is gone: what it signed stays good
//! revoked   not published: what it signed is worth nothing any more
//! ```
//! Private keys stay inside: others get a [`Signer`].

use std::fmt;

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sqlx::{Any, AnyConnection, Executor, Row};
use zeroize::Zeroizing;

use crate::error::KeysError;
use crate::master::MasterKeys;
use crate::public::{KeyId, PublicKey};

/// What a key signs. Keys of one purpose never sign for another, so a signed tag can never pass for
/// a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SigningUse {
    /// Tags of shared files.
    Tag,
    /// Releases of content keys.
    Release,
    /// Checkpoints of the audit log.
    Checkpoint,
}

impl SigningUse {
    /// All of them.
    pub const ALL: [SigningUse; 3] = [SigningUse::Tag, SigningUse::Release, SigningUse::Checkpoint];

    /// `tag`, `release` or `checkpoint`.
    pub fn name(self) -> &'static str {
        match self {
            SigningUse::Tag => "tag",
            SigningUse::Release => "release",
            SigningUse::Checkpoint => "checkpoint",
        }
    }
}

/// All keys that sign or verify, opened. Loaded again after a change.
pub struct SigningKeys {
    signing: Vec<Live>,
    public: Vec<PublicKey>,
}

struct Live {
    id: KeyId,
    purpose: SigningUse,
    key: SigningKey,
}

impl SigningKeys {
    /// Makes the keys that are missing, in the caller's transaction: all of them the first time,
    /// none later.
    ///
    /// # Errors
    /// No random bytes; the database.
    pub async fn prepare(
        connection: &mut AnyConnection,
        masters: &MasterKeys,
        now_ms: i64,
    ) -> Result<(), KeysError> {
        for purpose in SigningUse::ALL {
            for state in [State::Signing, State::Standby] {
                if in_state(connection, purpose, state).await?.is_none() {
                    insert(connection, masters, purpose, state, now_ms).await?;
                }
            }
        }
        Ok(())
    }

    /// Whether none is missing: then nothing needs to be written.
    ///
    /// # Errors
    /// The database.
    pub async fn are_prepared(connection: &mut AnyConnection) -> Result<bool, KeysError> {
        for purpose in SigningUse::ALL {
            for state in [State::Signing, State::Standby] {
                if in_state(connection, purpose, state).await?.is_none() {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Reads and opens them, from readers or in the caller's transaction.
    ///
    /// # Errors
    /// [`KeysError::Damaged`] where a key is not what this program wrote,
    /// [`KeysError::UnknownMaster`]; the database.
    pub async fn load<'e>(
        executor: impl Executor<'e, Database = Any>,
        masters: &MasterKeys,
    ) -> Result<SigningKeys, KeysError> {
        let rows = sqlx::query(
            "SELECT id, purpose, state, public, wrapped FROM signing_key \
             WHERE state <> 'revoked' ORDER BY made_ms, id",
        )
        .fetch_all(executor)
        .await?;
        let mut keys = SigningKeys { signing: Vec::new(), public: Vec::new() };
        for row in &rows {
            let stored = Stored::read(row)?;
            let opened = stored.open(masters)?;
            keys.public.push(stored.public);
            if let (Some(key), State::Signing) = (opened, stored.state) {
                let purpose = stored.public.purpose;
                keys.signing.push(Live { id: stored.public.id, purpose, key });
            }
        }
        Ok(keys)
    }

    /// The key on standby signs from now on, the one that signed is retired, and a new one stands
    /// by; in the caller's transaction. Returns which one signs now.
    ///
    /// # Errors
    /// [`KeysError::NoSigningKey`] before [`SigningKeys::prepare`]; the database.
    pub async fn rotate(
        connection: &mut AnyConnection,
        masters: &MasterKeys,
        purpose: SigningUse,
        now_ms: i64,
    ) -> Result<KeyId, KeysError> {
        let signing = in_state(connection, purpose, State::Signing).await?;
        let signing = signing.ok_or(KeysError::NoSigningKey)?;
        end(connection, masters, &signing, State::Retired, now_ms).await?;
        promote(connection, masters, purpose, now_ms).await
    }

    /// Ends a key that is no longer to be believed; whatever it has signed is worth nothing. Where
    /// it is live another takes its place. False if it was revoked before.
    ///
    /// # Errors
    /// [`KeysError::NotFound`]; the database.
    pub async fn revoke(
        connection: &mut AnyConnection,
        masters: &MasterKeys,
        id: KeyId,
        now_ms: i64,
    ) -> Result<bool, KeysError> {
        let row = sqlx::query(
            "SELECT id, purpose, state, public, wrapped FROM signing_key WHERE id = $1",
        )
        .bind(id.to_string())
        .fetch_optional(&mut *connection)
        .await?;
        let stored = Stored::read(&row.ok_or(KeysError::NotFound)?)?;
        let purpose = stored.public.purpose;
        if stored.state == State::Revoked {
            return Ok(false);
        }
        end(connection, masters, &stored, State::Revoked, now_ms).await?;
        match stored.state {
            State::Signing => {
                promote(connection, masters, purpose, now_ms).await?;
            }
            State::Standby => {
                insert(connection, masters, purpose, State::Standby, now_ms).await?;
            }
            State::Retired | State::Revoked => {}
        }
        Ok(true)
    }

    /// What signs for this purpose now.
    ///
    /// # Errors
    /// [`KeysError::NoSigningKey`].
    pub fn signer(&self, purpose: SigningUse) -> Result<Signer<'_>, KeysError> {
        let live = self.signing.iter().find(|live| live.purpose == purpose);
        live.map(Signer).ok_or(KeysError::NoSigningKey)
    }

    /// All keys that verify, oldest first, those on standby among them.
    pub fn public(&self) -> &[PublicKey] {
        &self.public
    }

    /// Whether this key made this signature, for this purpose.
    ///
    /// # Errors
    /// [`KeysError::NotFound`] for a key that is not known, is for something else or was revoked;
    /// [`KeysError::BadSignature`].
    pub fn verify(
        &self,
        purpose: SigningUse,
        id: KeyId,
        message: &[u8],
        signature: &[u8; 64],
    ) -> Result<(), KeysError> {
        let key = self.public.iter().find(|key| key.id == id && key.purpose == purpose);
        let key = VerifyingKey::from_bytes(&key.ok_or(KeysError::NotFound)?.key);
        key.and_then(|key| key.verify_strict(message, &Signature::from_bytes(signature)))
            .map_err(|_| KeysError::BadSignature)
    }
}

impl fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKeys").field("public", &self.public).finish_non_exhaustive()
    }
}

/// A key that signs; it cannot be taken out.
#[derive(Clone, Copy)]
pub struct Signer<'a>(&'a Live);

impl Signer<'_> {
    /// Which one, for whoever verifies.
    pub fn key_id(&self) -> KeyId {
        self.0.id
    }

    /// What it signs.
    pub fn purpose(&self) -> SigningUse {
        self.0.purpose
    }

    /// Ed25519 (RFC 8032), not prehashed.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.key.sign(message).to_bytes()
    }
}

impl fmt::Debug for Signer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({}, ..)", self.0.id)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Standby,
    Signing,
    Retired,
    Revoked,
}

impl State {
    const ALL: [State; 4] = [State::Standby, State::Signing, State::Retired, State::Revoked];

    fn name(self) -> &'static str {
        match self {
            State::Standby => "standby",
            State::Signing => "signing",
            State::Retired => "retired",
            State::Revoked => "revoked",
        }
    }

    /// What the wrapped bytes are for. A key that has ended is wrapped for its end: changed back in
    /// the database it does not open.
    fn purpose(self) -> &'static str {
        match self {
            State::Standby | State::Signing => "signing",
            State::Retired => "signing-retired",
            State::Revoked => "signing-revoked",
        }
    }
}

/// A row.
pub(crate) struct Stored {
    pub public: PublicKey,
    pub state: State,
    pub wrapped: Vec<u8>,
}

impl Stored {
    /// Columns id, purpose, state, public, wrapped.
    pub(crate) fn read(row: &sqlx::any::AnyRow) -> Result<Stored, KeysError> {
        let id: String = row.try_get("id")?;
        let purpose: String = row.try_get("purpose")?;
        let state: String = row.try_get("state")?;
        let public: Vec<u8> = row.try_get("public")?;
        let purpose = SigningUse::ALL.into_iter().find(|known| known.name() == purpose);
        let state = State::ALL.into_iter().find(|known| known.name() == state);
        let key: [u8; 32] = public.try_into().map_err(|_| KeysError::Damaged)?;
        let public =
            PublicKey { id: KeyId::of(&key), purpose: purpose.ok_or(KeysError::Damaged)?, key };
        if public.id.to_string() != id {
            return Err(KeysError::Damaged);
        }
        Ok(Stored {
            public,
            state: state.ok_or(KeysError::Damaged)?,
            wrapped: row.try_get("wrapped")?,
        })
    }

    /// What it is wrapped for: purpose and id.
    pub(crate) fn place(&self) -> (&'static str, String) {
        place(&self.public, self.state)
    }

    /// The private key while it is live; `None` when it has ended. Either way the public key is
    /// shown to be the one that was put here.
    fn open(&self, masters: &MasterKeys) -> Result<Option<SigningKey>, KeysError> {
        let (purpose, id) = self.place();
        let opened = masters.open(purpose, &id, &self.wrapped)?;
        let bytes: &[u8; 32] = opened.as_slice().try_into().map_err(|_| KeysError::Damaged)?;
        let key = match self.state {
            State::Standby | State::Signing => Some(SigningKey::from_bytes(bytes)),
            State::Retired | State::Revoked => None,
        };
        let public = key.as_ref().map_or(*bytes, |key| key.verifying_key().to_bytes());
        if public == self.public.key { Ok(key) } else { Err(KeysError::Damaged) }
    }
}

fn place(public: &PublicKey, state: State) -> (&'static str, String) {
    (state.purpose(), format!("{}/{}", public.purpose.name(), public.id))
}

async fn in_state(
    connection: &mut AnyConnection,
    purpose: SigningUse,
    state: State,
) -> Result<Option<Stored>, KeysError> {
    let row = sqlx::query(
        "SELECT id, purpose, state, public, wrapped FROM signing_key \
         WHERE purpose = $1 AND state = $2",
    )
    .bind(purpose.name())
    .bind(state.name())
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(Stored::read).transpose()
}

async fn insert(
    connection: &mut AnyConnection,
    masters: &MasterKeys,
    purpose: SigningUse,
    state: State,
    now_ms: i64,
) -> Result<KeyId, KeysError> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(seed.as_mut_slice()).map_err(|_| KeysError::Random)?;
    let key = SigningKey::from_bytes(&seed).verifying_key().to_bytes();
    let public = PublicKey { id: KeyId::of(&key), purpose, key };
    let (wrapped_for, id) = place(&public, state);
    sqlx::query(
        "INSERT INTO signing_key (id, purpose, state, public, master, wrapped, made_ms) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(public.id.to_string())
    .bind(purpose.name())
    .bind(state.name())
    .bind(&key[..])
    .bind(masters.current().to_string())
    .bind(masters.wrap(wrapped_for, &id, seed.as_slice())?)
    .bind(now_ms)
    .execute(connection)
    .await?;
    Ok(public.id)
}

/// Retires or revokes: the private key is overwritten.
async fn end(
    connection: &mut AnyConnection,
    masters: &MasterKeys,
    stored: &Stored,
    state: State,
    now_ms: i64,
) -> Result<(), KeysError> {
    let (wrapped_for, id) = place(&stored.public, state);
    sqlx::query(
        "UPDATE signing_key SET state = $1, master = $2, wrapped = $3, ended_ms = $4 WHERE id = $5",
    )
    .bind(state.name())
    .bind(masters.current().to_string())
    .bind(masters.wrap(wrapped_for, &id, &stored.public.key)?)
    .bind(now_ms)
    .bind(stored.public.id.to_string())
    .execute(connection)
    .await?;
    Ok(())
}

/// The key on standby signs, and a new one stands by.
async fn promote(
    connection: &mut AnyConnection,
    masters: &MasterKeys,
    purpose: SigningUse,
    now_ms: i64,
) -> Result<KeyId, KeysError> {
    let standby = in_state(connection, purpose, State::Standby).await?;
    let standby = standby.ok_or(KeysError::NoSigningKey)?;
    sqlx::query("UPDATE signing_key SET state = $1 WHERE id = $2")
        .bind(State::Signing.name())
        .bind(standby.public.id.to_string())
        .execute(&mut *connection)
        .await?;
    insert(connection, masters, purpose, State::Standby, now_ms).await?;
    Ok(standby.public.id)
}
