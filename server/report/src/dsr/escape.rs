//! Cells and their elements in one line, and the escapes that keep them apart.

/// A text as an element of a cell: a backslash becomes three, a pipe gets two before it and a tab
/// one. (Line ends have no escape; [`printable`](crate::cell::printable) takes them out before.)
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' => out.push_str(r"\\\"),
            '|' => out.push_str(r"\\|"),
            '\t' => out.push_str("\\\t"),
            other => out.push(other),
        }
    }
    out
}

/// A backslash that escapes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(r"a backslash is written \\\, a pipe in a text \\|, a tab \ and the tab")]
pub struct BadEscape;

/// A record's cells, each as its elements; an empty cell is one empty element. The three escapes
/// begin alike, but none is the beginning of another, so a record is read in one way only.
///
/// # Errors
/// [`BadEscape`], and the cells as they are with the backslash as a letter.
pub fn cells(record: &str) -> (Vec<Vec<String>>, Result<(), BadEscape>) {
    let mut cells = vec![vec![String::new()]];
    let mut outcome = Ok(());
    let mut rest = record;
    while let Some(character) = rest.chars().next() {
        let known = [(r"\\\", '\\'), (r"\\|", '|'), ("\\\t", '\t')];
        let escape = known.into_iter().find(|(escape, _)| rest.starts_with(escape));
        let taken = escape.map_or(character.len_utf8(), |(escape, _)| escape.len());
        let element = match (escape, character) {
            (Some((_, meant)), _) => Some(meant),
            (None, '\t') => {
                cells.push(vec![String::new()]);
                None
            }
            (None, '|') => {
                if let Some(cell) = cells.last_mut() {
                    cell.push(String::new());
                }
                None
            }
            (None, other) => {
                if other == '\\' {
                    outcome = Err(BadEscape);
                }
                Some(other)
            }
        };
        if let (Some(character), Some(text)) =
            (element, cells.last_mut().and_then(|c| c.last_mut()))
        {
            text.push(character);
        }
        rest = &rest[taken..];
    }
    (cells, outcome)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_examples_of_the_standard() {
        assert_eq!(escaped("A\tB"), "A\\\tB");
        assert_eq!(escaped("A|B"), r"A\\|B");
        assert_eq!(escaped(r"A\B"), r"A\\\B");
        let (found, outcome) = cells("Lennon|McCartney\tA\\\tB\t\ta\\b");
        assert_eq!(found, [vec!["Lennon", "McCartney"], vec!["A\tB"], vec![""], vec![r"a\b"]]);
        assert_eq!(outcome, Err(BadEscape));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            record in prop::collection::vec(prop::collection::vec(r"[a\\|\t]{0,5}", 1..4), 1..5),
        ) {
            let line = record
                .iter()
                .map(|cell| cell.iter().map(|text| escaped(text)).collect::<Vec<_>>().join("|"))
                .collect::<Vec<_>>()
                .join("\t");
            prop_assert_eq!(cells(&line), (record, Ok(())));
        }
    }
}
