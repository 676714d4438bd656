//! `onmon-server index …`: looks after a library's index, and carries a library to another machine.
//!
//! ```text
//! stats    index_stats         beside a running server
//! verify   verify_index        beside a running server
//! compact  compact_index       with the writer's lock
//! rebuild  rebuild_index       with the writer's lock
//! export   transfer::export    beside a running server
//! import   Library::import     with the writer's lock
//! ```
//! What they do is in onmon-library; here is how it is asked for, watched and told.

mod args;
mod compact;
mod export;
mod import;
mod interrupt;
mod progress_bar;
mod rebuild;
mod stats;
mod verify;

use std::io::Write;

use onmon_library::transfer::TransferError;
use onmon_library::{LibraryError, SegmentStats};

pub use args::IndexCommand;
pub(crate) use import::open_input;

/// How a command ended, as an exit code; 2 is a command line that is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// All of it was done; nothing is damaged.
    Well = 0,
    /// It was done, and something is damaged: each damage was printed.
    Damaged = 1,
    /// It could not be done, or not to its end.
    Failed = 3,
    /// Ctrl-C; what was done before holds.
    Stopped = 130,
}

/// Does it, and says on standard error why it could not be done.
pub async fn run(command: &IndexCommand) -> Ended {
    let ended = match command {
        IndexCommand::Stats(args) => stats::run(args).await,
        IndexCommand::Verify(args) => verify::run(args).await,
        IndexCommand::Compact(args) => compact::run(args).await,
        IndexCommand::Rebuild(args) => rebuild::run(args).await,
        IndexCommand::Export(args) => export::run(args).await,
        IndexCommand::Import(args) => import::run(args).await,
    };
    ended.unwrap_or_else(|error| {
        if is_stopped(&error) {
            eprintln!("onmon-server: stopped; what was done before holds");
            return Ended::Stopped;
        }
        eprintln!("onmon-server: {error:#}");
        Ended::Failed
    })
}

fn is_stopped(error: &anyhow::Error) -> bool {
    let library = match error.downcast_ref() {
        Some(TransferError::Library(library)) => Some(library),
        _ => error.downcast_ref(),
    };
    matches!(library, Some(LibraryError::Stopped))
}

/// Prints a line. Where nobody reads any more (`… | head`) the work goes on: its exit code counts.
pub(crate) fn print(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// `1 segment`, `3 segments`.
pub(crate) fn count(n: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(n), if n == 1 { "" } else { "s" })
}

/// 1234567 as `1,234,567`.
pub(crate) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Segments in one line.
fn summary(segments: &[SegmentStats]) -> String {
    let sum = |of: fn(&SegmentStats) -> u64| segments.iter().map(of).sum::<u64>();
    format!(
        "{}, {}, {} dead, {} bytes",
        count(segments.len() as u64, "segment"),
        count(sum(|segment| segment.recordings), "recording"),
        grouped(sum(|segment| segment.dead)),
        grouped(sum(|segment| segment.bytes)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_people_read_them() {
        let shown = [0, 999, 1_000, 12_345_678].map(grouped);
        assert_eq!(shown, ["0", "999", "1,000", "12,345,678"]);
        assert_eq!([count(1, "change"), count(1_200, "change")], ["1 change", "1,200 changes"]);
    }
}
