//! `onmon open`: what a shared file is, what it costs, and what it holds once it is bought.

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use anyhow::bail;
use onmon_decode::Places;
use onmon_seal::{ContentKey, Sealed};
use serde::Serialize;

use crate::args::OpenArgs;
use crate::bar::write_line;
use crate::locked::{Found, Key, Mark, now_ms};
use crate::outcome::{Done, Failure};
use crate::platform::{Offer, Platform, Price, Purchase};
use crate::recheck::{Verdict, recheck};
use crate::share::{copy_failed, open};
use crate::stop::Stop;
use crate::{take, whole};

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
                let audio = audio(&found, args);
                let query = take::query_at(audio, Places::Usual, stop);
                line.recheck = recheck(&platform, &offer.permit_id, audio, query);
            }
            finish(args, &line)
        }
        Err(failure) => failed(args, &failure, stop),
    }
}

/// The file whose audio was bought: of sealed content what was written.
fn audio<'a>(found: &Found, args: &'a OpenArgs) -> &'a Path {
    match (found, &args.output) {
        (Found::Sealed(_), Some(output)) => output,
        _ => &args.file,
    }
}

fn look(args: &OpenArgs, platform: &Platform, stop: &Stop) -> Result<Found, Failure> {
    let Some(mark) = Mark::of(&args.file)? else {
        let message = "neither a tag nor encrypted content: it was not shared with onmon, or its \
                       tag was lost; `onmon identify` knows it by its sound";
        return Err(Failure::new("not_shared", message));
    };
    mark.check(&args.file, platform, stop)
}

fn buy(args: &OpenArgs, platform: &Platform, found: &Found) -> Result<Bought, Failure> {
    let opened = found.buy(platform)?;
    let mut bought = Bought::new(&opened.purchase);
    match &opened.key {
        Key::Release { expires_ms } => bought.unlocked_until_ms = Some(*expires_ms),
        Key::Content(key) => {
            if let Some(output) = &args.output {
                unseal(&args.file, output, key)?;
                bought.output = Some(output.display().to_string());
            }
        }
    }
    Ok(bought)
}

fn unseal(file: &Path, output: &Path, key: &ContentKey) -> Result<(), Failure> {
    let mut content = Sealed::read(io::BufReader::new(open(file)?))?.unlock(key);
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
            method: found.method(),
            permit_id: offer.permit_id.clone(),
            title: offer.recordings.first().and_then(|recording| recording.title.clone()),
            price: offer.price.clone(),
            bought: None,
            recheck: None,
        }
    }
}
