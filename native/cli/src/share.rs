//! `onmon share`: fingerprint, permit, and the file that may be shared.

use std::fs::File;
use std::io;
use std::path::Path;

use onmon_decode::Places;
use onmon_seal::Sealer;
use onmon_tag::{KeyId, PublicKeys, Tag, files};
use serde::Serialize;

use crate::args::{Method, ShareArgs};
use crate::bar::write_line;
use crate::outcome::{Done, Failure};
use crate::platform::{Permit, Platform, Ruling, Shared, Upload, hex};
use crate::stop::Stop;
use crate::{take, whole};

/// Runs the command.
pub fn run(args: &ShareArgs, stop: &Stop) -> anyhow::Result<Done> {
    let platform = Platform::open(&args.account)?;
    let shared = share(args, &platform, stop);
    if stop.is_asked() {
        return Ok(Done::Stopped);
    }
    let line = Line::new(args, &shared);
    if args.json {
        write_line(&serde_json::to_string(&line)?);
    } else {
        match &shared {
            Ok(Outcome::Written(permit)) => {
                write_line(&format!("{}  {}", permit.permit_id, args.output.display()));
            }
            Ok(Outcome::NoPermit(ruling)) => {
                let file = args.file.display();
                write_line(&format!("{:<12}  {file}: {}", ruling.decision, ruling.rule));
                eprintln!("nothing was written");
            }
            Err(failure) => eprintln!("{}: {failure}", args.file.display()),
        }
    }
    let written = matches!(shared, Ok(Outcome::Written(_)));
    Ok(Done::of(usize::from(!written), false))
}

enum Outcome {
    Written(Permit),
    NoPermit(Ruling),
}

fn share(args: &ShareArgs, platform: &Platform, stop: &Stop) -> Result<Outcome, Failure> {
    let essence = take::essence(&args.file, stop)?;
    let asked = Asked {
        file: &args.file,
        method: args.method,
        essence: &essence,
        idempotency_key: &hex(&random()?),
    };
    let permit = match asked.permit(platform, stop)? {
        Ok(permit) => permit,
        Err(ruling) => return Ok(Outcome::NoPermit(ruling)),
    };
    match args.method {
        Method::Tag => write_tagged(args, platform, &permit, &essence)?,
        Method::Drm => write_sealed(args, &permit)?,
    }
    Ok(Outcome::Written(permit))
}

/// A file whose permit is asked for.
pub struct Asked<'a> {
    pub file: &'a Path,
    pub method: Method,
    pub essence: &'a [u8; 32],
    /// The same at every try of one upload, so that it is counted once.
    pub idempotency_key: &'a str,
}

impl Asked<'_> {
    /// Sends the fingerprint; a second one, with its samples where the server says, if it asks for
    /// it. The permit, or why there is none.
    pub fn permit(
        &self,
        platform: &Platform,
        stop: &Stop,
    ) -> Result<Result<Permit, Ruling>, Failure> {
        let shared = self.ask(platform, stop)?;
        if let Some(permit) = shared.permit {
            return Ok(Ok(permit));
        }
        shared.ruling.map(Err).ok_or_else(|| {
            Failure::new("server_answer", "neither a permit nor a reason in the server's answer")
        })
    }

    fn ask(&self, platform: &Platform, stop: &Stop) -> Result<Shared, Failure> {
        let usual = take::query_at(self.file, Places::Usual, stop)?;
        let upload = Upload {
            wire: &usual.wire,
            method: self.method,
            essence: self.essence,
            idempotency_key: self.idempotency_key,
            challenge: None,
        };
        if let Some(shared) = platform.share(&upload)? {
            return Ok(shared);
        }
        let challenge = platform.challenge(self.essence, usual.codes)?;
        let drawn = take::query_at(self.file, Places::Drawn(challenge.seed()?), stop)?;
        let answer = Some((challenge.challenge.as_str(), usual.codes));
        let upload = Upload { wire: &drawn.wire, challenge: answer, ..upload };
        platform.share(&upload)?.ok_or_else(|| {
            Failure::new("challenge_failed", "the server asks for another challenge; try again")
        })
    }
}

/// A permit's tag. What the server sent is checked before it is believed.
pub fn checked_tag(
    permit: &Permit,
    essence: &[u8; 32],
    keys: &PublicKeys,
) -> Result<(Vec<u8>, Tag), Failure> {
    let bytes = permit.tag()?;
    let tag = Tag::verify(&bytes, keys)?;
    if tag.essence != *essence || tag.permit_id != permit.permit_id {
        return Err(Failure::new("server_answer", "the server's tag is for another file"));
    }
    Ok((bytes, tag))
}

/// The file with its tag.
fn write_tagged(
    args: &ShareArgs,
    platform: &Platform,
    permit: &Permit,
    essence: &[u8; 32],
) -> Result<(), Failure> {
    let (bytes, _) = checked_tag(permit, essence, &platform.keys()?)?;
    let patches = files::plan_write(open(&args.file)?, &bytes)?;
    whole::write(&args.output, |sink| Ok(files::apply(open(&args.file)?, &patches, sink)?))
}

fn write_sealed(args: &ShareArgs, permit: &Permit) -> Result<(), Failure> {
    let (KeyId(kid), key) = permit.key()?;
    let salt = random()?;
    whole::write(&args.output, |sink| {
        let mut sealer = Sealer::new(open(&args.file)?, &key, &kid, salt);
        io::copy(&mut sealer, sink).map_err(copy_failed)?;
        Ok(())
    })
}

/// A file to read.
pub fn open(path: &Path) -> Result<File, Failure> {
    File::open(path)
        .map_err(|error| Failure::new("read_failed", format!("{}: {error}", path.display())))
}

/// What stops the copying of a file.
pub fn copy_failed(error: io::Error) -> Failure {
    match onmon_seal::SealError::of(&error) {
        Some(error) => Failure::new(error.code(), error.to_string()),
        None => Failure::new("write_failed", error.to_string()),
    }
}

fn random() -> Result<[u8; 16], Failure> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| {
        Failure::new("no_randomness", format!("the system gives none: {error}"))
    })?;
    Ok(bytes)
}

/// The object that `--json` prints.
#[derive(Serialize)]
struct Line {
    file: String,
    /// The file written; null without a permit.
    output: Option<String>,
    permit_id: Option<String>,
    /// `permit`, or why there is none; null where it failed.
    decision: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl Line {
    fn new(args: &ShareArgs, shared: &Result<Outcome, Failure>) -> Self {
        let mut line = Self {
            file: args.file.display().to_string(),
            output: None,
            permit_id: None,
            decision: None,
            error: None,
        };
        match shared {
            Ok(Outcome::Written(permit)) => {
                line.output = Some(args.output.display().to_string());
                line.permit_id = Some(permit.permit_id.clone());
                line.decision = Some("permit".to_owned());
            }
            Ok(Outcome::NoPermit(ruling)) => line.decision = Some(ruling.decision.clone()),
            Err(failure) => line.error = Some(failure.to_string()),
        }
        line
    }
}
