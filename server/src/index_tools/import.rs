//! `onmon-server index import`.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use anyhow::Context;
use onmon_library::Library;
use onmon_library::transfer::Imported;

use super::args::ImportArgs;
use super::progress_bar::{Bar, Unit};
use super::{Ended, count, grouped, interrupt, print};

pub async fn run(args: &ImportArgs) -> anyhow::Result<Ended> {
    let progress = interrupt::heard()?;
    // The stream first: a name that is wrong should not make a library.
    let (from, bytes) = open_input(&args.file)?;
    progress.begin(bytes);
    let library = Library::open_at(&args.library.place()).await?;
    let mut imported = Imported::default();
    let bar = Bar::follow(&progress, Unit::Bytes);
    let lines = bar.handle();
    let told = |bad| lines.suspend(|| eprintln!("passed over {bad}"));
    let ended = library.import(from, &progress, &mut imported, told).await;
    drop(bar);
    let closed = library.close().await.context("the library was not closed cleanly");
    print(&format!(
        "imported {}, {} of them replaced; {} passed over",
        count(imported.enrolled, "recording"),
        grouped(imported.replaced),
        count(imported.bad, "bad record"),
    ));
    ended?;
    closed?;
    Ok(if imported.bad == 0 { Ended::Well } else { Ended::Damaged })
}

/// The stream, and its bytes where that is known. `-` is standard input.
pub(crate) fn open_input(file: &Path) -> anyhow::Result<(Box<dyn Read + Send>, u64)> {
    if file == Path::new("-") {
        return Ok((Box::new(BufReader::new(io::stdin())), 0));
    }
    let cannot = || format!("cannot read {}", file.display());
    let opened = File::open(file).with_context(cannot)?;
    let bytes = opened.metadata().with_context(cannot)?.len();
    Ok((Box::new(BufReader::new(opened)), bytes))
}
