//! Rules on one file: how it opens, how long it is, what it may not contain, what it may not be
//! called.

use super::Problem;
use super::functions::{self, behind_match, line_of};
use super::mask::{self, Language, is_word};

const FILE_LINES_MAX: usize = 800;
const FUNCTION_LINES_MAX: usize = 70;
const RUST_COLUMNS_MAX: usize = 100;

/// Names that promise nothing: a file is called after the one thing it holds.
const EMPTY_NAMES: [&str; 8] =
    ["utils", "util", "common", "helpers", "helper", "types", "misc", "stuff"];

/// In a comment inside a function, with the reason behind it, lets the function be longer.
const LONG_REASON: &str = "tidy: long because ";

/// Leftovers of work, and tests that switch off all others.
const LEFTOVERS: [(Language, &str, &str); 8] = [
    (Language::Rust, "dbg!", "remove it"),
    (Language::Rust, "todo!", "do it, or return an error that says so"),
    (Language::Rust, "unimplemented!", "do it, or return an error that says so"),
    (Language::Rust, "unsafe", "no unsafe code in this project: find the safe way"),
    (Language::Script, "debugger", "remove it"),
    (Language::Script, "test.only", "it switches off every other test"),
    (Language::Script, "it.only", "it switches off every other test"),
    (Language::Script, "describe.only", "it switches off every other test"),
];

/// What in core would differ from one target to the next, or tie it to an operating system.
const NOT_IN_CORE: [&str; 24] = [
    "acos", "asin", "atan", "atan2", "cbrt", "cos", "cosh", "exp", "exp2", "exp_m1", "hypot", "ln",
    "ln_1p", "log", "log10", "log2", "mul_add", "powf", "powi", "sin", "sin_cos", "sinh", "sqrt",
    "tan",
];

/// Checks a source file's text.
pub fn check(path: &str, language: Language, text: &str, problems: &mut Vec<Problem>) {
    let code = mask::code(language, text);
    let mut found = Vec::new();
    opening(language, text, &mut found);
    lengths(language, text, &code, &mut found);
    for (place, word, advice) in LEFTOVERS {
        if place == language {
            for line in lines_with_word(&code, word) {
                found.push((line, format!("`{word}`: {advice}")));
            }
        }
    }
    if path.starts_with("core/src/") {
        portability(&code, &mut found);
        if path != "core/src/compare.rs" {
            for line in lines_with_word(&without_tests(&code), "libm") {
                found
                    .push((line, "`libm` where codes are made: only compare.rs may use it".into()));
            }
        }
    }
    if path.starts_with("web-demo/") && language == Language::Script {
        package_only(text, &mut found);
    }
    problems.extend(found.into_iter().map(|(line, message)| Problem::new(path, line, message)));
}

/// Checks a file's name.
pub fn check_name(path: &str, problems: &mut Vec<Problem>) {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.split('.').next().unwrap_or(name).to_lowercase();
    let folders = path.split('/').rev().skip(1);
    if EMPTY_NAMES.contains(&stem.as_str()) || folders.clone().any(|f| EMPTY_NAMES.contains(&f)) {
        problems.push(Problem::new(
            path,
            1,
            "a name that says nothing: call it after what it holds",
        ));
    }
}

type Found = Vec<(usize, String)>;

/// The first line that is not demanded by the format itself says what the file is for.
fn opening(language: Language, text: &str, found: &mut Found) {
    let demanded = |line: &&str| {
        let line = line.trim().to_lowercase();
        line.is_empty() || line.starts_with("#!/") || line.starts_with("<!doctype")
    };
    let first = text.lines().find(|line| !demanded(line)).unwrap_or_default().trim();
    let (openers, advice): (&[&str], _) = match language {
        Language::Rust => (&["//!"], "`//! ` and what the file is for"),
        Language::Script => (&["//", "/*"], "`// ` and what the file is for"),
        Language::Python => (&["#", "\"\"\""], "`\"\"\"` and what the file is for"),
        Language::Html => (&["<!--"], "`<!-- ` and what the page is for"),
        Language::Css => (&["/*"], "`/* ` and what the sheet is for"),
        Language::Shell => (&["#"], "`# ` and what the script is for"),
    };
    let said = openers.iter().find_map(|opener| first.strip_prefix(opener));
    let letters = said.unwrap_or_default().chars().filter(|c| c.is_alphabetic()).count();
    if letters < 10 || said.is_some_and(|said| said.trim_start().starts_with("Placeholder")) {
        found.push((1, format!("open the file with {advice}")));
    }
}

fn lengths(language: Language, text: &str, code: &str, found: &mut Found) {
    let lines: Vec<&str> = text.lines().collect();
    if lines.len() > FILE_LINES_MAX {
        found.push((lines.len(), format!("over {FILE_LINES_MAX} lines: part it by nouns")));
    }
    for function in functions::find(language, code) {
        let length = function.last_line - function.first_line + 1;
        // A comment above the function is as good as one inside.
        let body = &lines[function.first_line.saturating_sub(3)..function.last_line];
        if length > FUNCTION_LINES_MAX && !body.iter().any(|line| has_reason(line)) {
            let message = format!(
                "`{}` has {length} lines: part it (at most {FUNCTION_LINES_MAX}), or say why not: \
                 `// {LONG_REASON}…`",
                function.name
            );
            found.push((function.first_line, message));
        }
    }
    if language == Language::Rust {
        for (at, (line, code)) in lines.iter().zip(code.lines()).enumerate() {
            let columns = line.chars().count();
            if columns > RUST_COLUMNS_MAX && !cannot_be_broken(line, code) {
                found.push((at + 1, format!("{columns} columns: at most {RUST_COLUMNS_MAX}")));
            }
        }
    }
}

/// Literals, addresses, and rows of a table or a drawing in a comment.
fn cannot_be_broken(line: &str, code: &str) -> bool {
    let line = line.trim();
    match line.strip_prefix("//") {
        Some(comment) => {
            let text = comment.trim_start_matches(['/', '!']).trim();
            text.starts_with('|') || text.contains("   ") || text.contains("http")
        }
        None => {
            let words: Vec<&str> = code.split_whitespace().collect();
            words.join(" ").chars().count() <= RUST_COLUMNS_MAX
        }
    }
}

fn has_reason(line: &str) -> bool {
    line.split_once(LONG_REASON).is_some_and(|(_, reason)| reason.trim().len() >= 10)
}

/// Core, its tests aside: no standard library, no heap, no function whose result the target
/// decides.
fn portability(code: &str, found: &mut Found) {
    let code = without_tests(code);
    for word in ["std", "alloc"] {
        for line in lines_with_word(&code, word) {
            found.push((line, format!("`{word}` in core: it is no_std and has no heap")));
        }
    }
    for method in NOT_IN_CORE {
        for call in [format!(".{method}("), format!("f32::{method}"), format!("f64::{method}")] {
            for line in lines_with_word(&code, &call) {
                let advice =
                    "its result differs from target to target; compute a table in build.rs";
                found.push((line, format!("`{method}` in core: {advice}")));
            }
        }
    }
}

/// The demo page takes the package that users get, never a path into its source.
fn package_only(text: &str, found: &mut Found) {
    for (at, line) in text.lines().enumerate() {
        let imports = line.contains("import") || line.contains("from ");
        if imports && line.contains("../wasm") {
            found.push((at + 1, "import the packed npm package `onmon`, not its source".into()));
        }
    }
}

/// Blanks every item under `#[cfg(test)]`.
fn without_tests(code: &str) -> String {
    let mut out = code.as_bytes().to_vec();
    let mark = b"#[cfg(test)]";
    for at in 0..out.len() {
        if !out[at..].starts_with(mark) {
            continue;
        }
        let item = at + mark.len();
        let Some(first) = out[item..].iter().position(|byte| matches!(byte, b'{' | b';')) else {
            continue;
        };
        let end = match out[item + first] {
            b'{' => behind_match(&out, item + first).unwrap_or(out.len()),
            _ => item + first + 1,
        };
        out[at..end].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Lines where `word` stands and is not part of a longer one.
fn lines_with_word(code: &str, word: &str) -> Vec<usize> {
    let bytes = code.as_bytes();
    let apart = |inner: Option<u8>, outer: Option<&u8>| {
        !(inner.is_some_and(is_word) && outer.is_some_and(|byte| is_word(*byte)))
    };
    code.match_indices(word)
        .filter(|(at, _)| {
            let before = at.checked_sub(1).and_then(|before| bytes.get(before));
            apart(word.bytes().next(), before)
                && apart(word.bytes().next_back(), bytes.get(at + word.len()))
        })
        .map(|(at, _)| line_of(bytes, at))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "//! What this file is for.\n";

    fn messages(path: &str, text: &str) -> Vec<String> {
        let mut problems = Vec::new();
        let language = Language::of(path).expect("a source file");
        check(path, language, text, &mut problems);
        check_name(path, &mut problems);
        problems
            .into_iter()
            .map(|problem| format!("{}: {}", problem.line, problem.message))
            .collect()
    }

    fn complains(path: &str, text: &str, about: &str) -> bool {
        messages(path, text).iter().any(|message| message.contains(about))
    }

    #[test]
    fn a_file_in_order_passes() {
        let text = format!("{HEAD}fn f() {{ let unsafe_name = \"unsafe\"; }} // dbg!(1)\n");
        assert_eq!(messages("core/src/f.rs", &text), Vec::<String>::new());
        assert_eq!(
            messages("a.html", "<!doctype html>\n<!-- The page that shows it. -->"),
            [""; 0]
        );
        assert_eq!(messages("a.mjs", "#!/usr/bin/env node\n// Runs the browser tests."), [""; 0]);
    }

    #[test]
    fn each_file_opens_with_what_it_is_for() {
        assert!(complains("a.rs", "fn f() {}", "1: open the file"));
        assert!(complains("a.rs", "//! Placeholder for later.\n", "open the file"));
        assert!(complains("a.ts", "const a = 1;\n", "open the file"));
        assert!(complains("a.css", "", "open the file"));
    }

    #[test]
    fn lengths_are_limited_unless_a_reason_is_given() {
        let long = format!("{HEAD}fn f() {{\n{}}}\n", "    f();\n".repeat(70));
        assert!(complains("a.rs", &long, "2: `f` has 72 lines"));
        let reason = format!("    // {LONG_REASON}the table is one.\n    f();\n");
        assert_eq!(messages("a.rs", &long.replacen("    f();\n", &reason, 1)), [""; 0]);
        let (words, row) = ("x ".repeat(55), "a row    of a table ".repeat(6));
        assert!(complains("a.rs", &format!("{HEAD}// {words}"), "columns"));
        assert!(complains(
            "a.rs",
            &format!("{HEAD}const A: u8 = {};", "1 + ".repeat(30)),
            "columns"
        ));
        assert_eq!(messages("a.rs", &format!("{HEAD}// {row}")), [""; 0]);
        assert_eq!(messages("a.rs", &format!("{HEAD}const A: &str = \"{words}\";")), [""; 0]);
        assert!(complains("a.rs", &format!("{HEAD}{}", "\n".repeat(800)), "over 800 lines"));
    }

    #[test]
    fn core_may_not_use_what_differs_between_targets() {
        assert!(complains("core/src/a.rs", &format!("{HEAD}fn f() {{ x.sqrt(); }}"), "`sqrt`"));
        assert!(complains("core/src/a.rs", &format!("{HEAD}fn f() {{ f32::sin(x); }}"), "`sin`"));
        assert!(complains("core/src/a.rs", &format!("{HEAD}use std::vec::Vec;"), "`std` in core"));
        let test =
            format!("{HEAD}#[cfg(test)]\nmod tests {{\n  use std::vec; fn f() {{ x.ln(); }}\n}}");
        assert_eq!(messages("core/src/a.rs", &test), [""; 0]);
        assert_eq!(messages("server/src/a.rs", &format!("{HEAD}use std::fs;")), [""; 0]);
    }

    #[test]
    fn leftovers_names_and_ways_round_the_package_are_found() {
        assert!(complains("a.rs", &format!("{HEAD}fn f() {{ unsafe {{}} }}"), "`unsafe`"));
        assert!(complains("a.rs", &format!("{HEAD}fn f() {{ todo!() }}"), "`todo!`"));
        assert!(complains("a.mjs", "// Tests of the package.\ntest.only('x')", "test.only"));
        assert!(complains("server/src/utils.rs", HEAD, "says nothing"));
        assert!(complains("tests/common/mod.rs", HEAD, "says nothing"));
        let import = "// The page's script.\nimport { x } from '../wasm/npm/src/x.ts';";
        assert!(complains("web-demo/src/a.ts", import, "packed npm package"));
    }
}
