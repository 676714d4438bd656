//! What lines sum to: the figures that a report, the ledger and an invoice must agree on.

use std::collections::{BTreeMap, BTreeSet};

use crate::fault::ReportError;
use crate::line::UsageLine;

/// Sums over usage lines; corrections count as what they take back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Totals {
    /// How many lines.
    pub lines: u64,
    /// Uses.
    pub quantity: u64,
    /// Uses taken back.
    pub returns: u64,
    /// What users paid without tax, in sen: price times uses less returns.
    pub price_sen: i64,
    /// What tax is reckoned on, in sen.
    pub tax_base_sen: i64,
    /// What is owed to organisations, in sen.
    pub royalty_sen: i64,
    /// The same by organisation; an organisation with shares and no money stands with 0.
    pub royalty_sen_of: BTreeMap<String, i64>,
}

impl Totals {
    /// Uses less returns.
    pub fn net(&self) -> i64 {
        self.quantity as i64 - self.returns as i64
    }

    /// Adds a line.
    ///
    /// # Errors
    /// [`ReportError::Overflow`].
    pub fn add(&mut self, line: &UsageLine) -> Result<(), ReportError> {
        let overflow = ReportError::Overflow;
        let paid = line.price_sen.checked_mul(line.net()).ok_or(overflow)?;
        self.lines += 1;
        self.quantity += u64::from(line.quantity);
        self.returns += u64::from(line.returns);
        add(&mut self.price_sen, paid)?;
        add(&mut self.tax_base_sen, line.tax_base_sen)?;
        add(&mut self.royalty_sen, line.royalty_sen)?;
        for share in line.works.iter().flat_map(|work| &work.shares) {
            let sum = self.royalty_sen_of.entry(share.organisation.clone()).or_default();
            add(sum, share.royalty_sen)?;
        }
        Ok(())
    }
}

/// Adds, or says that it does not fit.
pub fn add(sum: &mut i64, amount: i64) -> Result<(), ReportError> {
    *sum = sum.checked_add(amount).ok_or(ReportError::Overflow)?;
    Ok(())
}

/// Sums up lines, after checking each.
///
/// # Errors
/// A line that cannot be reported, an event that comes twice, a sum beyond 64 bits.
pub fn totals(lines: &[UsageLine]) -> Result<Totals, ReportError> {
    check(lines)?;
    let mut totals = Totals::default();
    lines.iter().try_for_each(|line| totals.add(line))?;
    Ok(totals)
}

/// Checks every line, and that no event comes twice.
pub fn check(lines: &[UsageLine]) -> Result<(), ReportError> {
    let mut events = BTreeSet::new();
    for (index, line) in lines.iter().enumerate() {
        line.check().map_err(|fault| ReportError::Line {
            index,
            event_id: line.event_id.clone(),
            fault,
        })?;
        if !events.insert(&*line.event_id) {
            return Err(ReportError::RepeatedEvent(line.event_id.clone()));
        }
    }
    Ok(())
}
