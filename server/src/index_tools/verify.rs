//! `onmon-server index verify`.

use onmon_library::verify_index;

use super::args::LibraryArgs;
use super::progress_bar::{Bar, Unit};
use super::{Ended, count, interrupt, print};

pub async fn run(args: &LibraryArgs) -> anyhow::Result<Ended> {
    let progress = interrupt::heard()?;
    let bar = Bar::follow(&progress, Unit::Bytes);
    let lines = bar.handle();
    let found = move |damage| lines.suspend(|| print(&format!("damaged: {damage}")));
    let verified = verify_index(&args.place(), &progress, found).await;
    drop(bar);
    let verified = verified?;
    print(&format!(
        "read {} in {}; {} compared with the catalogue",
        count(verified.bytes, "byte"),
        count(verified.segments, "segment"),
        count(verified.compared, "recording"),
    ));
    if verified.not_on_disk > 0 {
        let changes = count(verified.not_on_disk, "change");
        print(&format!("not compared: {changes} not on disk, which the next start replays"));
    }
    if verified.damages == 0 {
        print("sound");
        return Ok(Ended::Well);
    }
    print(&format!(
        "{}; nothing is lost: stop the server, then `onmon-server index rebuild --data {}{}`",
        count(verified.damages, "damage"),
        args.data.display(),
        if args.database.is_some() { " --database URL" } else { "" },
    ));
    Ok(Ended::Damaged)
}
