//! The records of the profile, their cells in order, and what each may hold.

use Form::*;

/// What a cell may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The record's own name, or another word that never changes.
    Fixed,
    /// One text.
    Text,
    /// Texts.
    Texts,
    /// DDEX's id of a party.
    Dpid,
    /// Digits.
    Integer,
    /// Digits, with a sign and up to six digits behind a point.
    Decimal,
    /// `true` or `false`.
    Boolean,
    /// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    Date,
    /// RFC 3339.
    DateTime,
    /// ISO 8601, as `PT4M5S`.
    Duration,
    /// ISRCs of 12 characters.
    Isrcs,
    /// `T` and ten digits.
    Iswc,
    /// Two letters, or a word as `Worldwide`.
    Territory,
    /// Three letters.
    Currency,
    /// A word of a list.
    Word,
}

/// A cell: its name, what it may hold, and whether it must be given.
pub type Cell = (&'static str, Form, bool);

/// A type of record.
#[derive(Debug, PartialEq, Eq)]
pub struct RecordType {
    /// Its first cell.
    pub name: &'static str,
    /// Where it may stand.
    pub part: Part,
    /// All its cells, the first too.
    pub cells: &'static [Cell],
}

/// Where a record may stand; those of a block in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// First.
    Head,
    /// Behind it.
    Summary,
    /// A release, first in a block.
    Release,
    /// A recording, in a block.
    Resource,
    /// A work, in a block.
    Work,
    /// A use, in a block.
    Usage,
    /// Last.
    Foot,
}

/// The type of that name.
pub fn find(name: &str) -> Option<&'static RecordType> {
    TYPES.iter().find(|known| known.name == name)
}

/// Every type that is known here.
pub static TYPES: [RecordType; 8] = [
    RecordType { name: "HEAD", part: Part::Head, cells: &HEAD },
    RecordType { name: "SY01.03", part: Part::Summary, cells: &SY01 },
    RecordType { name: "RE01.03", part: Part::Release, cells: &RE01 },
    RecordType { name: "AS01.03", part: Part::Resource, cells: &AS01 },
    RecordType { name: "AS02.04", part: Part::Resource, cells: &AS02 },
    RecordType { name: "MW01.03", part: Part::Work, cells: &MW01 },
    RecordType { name: "SU01.03", part: Part::Usage, cells: &SU01 },
    RecordType { name: "FOOT", part: Part::Foot, cells: &FOOT },
];

const HEAD: [Cell; 16] = [
    ("RecordType", Fixed, true),
    ("MessageVersion", Text, true),
    ("Profile", Word, true),
    ("ProfileVersion", Text, true),
    ("MessageId", Text, true),
    ("MessageCreatedDateTime", DateTime, true),
    ("FileNumber", Integer, true),
    ("NumberOfFiles", Integer, true),
    ("UsageStartDate", Date, true),
    ("UsageEndDate", Date, true),
    ("SenderPartyId", Dpid, true),
    ("SenderName", Text, true),
    ("ServiceDescription", Word, true),
    ("RecipientPartyId", Dpid, false),
    ("RecipientName", Text, false),
    ("RepresentedRepertoire", Texts, false),
];

const SY01: [Cell; 18] = [
    ("RecordType", Fixed, true),
    ("SummaryRecordId", Text, true),
    ("DistributionChannel", Text, false),
    ("DistributionChannelDPID", Dpid, false),
    ("CommercialModelType", Word, true),
    ("UseType", Word, false),
    ("Territory", Territory, true),
    ("ServiceDescription", Word, false),
    ("TotalUsages", Decimal, true),
    ("Subscribers", Decimal, false),
    ("CurrencyOfReporting", Currency, true),
    ("NetRevenue", Decimal, true),
    ("IndirectValue", Decimal, false),
    ("CurrencyOfTransaction", Currency, false),
    ("ExchangeRate", Decimal, false),
    ("ExchangeRateSource", Text, false),
    ("DateOfCurrencyExchange", Text, false),
    ("TotalPlaybackDuration", Duration, false),
];

const RE01: [Cell; 17] = [
    ("RecordType", Fixed, true),
    ("BlockId", Text, true),
    ("ReleaseReference", Text, true),
    ("DspReleaseId", Text, true),
    ("ProprietaryReleaseId", Texts, false),
    ("ReleaseCatalogNumber", Text, false),
    ("ReleaseIcpn", Text, false),
    ("ReleaseDisplayArtistName", Text, false),
    ("ReleaseDisplayArtistPartyId", Texts, false),
    ("ReleaseTitle", Text, false),
    ("ReleaseSubTitle", Text, false),
    ("ReleaseType", Text, false),
    ("ReleaseLabelName", Text, false),
    ("ReleasePLine", Text, false),
    ("ReleaseDataProviderName", Text, false),
    ("ReleaseDate", Date, false),
    ("ReleaseDisplayArtist", Texts, false),
];

const AS01: [Cell; 15] = [
    ("RecordType", Fixed, true),
    ("BlockId", Text, true),
    ("ResourceReference", Text, true),
    ("DspResourceId", Text, true),
    ("ResourceISRC", Isrcs, false),
    ("ResourceTitle", Text, true),
    ("ResourceSubTitle", Text, false),
    ("ResourceDisplayArtistName", Text, false),
    ("ResourceDisplayArtistPartyId", Texts, false),
    ("ResourceDuration", Duration, false),
    ("ResourceType", Word, true),
    ("IsMasterRecording", Boolean, false),
    ("IsSubjectToOwnershipConflict", Boolean, false),
    ("LastConflictCheck", Date, false),
    ("ResourceDisplayArtist", Texts, false),
];

const AS02: [Cell; 25] = [
    ("RecordType", Fixed, true),
    ("BlockId", Text, true),
    ("ResourceReference", Text, true),
    ("DspResourceId", Text, true),
    ("ResourceISRC", Isrcs, false),
    ("ResourceTitle", Text, true),
    ("ResourceSubTitle", Text, false),
    ("ResourceDisplayArtistName", Text, false),
    ("ResourceDisplayArtistPartyId", Texts, false),
    ("ResourceDuration", Duration, false),
    ("ResourceType", Word, true),
    ("MusicalWorkISWC", Iswc, false),
    ("MusicalWorkComposerAuthorName", Texts, false),
    ("MusicalWorkComposerAuthorPartyId", Texts, false),
    ("MusicalWorkArrangerName", Texts, false),
    ("MusicalWorkArrangerPartyId", Texts, false),
    ("MusicalWorkPublisherName", Texts, false),
    ("MusicalWorkPublisherPartyId", Texts, false),
    ("MusicalWorkContributorName", Texts, false),
    ("MusicalWorkContributorPartyId", Texts, false),
    ("ProprietaryMusicalWorkId", Texts, false),
    ("IsMasterRecording", Boolean, false),
    ("IsSubjectToOwnershipConflict", Boolean, false),
    ("LastConflictCheck", Date, false),
    ("ResourceDisplayArtist", Texts, false),
];

const MW01: [Cell; 19] = [
    ("RecordType", Fixed, true),
    ("BlockId", Text, true),
    ("DspMusicalWorkId", Text, true),
    ("MusicalWorkISWC", Iswc, false),
    ("MusicalWorkTitle", Text, true),
    ("MusicalWorkSubTitle", Text, false),
    ("MusicalWorkComposerAuthorName", Texts, false),
    ("MusicalWorkComposerAuthorPartyId", Texts, false),
    ("MusicalWorkArrangerName", Texts, false),
    ("MusicalWorkArrangerPartyId", Texts, false),
    ("MusicalWorkPublisherName", Texts, false),
    ("MusicalWorkPublisherPartyId", Texts, false),
    ("MusicalWorkContributorName", Texts, false),
    ("MusicalWorkContributorPartyId", Texts, false),
    ("MusicalWorkDataProviderName", Text, false),
    ("ProprietaryMusicalWorkId", Texts, false),
    ("ResourceReference", Text, true),
    ("ParentLicensorDataRecordId", Text, false),
    ("ParentMasterlistId", Text, false),
];

const SU01: [Cell; 13] = [
    ("RecordType", Fixed, true),
    ("BlockId", Text, true),
    ("SummaryRecordId", Text, true),
    ("SalesTransactionId", Text, true),
    ("TransactedReleaseReference", Text, false),
    ("TransactedResourceReference", Text, false),
    ("IsRoyaltyBearing", Boolean, true),
    ("SalesUpgrade", Boolean, true),
    ("Usages", Decimal, true),
    ("Returns", Decimal, true),
    ("PriceEndUserPaidExcSalesTax", Decimal, false),
    ("PromotionalActivity", Text, false),
    ("UseType", Word, false),
];

const FOOT: [Cell; 6] = [
    ("RecordType", Fixed, true),
    ("NumberOfLinesInFile", Integer, true),
    ("NumberOfLinesInReport", Integer, false),
    ("NumberOfSummaryRecords", Integer, true),
    ("NumberOfBlocksInFile", Integer, true),
    ("NumberOfBlocksInReport", Integer, false),
];

impl Form {
    /// Whether elements that are not all empty are of this form.
    pub fn fits(self, elements: &[String]) -> bool {
        let several = matches!(self, Texts | Isrcs);
        (several || elements.len() == 1) && elements.iter().all(|text| self.fits_one(text))
    }

    fn fits_one(self, text: &str) -> bool {
        let bytes = text.as_bytes();
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        match self {
            Fixed => true,
            // An element of a list may be empty: lists of names and ids run side by side.
            Text | Texts => text.trim() == text && !text.contains(crate::cell::breaks),
            Word => !text.contains([' ', '_']) && !text.contains(crate::cell::breaks),
            Dpid => {
                bytes.len() == 18
                    && text.starts_with("PADPIDA")
                    && bytes.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
            }
            Integer => digits(text) && text.len() <= 18,
            Decimal => millionths(text).is_some(),
            Boolean => matches!(text, "true" | "false"),
            Date => is_date(text),
            DateTime => match text.split_once('T') {
                Some((date, time)) => date.len() == 10 && is_date(date) && is_time(time),
                None => false,
            },
            Duration => text.strip_prefix("PT").is_some_and(is_duration),
            Isrcs => {
                bytes.len() == 12
                    && bytes.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
            }
            Iswc => text.len() == 11 && text.strip_prefix('T').is_some_and(digits),
            Territory => bytes.len() >= 2 && bytes.iter().all(u8::is_ascii_alphabetic),
            Currency => bytes.len() == 3 && bytes.iter().all(u8::is_ascii_uppercase),
        }
    }

    /// What it may hold, in words.
    pub const fn words(self) -> &'static str {
        match self {
            Fixed => "the record's type",
            Text => "one text without line breaks or spaces at its ends; a pipe in it is escaped",
            Texts => "texts, parted by |, without line breaks or spaces at their ends",
            Word => "a word without spaces or underscores",
            Dpid => "a DDEX party id, 18 characters, as PADPIDA2008120501W",
            Integer => "up to 18 digits",
            Decimal => "a number of up to 15 digits, with up to six behind a point",
            Boolean => "true or false",
            Date => "YYYY, YYYY-MM or YYYY-MM-DD",
            DateTime => "a moment as 2014-12-14T10:05:00Z",
            Duration => "a duration as PT1H2M3S",
            Isrcs => "ISRCs of 12 capital letters and digits, parted by |",
            Iswc => "T and ten digits, without dashes",
            Territory => "two letters, or a word as Worldwide",
            Currency => "three capital letters",
        }
    }
}

/// A decimal number in millionths.
pub fn millionths(text: &str) -> Option<i128> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let (whole, rest) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(whole) || !all_digits(rest) || whole.len() > 15 || rest.len() > 6 {
        return None;
    }
    let rest = format!("{rest:0<6}");
    Some(sign * (whole.parse::<i128>().ok()? * 1_000_000 + rest.parse::<i128>().ok()?))
}

fn is_date(text: &str) -> bool {
    let number = |text: &str, width: usize, range: std::ops::RangeInclusive<u32>| {
        let fits = text.len() == width && text.bytes().all(|b| b.is_ascii_digit());
        fits && text.parse().is_ok_and(|n| range.contains(&n))
    };
    let mut parts = text.split('-');
    let year = parts.next().is_some_and(|year| number(year, 4, 1..=9999));
    let month = parts.next().is_none_or(|month| number(month, 2, 1..=12));
    let day = parts.next().is_none_or(|day| number(day, 2, 1..=31));
    year && month && day && parts.next().is_none()
}

fn is_time(text: &str) -> bool {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    matches!(&*shape, "00:00:00Z" | "00:00:00+00:00" | "00:00:00-00:00")
}

fn is_duration(text: &str) -> bool {
    let mut units = "HMS".chars();
    let parts = text.split_inclusive(char::is_alphabetic);
    !text.is_empty()
        && parts.into_iter().all(|part| {
            let Some((number, unit)) =
                part.char_indices().next_back().map(|(at, c)| (&part[..at], c))
            else {
                return false;
            };
            let fits =
                !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
            fits && units.any(|known| known == unit)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_cells() {
        let table: [(Form, &[&str], &[&str]); 11] = [
            (Dpid, &["PADPIDA2008120501W"], &["", "DPIDA12345SDF", "PADPIDA20081205 1W"]),
            (Integer, &["0", "109"], &["", "-1", "1.0", "1234567890123456789"]),
            (
                Decimal,
                &["0", "-7.70", "1.000001"],
                &["", "-", "1.", ".5", "1e3", "1.0000001", "+1"],
            ),
            (Boolean, &["true"], &["TRUE", "1"]),
            (Date, &["2026", "2026-04", "2026-04-30"], &["26", "2026-13", "2026-04-32", "2026-"]),
            (
                DateTime,
                &["2014-12-14T10:05:00Z", "2014-12-14T10:05:00+09:00"],
                &["2014-12-14", "T"],
            ),
            (Duration, &["PT1H2M3S", "PT45S", "PT4M"], &["PT", "P1D", "PT1S2M", "PTS", "4M"]),
            (Isrcs, &["USS1Z1412345"], &["US-S1Z-14-12345", "uss1z1412345"]),
            (Iswc, &["T0030749586"], &["T-003.074.958-6", "T003074958"]),
            (Word, &["BasicAudioProfile"], &["a b", "a_b"]),
            (Text, &["a b"], &[" a", "a\u{2028}b"]),
        ];
        for (form, good, bad) in table {
            for text in good {
                assert!(form.fits(&[(*text).to_owned()]), "{form:?} {text}");
            }
            for text in bad {
                assert!(!form.fits(&[(*text).to_owned()]), "{form:?} {text}");
            }
        }
        assert!(!Text.fits(&["a".to_owned(), "b".to_owned()]));
        assert_eq!(millionths("-7.70"), Some(-7_700_000));
    }

    #[test]
    fn the_first_cell_of_each_record_is_its_type() {
        for known in &TYPES {
            assert_eq!(known.cells[0], ("RecordType", Fixed, true), "{}", known.name);
            assert_eq!(find(known.name), Some(known));
        }
    }
}
