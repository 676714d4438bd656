//! Free text on its way into a file that is cut at tabs and line ends and opened in spreadsheets.

/// The text as it may stand in a cell: control characters (tabs and line breaks among them) and the
/// two Unicode line separators become spaces, runs of white space one, none at the ends; and a
/// first `=`, `+`, `-` or `@`, which a spreadsheet takes for a formula, becomes its full-width
/// form. That is the form that Japanese societies write titles in, and Unicode's compatibility
/// normal form turns it back.
pub fn printable(text: &str) -> String {
    let separated = text.replace(breaks, " ");
    let mut words = separated.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((_, wide)) = FORMULA_SIGNS.iter().find(|(sign, _)| words.starts_with(*sign)) {
        words.replace_range(..1, wide);
    }
    words
}

/// What begins a formula, and what stands for it.
pub const FORMULA_SIGNS: [(char, &str); 4] = [('=', "＝"), ('+', "＋"), ('-', "－"), ('@', "＠")];

/// Whether a character ends a line or cell somewhere, or shows nothing and may hide something.
pub fn breaks(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// Hundredths as a decimal number: without a point if it is whole.
pub fn hundredths(amount: i64) -> String {
    let (sign, whole, rest) = (
        if amount < 0 { "-" } else { "" },
        amount.unsigned_abs() / 100,
        amount.unsigned_abs() % 100,
    );
    match rest {
        0 => format!("{sign}{whole}"),
        rest => format!("{sign}{whole}.{rest:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stay_in_their_cell_and_no_cell_is_a_formula() {
        for (text, written) in [
            ("Aurora", "Aurora"),
            (" a\tb\r\nc ", "a b c"),
            ("=HYPERLINK(\"x\")", "＝HYPERLINK(\"x\")"),
            ("\t=1", "＝1"),
            ("-", "－"),
            ("a=b", "a=b"),
            ("\u{2028}x\u{0}y", "x y"),
            ("", ""),
            ("夜　明け", "夜 明け"),
        ] {
            assert_eq!(printable(text), written, "{text:?}");
            assert_eq!(printable(written), written);
        }
    }

    #[test]
    fn hundredths_are_exact() {
        for (amount, written) in
            [(0, "0"), (770, "7.70"), (100, "1"), (5, "0.05"), (-5, "-0.05"), (-770, "-7.70")]
        {
            assert_eq!(hundredths(amount), written);
        }
        assert_eq!(hundredths(i64::MIN), "-92233720368547758.08");
    }
}
