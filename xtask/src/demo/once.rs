//! The demo without a person: songs as MP3s, dropped on the page in headless Chromium by
//! tests/browser/demo-once.mjs, which compares what the page says with what is expected.

use std::fs;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;

use super::catalogue::{self, Expected, Plan};
use crate::tools::chromium;
use crate::{command, music, npm, repo};

const LIMIT: Duration = Duration::from_secs(180);

/// Runs the browser against the server at `url`; an error if anything is not as it should be.
pub fn run(url: &str, plan: &Plan) -> Result<()> {
    npm::install(&npm::browser_folder())?;
    let chrome = chromium::find()?;
    let mut songs = Vec::new();
    for (track, expected) in plan.suggestions() {
        let known = expected != Expected::Unregistered;
        songs.push(json!({
            "path": music::as_mp3(track, &super::folder().join("drop"))?,
            "decision": expected.name(),
            "recordingId": known.then(|| catalogue::recording_id(track)),
        }));
    }
    let screenshot = super::folder().join("screenshot.png");
    let _ = fs::remove_file(&screenshot);
    let job = json!({ "url": url, "songs": songs, "screenshot": screenshot });

    let mut script = Command::new("node");
    script.arg("tests/browser/demo-once.mjs").current_dir(repo::root());
    script.env("CHROME", chrome).env("ONMON_DEMO", job.to_string());
    command::run_within(&mut script, LIMIT).context("the page in Chromium")?;
    fs::metadata(&screenshot).context("the browser left no screenshot")?;
    println!("screenshot: {}", screenshot.display());
    Ok(())
}
