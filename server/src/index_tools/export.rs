//! `onmon-server index export`.

use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use onmon_library::transfer::{self, Exported};
use onmon_library::{Place, Progress};

use super::args::ExportArgs;
use super::progress_bar::{Bar, Unit};
use super::{Ended, count, interrupt};

pub async fn run(args: &ExportArgs) -> anyhow::Result<Ended> {
    let progress = interrupt::heard()?;
    let library = &args.library.place();
    let exported = if args.file == Path::new("-") {
        to_standard_output(library, &progress).await?
    } else {
        to_file(library, &args.file, &progress).await?
    };
    // Standard output may be the export itself.
    eprintln!("exported {}", count(exported.records, "recording"));
    if exported.left_out > 0 {
        let left_out = count(exported.left_out, "recording");
        eprintln!("left out {left_out} whose codes are another encoder's: enrol them again");
    }
    Ok(Ended::Well)
}

async fn to_standard_output(library: &Place, progress: &Progress) -> anyhow::Result<Exported> {
    let out = io::stdout();
    ensure!(!out.is_terminal(), "an export is no text: name a file, or send it into a pipe");
    let _bar = Bar::follow(progress, Unit::Recordings);
    Ok(transfer::export(library, BufWriter::new(out), progress).await?.0)
}

/// Under another name until it is whole, so that what has the name is an export, old or new.
async fn to_file(library: &Place, file: &Path, progress: &Progress) -> anyhow::Result<Exported> {
    let mut part = file.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let cannot = || format!("cannot write {}", file.display());
    let out = BufWriter::new(File::create(&part).with_context(cannot)?);
    let bar = Bar::follow(progress, Unit::Recordings);
    let exported = transfer::export(library, out, progress).await;
    drop(bar);
    let whole = exported.map_err(anyhow::Error::from).and_then(|(exported, mut out)| {
        out.flush().and_then(|()| out.get_ref().sync_all()).with_context(cannot)?;
        fs::rename(&part, file).with_context(cannot)?;
        Ok(exported)
    });
    if whole.is_err() {
        // Of no use; if it cannot be removed it says itself that it is no whole export.
        let _ = fs::remove_file(&part);
    }
    whole
}
