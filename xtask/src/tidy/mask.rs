//! Source text with comments and literals blanked out, so that rules look at code alone.

/// A language that the rules know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    Rust,
    /// JavaScript and TypeScript.
    Script,
    Python,
    Html,
    Css,
    Shell,
}

impl Language {
    /// By the file's extension; `None` for what is no source.
    pub fn of(path: &str) -> Option<Self> {
        Some(match path.rsplit_once('.')?.1 {
            "rs" => Self::Rust,
            "ts" | "tsx" | "mts" | "js" | "mjs" | "cjs" => Self::Script,
            "py" => Self::Python,
            "html" => Self::Html,
            "css" => Self::Css,
            "sh" => Self::Shell,
            _ => return None,
        })
    }
}

/// The text with everything inside comments and literals replaced by spaces; lines stay where they
/// are. Languages other than Rust and scripts come back as they are.
pub fn code(language: Language, text: &str) -> String {
    if !matches!(language, Language::Rust | Language::Script) {
        return text.to_owned();
    }
    let mut mask = Mask { text: text.as_bytes(), at: 0, out: Vec::with_capacity(text.len()) };
    match language {
        Language::Rust => mask.rust(),
        _ => mask.script(),
    }
    String::from_utf8_lossy(&mask.out).into_owned()
}

struct Mask<'a> {
    text: &'a [u8],
    at: usize,
    out: Vec<u8>,
}

impl Mask<'_> {
    fn rust(&mut self) {
        while self.at < self.text.len() {
            if self.starts("//") {
                self.blank_until(|mask| mask.starts("\n"));
            } else if self.starts("/*") {
                self.nested_comment();
            } else if let Some(hashes) = self.raw_string() {
                self.blank_raw_string(hashes);
            } else if self.starts("\"") {
                self.quoted(b'"');
            } else if self.starts("'") && self.is_character() {
                self.quoted(b'\'');
            } else {
                self.keep();
            }
        }
    }

    fn script(&mut self) {
        // Depth of braces at which each open `${` ends.
        let mut templates: Vec<usize> = Vec::new();
        let mut depth = 0;
        while self.at < self.text.len() {
            match self.text[self.at] {
                _ if self.starts("//") => self.blank_until(|mask| mask.starts("\n")),
                _ if self.starts("/*") => {
                    self.blank(2);
                    self.blank_until(|mask| mask.starts("*/"));
                    self.blank(2);
                }
                quote @ (b'"' | b'\'') => self.quoted(quote),
                b'`' => {
                    self.keep();
                    self.template(&mut templates, depth);
                }
                b'/' if self.begins_expression() => self.regular_expression(),
                b'}' if templates.last() == Some(&depth) => {
                    templates.pop();
                    self.keep();
                    self.template(&mut templates, depth);
                }
                b'{' => {
                    depth += 1;
                    self.keep();
                }
                b'}' => {
                    depth = depth.saturating_sub(1);
                    self.keep();
                }
                _ => self.keep(),
            }
        }
    }

    /// Blanks a template's text up to its end or its next `${`, whose brace it keeps.
    fn template(&mut self, templates: &mut Vec<usize>, depth: usize) {
        while self.at < self.text.len() {
            if self.starts("\\") {
                self.blank(2);
            } else if self.starts("`") {
                return self.keep();
            } else if self.starts("${") {
                self.blank(1);
                self.keep();
                return templates.push(depth);
            } else {
                self.blank(1);
            }
        }
    }

    fn regular_expression(&mut self) {
        self.keep();
        let mut in_class = false;
        while self.at < self.text.len() && !self.starts("\n") {
            match self.text[self.at] {
                b'\\' => self.blank(1),
                b'[' => in_class = true,
                b']' => in_class = false,
                b'/' if !in_class => return self.keep(),
                _ => {}
            }
            self.blank(1);
        }
    }

    /// Whether a `/` here starts a regular expression rather than divides: by the token before it.
    fn begins_expression(&self) -> bool {
        let before = String::from_utf8_lossy(&self.out);
        let before = before.trim_end();
        let word = before.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        match before.chars().next_back() {
            None => true,
            Some(_) if ["return", "typeof", "case", "in", "of"].contains(&word) => true,
            Some(last) => "(,=:[!&|?{};+-*%<>~^".contains(last),
        }
    }

    /// Blanks a literal between quotes, which it keeps.
    fn quoted(&mut self, quote: u8) {
        self.keep();
        while self.at < self.text.len() {
            match self.text[self.at] {
                b'\\' => self.blank(2),
                end if end == quote => return self.keep(),
                _ => self.blank(1),
            }
        }
    }

    fn nested_comment(&mut self) {
        let mut depth = 0;
        while self.at < self.text.len() {
            if self.starts("/*") {
                depth += 1;
                self.blank(2);
            } else if self.starts("*/") {
                depth -= 1;
                self.blank(2);
                if depth == 0 {
                    return;
                }
            } else {
                self.blank(1);
            }
        }
    }

    /// How many `#` the raw string that starts here has.
    fn raw_string(&self) -> Option<usize> {
        let inside_word = self.at > 0 && is_word(self.text[self.at - 1]);
        let rest = &self.text[self.at..];
        let rest = rest.strip_prefix(b"b").or(rest.strip_prefix(b"c")).unwrap_or(rest);
        let rest = rest.strip_prefix(b"r").filter(|_| !inside_word)?;
        let hashes = rest.iter().take_while(|byte| **byte == b'#').count();
        (rest.get(hashes) == Some(&b'"')).then_some(hashes)
    }

    fn blank_raw_string(&mut self, hashes: usize) {
        let end = format!("\"{}", "#".repeat(hashes));
        self.blank_until(|mask| mask.starts("\""));
        self.blank(1);
        self.blank_until(|mask| mask.starts(&end));
        self.blank(end.len());
    }

    /// Tells a character literal from a lifetime.
    fn is_character(&self) -> bool {
        let rest = &self.text[self.at + 1..];
        match rest {
            [b'\\', ..] => true,
            [first, b'\'', ..] => *first != b'\'',
            [first, ..] if !first.is_ascii() => true,
            _ => false,
        }
    }

    fn starts(&self, prefix: &str) -> bool {
        self.text[self.at..].starts_with(prefix.as_bytes())
    }

    fn keep(&mut self) {
        self.out.push(self.text[self.at]);
        self.at += 1;
    }

    fn blank(&mut self, count: usize) {
        for _ in 0..count {
            let Some(byte) = self.text.get(self.at) else { return };
            self.out.push(if *byte == b'\n' { b'\n' } else { b' ' });
            self.at += 1;
        }
    }

    fn blank_until(&mut self, end: impl Fn(&Self) -> bool) {
        while self.at < self.text.len() && !end(self) {
            self.blank(1);
        }
    }
}

/// Whether a byte may be part of an identifier.
pub fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn squeezed(language: Language, text: &str) -> String {
        code(language, text).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn rust_comments_and_literals_are_blanked_and_lifetimes_are_not() {
        let rust = |text| squeezed(Language::Rust, text);
        assert_eq!(rust("a // b\nc"), "a c");
        assert_eq!(rust("a /* b /* c */ d */ e"), "a e");
        assert_eq!(rust(r#"f("} \" {") + g"#), "f(\" \") + g");
        assert_eq!(rust(r###"x = r#"un"safe"#; y"###), "x = ; y");
        assert_eq!(
            rust(r"let q = '{'; fn f<'a>(x: &'a str) {}"),
            "let q = ' '; fn f<'a>(x: &'a str) {}"
        );
        assert_eq!(rust(r"'\'' b'\\' for"), "' ' b' ' for");
        assert_eq!(code(Language::Rust, "a\n/*\n*/b").lines().count(), 3);
    }

    #[test]
    fn script_templates_and_regular_expressions_are_blanked() {
        let script = |text| squeezed(Language::Script, text);
        assert_eq!(script("a = `x { ${b + `y${c}`} }` + d"), "a = ` {b + ` {c}`} ` + d");
        assert_eq!(script("if (/[/{]\\//.test(s)) { t }"), "if (/ /.test(s)) { t }");
        assert_eq!(script("a = b / c; // {"), "a = b / c;");
        assert_eq!(script("s = '\\'{'; /* } */ u"), "s = ' '; u");
    }
}
