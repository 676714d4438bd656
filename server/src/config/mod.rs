//! Settings: the command line wins over the environment, that over a file, that over what is built
//! in. What there is is defined once, by [`Args`]; names of keys and variables follow from it.
//!
//! ```text
//! argv ----> clap, which also reads ONMON_...        --data may be missing still
//!   | --config FILE, ONMON_CONFIG
//! file.rs    keys that neither of them gave become options behind those that are there
//!   |
//! clap again, which checks values and what goes together, wherever they came from
//! ```

mod file;
mod told;

use std::ffi::OsString;

use anyhow::Context;
use clap::parser::ValueSource;
use clap::{ArgMatches, Command, CommandFactory, FromArgMatches};

use crate::args::{Args, CommandLine, PrintAs};
use file::File;

/// What is asked of the program, or how it ends at once: a wrong command line, help, settings that
/// were to be printed.
pub fn command_line() -> CommandLine {
    let words: Vec<OsString> = std::env::args_os().collect();
    resolved(words).unwrap_or_else(|error| {
        eprintln!("onmon-server: {error:#}");
        std::process::exit(2)
    })
}

fn resolved(mut words: Vec<OsString>) -> anyhow::Result<CommandLine> {
    let first = lenient().get_matches_from(&words);
    if first.subcommand().is_some() {
        return Ok(parsed(&words));
    }
    let print_as = first.get_one::<PrintAs>("print_config").copied();
    if print_as == Some(PrintAs::Table) {
        print!("{}", told::table(&options()));
        std::process::exit(0);
    }
    let file = first.get_one("config").map(|file| File::read(file, &options())).transpose()?;
    if let Some(file) = &file {
        words.extend(file.words(|id| is_given(&first, id)));
    }
    if print_as.is_some() {
        // Values are checked, but a directory need not be there to see what is set.
        let matches = lenient().get_matches_from(&words);
        print!("{}", told::settings(&options(), &matches, &first, file.as_ref()));
        std::process::exit(0);
    }
    let read = file.as_ref().map(|file| file.name().display().to_string());
    let matches = CommandLine::command().try_get_matches_from(&words);
    let matches = matches.unwrap_or_else(|error| {
        if let Some(name) = read {
            eprintln!("settings of {name} count as options here");
        }
        error.exit()
    });
    CommandLine::from_arg_matches(&matches).context("the command line")
}

fn parsed(words: &[OsString]) -> CommandLine {
    let matches = CommandLine::command().get_matches_from(words);
    CommandLine::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
}

/// The command line, where the file may say where the data are.
fn lenient() -> Command {
    CommandLine::command().mut_arg("data", |data| data.required(false))
}

/// Whether the command line or the environment says it.
fn is_given(matches: &ArgMatches, id: &str) -> bool {
    matches!(matches.value_source(id), Some(ValueSource::CommandLine | ValueSource::EnvVariable))
}

/// What can be set, by file too: every option of the server but those about settings themselves.
fn options() -> Vec<clap::Arg> {
    let command = Args::command();
    let ids = ["help", "version", "config", "print_config"];
    let is_setting = |arg: &&clap::Arg| !ids.contains(&arg.get_id().as_str());
    command.get_arguments().filter(is_setting).cloned().collect()
}

/// The key of an option in a file: its long name.
fn key(option: &clap::Arg) -> &str {
    option.get_long().unwrap_or_default()
}

/// Whether an option has no value: it is there or not.
fn is_switch(option: &clap::Arg) -> bool {
    !option.get_action().takes_values()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_has_a_variable_of_its_name() {
        let all = options();
        assert!(all.len() > 25, "{}", all.len());
        for option in &all {
            let name = format!("ONMON_{}", key(option).to_uppercase().replace('-', "_"));
            assert_eq!(option.get_env(), Some(name.as_ref()), "{}", key(option));
        }
    }

    #[test]
    fn the_documented_table_is_the_programs() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/operations.md");
        let page = std::fs::read_to_string(page).unwrap();
        let table = told::table(&options());
        assert!(
            page.contains(&table),
            "put into docs/operations.md what `onmon-server --print-config=table` prints:\n{table}"
        );
    }
}
