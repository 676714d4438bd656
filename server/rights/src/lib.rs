//! Whose right it is, and what follows for a use: claims in, decision out.
//!
//! ```text
//! catalogue (CSV)  ->  register  ->  RecordingClaims  + Use  ->  decide  ->  Ruling
//! ```
//!
//! A society holds *shares* of a work, by form of use, territory and period; the right of the
//! recording is another one, held by others. So a recording's rights are a list of claims, and only
//! [`decide`] makes one answer of them. What nobody has spoken for is *unknown*: "no entrusted
//! right found" is said of it, and nothing more.

pub mod catalogue;
mod claim;
mod date;
mod decide;
mod error;
mod identifiers;
pub mod register;
mod territory;
mod usage;

pub use claim::{
    Claim, ClaimState, RecordingClaims, Rights, UnknownRights, UnknownState, WHOLE_PPM, WorkClaims,
};
pub use date::{Date, DateError, Period};
pub use decide::{Conflict, Decision, RULES_VERSION, Rule, Ruling, Share, UnknownPart, decide};
pub use error::RightsError;
pub use identifiers::{IdentifierError, Ipi, Isrc, Iswc, JasracCode, NextoneCode, OrganisationId};
pub use register::{SCHEMA, claims_of};
pub use territory::{Country, Territory, TerritoryError, TerritorySet};
pub use usage::{FormSet, Right, UnknownForm, UnknownRight, UsageForm, Use};
