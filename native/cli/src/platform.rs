//! The routes of the copyright platform, for an account: permit, offer, purchase, recheck.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use onmon_core::wire::MEDIA_TYPE;
use onmon_seal::ContentKey;
use onmon_tag::{KeyId, PublicKeys};
use serde::{Deserialize, Serialize};

use crate::args::{AccountArgs, Method};
use crate::identify::Answer;
use crate::outcome::Failure;
use crate::remote::{self, Remote};

/// The code of a server that wants the samples where it has drawn them.
const CHALLENGE_NEEDED: &str = "challenge_needed";

/// How an account's API key begins. It is long-lived and exchanged for a token of minutes.
const API_KEY: &str = "onk_";

/// A server, asked for an account.
pub struct Platform(Remote);

#[derive(Deserialize)]
struct Token {
    access_token: String,
}

/// What a server answers to an upload.
#[derive(Debug, Deserialize)]
pub struct Shared {
    pub ruling: Option<Ruling>,
    pub permit: Option<Permit>,
}

/// What follows from the rights.
#[derive(Debug, Deserialize)]
pub struct Ruling {
    pub decision: String,
    pub rule: String,
}

/// A permit, and what goes into the file: a tag, or a key.
#[derive(Debug, Deserialize)]
pub struct Permit {
    pub permit_id: String,
    tag: Option<String>,
    kid: Option<String>,
    key: Option<String>,
}

/// Where a server wants the samples.
#[derive(Debug, Deserialize)]
pub struct Challenge {
    pub challenge: String,
    seed: String,
}

/// What a shared file is, and what it costs.
#[derive(Debug, Deserialize)]
pub struct Offer {
    pub permit_id: String,
    pub recordings: Vec<Offered>,
    pub price: Price,
}

/// A recording in a shared file.
#[derive(Debug, Deserialize)]
pub struct Offered {
    pub recording_id: String,
    pub title: Option<String>,
    pub artist: Option<String>,
}

/// Money.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Price {
    pub yen: String,
    pub tax_ppm: u32,
}

/// What was bought, and what opens it: a release, or a key.
#[derive(Debug, Deserialize)]
pub struct Purchase {
    pub purchase_id: String,
    pub repeated: bool,
    pub price: Price,
    release: Option<String>,
    key: Option<String>,
}

/// What a server says of the audio that was received.
#[derive(Debug, Deserialize)]
pub struct Rechecked {
    /// Whether it is what the permit was given for.
    pub same: bool,
    /// What it is instead, if it is registered.
    pub found: Option<String>,
    /// Whether the permit was revoked by it.
    pub revoked: bool,
}

/// What is bought.
pub enum Wanted<'a> {
    Permit { permit_id: &'a str, essence: &'a [u8; 32] },
    Kid(KeyId),
}

/// An upload as it is asked for.
pub struct Upload<'a> {
    pub wire: &'a [u8],
    pub method: Method,
    pub essence: &'a [u8; 32],
    /// The same at every try of one upload, so that it is counted once.
    pub idempotency_key: &'a str,
    /// The challenge that the fingerprint answers, and the recording's codes.
    pub challenge: Option<(&'a str, u32)>,
}

impl Platform {
    /// A server by its address and token; asked whether it is there.
    pub fn open(args: &AccountArgs) -> anyhow::Result<Self> {
        let token = remote::token(args.token_file.as_deref())?;
        let is_key = token.as_deref().is_some_and(|token| token.starts_with(API_KEY));
        let remote = Remote::new(&args.server, token)?;
        remote.check()?;
        if !is_key {
            return Ok(Self(remote));
        }
        let exchanged: Token = Self(remote)
            .post("/v1/tokens", &serde_json::Value::Null)
            .map_err(anyhow::Error::msg)?;
        Ok(Self(Remote::new(&args.server, Some(exchanged.access_token))?))
    }

    /// A server whose keys alone are asked for.
    pub fn keys_only(url: &str) -> anyhow::Result<Self> {
        Ok(Self(Remote::new(url, None)?))
    }

    /// What a query's wire bytes are found to be. Needs no account.
    pub fn identify(&self, wire: &[u8]) -> Result<Answer, Failure> {
        let Self(remote) = self;
        remote.identify(wire)
    }

    /// The keys that tags and releases are checked with.
    pub fn keys(&self) -> Result<PublicKeys, Failure> {
        let Self(remote) = self;
        let url = remote.at("/v1/keys");
        let response = remote.send(|| remote.agent.get(&url).call())?;
        let unreadable = |error: ureq::Error| Failure::new("server_answer", error.to_string());
        Ok(PublicKeys::from_jwks(&remote::text(response).map_err(unreadable)?)?)
    }

    /// Asks for a permit; `None` where the server wants a challenge answered first.
    pub fn share(&self, upload: &Upload<'_>) -> Result<Option<Shared>, Failure> {
        let Self(remote) = self;
        let method = match upload.method {
            Method::Tag => "tag",
            Method::Drm => "drm",
        };
        let mut route = format!("/v1/shares?method={method}&essence={}", hex(upload.essence));
        if let Some((challenge, codes)) = upload.challenge {
            route.push_str(&format!("&challenge={challenge}&codes={codes}"));
        }
        let (url, bearer) = (remote.at(&route), remote.bearer());
        let answered = remote.send(|| {
            let request = remote.agent.post(&url).header("Content-Type", MEDIA_TYPE);
            let request = request.header("Authorization", &bearer);
            request.header("Idempotency-Key", upload.idempotency_key).send(upload.wire)
        });
        match answered {
            Ok(response) => Ok(Some(remote::read(response)?)),
            Err(failure) if failure.code == CHALLENGE_NEEDED => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Asks where the samples are to lie.
    pub fn challenge(&self, essence: &[u8; 32], codes: u32) -> Result<Challenge, Failure> {
        self.post("/v1/challenges", &serde_json::json!({ "essence": hex(essence), "codes": codes }))
    }

    /// What a file costs. Needs no account.
    pub fn offer(&self, wanted: &Wanted<'_>) -> Result<Offer, Failure> {
        let Self(remote) = self;
        let url = match wanted {
            Wanted::Permit { permit_id, .. } => remote.at(&format!("/v1/offers/{permit_id}")),
            Wanted::Kid(kid) => remote.at(&format!("/v1/keys/{kid}/offer")),
        };
        remote::read(remote.send(|| remote.agent.get(&url).call())?)
    }

    /// Buys it. Bought again it costs nothing, so this may be repeated.
    pub fn buy(&self, wanted: &Wanted<'_>) -> Result<Purchase, Failure> {
        let request = match wanted {
            Wanted::Permit { permit_id, essence } => {
                serde_json::json!({ "permit_id": permit_id, "essence": hex(*essence) })
            }
            Wanted::Kid(kid) => serde_json::json!({ "kid": kid.to_string() }),
        };
        self.post("/v1/purchases", &request)
    }

    /// Tells what was received: a query's wire bytes, of audio that was bought. May be repeated.
    pub fn recheck(&self, permit_id: &str, wire: &[u8]) -> Result<Rechecked, Failure> {
        let Self(remote) = self;
        let url = remote.at(&format!("/v1/shares/{permit_id}/recheck"));
        let bearer = remote.bearer();
        remote::read(remote.send(|| {
            let request = remote.agent.post(&url).header("Content-Type", MEDIA_TYPE);
            request.header("Authorization", &bearer).send(wire)
        })?)
    }

    fn post<T: for<'a> Deserialize<'a>>(
        &self,
        route: &str,
        body: &serde_json::Value,
    ) -> Result<T, Failure> {
        let Self(remote) = self;
        let (url, bearer, body) = (remote.at(route), remote.bearer(), body.to_string());
        let response = remote.send(|| {
            let request = remote.agent.post(&url).header("Content-Type", "application/json");
            request.header("Authorization", &bearer).send(&body)
        })?;
        remote::read(response)
    }
}

impl Permit {
    /// The signed tag, for the tag method.
    pub fn tag(&self) -> Result<Vec<u8>, Failure> {
        bytes("tag", self.tag.as_deref())
    }

    /// The key and its id, for the DRM method.
    pub fn key(&self) -> Result<(KeyId, ContentKey), Failure> {
        let kid = self.kid.as_deref().unwrap_or_default().parse()?;
        Ok((kid, content_key(self.key.as_deref())?))
    }
}

impl Challenge {
    /// What the places are drawn by.
    pub fn seed(&self) -> Result<u64, Failure> {
        self.seed.parse().map_err(|_| unreadable("seed"))
    }
}

impl Purchase {
    /// The signed release, for the tag method.
    pub fn release(&self) -> Result<Vec<u8>, Failure> {
        bytes("release", self.release.as_deref())
    }

    /// The key, for the DRM method.
    pub fn key(&self) -> Result<ContentKey, Failure> {
        content_key(self.key.as_deref())
    }
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn content_key(text: Option<&str>) -> Result<ContentKey, Failure> {
    let key = bytes("key", text)?.try_into().map_err(|_| unreadable("key"))?;
    Ok(ContentKey::new(key))
}

fn bytes(name: &str, text: Option<&str>) -> Result<Vec<u8>, Failure> {
    let text = text.ok_or_else(|| unreadable(name))?;
    URL_SAFE_NO_PAD.decode(text).map_err(|_| unreadable(name))
}

fn unreadable(name: &str) -> Failure {
    Failure::new("server_answer", format!("the server's answer has no {name} that can be read"))
}
