//! Shared files: what they say of themselves, that it is true, and what opens them.

use std::io::{self, Read, Seek};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use onmon_seal::{ContentKey, Sealed, is_sealed};
use onmon_tag::files::{self, FileError};
use onmon_tag::{KeyId, PublicKeys, Release, Tag};

use crate::args::Method;
use crate::outcome::Failure;
use crate::platform::{Offer, Platform, Purchase, Wanted, hex};
use crate::share::{Asked, checked_tag, open};
use crate::stop::Stop;
use crate::take;

/// Bytes by which sealed content is known.
const HEAD_BYTES: u64 = 64;

/// That a file was shared, by its own word.
pub enum Mark {
    /// A tag's bytes, not yet verified.
    Tag(Vec<u8>),
    /// The id of the key that opens it.
    Sealed(KeyId),
}

/// What a shared file says of itself, checked.
pub enum Found {
    Tagged { tag: Tag, keys: PublicKeys },
    Sealed(KeyId),
}

/// What was bought, and what it opens.
pub struct Opened {
    pub purchase: Purchase,
    pub key: Key,
}

/// What opens a file.
pub enum Key {
    /// A tagged file is unlocked until then.
    Release { expires_ms: i64 },
    /// A sealed one is opened by this.
    Content(ContentKey),
}

impl Mark {
    /// Looks for a tag and for encrypted content. A file that has no place for a tag has none.
    pub fn of(path: &Path) -> Result<Option<Self>, Failure> {
        let mut file = open(path)?;
        let unreadable = |error: io::Error| Failure::new("read_failed", error.to_string());
        let mut head = Vec::new();
        (&file).take(HEAD_BYTES).read_to_end(&mut head).map_err(unreadable)?;
        file.rewind().map_err(unreadable)?;
        if is_sealed(&head) {
            let kid = Sealed::read(file)?.kid();
            let kid = kid.ok_or_else(|| Failure::new("seal_not_sealed", "its key has no id"))?;
            return Ok(Some(Self::Sealed(KeyId(kid))));
        }
        match files::read(file) {
            Ok(tag) => Ok(tag.map(Self::Tag)),
            Err(FileError::UnknownContainer | FileError::Unsupported { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Checks a tag with the server's keys, and that it belongs to this file's audio.
    pub fn check(self, path: &Path, platform: &Platform, stop: &Stop) -> Result<Found, Failure> {
        let bytes = match self {
            Self::Sealed(kid) => return Ok(Found::Sealed(kid)),
            Self::Tag(bytes) => bytes,
        };
        let keys = platform.keys()?;
        let tag = Tag::verify(&bytes, &keys)?;
        if take::essence(path, stop)? != tag.essence {
            let message = "the tag in it is genuine and belongs to other audio";
            return Err(Failure::new("tag_other_file", message));
        }
        Ok(Found::Tagged { tag, keys })
    }
}

impl Found {
    /// A file whose tag is gone, found again by its sound: an upload of this account, which counts
    /// once for this audio. The file stays as it is.
    pub fn recover(path: &Path, platform: &Platform, stop: &Stop) -> Result<Self, Failure> {
        let essence = take::essence(path, stop)?;
        let asked = Asked {
            file: path,
            method: Method::Tag,
            essence: &essence,
            idempotency_key: &format!("recover-{}", hex(&essence)),
        };
        let permit = asked.permit(platform, stop)?;
        let permit = permit.map_err(|ruling| Failure::new("not_permitted", ruling.rule))?;
        let keys = platform.keys()?;
        let (_, tag) = checked_tag(&permit, &essence, &keys)?;
        Ok(Self::Tagged { tag, keys })
    }

    pub fn wanted(&self) -> Wanted<'_> {
        match self {
            Self::Tagged { tag, .. } => {
                Wanted::Permit { permit_id: &tag.permit_id, essence: &tag.essence }
            }
            Self::Sealed(kid) => Wanted::Kid(*kid),
        }
    }

    pub fn is_tagged(&self) -> bool {
        matches!(self, Self::Tagged { .. })
    }

    /// The method's name, as it is asked for when sharing.
    pub fn method(&self) -> &'static str {
        if self.is_tagged() { "tag" } else { "drm" }
    }

    /// Buys it; what was bought before costs nothing.
    pub fn buy(&self, platform: &Platform) -> Result<Opened, Failure> {
        let purchase = platform.buy(&self.wanted())?;
        let key = match self {
            Self::Tagged { tag, keys } => {
                let release = Release::verify(&purchase.release()?, keys)?;
                // Whose account it is the server knows; that it is this file's is checked here.
                release.unlocks(tag, &release.account_id, now_ms())?;
                Key::Release { expires_ms: release.expires_ms }
            }
            Self::Sealed(_) => Key::Content(purchase.key()?),
        };
        Ok(Opened { purchase, key })
    }
}

impl Offer {
    /// Title, artist and price, a line each.
    pub fn for_people(&self) -> Vec<String> {
        let mut lines: Vec<String> = self
            .recordings
            .iter()
            .map(|recording| {
                let title = recording.title.as_deref().unwrap_or(&recording.recording_id);
                match &recording.artist {
                    Some(artist) => format!("\"{title}\" by {artist}"),
                    None => format!("\"{title}\""),
                }
            })
            .collect();
        let tax = f64::from(self.price.tax_ppm) / 10_000.0;
        lines.push(format!("{} yen, plus {tax} % tax ({})", self.price.yen, self.permit_id));
        lines
    }
}

/// Milliseconds since 1970.
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
