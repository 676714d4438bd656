//! `onmon-server index compact`.

use onmon_library::compact_index;

use super::args::LibraryArgs;
use super::progress_bar::{Bar, Unit};
use super::{Ended, interrupt, print, summary};

pub async fn run(args: &LibraryArgs) -> anyhow::Result<Ended> {
    let progress = interrupt::heard()?;
    let bar = Bar::follow(&progress, Unit::Bytes);
    let compacted = compact_index(&args.place(), &progress).await;
    drop(bar);
    let compacted = compacted?;
    print(&format!("before: {}", summary(&compacted.before)));
    print(&format!("after:  {}", summary(&compacted.after)));
    Ok(Ended::Well)
}
