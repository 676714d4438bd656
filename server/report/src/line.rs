//! A usage line: all that any organisation asks of one use, or of one correction.

use crate::cell::printable;
use crate::fault::LineFault;
use crate::month::Month;

/// A form of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Form {
    /// Made available by a user.
    Upload,
    /// Sent once, kept for good.
    Download,
    /// Sent once, playable for some days.
    LimitedDownload,
    /// Played while it is sent.
    Stream,
}

impl Form {
    /// Every form, in the order of the enumeration.
    pub const ALL: [Form; 4] = [Form::Upload, Form::Download, Form::LimitedDownload, Form::Stream];

    /// The word for it, as the register of rights writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Form::Upload => "upload",
            Form::Download => "download",
            Form::LimitedDownload => "limited_download",
            Form::Stream => "stream",
        }
    }
}

/// One use, or the correction of one. A line is never edited: what was wrong is taken back by a
/// line that corrects it, and said anew by another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageLine {
    /// Of the event; unique for good. 1 to 128 printable ASCII characters without spaces.
    pub event_id: String,
    /// What was used.
    pub recording: RecordingUsed,
    /// The works in it, with the shares that take part.
    pub works: Vec<WorkUsed>,
    /// How.
    pub form: Form,
    /// How many times; 0 in a correction.
    pub quantity: u32,
    /// How many uses a correction takes back; 0 otherwise.
    pub returns: u32,
    /// The month in which it is reported.
    pub month: Month,
    /// When, in Unix milliseconds: in that month, by the clocks below.
    pub at_ms: i64,
    /// How far those clocks are ahead of UTC, in minutes; 540 in Japan.
    pub utc_offset_min: i16,
    /// Where: two letters of ISO 3166-1.
    pub territory: String,
    /// The service, in the words of its licence.
    pub service: String,
    /// The licence under which it was used, as the society numbers it.
    pub licence_number: String,
    /// What one use costs the user, without tax, in 1/100 of the currency (sen). Never negative.
    pub price_sen: i64,
    /// ISO 4217, three letters.
    pub currency: String,
    /// What tax is reckoned on, in sen; negative in a correction.
    pub tax_base_sen: i64,
    /// Which row of the tariff was applied.
    pub rate_id: String,
    /// What is owed to all organisations together, in sen; negative in a correction.
    pub royalty_sen: i64,
    /// How it was recognised.
    pub evidence: MatchEvidence,
    /// Why it was permitted.
    pub decision: DecisionMade,
    /// Who pays: a pseudonym that only the operator can turn back.
    pub payer: String,
    /// The number of the event in the audit log, if it is there already.
    pub log_index: Option<u64>,
    /// The event that this line corrects.
    pub correction_of: Option<String>,
}

/// A recording that was used.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecordingUsed {
    /// The catalogue's id. 1 to 128 printable ASCII characters without spaces.
    pub recording_id: String,
    /// Its ISRCs, 12 characters each.
    pub isrcs: Vec<String>,
    /// Its title.
    pub title: String,
    /// Its artist, as displayed.
    pub artist: String,
    /// How long it is, in milliseconds, if that is known.
    pub duration_ms: Option<u32>,
}

/// A work in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WorkUsed {
    /// The register's id. 1 to 128 printable ASCII characters without spaces.
    pub work_id: String,
    /// `T-ddd.ddd.ddd-c`.
    pub iswc: Option<String>,
    /// JASRAC's code, with or without hyphens.
    pub jasrac_code: Option<String>,
    /// NexTone's code.
    pub nextone_code: Option<String>,
    /// As the societies write it; empty: as the recording's.
    pub title: String,
    /// Names.
    pub composers: Vec<String>,
    /// Names.
    pub lyricists: Vec<String>,
    /// Entrusted shares that take part.
    pub shares: Vec<ShareUsed>,
}

/// A share of a work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareUsed {
    /// Whose.
    pub organisation: String,
    /// How much of the work, in ppm.
    pub share_ppm: u32,
    /// What is owed for it, in sen; negative in a correction.
    pub royalty_sen: i64,
}

/// How a use was recognised.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MatchEvidence {
    /// How certain, in ppm.
    pub score_ppm: u32,
    /// How much of it matched, in milliseconds.
    pub matched_ms: u32,
    /// The engine's version.
    pub engine: String,
    /// The encoder and codebook of the fingerprint.
    pub codebook: String,
}

/// Why a use was permitted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DecisionMade {
    /// The decision's word, as `permit`.
    pub decision: String,
    /// The rule's id, as `R3-all-shares-entrusted`.
    pub rule_id: String,
    /// Of the rules.
    pub rules_version: u32,
}

impl UsageLine {
    /// Uses less returns.
    pub fn net(&self) -> i64 {
        i64::from(self.quantity) - i64::from(self.returns)
    }

    /// Whether the line can be reported.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn check(&self) -> Result<(), LineFault> {
        id("event_id", &self.event_id)?;
        id("recording_id", &self.recording.recording_id)?;
        given("title", &self.recording.title)?;
        for work in &self.works {
            id("work_id", &work.work_id)?;
            for share in &work.shares {
                id("organisation", &share.organisation)?;
                ppm("share_ppm", share.share_ppm)?;
            }
        }
        for isrc in &self.recording.isrcs {
            let fits = isrc.len() == 12 && isrc.bytes().all(|b| b.is_ascii_alphanumeric());
            form(fits, "isrc", "12 letters and digits, without hyphens")?;
        }
        let letters = |text: &str, count: usize| {
            text.len() == count && text.bytes().all(|b| b.is_ascii_uppercase())
        };
        form(letters(&self.territory, 2), "territory", "two capital letters of ISO 3166-1")?;
        form(letters(&self.currency, 3), "currency", "three capital letters of ISO 4217")?;
        ppm("score_ppm", self.evidence.score_ppm)?;
        for (field, text) in [
            ("service", &self.service),
            ("licence_number", &self.licence_number),
            ("rate_id", &self.rate_id),
            ("decision", &self.decision.decision),
            ("rule_id", &self.decision.rule_id),
            ("payer", &self.payer),
        ] {
            given(field, text)?;
        }
        if let Some(corrected) = &self.correction_of {
            id("correction_of", corrected)?;
        }
        if Month::at(self.at_ms, self.utc_offset_min) != Some(self.month) {
            return Err(LineFault::OtherMonth);
        }
        self.check_amounts()
    }

    fn check_amounts(&self) -> Result<(), LineFault> {
        let is_use = self.quantity > 0 && self.returns == 0 && self.correction_of.is_none();
        let is_correction = self.quantity == 0 && self.returns > 0 && self.correction_of.is_some();
        if is_use == is_correction {
            return Err(LineFault::Quantity);
        }
        if self.price_sen < 0 {
            return Err(LineFault::Sign("price_sen"));
        }
        let shares = || self.works.iter().flat_map(|work| &work.shares).map(|of| of.royalty_sen);
        let amounts = [("tax_base_sen", self.tax_base_sen), ("royalty_sen", self.royalty_sen)];
        for (field, amount) in amounts.into_iter().chain(shares().map(|of| ("royalty_sen", of))) {
            if (is_use && amount < 0) || (is_correction && amount > 0) {
                return Err(LineFault::Sign(field));
            }
        }
        let shares_sen: i128 = shares().map(i128::from).sum();
        if shares_sen != i128::from(self.royalty_sen) {
            return Err(LineFault::RoyaltySum { royalty_sen: self.royalty_sen, shares_sen });
        }
        Ok(())
    }
}

fn id(field: &'static str, text: &str) -> Result<(), LineFault> {
    let fits = (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    if fits { Ok(()) } else { Err(LineFault::Id(field)) }
}

fn given(field: &'static str, text: &str) -> Result<(), LineFault> {
    if printable(text).is_empty() { Err(LineFault::Missing(field)) } else { Ok(()) }
}

fn ppm(field: &'static str, ppm: u32) -> Result<(), LineFault> {
    if ppm <= 1_000_000 { Ok(()) } else { Err(LineFault::Ppm(field)) }
}

fn form(fits: bool, field: &'static str, right: &'static str) -> Result<(), LineFault> {
    if fits { Ok(()) } else { Err(LineFault::Form(field, right)) }
}
