//! Values that stand in many answers: how bytes, money and times are written.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use onmon_ledger::Sen;
use onmon_rights::{Ruling, Share};
use onmon_sharing::{Method, PricedShare};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::problem::Problem;
use crate::http::recordings::bad_parameter;

/// How a file is shared.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = Method)]
pub enum MethodWord {
    /// With a signed tag in the file.
    Tag,
    /// Encrypted by the client.
    Drm,
}

impl From<MethodWord> for Method {
    fn from(word: MethodWord) -> Method {
        match word {
            MethodWord::Tag => Method::Tag,
            MethodWord::Drm => Method::Drm,
        }
    }
}

impl From<Method> for MethodWord {
    fn from(method: Method) -> MethodWord {
        match method {
            Method::Tag => MethodWord::Tag,
            Method::Drm => MethodWord::Drm,
        }
    }
}

/// One claimant's part of a price.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PricedShare)]
pub struct PricedShareWords {
    /// Whose.
    organisation: String,
    /// Of which work; null for the recording's own (neighbouring) right.
    #[schema(required = true)]
    work_id: Option<String>,
    /// How much of it is claimed, in parts per million.
    share_ppm: u32,
    /// Without tax, in 1/100 yen.
    amount_sen: i64,
    /// Whether it is held until somebody settles whose it is.
    held: bool,
    /// Which version of which tariff.
    tariff: String,
}

impl From<PricedShare> for PricedShareWords {
    fn from(share: PricedShare) -> PricedShareWords {
        PricedShareWords {
            organisation: share.organisation,
            work_id: share.work_id,
            share_ppm: share.share_ppm,
            amount_sen: share.amount.get(),
            held: share.is_held,
            tariff: share.tariff_id,
        }
    }
}

/// Someone who claims a share.
#[derive(Debug, Serialize, ToSchema)]
pub struct Claimant {
    organisation: String,
    /// Of which work; null for the recording's own (neighbouring) right.
    #[schema(required = true)]
    work_id: Option<String>,
    /// How much of it, in parts per million.
    share_ppm: u32,
    /// Whether what it earns is held, because claims are in conflict.
    held: bool,
}

impl From<&Share> for Claimant {
    fn from(share: &Share) -> Claimant {
        Claimant {
            organisation: share.organisation.as_str().to_owned(),
            work_id: share.work_id.clone(),
            share_ppm: share.share_ppm,
            held: share.held,
        }
    }
}

/// What follows from the rights, and by which rule.
#[derive(Debug, Serialize, ToSchema)]
pub struct RulingWords {
    decision: RulingDecision,
    /// The rule's name, which stays.
    #[schema(example = "R3-all-shares-entrusted")]
    rule_id: &'static str,
    /// Why, in words that may be shown.
    rule: String,
    /// Everyone whose entrusted share takes part.
    claimants: Vec<Claimant>,
    /// The largest part that nobody has spoken for, in parts per million.
    unknown_ppm: u32,
    /// Whether claims cannot all be true.
    in_conflict: bool,
}

/// `permit`: every right is entrusted. `refuse`: some right is not. `unregistered`: no entrusted
/// right was found, which does not say that none is needed. `unknown_share`: none was found for a
/// part.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RulingDecision {
    Permit,
    Refuse,
    Unregistered,
    UnknownShare,
}

impl From<&Ruling> for RulingWords {
    fn from(ruling: &Ruling) -> RulingWords {
        use onmon_rights::Decision;
        let decision = match ruling.decision {
            Decision::Permit => RulingDecision::Permit,
            Decision::Refuse => RulingDecision::Refuse,
            Decision::UnknownShare => RulingDecision::UnknownShare,
            // What newer rights decide and this server has no word for is no permit.
            _ => RulingDecision::Unregistered,
        };
        RulingWords {
            decision,
            rule_id: ruling.rule.id(),
            rule: ruling.words(),
            claimants: ruling.payees.iter().map(Claimant::from).collect(),
            unknown_ppm: ruling.unknown_ppm(),
            in_conflict: !ruling.conflicts.is_empty(),
        }
    }
}

/// Money as people read it: yen with two digits behind the point.
#[derive(Debug, Serialize, ToSchema)]
pub struct Price {
    /// In 1/100 yen, without tax.
    sen: i64,
    /// The same in yen.
    #[schema(example = "7.70")]
    yen: String,
    /// Always `JPY`.
    currency: &'static str,
    /// Consumption tax that the invoice adds, in parts per million of the price.
    tax_ppm: u32,
}

impl Price {
    /// Of an amount.
    pub fn new(amount: Sen, tax_ppm: u32) -> Price {
        Price { sen: amount.get(), yen: amount.to_string(), currency: "JPY", tax_ppm }
    }
}

/// Bytes as base64url without padding.
pub fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A digest: 64 lower-case hexadecimal digits.
pub fn digest(name: &str, text: &str) -> Result<[u8; 32], Problem> {
    let wrong = || bad_parameter(format!("{name}: 64 lower-case hexadecimal digits"));
    let bytes = text.as_bytes();
    if bytes.len() != 64 || bytes.iter().any(|byte| !matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return Err(wrong());
    }
    let mut digest = [0; 32];
    for (byte, pair) in digest.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let pair = std::str::from_utf8(pair).map_err(|_| wrong())?;
        *byte = u8::from_str_radix(pair, 16).map_err(|_| wrong())?;
    }
    Ok(digest)
}
