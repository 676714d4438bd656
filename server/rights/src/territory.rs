//! Where a claim or a use applies: a country, or the world; sets of them.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// Every code of ISO 3166-1 alpha-2 that is officially assigned, in order.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ \
    BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM \
    DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS \
    GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN \
    KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ \
    MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM \
    PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV \
    SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI \
    VN VU WF WS YE YT ZA ZM ZW";

/// A country or territory of ISO 3166-1, by its two letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Country([u8; 2]);

impl Country {
    /// Japan.
    pub const JP: Country = Country(*b"JP");

    /// Its two letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for Country {
    type Err = TerritoryError;

    /// Upper and lower case alike.
    fn from_str(text: &str) -> Result<Country, TerritoryError> {
        let code = text.trim().to_ascii_uppercase();
        match code.as_bytes() {
            &[a, b] if COUNTRIES.split(' ').any(|known| known == code) => Ok(Country([a, b])),
            _ => Err(TerritoryError::Country),
        }
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a use takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Territory {
    /// One country.
    Country(Country),
    /// Everywhere at once: only a claim for the whole world without exception covers it.
    World,
}

impl Territory {
    /// Japan.
    pub const JP: Territory = Territory::Country(Country::JP);
}

impl FromStr for Territory {
    type Err = TerritoryError;

    /// `world` or two letters.
    fn from_str(text: &str) -> Result<Territory, TerritoryError> {
        match text.trim() {
            word if word.eq_ignore_ascii_case(WORLD) => Ok(Territory::World),
            code => code.parse().map(Territory::Country),
        }
    }
}

impl fmt::Display for Territory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Territory::Country(country) => country.fmt(f),
            Territory::World => f.write_str(WORLD),
        }
    }
}

const WORLD: &str = "world";

/// Where a claim holds: some countries, or the world, some countries left out.
///
/// Written `JP`, `JP;KR`, `world` or `world;-KP;-US`; the order written is alphabetical.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TerritorySet {
    /// These countries; at least one.
    Countries(BTreeSet<Country>),
    /// Everywhere but in these.
    WorldExcept(BTreeSet<Country>),
}

impl TerritorySet {
    /// Everywhere.
    pub const WORLD: TerritorySet = TerritorySet::WorldExcept(BTreeSet::new());

    /// Whether a claim here covers a use there.
    pub fn covers(&self, place: Territory) -> bool {
        match (self, place) {
            (TerritorySet::Countries(here), Territory::Country(country)) => here.contains(&country),
            (TerritorySet::Countries(_), Territory::World) => false,
            (TerritorySet::WorldExcept(out), Territory::Country(country)) => {
                !out.contains(&country)
            }
            (TerritorySet::WorldExcept(out), Territory::World) => out.is_empty(),
        }
    }
}

impl From<Territory> for TerritorySet {
    fn from(place: Territory) -> TerritorySet {
        match place {
            Territory::Country(country) => TerritorySet::Countries(BTreeSet::from([country])),
            Territory::World => TerritorySet::WORLD,
        }
    }
}

impl FromStr for TerritorySet {
    type Err = TerritoryError;

    fn from_str(text: &str) -> Result<TerritorySet, TerritoryError> {
        let (mut world, mut within, mut without) = (false, BTreeSet::new(), BTreeSet::new());
        for word in text.split(';').map(str::trim) {
            match word.strip_prefix('-') {
                Some(country) => without.insert(country.parse()?),
                None if word.eq_ignore_ascii_case(WORLD) => !std::mem::replace(&mut world, true),
                None => within.insert(word.parse()?),
            };
        }
        match (world, within.is_empty(), without.is_empty()) {
            (true, true, _) => Ok(TerritorySet::WorldExcept(without)),
            (false, false, true) => Ok(TerritorySet::Countries(within)),
            _ => Err(TerritoryError::Mixed),
        }
    }
}

impl fmt::Display for TerritorySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TerritorySet::Countries(within) => {
                for (i, country) in within.iter().enumerate() {
                    write!(f, "{}{country}", if i == 0 { "" } else { ";" })?;
                }
                Ok(())
            }
            TerritorySet::WorldExcept(without) => {
                f.write_str(WORLD)?;
                without.iter().try_for_each(|country| write!(f, ";-{country}"))
            }
        }
    }
}

/// Why a text names no territory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TerritoryError {
    /// Not a code of the standard.
    #[error("a territory is `world` or two letters of ISO 3166-1 (as JP)")]
    Country,
    /// A list that cannot be one place.
    #[error(
        "territories are countries (`JP;KR`) or the world without some (`world;-KP`), not both"
    )]
    Mixed,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_countries_are_there_once_and_in_order() {
        let codes: Vec<&str> = COUNTRIES.split(' ').collect();
        assert_eq!(codes.len(), 249);
        assert!(codes.is_sorted_by(|a, b| a < b));
        assert!(codes.iter().all(|code| code.parse::<Country>().is_ok()));
        for text in ["", "UK", "EU", "XX", "JPN", "J", "日"] {
            assert_eq!(text.parse::<Country>(), Err(TerritoryError::Country), "{text}");
        }
    }

    #[test]
    fn sets_are_written_in_one_way() {
        for (text, written) in [
            ("jp", "JP"),
            ("KR; JP;KR", "JP;KR"),
            ("World", "world"),
            ("world;-US;-KP", "world;-KP;-US"),
        ] {
            assert_eq!(text.parse::<TerritorySet>().unwrap().to_string(), written);
        }
        for text in ["world;JP", "JP;-KR", "-JP"] {
            assert_eq!(text.parse::<TerritorySet>(), Err(TerritoryError::Mixed), "{text}");
        }
        assert_eq!("".parse::<TerritorySet>(), Err(TerritoryError::Country));
        assert_eq!("JP;".parse::<TerritorySet>(), Err(TerritoryError::Country));
    }

    #[test]
    fn what_covers_what() {
        let kr = "KR".parse().unwrap();
        for (set, jp, in_kr, world) in [
            ("JP", true, false, false),
            ("JP;KR", true, true, false),
            ("world", true, true, true),
            ("world;-KR", true, false, false),
        ] {
            let set: TerritorySet = set.parse().unwrap();
            let found = [Territory::JP, kr, Territory::World].map(|place| set.covers(place));
            assert_eq!(found, [jp, in_kr, world], "{set}");
        }
    }
}
