//! `onmon-server retro`: what was unknown when it was asked about, asked again.

use clap::Args;
use serde::Serialize;

use super::opened::PlatformPlace;
use super::{Ended, print_json};
use crate::http::now_ms;
use crate::index_tools::{count, print};

/// Behind the options.
pub const HELP: &str = "Example:\n  onmon-server retro --data ./data\n\
    Exit codes:\n  \
    0    done, whether anything was found or not\n  \
    2    the command line is wrong\n  \
    3    it could not be done\n\
    The server may run.";

/// `onmon-server retro`.
#[derive(Debug, Args)]
pub struct RetroArgs {
    #[command(flatten)]
    place: PlatformPlace,

    /// Prints one JSON array.
    #[arg(long)]
    json: bool,
}

/// What was found, in JSON. Names are a promise; new ones may come.
#[derive(Serialize)]
struct FoundAnswer {
    recording_id: String,
    title: Option<String>,
    /// On which day it was first asked about, and how often since.
    first_day: String,
    times: u64,
}

pub async fn run(args: &RetroArgs) -> anyhow::Result<Ended> {
    let found = args
        .place
        .with(async |platform| {
            let mut all = Vec::new();
            for one in platform.ask_unknown_again(now_ms()).await? {
                let known = platform.library().recording(&one.recording_id).await?;
                all.push(FoundAnswer {
                    recording_id: one.recording_id,
                    title: known.and_then(|known| known.title),
                    first_day: one.first_day,
                    times: one.times,
                });
            }
            Ok(all)
        })
        .await?;
    if args.json {
        print_json(&found)?;
        return Ok(Ended::Well);
    }
    for one in &found {
        let title = one.title.as_deref().map(|title| format!(" ({title})")).unwrap_or_default();
        print(&format!(
            "{}{title}: asked about {} since {}",
            one.recording_id,
            count(one.times, "time"),
            one.first_day
        ));
    }
    print(&match found.len() as u64 {
        0 => "nothing that was unknown is known now".to_owned(),
        1 => "1 fingerprint that was unknown is known now".to_owned(),
        more => format!("{} that were unknown are known now", count(more, "fingerprint")),
    });
    Ok(Ended::Well)
}
