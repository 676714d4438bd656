//! From what was bought, and what was taken back, to usage lines as every report takes them.

use std::collections::BTreeMap;

use anyhow::Context;
use onmon_ledger::Month;
use onmon_library::Recording;
use onmon_report::{
    DecisionMade, Form, MatchEvidence, RecordingUsed, ShareUsed, UsageLine, WorkUsed,
};
use onmon_rights::register::{Work, works};
use onmon_sharing::{Correction, Download, Platform};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Ids in reports are printable ASCII without spaces; ours may be any text.
const NOT_IN_IDS: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b':');

/// Japan's clocks are nine hours ahead of UTC.
const JAPAN_OFFSET_MIN: i16 = 540;

/// What stands on every line of an operator's reports.
#[derive(Debug, Clone)]
pub struct Licensee {
    /// The service, in the words of its licence.
    pub service: String,
    /// The licence, as the society numbers it.
    pub licence_number: String,
}

/// Every download of a month, and every one that was taken back in it, as usage lines.
pub async fn of_month(
    platform: &Platform,
    month: Month,
    licensee: &Licensee,
) -> anyhow::Result<Vec<UsageLine>> {
    let (from_ms, to_ms) = (month.start_ms(), month.end_ms());
    let downloads = platform.downloads(from_ms, to_ms).await?;
    let corrections = platform.corrections(from_ms, to_ms).await?;
    let mut known = Known::default();
    for download in downloads.iter().chain(corrections.iter().map(|one| &one.download)) {
        known.learn(platform, download).await?;
    }
    let month = month.to_string().parse().context("a month that reports do not know")?;
    let territory = match platform.settings().territory {
        onmon_rights::Territory::Country(country) => country.as_str().to_owned(),
        onmon_rights::Territory::World => "JP".to_owned(),
    };
    let line = |download: &Download| UsageLine {
        event_id: id(&download.purchase_id),
        recording: known.recording(download),
        works: known.works(download),
        form: Form::Download,
        quantity: 1,
        returns: 0,
        month,
        at_ms: download.created_ms,
        utc_offset_min: JAPAN_OFFSET_MIN,
        territory: territory.clone(),
        service: licensee.service.clone(),
        licence_number: licensee.licence_number.clone(),
        price_sen: download.price.get(),
        currency: "JPY".to_owned(),
        tax_base_sen: download.price.get(),
        rate_id: download.shares.first().map_or("none", |share| &share.tariff_id).to_owned(),
        royalty_sen: download.shares.iter().map(|share| share.amount.get()).sum(),
        evidence: evidence(download),
        decision: DecisionMade {
            decision: "permit".to_owned(),
            rule_id: download.rule_id.clone(),
            rules_version: download.rules_version,
        },
        payer: download.account_id.clone(),
        log_index: None,
        correction_of: None,
    };
    let mut lines: Vec<UsageLine> = downloads.iter().map(line).collect();
    lines.extend(corrections.iter().map(|one| taken_back(line(&one.download), one)));
    Ok(lines)
}

/// The contrary of a line, in the month in which it was taken back.
fn taken_back(line: UsageLine, correction: &Correction) -> UsageLine {
    let mut works = line.works;
    for share in works.iter_mut().flat_map(|work| &mut work.shares) {
        share.royalty_sen = -share.royalty_sen;
    }
    UsageLine {
        event_id: id(&correction.refund_id),
        works,
        quantity: 0,
        returns: line.quantity,
        at_ms: correction.refunded_ms,
        tax_base_sen: -line.tax_base_sen,
        royalty_sen: -line.royalty_sen,
        correction_of: Some(line.event_id),
        ..line
    }
}

/// Recordings and works that lines name, each asked for once.
#[derive(Debug, Default)]
struct Known {
    recordings: BTreeMap<String, Option<Recording>>,
    works: BTreeMap<String, Option<Work>>,
}

impl Known {
    async fn learn(&mut self, platform: &Platform, download: &Download) -> anyhow::Result<()> {
        if !self.recordings.contains_key(&download.recording_id) {
            let found = platform.library().recording(&download.recording_id).await?;
            self.recordings.insert(download.recording_id.clone(), found);
        }
        for work_id in download.shares.iter().filter_map(|share| share.work_id.as_ref()) {
            if !self.works.contains_key(work_id) {
                let mut reader = platform.reader().await?;
                let found = works(&mut reader, &[work_id]).await?.into_iter().next();
                self.works.insert(work_id.clone(), found);
            }
        }
        Ok(())
    }

    fn recording(&self, download: &Download) -> RecordingUsed {
        let known = self.recordings.get(&download.recording_id).and_then(Option::as_ref);
        let text = |of: fn(&Recording) -> Option<&String>| known.and_then(of).cloned();
        RecordingUsed {
            recording_id: id(&download.recording_id),
            isrcs: known.and_then(|one| one.isrc.clone()).map(String::from).into_iter().collect(),
            // Without a title the id is all that there is to know it by.
            title: text(|one| one.title.as_ref()).unwrap_or_else(|| download.recording_id.clone()),
            artist: text(|one| one.artist.as_ref()).unwrap_or_default(),
            duration_ms: None,
        }
    }

    fn works(&self, download: &Download) -> Vec<WorkUsed> {
        let mut all: Vec<WorkUsed> = Vec::new();
        for share in &download.shares {
            let work_id = match &share.work_id {
                Some(work_id) => id(work_id),
                // The recording's own right is reported as a work of its own.
                None => id(&format!("master:{}", download.recording_id)),
            };
            let used = ShareUsed {
                organisation: id(&share.organisation),
                share_ppm: share.share_ppm,
                royalty_sen: share.amount.get(),
            };
            match all.iter_mut().find(|work| work.work_id == work_id) {
                Some(work) => work.shares.push(used),
                None => {
                    let known = share.work_id.as_ref().and_then(|id| self.works.get(id));
                    all.push(work_used(work_id, known.and_then(Option::as_ref), used));
                }
            }
        }
        all
    }
}

/// What stands for a name that nobody has told. Societies' forms ask for a composer or lyricist of
/// every work; a recording that was enrolled as entrusted, with no line in the register, has none.
const UNKNOWN_NAME: &str = "UNKNOWN";

fn work_used(work_id: String, known: Option<&Work>, share: ShareUsed) -> WorkUsed {
    let mut composers = known.map(|work| work.composers.clone()).unwrap_or_default();
    let lyricists = known.map(|work| work.lyricists.clone()).unwrap_or_default();
    if composers.is_empty() && lyricists.is_empty() {
        composers.push(UNKNOWN_NAME.to_owned());
    }
    let code = |of: fn(&Work) -> Option<String>| known.and_then(of);
    WorkUsed {
        work_id,
        iswc: code(|work| work.iswc.as_ref().map(ToString::to_string)),
        jasrac_code: code(|work| work.jasrac_code.as_ref().map(ToString::to_string)),
        nextone_code: code(|work| work.nextone_code.as_ref().map(ToString::to_string)),
        title: code(|work| work.title.clone()).unwrap_or_default(),
        composers,
        lyricists,
        shares: vec![share],
    }
}

fn evidence(download: &Download) -> MatchEvidence {
    // Confidence c is at most 10^-c false names a query.
    let doubt = 10f64.powf(-f64::from(download.confidence) / 100.0);
    MatchEvidence {
        score_ppm: ((1.0 - doubt).max(0.0) * 1e6) as u32,
        matched_ms: download.matched_ms,
        engine: concat!("onmon ", env!("CARGO_PKG_VERSION")).to_owned(),
        codebook: format!("encoder {}", download.encoder),
    }
}

fn id(text: &str) -> String {
    utf8_percent_encode(text, NOT_IN_IDS).to_string()
}
