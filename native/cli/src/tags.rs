//! `onmon tag`: what tag a file carries, and the file without it.

use std::path::Path;

use anyhow::Context;
use onmon_tag::{KeyId, PublicKeys, Tag, files};
use serde::Serialize;

use crate::args::{TagCommand, TagReadArgs, TagStripArgs};
use crate::bar::write_line;
use crate::outcome::{Done, Failure};
use crate::platform::{Platform, hex};
use crate::share::open;
use crate::whole;

/// Runs the command.
pub fn run(command: &TagCommand) -> anyhow::Result<Done> {
    let (file, done) = match command {
        TagCommand::Read(args) => (&args.file, read(args, keys(args)?.as_ref())),
        TagCommand::Strip(args) => (&args.file, strip(args)),
    };
    match done {
        Ok(()) => Ok(Done::AllHandled),
        Err(failure) => {
            eprintln!("{}: {failure}", file.display());
            Ok(Done::SomeFailed)
        }
    }
}

/// The keys to check a tag with, if any were named.
fn keys(args: &TagReadArgs) -> anyhow::Result<Option<PublicKeys>> {
    if let Some(url) = &args.server {
        let keys = Platform::keys_only(url)?.keys();
        return Ok(Some(keys.map_err(anyhow::Error::msg)?));
    }
    let Some(path) = &args.keys else { return Ok(None) };
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the keys {}", path.display()))?;
    let keys = PublicKeys::from_jwks(&text);
    Ok(Some(keys.with_context(|| format!("no keys in {}", path.display()))?))
}

fn read(args: &TagReadArgs, keys: Option<&PublicKeys>) -> Result<(), Failure> {
    let bytes = tag_in(&args.file)?;
    let (claims, key_id) = Tag::unverified(&bytes)?;
    if let Some(keys) = keys {
        Tag::verify(&bytes, keys)?;
    }
    let line = Line::new(&claims, key_id, keys.is_some());
    if args.json {
        let text = serde_json::to_string(&line);
        write_line(&text.map_err(|error| Failure::new("internal", error.to_string()))?);
    } else {
        line.for_people().iter().for_each(|line| write_line(line));
    }
    Ok(())
}

fn tag_in(file: &Path) -> Result<Vec<u8>, Failure> {
    files::read(open(file)?)?.ok_or_else(|| Failure::new("no_tag", "there is no tag in it"))
}

fn strip(args: &TagStripArgs) -> Result<(), Failure> {
    let Some(output) = &args.output else {
        if !files::strip_path(&args.file)? {
            eprintln!("{}: there is no tag in it", args.file.display());
        }
        return Ok(());
    };
    let patches = files::plan_strip(open(&args.file)?)?;
    whole::write(output, |sink| Ok(files::apply(open(&args.file)?, &patches, sink)?))
}

/// The object that `--json` prints.
#[derive(Serialize)]
struct Line {
    /// Whether a key that was named has signed it.
    verified: bool,
    permit_id: String,
    recording_id: String,
    essence: String,
    fingerprint: String,
    issued_ms: i64,
    encoder: u16,
    key_id: String,
}

impl Line {
    fn new(tag: &Tag, key_id: KeyId, verified: bool) -> Self {
        Self {
            verified,
            permit_id: tag.permit_id.clone(),
            recording_id: tag.recording_id.clone(),
            essence: hex(&tag.essence),
            fingerprint: hex(&tag.fingerprint),
            issued_ms: tag.issued_ms,
            encoder: tag.encoder,
            key_id: key_id.to_string(),
        }
    }

    fn for_people(&self) -> [String; 5] {
        let checked = if self.verified { "genuine" } else { "not checked: --server or --keys" };
        [
            format!("permit     {}", self.permit_id),
            format!("recording  {}", self.recording_id),
            format!("essence    {}", self.essence),
            format!("issued     {} ms after 1970", self.issued_ms),
            format!("signed     by key {} ({checked})", self.key_id),
        ]
    }
}
