//! What somebody wants to do with a recording: which right it needs, in which form, where and when.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::date::Date;
use crate::territory::Territory;

/// A right that a use needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Right {
    /// Of the musical work: to send it to whoever asks for it. What music societies hold.
    InteractiveDistribution,
    /// Of the recording: the neighbouring right of its producer and performers to make it
    /// available. No society's flag for the work grants it.
    MasterMakingAvailable,
}

impl Right {
    /// Every right, in the order of the enumeration.
    pub const ALL: [Right; 2] = [Right::InteractiveDistribution, Right::MasterMakingAvailable];

    /// The word for it in catalogues, in the database and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Right::InteractiveDistribution => "interactive_distribution",
            Right::MasterMakingAvailable => "master_making_available",
        }
    }
}

/// A form of use, as Japanese societies entrust and tariff them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum UsageForm {
    /// Made available by a user to others.
    Upload,
    /// Sent once, kept for good.
    Download,
    /// Sent once, playable for some days only and not copied on (tariffed apart).
    LimitedDownload,
    /// Played while it is sent.
    Stream,
}

impl UsageForm {
    /// Every form, in the order of the enumeration.
    pub const ALL: [UsageForm; 4] =
        [UsageForm::Upload, UsageForm::Download, UsageForm::LimitedDownload, UsageForm::Stream];

    /// The word for it in catalogues, in the database and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            UsageForm::Upload => "upload",
            UsageForm::Download => "download",
            UsageForm::LimitedDownload => "limited_download",
            UsageForm::Stream => "stream",
        }
    }
}

macro_rules! words {
    ($($name:ident, $error:ident, $text:literal;)*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl FromStr for $name {
            type Err = $error;
            /// Upper and lower case alike.
            fn from_str(text: &str) -> Result<Self, $error> {
                let word = text.trim().to_ascii_lowercase();
                $name::ALL.into_iter().find(|known| known.as_str() == word).ok_or($error)
            }
        }
        #[doc = concat!("A word that is no `", stringify!($name), "`.")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
        #[error($text)]
        pub struct $error;
    )*};
}
words! {
    Right, UnknownRight,
        "a right is `interactive_distribution` or `master_making_available`";
    UsageForm, UnknownForm,
        "a form of use is `upload`, `download`, `limited_download` or `stream`";
}

/// A set of forms of use; never empty. Written `all` or as `download;upload`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FormSet(u8);

impl FormSet {
    /// Every form there is, and every one that will be added.
    pub const ALL: FormSet = FormSet(u8::MAX);

    /// These forms; none if there is none.
    pub fn of(forms: impl IntoIterator<Item = UsageForm>) -> Option<FormSet> {
        let bits = forms.into_iter().fold(0, |bits, form| bits | FormSet::bit(form));
        (bits != 0).then_some(FormSet(bits))
    }

    /// Whether a form is in it.
    pub fn contains(self, form: UsageForm) -> bool {
        self.0 & FormSet::bit(form) != 0
    }

    const fn bit(form: UsageForm) -> u8 {
        1 << form as u8
    }
}

impl From<UsageForm> for FormSet {
    fn from(form: UsageForm) -> FormSet {
        FormSet(FormSet::bit(form))
    }
}

impl FromStr for FormSet {
    type Err = UnknownForm;

    fn from_str(text: &str) -> Result<FormSet, UnknownForm> {
        if text.trim().eq_ignore_ascii_case("all") {
            return Ok(FormSet::ALL);
        }
        let forms: Result<Vec<UsageForm>, UnknownForm> = text.split(';').map(str::parse).collect();
        FormSet::of(forms?).ok_or(UnknownForm)
    }
}

impl fmt::Display for FormSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == FormSet::ALL {
            return f.write_str("all");
        }
        let mut separator = "";
        for form in UsageForm::ALL.into_iter().filter(|form| self.contains(*form)) {
            write!(f, "{separator}{form}")?;
            separator = ";";
        }
        Ok(())
    }
}

/// What somebody wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Use {
    /// Which right is asked for.
    pub right: Right,
    /// Whether the right of the recording (the master) is asked for beside that of the work. Where
    /// `right` is the master's, it is asked for in any case, and alone.
    pub with_master: bool,
    /// In which form.
    pub form: UsageForm,
    /// Where.
    pub territory: Territory,
    /// On which day, as the territory's calendar says.
    pub date: Date,
}

impl Use {
    /// Whether the right of the works is asked for.
    pub fn asks_works(&self) -> bool {
        self.right == Right::InteractiveDistribution
    }

    /// Whether the right of the recording is asked for.
    pub fn asks_master(&self) -> bool {
        self.with_master || self.right == Right::MasterMakingAvailable
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_are_written() {
        for right in Right::ALL {
            assert_eq!(right.as_str().parse(), Ok(right));
            assert_eq!(serde_json::to_value(right).unwrap(), right.as_str());
        }
        for form in UsageForm::ALL {
            assert_eq!(form.as_str().parse(), Ok(form));
            assert_eq!(serde_json::to_value(form).unwrap(), form.as_str());
        }
        assert_eq!("lend".parse::<UsageForm>(), Err(UnknownForm));
        assert_eq!("".parse::<Right>(), Err(UnknownRight));
    }

    #[test]
    fn sets_of_forms() {
        for (text, written) in
            [("All", "all"), ("stream;download", "download;stream"), (" upload ", "upload")]
        {
            assert_eq!(text.parse::<FormSet>().unwrap().to_string(), written);
        }
        for text in ["", ";", "download;", "all;upload"] {
            assert_eq!(text.parse::<FormSet>(), Err(UnknownForm), "{text}");
        }
        assert!(UsageForm::ALL.iter().all(|form| FormSet::ALL.contains(*form)));
        assert!(!FormSet::from(UsageForm::Upload).contains(UsageForm::Stream));
        assert_eq!(FormSet::of([]), None);
    }
}
