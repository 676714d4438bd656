//! Consumption tax and the one rounding of a document and rate, and how a document is booked.

use std::collections::BTreeMap;

use onmon_ledger::{AccountId, LedgerError, Posting, Sen};
use serde::Serialize;

const WHOLE_PPM: i128 = 1_000_000;
const SEN_PER_YEN: i128 = 100;

/// All lines of a document with one rate of tax. `net + tax = total + rounding`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct TaxGroup {
    /// The rate, in ppm of the amount without tax.
    pub tax_ppm: u32,
    /// What the lines add up to, in sen, without tax.
    pub net: Sen,
    /// The tax within the total; whole yen.
    pub tax: Sen,
    /// What is to be paid, with tax; whole yen.
    pub total: Sen,
    /// What rounding has taken off; less than a yen, either way.
    pub rounding: Sen,
}

impl TaxGroup {
    /// Rounds once: 109.95 yen at 10 % come to 120.945 yen, so the total is 120 yen; of these
    /// 10.909 yen are tax, so the tax is 10 yen; 109.95 + 10 - 120 = -0.05 yen are rounding.
    ///
    /// Down means towards the lower number below nothing, too.
    ///
    /// # Errors
    /// [`LedgerError::Overflow`].
    pub fn new(tax_ppm: u32, net: Sen) -> Result<TaxGroup, LedgerError> {
        let with_tax_ppm = WHOLE_PPM + i128::from(tax_ppm);
        let total_yen = (i128::from(net.get()) * with_tax_ppm).div_euclid(WHOLE_PPM * SEN_PER_YEN);
        let tax_yen = (total_yen * i128::from(tax_ppm)).div_euclid(with_tax_ppm);
        let sen = |yen: i128| {
            let sen = i64::try_from(yen * SEN_PER_YEN).map_err(|_| LedgerError::Overflow)?;
            Ok::<Sen, LedgerError>(Sen::new(sen))
        };
        let (total, tax) = (sen(total_yen)?, sen(tax_yen)?);
        let rounding = net.plus(tax)?.minus(total)?;
        Ok(TaxGroup { tax_ppm, net, tax, total, rounding })
    }

    /// One group for each rate, in the order of rates, of amounts with their rates.
    ///
    /// # Errors
    /// [`LedgerError::Overflow`].
    pub(crate) fn of(
        amounts: impl Iterator<Item = (u32, Sen)>,
    ) -> Result<Vec<TaxGroup>, LedgerError> {
        let mut nets: BTreeMap<u32, Sen> = BTreeMap::new();
        for (tax_ppm, amount) in amounts {
            let net = nets.entry(tax_ppm).or_default();
            *net = net.plus(amount)?;
        }
        nets.into_iter().map(|(tax_ppm, net)| TaxGroup::new(tax_ppm, net)).collect()
    }
}

/// What an account is debited (above nothing) or credited (below).
pub(crate) type Effect = (AccountId, Sen);

/// Postings that have these effects, which come to nothing together: the first debtor takes from
/// the first creditors, and so on. An account is debited or credited, never both.
///
/// # Errors
/// [`LedgerError::Overflow`].
pub(crate) fn postings(effects: &[Effect]) -> Result<Vec<Posting>, LedgerError> {
    let mut sums: Vec<Effect> = Vec::new();
    for (account, amount) in effects {
        match sums.iter_mut().find(|(known, _)| known == account) {
            Some((_, sum)) => *sum = sum.plus(*amount)?,
            None => sums.push((account.clone(), *amount)),
        }
    }
    let mut creditors: Vec<Effect> = Vec::new();
    for (account, sum) in sums.iter().filter(|(_, sum)| *sum < Sen::ZERO) {
        creditors.push((account.clone(), Sen::ZERO.minus(*sum)?));
    }
    let mut creditors = creditors.into_iter();
    let mut creditor = creditors.next();
    let mut postings = Vec::new();
    for (debit, mut left) in sums.into_iter().filter(|(_, sum)| *sum > Sen::ZERO) {
        while left > Sen::ZERO {
            let Some((credit, more)) = &mut creditor else { break };
            let amount = left.min(*more);
            postings.push(Posting { debit: debit.clone(), credit: credit.clone(), amount });
            left = left.minus(amount)?;
            *more = more.minus(amount)?;
            if *more == Sen::ZERO {
                creditor = creditors.next();
            }
        }
    }
    Ok(postings)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_answers() {
        // ppm, net, tax, total, rounding; in sen.
        for (ppm, net, tax, total, rounding) in [
            (100_000, 10_995, 1_000, 12_000, -5),
            (100_000, 10_099, 1_000, 11_100, -1),
            (100_000, 10_000, 900 + 100, 11_000, 0),
            (80_000, 10_000, 800, 10_800, 0),
            (100_000, 1_155, 100, 1_200, 55),
            (100_000, 90, 0, 0, 90),
            (100_000, 91, 0, 100, -9),
            (0, 1_155, 0, 1_100, 55),
            (100_000, 0, 0, 0, 0),
            (100_000, -1_155, -200, -1_300, -55),
        ] {
            let group = TaxGroup::new(ppm, Sen::new(net)).unwrap();
            let [tax, total, rounding] = [tax, total, rounding].map(Sen::new);
            let expected = TaxGroup { tax_ppm: ppm, net: Sen::new(net), tax, total, rounding };
            assert_eq!(group, expected);
        }
        assert!(TaxGroup::new(100_000, Sen::new(i64::MAX)).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 4_000, failure_persistence: None, ..ProptestConfig::default()
        })]

        #[test]
        fn rounding_is_less_than_a_yen_and_never_to_the_payers_cost(
            ppm in prop_oneof![Just(0u32), Just(80_000), Just(100_000), 0..1_000_000u32],
            net in prop_oneof![-1_000_000..1_000_000i64, -(1i64 << 60)..1 << 60],
        ) {
            let group = TaxGroup::new(ppm, Sen::new(net)).unwrap();
            prop_assert!(group.total.whole_yen().is_some() && group.tax.whole_yen().is_some());
            prop_assert!(group.rounding.get().abs() < 100, "{:?}", group);
            let exact = i128::from(net) * (1_000_000 + i128::from(ppm));
            let off = exact - i128::from(group.total.get()) * 1_000_000;
            prop_assert!((0..100_000_000).contains(&off), "{:?}", group);
        }

        #[test]
        fn postings_have_the_effects(amounts in prop::collection::vec(-5_000..5_000i64, 0..6)) {
            let names = ["a", "b", "c", "d", "e", "f"].map(|n| AccountId::user_due(n).unwrap());
            let last: i64 = -amounts.iter().sum::<i64>();
            let mut effects: Vec<Effect> = names.iter().cloned()
                .zip(amounts.into_iter().map(Sen::new)).collect();
            effects.push((AccountId::rounding(), Sen::new(last)));
            let postings = postings(&effects).unwrap();
            for (account, effect) in &effects {
                let debits = postings.iter().filter(|p| p.debit == *account).map(|p| p.amount);
                let credits = postings.iter().filter(|p| p.credit == *account).map(|p| p.amount);
                let (debits, credits) = (Sen::sum(debits).unwrap(), Sen::sum(credits).unwrap());
                prop_assert_eq!(debits.minus(credits).unwrap(), *effect);
                prop_assert!(debits == Sen::ZERO || credits == Sen::ZERO);
            }
            prop_assert!(postings.iter().all(|posting| posting.amount > Sen::ZERO));
        }
    }
}
