//! Keeps a spreadsheet from reading a text as a formula, in a way that can be undone.

/// The text as it is written to a file.
pub fn shielded(text: &str) -> String {
    if is_formula(text) || is_shielded(text) { format!("'{text}") } else { text.to_owned() }
}

/// The text as it was before [`shielded`].
pub fn unshielded(text: &str) -> &str {
    if is_shielded(text) { &text[1..] } else { text }
}

fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@'])
}

/// `'` alone is no shield: "'Round Midnight" is a title.
fn is_shielded(text: &str) -> bool {
    text.strip_prefix('\'').is_some_and(|rest| is_formula(rest.trim_start_matches('\'')))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn titles_stay_titles() {
        for (text, written) in [
            ("=1+1", "'=1+1"),
            ("'=1", "''=1"),
            ("'Round Midnight", "'Round Midnight"),
            ("''", "''"),
            ("", ""),
            ("-", "'-"),
        ] {
            assert_eq!(shielded(text), written);
            assert_eq!(unshielded(written), text);
        }
    }

    proptest! {
        #[test]
        fn nothing_written_is_a_formula_and_all_of_it_is_read_back(text in "['=+@a-]{0,6}") {
            let written = shielded(&text);
            prop_assert!(!is_formula(&written));
            prop_assert_eq!(unshielded(&written), text);
        }
    }
}
