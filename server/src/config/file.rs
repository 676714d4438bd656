//! A file of settings, as options.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use toml::Value;

use super::{is_switch, key};

/// A file that was read: every key of it is an option.
pub struct File {
    name: PathBuf,
    /// Id, words.
    settings: Vec<(String, Vec<OsString>)>,
}

impl File {
    /// Reads it.
    pub fn read(name: &PathBuf, options: &[clap::Arg]) -> anyhow::Result<File> {
        let text = std::fs::read_to_string(name);
        let text = text.with_context(|| format!("cannot read --config {}", name.display()))?;
        let settings = settings(&text, options);
        let settings = settings.with_context(|| format!("--config {}", name.display()))?;
        Ok(File { name: name.clone(), settings })
    }

    pub fn name(&self) -> &Path {
        &self.name
    }

    /// Whether it says anything of this option.
    pub fn has(&self, id: &str) -> bool {
        self.settings.iter().any(|(known, _)| known == id)
    }

    /// Its options, without those that something stronger gives.
    pub fn words<'a>(
        &'a self,
        is_given: impl Fn(&str) -> bool + 'a,
    ) -> impl Iterator<Item = OsString> + 'a {
        let weaker = self.settings.iter().filter(move |(id, _)| !is_given(id));
        weaker.flat_map(|(_, words)| words.iter().cloned())
    }
}

fn settings(text: &str, options: &[clap::Arg]) -> anyhow::Result<Vec<(String, Vec<OsString>)>> {
    let table: toml::Table = text.parse()?;
    let mut settings = vec![];
    for (name, value) in &table {
        let Some(option) = options.iter().find(|option| key(option) == name) else {
            let known: Vec<&str> = options.iter().map(key).collect();
            bail!("there is no setting `{name}`; there are: {}", known.join(", "));
        };
        let words = match is_switch(option) {
            true => switch(option, value),
            false => valued(option, value),
        };
        settings.push((option.get_id().to_string(), words.with_context(|| name.clone())?));
    }
    Ok(settings)
}

fn switch(option: &clap::Arg, value: &Value) -> anyhow::Result<Vec<OsString>> {
    match value {
        Value::Boolean(true) => Ok(vec![format!("--{}", key(option)).into()]),
        Value::Boolean(false) => Ok(vec![]),
        _ => bail!("it is true or false"),
    }
}

fn valued(option: &clap::Arg, value: &Value) -> anyhow::Result<Vec<OsString>> {
    let word = |value: &Value| {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Integer(number) => number.to_string(),
            Value::Float(number) => number.to_string(),
            _ => bail!("it is a text or a number"),
        };
        Ok(OsString::from(format!("--{}={text}", key(option))))
    };
    match value {
        Value::Array(values) if matches!(option.get_action(), clap::ArgAction::Append) => {
            values.iter().map(word).collect()
        }
        value => Ok(vec![word(value)?]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::options;

    fn words(text: &str) -> Vec<OsString> {
        let settings = settings(text, &options()).unwrap();
        settings.into_iter().flat_map(|(_, words)| words).collect()
    }

    #[test]
    fn settings_become_options() {
        assert_eq!(words("in-flight-max = 7"), ["--in-flight-max=7"]);
        assert_eq!(words("search-effort = 0.25"), ["--search-effort=0.25"]);
        assert_eq!(words("data = '/var/lib/on mon'"), ["--data=/var/lib/on mon"]);
        assert_eq!(words("open-registration = true"), ["--open-registration"]);
        assert!(words("open-registration = false").is_empty());
        let origins = words("cors-origin = ['https://a.jp', 'https://b.jp']");
        assert_eq!(origins, ["--cors-origin=https://a.jp", "--cors-origin=https://b.jp"]);
    }

    #[test]
    fn what_is_wrong_is_named_with_what_would_be_right() {
        for (text, told) in [
            ("listn = 'x'", "there is no setting `listn`; there are: data, listen,"),
            ("config = 'x'", "there is no setting `config`"),
            ("[server]\nlisten = 'x'", "there is no setting `server`"),
            ("listen = true", "listen: it is a text or a number"),
            ("listen = ['a']", "listen: it is a text or a number"),
            ("open-registration = 'yes'", "open-registration: it is true or false"),
            ("listen = ", "TOML parse error at line 1"),
        ] {
            let error = settings(text, &options()).err().unwrap();
            assert!(format!("{error:#}").contains(told), "{text}: {error:#}");
        }
    }
}
