//! `onmon-server index rebuild`.

use onmon_library::rebuild_index;

use super::args::RebuildArgs;
use super::progress_bar::{Bar, Unit};
use super::{Ended, interrupt, print, summary};

pub async fn run(args: &RebuildArgs) -> anyhow::Result<Ended> {
    let progress = interrupt::heard()?;
    let bar = Bar::follow(&progress, Unit::Recordings);
    let rebuilt = rebuild_index(&args.library.place(), args.one_key_of, &progress).await;
    drop(bar);
    print(&format!("rebuilt: {}", summary(&rebuilt?.segments)));
    Ok(Ended::Well)
}
