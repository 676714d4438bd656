//! What the register takes: texts that every file can hold, and claims that are each said once.

use crate::claim::{Claim, WHOLE_PPM};
use crate::error::{RightsError, TextFault};

/// Bytes of a recording's or work's id.
pub const ID_BYTES_MAX: usize = 256;

/// Bytes of a title.
pub const TITLE_BYTES_MAX: usize = 1_024;

/// Bytes of all names of one kind together.
pub const NAMES_BYTES_MAX: usize = 2_048;

/// Why a text cannot be kept, if so.
pub fn text_fault(text: &str, bytes_max: usize) -> Option<TextFault> {
    if text.len() > bytes_max {
        Some(TextFault::TooLong(bytes_max))
    } else if text.chars().any(char::is_control) {
        Some(TextFault::Control)
    } else if text.trim() != text {
        Some(TextFault::Untrimmed)
    } else {
        None
    }
}

/// An id: a text that is not empty.
pub fn id(what: &'static str, text: &str) -> Result<(), RightsError> {
    let fault =
        if text.is_empty() { Some(TextFault::Empty) } else { text_fault(text, ID_BYTES_MAX) };
    refused(what, text, fault)
}

/// A title; may be empty.
pub fn title(what: &'static str, text: &str) -> Result<(), RightsError> {
    refused(what, text, text_fault(text, TITLE_BYTES_MAX))
}

/// Names that are kept as one list; none is empty or has the list's separator.
pub fn names(what: &'static str, names: &[String]) -> Result<(), RightsError> {
    let bytes: usize = names.iter().map(|name| name.len() + 1).sum();
    for name in names {
        let fault = match name {
            _ if bytes > NAMES_BYTES_MAX => Some(TextFault::TooLong(NAMES_BYTES_MAX)),
            name if name.is_empty() => Some(TextFault::Empty),
            name if name.contains(';') => Some(TextFault::Separator),
            name => text_fault(name, NAMES_BYTES_MAX),
        };
        refused(what, name, fault)?;
    }
    Ok(())
}

/// The claims of one work or recording, in their own order.
pub fn in_order(id: &str, claims: &[Claim]) -> Result<Vec<Claim>, RightsError> {
    let mut claims = claims.to_vec();
    claims.sort();
    for claim in &claims {
        if !(1..=WHOLE_PPM).contains(&claim.share_ppm) {
            let ppm = claim.share_ppm;
            return Err(RightsError::ShareOutOfRange { id: id.to_owned(), ppm });
        }
    }
    for pair in claims.windows(2) {
        if pair[0] == pair[1] {
            let claimant = pair[0].claimant.to_string();
            return Err(RightsError::DuplicateClaim { id: id.to_owned(), claimant });
        }
    }
    Ok(claims)
}

fn refused(what: &'static str, text: &str, why: Option<TextFault>) -> Result<(), RightsError> {
    match why {
        None => Ok(()),
        Some(why) => {
            let text = text.chars().take(40).collect();
            Err(RightsError::Text { what, text, why })
        }
    }
}
