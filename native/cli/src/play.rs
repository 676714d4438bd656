//! `onmon play`: hears a file. One that was shared is locked: its price is shown, and it plays once
//! it is bought.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use onmon_decode::{DecodeError, Media, MediaSource};
use onmon_seal::{ContentKey, SealError, Sealed, SeekOpener};
use serde::Serialize;

use crate::args::PlayArgs;
use crate::bar::write_line;
use crate::identify::Answer;
use crate::locked::{Found, Key, Mark};
use crate::outcome::{Done, Failure};
use crate::platform::{Offer, Platform, Price};
use crate::recheck::{Verdict, recheck};
use crate::share::open;
use crate::sink::{self, Format};
use crate::stop::Stop;
use crate::take;

/// Decisions as servers spell them.
const PERMIT: &str = "permit";
const UNREGISTERED: &str = "unregistered";

/// Runs the command.
pub fn run(args: &PlayArgs, stop: &Stop) -> anyhow::Result<Done> {
    let platform = args.account.as_ref().map(Platform::open).transpose()?;
    let mut line = Line::new(args);
    let ended = unlock(args, platform.as_ref(), &mut line, stop).and_then(|unlocked| {
        if let Unlocked::Yes(key) = unlocked {
            line.played_ms = Some(play(args, key.as_ref(), stop)?);
        }
        Ok(())
    });
    if let Err(failure) = &ended {
        line.error = Some(failure.to_string());
    }
    if args.json {
        write_line(&serde_json::to_string(&line)?);
    } else {
        line.tell();
    }
    Ok(match (ended, line.played_ms) {
        _ if stop.is_asked() => Done::Stopped,
        (Err(_), _) => Done::SomeFailed,
        (Ok(()), Some(_)) => Done::AllHandled,
        (Ok(()), None) => Done::Locked,
    })
}

enum Unlocked {
    /// With the key of encrypted content.
    Yes(Option<ContentKey>),
    No,
}

/// Whether the file may be played, after buying it where that was asked for.
fn unlock(
    args: &PlayArgs,
    platform: Option<&Platform>,
    line: &mut Line,
    stop: &Stop,
) -> Result<Unlocked, Failure> {
    let mark = Mark::of(&args.file)?;
    line.locked = mark.is_some();
    let Some(platform) = platform else {
        return Ok(if line.locked { Unlocked::No } else { Unlocked::Yes(None) });
    };
    let found = match mark {
        Some(mark) => mark.check(&args.file, platform, stop)?,
        None if args.no_identify => return Ok(Unlocked::Yes(None)),
        None => {
            line.sounds_like(&platform.identify(&take::query(&args.file, stop)?.wire)?);
            if !line.locked {
                return Ok(Unlocked::Yes(None));
            }
            if !args.recover {
                return Ok(Unlocked::No);
            }
            Found::recover(&args.file, platform, stop)?
        }
    };
    let offer = platform.offer(&found.wanted())?;
    line.offered(&found, &offer);
    if !args.json {
        offer.for_people().iter().for_each(|line| write_line(line));
    }
    if !args.buy {
        return Ok(Unlocked::No);
    }
    sink::check(&args.sink)?;
    let opened = found.buy(platform)?;
    line.bought = Some(Bought {
        purchase_id: opened.purchase.purchase_id.clone(),
        repeated: opened.purchase.repeated,
    });
    line.locked = false;
    let key = match opened.key {
        Key::Release { .. } => None,
        Key::Content(key) => Some(key),
    };
    if !args.no_recheck {
        let query = media(&args.file, key.as_ref());
        let query = query.and_then(|media| take::query_of(media, stop));
        line.recheck = recheck(platform, &offer.permit_id, &args.file, query);
    }
    Ok(Unlocked::Yes(key))
}

/// Plays to the end or to Ctrl-C; the milliseconds that were heard.
fn play(args: &PlayArgs, key: Option<&ContentKey>, stop: &Stop) -> Result<u32, Failure> {
    let mut pcm = media(&args.file, key)?.pcm(args.start).map_err(broken)?;
    let format = Format { rate_hz: pcm.rate_hz(), channels: pcm.channels() };
    sink::with(&args.sink, format, stop, |sink| {
        while !stop.is_asked()
            && let Some(block) = pcm.next_block().map_err(broken)?
        {
            sink.put(block)?;
        }
        if pcm.given_ms() == 0 && !stop.is_asked() {
            let message = "the recording ends before the place to start at";
            return Err(Failure::new("start_beyond_end", message));
        }
        Ok(())
    })?;
    Ok(pcm.given_ms())
}

/// The file, decrypted as it is read where there is a key.
fn media(path: &Path, key: Option<&ContentKey>) -> Result<Media, Failure> {
    let Some(key) = key else { return Ok(take::open(path)?) };
    let opener = Sealed::read(open(path)?)?.unlock_seekable(key)?;
    Media::open(Box::new(Unsealed(opener)), None).map_err(broken)
}

/// Encrypted content that does not open says so itself, inside the decoder's error.
fn broken(error: DecodeError) -> Failure {
    if let DecodeError::Read(inner) = &error
        && let Some(sealed) = SealError::of(inner)
    {
        return Failure::new(sealed.code(), sealed.to_string());
    }
    error.into()
}

/// Encrypted content as a source for a decoder.
struct Unsealed(SeekOpener<File>);

impl Read for Unsealed {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.0.read(out)
    }
}

impl Seek for Unsealed {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

impl MediaSource for Unsealed {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.0.len())
    }
}

/// The object that `--json` prints.
#[derive(Serialize)]
struct Line {
    file: String,
    /// Whether it was shared and is not bought.
    locked: bool,
    /// How it was shared; null where it was not, and with what follows where no server was asked.
    method: Option<&'static str>,
    permit_id: Option<String>,
    /// What a server says of the sound of a file without a tag; null where none was asked.
    decision: Option<String>,
    title: Option<String>,
    price: Option<Price>,
    bought: Option<Bought>,
    recheck: Option<Verdict>,
    /// Null where nothing was.
    played_ms: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip)]
    has_server: bool,
}

#[derive(Serialize)]
struct Bought {
    purchase_id: String,
    /// Whether it was bought before, and so cost nothing now.
    repeated: bool,
}

impl Line {
    fn new(args: &PlayArgs) -> Self {
        Self {
            file: args.file.display().to_string(),
            locked: false,
            method: None,
            permit_id: None,
            decision: None,
            title: None,
            price: None,
            bought: None,
            recheck: None,
            played_ms: None,
            error: None,
            has_server: args.account.is_some(),
        }
    }

    /// What has no tag is locked where its sound is registered music.
    fn sounds_like(&mut self, answer: &Answer) {
        self.locked = answer.decision != UNREGISTERED;
        self.decision = Some(answer.decision.clone());
        self.title = answer.best.as_ref().and_then(|best| best.title.clone());
    }

    fn offered(&mut self, found: &Found, offer: &Offer) {
        self.method = Some(found.method());
        self.permit_id = Some(offer.permit_id.clone());
        self.title = offer.recordings.first().and_then(|recording| recording.title.clone());
        self.price = Some(offer.price.clone());
    }

    /// For people, on standard error: standard output may be the price alone.
    fn tell(&self) {
        if let Some(bought) = &self.bought {
            let how = if bought.repeated { "bought before" } else { "bought" };
            eprintln!("{how} ({})", bought.purchase_id);
        }
        let advice = match (&self.error, self.played_ms) {
            (Some(error), _) => error.clone(),
            (None, Some(ms)) => format!("played {:.1} s", f64::from(ms) / 1_000.0),
            (None, None) if self.price.is_none() && self.decision.is_some() => {
                let title = self.title.as_deref().unwrap_or("registered music");
                let advice = match self.decision.as_deref() {
                    Some(PERMIT) => "--recover asks for its permit again, an upload of yours",
                    _ => "nobody may share it",
                };
                format!("locked: it has no tag, and sounds like {title}; {advice}")
            }
            (None, None) if self.has_server => "locked: --buy buys it and plays it; what was \
                                                bought before costs nothing"
                .to_owned(),
            (None, None) => "locked: it was shared with onmon; --server says where it is bought, \
                             --token-file by whom"
                .to_owned(),
        };
        eprintln!("{}: {advice}", self.file);
    }
}
