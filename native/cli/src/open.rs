//! `onmon open`: what a shared file is, what it costs, and what it holds once it is bought.

use std::io::{self, IsTerminal, Read, Seek, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::bail;
use onmon_seal::{Sealed, is_sealed};
use onmon_tag::{KeyId, PublicKeys, Release, Tag, files};
use serde::Serialize;

use crate::args::OpenArgs;
use crate::bar::write_line;
use crate::outcome::{Done, Failure};
use crate::platform::{Offer, Platform, Price, Purchase, Wanted};
use crate::recheck::{Verdict, recheck};
use crate::share::{copy_failed, open};
use crate::stop::Stop;
use crate::{take, whole};

/// Bytes by which sealed content is known.
const HEAD_BYTES: u64 = 64;

/// Runs the command.
pub fn run(args: &OpenArgs, stop: &Stop) -> anyhow::Result<Done> {
    let platform = Platform::open(&args.account)?;
    let opened = look(args, &platform, stop).and_then(|found| {
        let offer = platform.offer(&found.wanted())?;
        if !args.json {
            offer.for_people().iter().for_each(|line| write_line(line));
        }
        Ok((found, offer))
    });
    let (found, offer) = match opened {
        Ok(opened) => opened,
        Err(failure) => return failed(args, &failure, stop),
    };
    let has_place = found.is_tagged() || args.output.is_some();
    if args.pay && !has_place {
        bail!("say with -o where to write what the file holds");
    }
    if !(args.pay || has_place && agreed(&offer.price)?) {
        return finish(args, &Line::offered(args, &found, &offer));
    }
    match buy(args, &platform, &found) {
        Ok(bought) => {
            let mut line = Line::offered(args, &found, &offer);
            line.bought = Some(bought);
            if !args.no_recheck {
                let audio = found.audio(args);
                line.recheck = recheck(&platform, &offer.permit_id, audio, stop);
            }
            finish(args, &line)
        }
        Err(failure) => failed(args, &failure, stop),
    }
}

/// What a file says of itself, checked.
enum Found {
    Tagged { tag: Tag, keys: PublicKeys },
    Sealed(KeyId),
}

impl Found {
    fn wanted(&self) -> Wanted<'_> {
        match self {
            Self::Tagged { tag, .. } => {
                Wanted::Permit { permit_id: &tag.permit_id, essence: &tag.essence }
            }
            Self::Sealed(kid) => Wanted::Kid(*kid),
        }
    }

    /// The file whose audio was bought: of sealed content what was written.
    fn audio<'a>(&self, args: &'a OpenArgs) -> &'a Path {
        match (self, &args.output) {
            (Self::Sealed(_), Some(output)) => output,
            _ => &args.file,
        }
    }

    fn is_tagged(&self) -> bool {
        matches!(self, Self::Tagged { .. })
    }
}

fn look(args: &OpenArgs, platform: &Platform, stop: &Stop) -> Result<Found, Failure> {
    let mut file = open(&args.file)?;
    let unreadable = |error: io::Error| Failure::new("read_failed", error.to_string());
    let mut head = Vec::new();
    (&file).take(HEAD_BYTES).read_to_end(&mut head).map_err(unreadable)?;
    file.rewind().map_err(unreadable)?;
    if is_sealed(&head) {
        let kid = Sealed::read(file)?.kid();
        let kid = kid.ok_or_else(|| Failure::new("seal_not_sealed", "its key has no id"))?;
        return Ok(Found::Sealed(KeyId(kid)));
    }
    let Some(bytes) = files::read(file)? else {
        let message = "neither a tag nor encrypted content: it was not shared with onmon, or its \
                       tag was lost; `onmon identify` knows it by its sound";
        return Err(Failure::new("not_shared", message));
    };
    let keys = platform.keys()?;
    let tag = Tag::verify(&bytes, &keys)?;
    if take::essence(&args.file, stop)? != tag.essence {
        let message = "the tag in it is genuine and belongs to other audio";
        return Err(Failure::new("tag_other_file", message));
    }
    Ok(Found::Tagged { tag, keys })
}

fn buy(args: &OpenArgs, platform: &Platform, found: &Found) -> Result<Bought, Failure> {
    let purchase = platform.buy(&found.wanted())?;
    let mut bought = Bought::new(&purchase);
    match found {
        Found::Tagged { tag, keys } => {
            let release = Release::verify(&purchase.release()?, keys)?;
            // Whose account it is the server knows; that it is this file's is checked here.
            release.unlocks(tag, &release.account_id, now_ms())?;
            bought.unlocked_until_ms = Some(release.expires_ms);
        }
        Found::Sealed(_) => {
            if let Some(output) = &args.output {
                unseal(&args.file, output, &purchase)?;
                bought.output = Some(output.display().to_string());
            }
        }
    }
    Ok(bought)
}

fn unseal(file: &Path, output: &Path, purchase: &Purchase) -> Result<(), Failure> {
    let key = purchase.key()?;
    let mut content = Sealed::read(io::BufReader::new(open(file)?))?.unlock(&key);
    whole::write(output, |sink| {
        io::copy(&mut content, sink).map_err(copy_failed)?;
        Ok(())
    })
}

/// Asks whoever sits there; says no for nobody.
fn agreed(price: &Price) -> anyhow::Result<bool> {
    if !io::stdin().is_terminal() {
        eprintln!("not bought; --pay buys it");
        return Ok(false);
    }
    eprint!("Buy it for {} yen? [y/N] ", price.yen);
    io::stderr().flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

fn failed(args: &OpenArgs, failure: &Failure, stop: &Stop) -> anyhow::Result<Done> {
    if args.json {
        let file = args.file.display().to_string();
        write_line(&serde_json::json!({ "file": file, "error": failure.to_string() }).to_string());
    } else {
        eprintln!("{}: {failure}", args.file.display());
    }
    Ok(Done::of(1, stop.is_asked()))
}

fn finish(args: &OpenArgs, line: &Line) -> anyhow::Result<Done> {
    if args.json {
        write_line(&serde_json::to_string(line)?);
    } else if let Some(bought) = &line.bought {
        write_line(&bought.for_people());
    }
    Ok(Done::AllHandled)
}

impl Offer {
    fn for_people(&self) -> Vec<String> {
        let mut lines: Vec<String> = self
            .recordings
            .iter()
            .map(|recording| {
                let title = recording.title.as_deref().unwrap_or(&recording.recording_id);
                match &recording.artist {
                    Some(artist) => format!("\"{title}\" by {artist}"),
                    None => format!("\"{title}\""),
                }
            })
            .collect();
        let tax = f64::from(self.price.tax_ppm) / 10_000.0;
        lines.push(format!("{} yen, plus {tax} % tax ({})", self.price.yen, self.permit_id));
        lines
    }
}

/// The object that `--json` prints.
#[derive(Serialize)]
struct Line {
    file: String,
    method: &'static str,
    permit_id: String,
    title: Option<String>,
    price: Price,
    /// Null where it was not bought.
    bought: Option<Bought>,
    /// Whether the audio is what it was shared as; null where that was not asked.
    recheck: Option<Verdict>,
}

#[derive(Serialize)]
struct Bought {
    purchase_id: String,
    /// Whether it was bought before, and so cost nothing now.
    repeated: bool,
    price: Price,
    /// Until when a tagged file is unlocked.
    unlocked_until_ms: Option<i64>,
    /// The file written, of an encrypted one.
    output: Option<String>,
}

impl Bought {
    fn new(purchase: &Purchase) -> Self {
        Self {
            purchase_id: purchase.purchase_id.clone(),
            repeated: purchase.repeated,
            price: purchase.price.clone(),
            unlocked_until_ms: None,
            output: None,
        }
    }

    fn for_people(&self) -> String {
        let how = if self.repeated { "bought before" } else { "bought" };
        let what = match (&self.output, self.unlocked_until_ms) {
            (Some(output), _) => format!("written to {output}"),
            (None, Some(until_ms)) => {
                format!("unlocked for {} hours", (until_ms - now_ms()).max(0) / 3_600_000)
            }
            (None, None) => "released".to_owned(),
        };
        format!("{how} ({}), {what}", self.purchase_id)
    }
}

impl Line {
    fn offered(args: &OpenArgs, found: &Found, offer: &Offer) -> Self {
        Self {
            file: args.file.display().to_string(),
            method: if found.is_tagged() { "tag" } else { "drm" },
            permit_id: offer.permit_id.clone(),
            title: offer.recordings.first().and_then(|recording| recording.title.clone()),
            price: offer.price.clone(),
            bought: None,
            recheck: None,
        }
    }
}
