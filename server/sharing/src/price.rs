//! What a download costs, and who gets which part of it. Pure: rulings and tariffs in, amounts out.
//!
//! A work costs what its claimants' tariffs say, each for its share. Where claims are in conflict
//! the buyer still pays once: the dearest of the registrations, held, and split over all who claim
//! it.

use std::collections::BTreeMap;

use onmon_ledger::{Sen, Tariff, charge, split};
use onmon_rights::{OrganisationId, Right, Ruling, Share};

use crate::error::SharingError;

/// A whole work or recording, in ppm.
const WHOLE_PPM: u32 = 1_000_000;

/// Tariffs by who asks and for which right.
pub(crate) type Tariffs = BTreeMap<(String, Right), Tariff>;

/// One claimant's part of a price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricedShare {
    /// Whose.
    pub organisation: String,
    /// Of which work; none for the recording's own right.
    pub work_id: Option<String>,
    /// How much of it is claimed, in ppm.
    pub share_ppm: u32,
    /// How much money that is, without tax.
    pub amount: Sen,
    /// Whether it is held until somebody settles whose it is.
    pub is_held: bool,
    /// Which version of which tariff.
    pub tariff_id: String,
}

/// The form of usage that a tariff names for a right: the operator's for works, and the same with
/// `_master` for recordings.
pub(crate) fn form_of(right: Right, form: &str) -> String {
    match right {
        Right::InteractiveDistribution => form.to_owned(),
        Right::MasterMakingAvailable => format!("{form}_master"),
    }
}

/// What one piece of music costs.
///
/// `together` is the ruling over all of its registrations, `alone` that over each of them.
/// `unknown_to` is who gets, on hold, what nobody has spoken for.
///
/// # Errors
/// [`SharingError::NoTariff`]; amounts beyond 64 bits.
pub(crate) fn price(
    together: &Ruling,
    alone: &[Ruling],
    unknown_to: &OrganisationId,
    tariffs: &Tariffs,
) -> Result<Vec<PricedShare>, SharingError> {
    let mut shares = lines(together, unknown_to, tariffs)?;
    if together.conflicts.is_empty() {
        return Ok(shares);
    }
    let mut dearest = Sen::ZERO;
    for ruling in alone {
        dearest = dearest.max(total(&lines(ruling, unknown_to, tariffs)?)?);
    }
    let weights: Vec<u32> =
        shares.iter().map(|share| u32::try_from(share.amount.get()).unwrap_or(u32::MAX)).collect();
    if weights.iter().any(|&weight| weight > 0) {
        for (share, amount) in shares.iter_mut().zip(split(dearest, &weights)?) {
            share.amount = amount;
            share.is_held = true;
        }
    }
    Ok(shares)
}

/// The sum of the shares.
pub(crate) fn total(shares: &[PricedShare]) -> Result<Sen, SharingError> {
    let mut sum = Sen::ZERO;
    for share in shares {
        sum = sum.plus(share.amount)?;
    }
    Ok(sum)
}

fn lines(
    ruling: &Ruling,
    unknown_to: &OrganisationId,
    tariffs: &Tariffs,
) -> Result<Vec<PricedShare>, SharingError> {
    let mut works: BTreeMap<(Right, Option<&str>), Vec<&Share>> = BTreeMap::new();
    for share in &ruling.payees {
        works.entry((share.right, share.work_id.as_deref())).or_default().push(share);
    }
    let mut priced = Vec::new();
    for ((right, _), shares) in &works {
        priced.extend(work(*right, shares, tariffs)?);
    }
    for part in &ruling.unknown {
        let organisation = unknown_to.as_str();
        let (tariff, full) = asked(organisation, part.right, tariffs)?;
        priced.push(PricedShare {
            organisation: organisation.to_owned(),
            work_id: part.work_id.clone(),
            share_ppm: part.ppm,
            amount: full.part(part.ppm)?,
            is_held: true,
            tariff_id: id_of(tariff),
        });
    }
    Ok(priced)
}

/// One work: each claimant its share of its own tariff; claims beyond the whole share one whole.
fn work(
    right: Right,
    shares: &[&Share],
    tariffs: &Tariffs,
) -> Result<Vec<PricedShare>, SharingError> {
    let mut priced = Vec::with_capacity(shares.len());
    let mut fulls = Vec::with_capacity(shares.len());
    for share in shares {
        let organisation = share.organisation.as_str();
        let (tariff, full) = asked(organisation, right, tariffs)?;
        fulls.push(full);
        priced.push(PricedShare {
            organisation: organisation.to_owned(),
            work_id: share.work_id.clone(),
            share_ppm: share.share_ppm,
            amount: full.part(share.share_ppm.min(WHOLE_PPM))?,
            is_held: share.held,
            tariff_id: id_of(tariff),
        });
    }
    let claimed: u64 = shares.iter().map(|share| u64::from(share.share_ppm)).sum();
    let same_tariff = fulls.windows(2).all(|pair| pair[0] == pair[1]);
    // Exactly the whole at one price, or more than the whole: split, so that no sen is lost.
    if claimed > u64::from(WHOLE_PPM) || (claimed == u64::from(WHOLE_PPM) && same_tariff) {
        let whole = fulls.iter().copied().max().unwrap_or(Sen::ZERO);
        let weights: Vec<u32> = shares.iter().map(|share| share.share_ppm).collect();
        for (line, amount) in priced.iter_mut().zip(split(whole, &weights)?) {
            line.amount = amount;
        }
    }
    Ok(priced)
}

fn asked<'a>(
    organisation: &str,
    right: Right,
    tariffs: &'a Tariffs,
) -> Result<(&'a Tariff, Sen), SharingError> {
    let tariff = tariffs
        .get(&(organisation.to_owned(), right))
        .ok_or_else(|| SharingError::NoTariff { organisation: organisation.to_owned() })?;
    // Shared for nothing: there is no price to take a percentage of, so the floor counts.
    Ok((tariff, charge(tariff, Sen::ZERO)?))
}

fn id_of(tariff: &Tariff) -> String {
    format!("{}/{}/{}", tariff.organisation, tariff.form, tariff.valid_from)
}
