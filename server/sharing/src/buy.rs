//! A download: counted and booked once, and released as often as it is asked for.

use onmon_keys::{ContentKey, Kid, SigningUse, content_key};
use onmon_ledger::{AccountId, Entry, Posting, Sen, Usage, book};
use onmon_tag::{KeyId, Release};
use sqlx::{AnyConnection, Row};

use crate::error::SharingError;
use crate::ids;
use crate::offer::{Offer, Wanted, find};
use crate::permit::{Method, Permit};
use crate::platform::Platform;

/// What was bought, and what opens it.
#[derive(Debug)]
pub struct Bought {
    /// Its id.
    pub purchase_id: String,
    /// The permit that it was shared under.
    pub permit_id: String,
    /// Whether this request bought it; otherwise it was bought before and nothing was charged.
    pub fresh: bool,
    /// The price without tax.
    pub price: Sen,
    /// What opens it.
    pub released: Released,
}

/// What opens a shared file.
#[derive(Debug)]
pub enum Released {
    /// For the tag method: a signed release, for this account, this audio and a time.
    Release(Vec<u8>),
    /// For the DRM method: the key.
    Key(Kid, ContentKey),
}

impl Platform {
    /// Counts the download, books its price and releases it, all in one transaction; or releases
    /// again what the account has bought, for nothing.
    ///
    /// For the tag method `essence` is the digest of the file that is to be played: a tag that was
    /// copied into another file buys nothing.
    ///
    /// # Errors
    /// [`SharingError::NoSuchPermit`], [`SharingError::OtherAudio`],
    /// [`SharingError::NoLongerPermitted`], [`SharingError::Refunded`],
    /// [`SharingError::NoTariff`]; a credit limit ([`SharingError::Ledger`]); a database that does
    /// not answer.
    pub async fn buy(
        &self,
        account_id: &str,
        wanted: &Wanted,
        essence: Option<&[u8; 32]>,
        now_ms: i64,
    ) -> Result<Bought, SharingError> {
        let mut write = self.shared.store.begin().await?;
        let permit = find(&mut write, wanted).await?;
        if permit.method == Method::Tag && essence != Some(&permit.essence) {
            return Err(SharingError::OtherAudio);
        }
        if let Some(before) = bought(&mut write, account_id, &permit).await? {
            if before.is_refunded {
                return Err(SharingError::Refunded);
            }
            let released = self.release(&mut write, account_id, &permit, now_ms).await?;
            let (purchase_id, permit_id) = (before.purchase_id, permit.permit_id);
            return Ok(Bought {
                purchase_id,
                permit_id,
                fresh: false,
                price: before.price,
                released,
            });
        }
        let offer = self.offer_of(&mut write, &permit, now_ms).await?;
        let purchase_id = ids::new("buy_")?;
        let transfer_id = self.charge(&mut write, account_id, &purchase_id, &offer, now_ms).await?;
        let bill = Bill { account_id, purchase_id: &purchase_id, transfer_id, offer: &offer };
        store(&mut write, &bill, now_ms).await?;
        let body = serde_json::json!({
            "account": account_id,
            "permit": permit.permit_id,
            "method": permit.method.as_str(),
            "price_sen": offer.price.get(),
            "transfer": bill.transfer_id,
        });
        crate::audit_line(&mut write, "purchase", &purchase_id, now_ms, &body).await?;
        let released = self.release(&mut write, account_id, &permit, now_ms).await?;
        write.commit().await?;
        let (permit_id, price) = (permit.permit_id, offer.price);
        Ok(Bought { purchase_id, permit_id, fresh: true, price, released })
    }

    /// Those of these content keys that the account has bought, or shared itself.
    ///
    /// # Errors
    /// A database that does not answer; a key that the master keys do not open.
    pub async fn keys_of(
        &self,
        account_id: &str,
        kids: &[Kid],
    ) -> Result<Vec<(Kid, ContentKey)>, SharingError> {
        let mut reader = self.shared.store.readers().acquire().await?;
        let mut granted = Vec::with_capacity(kids.len());
        for kid in kids {
            let row = sqlx::query(
                "SELECT 1 FROM permit p WHERE p.kid = $1 AND p.revoked_ms IS NULL AND \
                 (p.account_id = $2 OR EXISTS (SELECT 1 FROM purchase b \
                 WHERE b.permit_id = p.permit_id AND b.account_id = $2 AND NOT EXISTS \
                 (SELECT 1 FROM refund r WHERE r.purchase_id = b.purchase_id)))",
            )
            .bind(kid.to_string())
            .bind(account_id)
            .fetch_optional(&mut *reader)
            .await?;
            if row.is_some() {
                granted.push((*kid, content_key(&mut *reader, self.masters(), kid).await?));
            }
        }
        Ok(granted)
    }

    async fn charge(
        &self,
        connection: &mut AnyConnection,
        account_id: &str,
        purchase_id: &str,
        offer: &Offer,
        now_ms: i64,
    ) -> Result<Option<String>, SharingError> {
        let mut postings = Vec::with_capacity(offer.shares.len());
        for share in offer.shares.iter().filter(|share| share.amount > Sen::ZERO) {
            let organisation = &share.organisation;
            let credit = match share.is_held {
                true => AccountId::organisation_held(organisation)?,
                false => AccountId::organisation_payable(organisation)?,
            };
            let debit = AccountId::user_due(account_id)?;
            postings.push(Posting { debit, credit, amount: share.amount });
        }
        if postings.is_empty() {
            return Ok(None);
        }
        let form = self.settings().tariff_form.clone();
        let usage = Usage { form, tax_ppm: offer.tax_ppm, quantity: 1 };
        let entry = Entry {
            idempotency: &format!("purchase/{purchase_id}"),
            kind: "purchase",
            reference: purchase_id,
            at_ms: now_ms,
            usage: Some(&usage),
            postings: &postings,
        };
        Ok(Some(book(connection, &entry).await?.transfer_id))
    }

    async fn release(
        &self,
        connection: &mut AnyConnection,
        account_id: &str,
        permit: &Permit,
        now_ms: i64,
    ) -> Result<Released, SharingError> {
        if let Some(kid) = permit.kid {
            let key = content_key(&mut *connection, self.masters(), &kid).await?;
            return Ok(Released::Key(kid, key));
        }
        let release = Release {
            permit_id: permit.permit_id.clone(),
            account_id: account_id.to_owned(),
            essence: permit.essence,
            issued_ms: now_ms,
            expires_ms: now_ms + self.settings().release_ms,
        };
        let signing = self.signing();
        let signer = signing.signer(SigningUse::Release)?;
        let signed = release.sign(KeyId(signer.key_id().0), |message| signer.sign(message))?;
        Ok(Released::Release(signed))
    }
}

/// What was bought, for the tables.
struct Bill<'a> {
    account_id: &'a str,
    purchase_id: &'a str,
    transfer_id: Option<String>,
    offer: &'a Offer,
}

/// A purchase that was made before.
pub(crate) struct BoughtBefore {
    pub purchase_id: String,
    pub price: Sen,
    pub is_refunded: bool,
}

/// The purchase of this permit by this account, if there is one.
pub(crate) async fn bought(
    connection: &mut AnyConnection,
    account_id: &str,
    permit: &Permit,
) -> Result<Option<BoughtBefore>, SharingError> {
    let row = sqlx::query(
        "SELECT b.purchase_id, b.price, r.refund_id FROM purchase b \
         LEFT JOIN refund r ON r.purchase_id = b.purchase_id \
         WHERE b.account_id = $1 AND b.permit_id = $2",
    )
    .bind(account_id)
    .bind(&permit.permit_id)
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(BoughtBefore {
        purchase_id: row.try_get(0)?,
        price: Sen::new(row.try_get(1)?),
        is_refunded: row.try_get::<Option<String>, _>(2)?.is_some(),
    }))
}

async fn store(
    connection: &mut AnyConnection,
    bill: &Bill<'_>,
    now_ms: i64,
) -> Result<(), SharingError> {
    let mut held = Sen::ZERO;
    for share in bill.offer.shares.iter().filter(|share| share.is_held) {
        held = held.plus(share.amount)?;
    }
    sqlx::query(
        "INSERT INTO purchase (purchase_id, account_id, permit_id, transfer_id, price, held, \
         created_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(bill.purchase_id)
    .bind(bill.account_id)
    .bind(&bill.offer.permit_id)
    .bind(bill.transfer_id.as_deref())
    .bind(bill.offer.price.get())
    .bind(held.get())
    .bind(now_ms)
    .execute(&mut *connection)
    .await?;
    for (line, share) in (0i64..).zip(&bill.offer.shares) {
        sqlx::query(
            "INSERT INTO purchase_share (purchase_id, line, organisation, work_id, share_ppm, \
             amount, is_held, tariff_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(bill.purchase_id)
        .bind(line)
        .bind(&share.organisation)
        .bind(share.work_id.as_deref())
        .bind(i64::from(share.share_ppm))
        .bind(share.amount.get())
        .bind(i64::from(share.is_held))
        .bind(&share.tariff_id)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}
