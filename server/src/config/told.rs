//! Settings, printed: those that there are, and those that count.

use std::fmt::Write as _;

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches};
use onmon_store::Location;

use super::file::File;
use super::{is_switch, key};

/// Every setting, as the table of docs/operations.md.
pub fn table(options: &[Arg]) -> String {
    let mut out = "| key in the file, `--option` | environment | unless given | |\n\
                   |---|---|---|---|\n"
        .to_owned();
    for option in options {
        let variable = option.get_env().unwrap_or_default().display();
        let default = match option.get_default_values() {
            _ if is_switch(option) => "`false`".to_owned(),
            [] => "–".to_owned(),
            values => format!("`{}`", values[0].display()),
        };
        let about = option.get_long_help().or_else(|| option.get_help());
        let about = about.map(ToString::to_string).unwrap_or_default();
        // Help is one line a paragraph here: a table has no line breaks, and `|` is its own.
        let about = about.replace('\n', " ").replace('|', "\\|");
        // Writing to a string does not fail.
        let _ = writeln!(out, "| `{}` | `{variable}` | {default} | {about} |", key(option));
    }
    out
}

/// What counts, as a file that would say the same, and where each came from.
///
/// `all` is with the file's words behind the command line's, `first` without them.
pub fn settings(
    options: &[Arg],
    all: &ArgMatches,
    first: &ArgMatches,
    file: Option<&File>,
) -> String {
    let mut out = String::new();
    for option in options {
        let id = option.get_id().as_str();
        let from = match first.value_source(id) {
            Some(ValueSource::CommandLine) => format!("--{}", key(option)),
            Some(ValueSource::EnvVariable) => {
                option.get_env().unwrap_or_default().display().to_string()
            }
            _ => match file.filter(|file| file.has(id)) {
                Some(file) => file.name().display().to_string(),
                None => "unless given".to_owned(),
            },
        };
        let (key, comment) = (key(option), if all.contains_id(id) { "" } else { "# " });
        let _ = writeln!(out, "{comment}{key} = {}    # {from}", value(option, all));
    }
    out
}

fn value(option: &Arg, all: &ArgMatches) -> String {
    let id = option.get_id().as_str();
    if is_switch(option) {
        return all.get_flag(id).to_string();
    }
    // It has a password in it.
    if id == "database" {
        let location = all.get_one::<Location>(id).map(ToString::to_string);
        return quoted(&location.unwrap_or_default());
    }
    let raw = all.get_raw(id).into_iter().flatten();
    let values: Vec<String> = raw.map(|value| quoted(&value.to_string_lossy())).collect();
    match option.get_action() {
        clap::ArgAction::Append => format!("[{}]", values.join(", ")),
        _ => values.into_iter().next().unwrap_or_else(|| "\"\"".to_owned()),
    }
}

/// A TOML text; a whole number as it is.
fn quoted(text: &str) -> String {
    match text.parse::<i64>() {
        Ok(number) => number.to_string(),
        Err(_) => toml::Value::String(text.to_owned()).to_string(),
    }
}
