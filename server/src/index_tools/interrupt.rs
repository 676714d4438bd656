//! Ctrl-C: the first one lets the work stop where it holds, the second one ends at once.

use onmon_library::Progress;

use super::Ended;
use crate::signals::Signals;

/// From here on SIGINT and SIGTERM are heard; the work that they stop looks at the progress
/// returned.
pub fn heard() -> anyhow::Result<Progress> {
    let mut signals = Signals::install()?;
    let progress = Progress::default();
    let work = progress.clone();
    tokio::spawn(async move {
        signals.next().await;
        work.stop();
        signals.next().await;
        std::process::exit(Ended::Stopped as i32);
    });
    Ok(progress)
}
