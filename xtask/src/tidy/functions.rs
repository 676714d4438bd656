//! Where functions begin and end, found by their braces in masked source.

use super::mask::{Language, is_word};

/// A function with a body; lines count from 1.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    pub name: String,
    pub first_line: usize,
    pub last_line: usize,
}

/// All functions in code that [`super::mask::code`] has masked, closures of Rust left out.
pub fn find(language: Language, code: &str) -> Vec<Function> {
    match language {
        Language::Rust => rust(code.as_bytes()),
        Language::Script => script(code.as_bytes()),
        _ => Vec::new(),
    }
}

/// The index just behind the bracket that closes the one at `open`.
pub fn behind_match(code: &[u8], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in code.iter().enumerate().skip(open) {
        match byte {
            b'{' | b'(' | b'[' => depth += 1,
            b'}' | b')' | b']' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// The number of the line that byte `at` is on.
pub fn line_of(code: &[u8], at: usize) -> usize {
    1 + code[..at].iter().filter(|byte| **byte == b'\n').count()
}

fn rust(code: &[u8]) -> Vec<Function> {
    let mut found = Vec::new();
    for at in 0..code.len() {
        if !code[at..].starts_with(b"fn ") || (at > 0 && is_word(code[at - 1])) {
            continue;
        }
        let name = word(&code[at + 3..]);
        let Some(open) = body_of_signature(code, at + 3 + name.len()) else { continue };
        if !name.is_empty() {
            found.extend(function(code, name, at, open));
        }
    }
    found
}

/// The brace that opens the body; `None` for a declaration without one.
fn body_of_signature(code: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match code.get(at)? {
            b'{' => return Some(at),
            b';' => return None,
            b'(' | b'[' => at = behind_match(code, at)?,
            _ => at += 1,
        }
    }
}

/// A body follows `=>`, or the `)` of parameters; `)` of `if (…)` and its like does not count.
fn script(code: &[u8]) -> Vec<Function> {
    let mut found = Vec::new();
    for (open, _) in code.iter().enumerate().filter(|(_, byte)| **byte == b'{') {
        let before = code[..open].trim_ascii_end();
        let (name, begin) = if before.ends_with(b"=>") {
            let arrow = before.len() - 2;
            // `describe("…", () => {` groups tests; it does nothing itself.
            if calls(b"describe", code, arrow) {
                continue;
            }
            ("an arrow function".to_owned(), arrow)
        } else if let Some(head) = parameters_before(before) {
            let name = last_word(&before[..head]);
            if ["if", "for", "while", "switch", "catch", "with", "await"].contains(&name.as_str()) {
                continue;
            }
            (name, head)
        } else {
            continue;
        };
        found.extend(function(code, name, begin, open));
    }
    found
}

/// Whether the line of `at` calls `callee`.
fn calls(callee: &[u8], code: &[u8], at: usize) -> bool {
    let line_begin = code[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    code[line_begin..at].trim_ascii_start().starts_with(callee)
}

/// The `(` of the parameters that end right before a body, with a TypeScript return type between.
fn parameters_before(before: &[u8]) -> Option<usize> {
    let close = match before.last()? {
        b')' => before.len() - 1,
        _ => {
            let line = before.iter().rposition(|byte| matches!(byte, b';' | b'{' | b'}'));
            let from = line.map_or(0, |at| at + 1);
            let typed = before[from..].windows(2).rposition(|pair| pair == b"):")?;
            from + typed
        }
    };
    let mut depth = 0_usize;
    for at in (0..=close).rev() {
        match before[at] {
            b')' | b']' | b'}' => depth += 1,
            b'(' | b'[' | b'{' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

fn function(code: &[u8], name: String, begin: usize, open: usize) -> Option<Function> {
    let end = behind_match(code, open)?;
    Some(Function { name, first_line: line_of(code, begin), last_line: line_of(code, end - 1) })
}

fn word(code: &[u8]) -> String {
    code.iter().take_while(|byte| is_word(**byte)).map(|byte| char::from(*byte)).collect()
}

fn last_word(code: &[u8]) -> String {
    let code = code.trim_ascii_end();
    let length = code.iter().rev().take_while(|byte| is_word(**byte)).count();
    String::from_utf8_lossy(&code[code.len() - length..]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::mask;

    fn lengths(language: Language, text: &str) -> Vec<(String, usize)> {
        find(language, &mask::code(language, text))
            .into_iter()
            .map(|found| (found.name, found.last_line - found.first_line + 1))
            .collect()
    }

    fn expected(list: &[(&str, usize)]) -> Vec<(String, usize)> {
        list.iter().map(|(name, lines)| ((*name).to_owned(), *lines)).collect()
    }

    #[test]
    fn rust_functions_are_measured_from_their_name_to_their_last_brace() {
        let text = "trait T {\n fn a();\n fn b(\n  x: [u8; 2],\n ) -> u8 {\n  \"}\"; 1\n }\n}\n\
                    pub fn c<F: Fn(u8) -> u8>(f: F) where F: Copy { let fnord = 1; }\n";
        assert_eq!(lengths(Language::Rust, text), expected(&[("b", 5), ("c", 1)]));
    }

    #[test]
    fn script_functions_methods_and_arrows_are_told_from_other_blocks() {
        let text = "function a(x) {\n if (x) {\n }\n}\nclass C {\n  async b(y: number): Promise<void> {\n  }\n}\n\
                    const d = (z) => {\n z;\n};\ndescribe('g', () => {\n\n\n});\nconst o = {\n};\n";
        let found = lengths(Language::Script, text);
        assert_eq!(found, expected(&[("a", 4), ("b", 2), ("an arrow function", 3)]));
    }
}
