//! Sharing made lawful: permits, offers, purchases and releases, each in one transaction.
//!
//! ```text
//! share     fingerprint -> matches -> ruling -> permit: the upload is counted, the tag is signed or
//!           the content key made
//! offer     what a shared file is and what it costs now
//! buy       the download is counted and booked, and the release signed or the key given; again is
//!           for nothing
//! refund    a purchase is taken back: the contrary is booked, nothing is edited
//! recheck   a buyer's player found other audio: the permit is marked, and revoked when several agree
//! unknown   what matched nothing, kept for a while and asked again when the catalogue has grown
//! ```
//!
//! Here, and nowhere else, a transaction spans rooms: a permit, its count, its key and its line in
//! the audit log are there together or not at all; so are a purchase, its booking and its line.
//!
//! Whoever calls has found out who asks: an account id is believed here. It is put into the
//! question to the database each time, so that what belongs to another is not found.

mod buy;
mod challenge;
mod error;
mod history;
mod ids;
mod offer;
mod parts;
mod permit;
mod platform;
mod plausible;
mod price;
mod recheck;
mod refund;
mod share;
mod summary;
mod unknown;
mod usage;

pub use buy::{Bought, Released};
pub use challenge::Challenge;
pub use error::SharingError;
pub use history::{PermitLine, PurchaseLine};
pub use offer::{Offer, Wanted};
pub use permit::Method;
pub use platform::{Identified, Platform, Settings};
pub use plausible::{Look, look};
pub use price::PricedShare;
pub use recheck::Rechecked;
pub use refund::{Refunded, refund};
pub use share::{Permitted, ShareRequest, Shared};
pub use summary::{Day, Summary, TopRecording};
pub use unknown::Rediscovered;
pub use usage::{Correction, Download};

/// The tables of this room.
pub const SCHEMA: onmon_store::Schema = onmon_store::Schema {
    name: "sharing",
    steps: &[
        include_str!("../migrations/0001_sharing.sql"),
        include_str!("../migrations/0002_refund.sql"),
    ],
};

/// The tables of every room that a share or a purchase needs.
pub const SCHEMAS: [onmon_store::Schema; 5] =
    [SCHEMA, onmon_rights::SCHEMA, onmon_ledger::SCHEMA, onmon_keys::SCHEMA, onmon_audit::SCHEMA];

/// Writes a line of the audit log in the caller's transaction.
async fn audit_line(
    connection: &mut sqlx::AnyConnection,
    kind: &str,
    subject: &str,
    at_ms: i64,
    body: &serde_json::Value,
) -> Result<u64, SharingError> {
    // serde_json writes the keys of an object in one order: the same event has the same bytes.
    let body = body.to_string();
    let event = onmon_audit::Event { kind, subject, at_ms, body: &body };
    Ok(onmon_audit::append(connection, &event).await?)
}
