//! Long work, watched by a person: a bar, and Ctrl-C.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Ended;
use crate::signals::Signals;

/// What is counted.
#[derive(Debug, Clone, Copy)]
pub enum Unit {
    Bytes,
    Lines,
    Documents,
}

/// A bar on standard error, where a person looks at it. A `total` of 0 is one that nobody knows.
pub fn bar(total: u64, unit: Unit) -> ProgressBar {
    let seen = std::io::stderr().is_terminal();
    let target = if seen { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target((total > 0).then_some(total), target);
    let style = match unit {
        Unit::Bytes => "{bar:30} {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left",
        Unit::Lines => "{bar:30} {pos}/{len} lines  {per_sec}  {eta} left",
        Unit::Documents => "{bar:30} {pos}/{len} documents  {per_sec}  {eta} left",
    };
    if let Ok(style) = ProgressStyle::with_template(style) {
        bar.set_style(style);
    }
    bar
}

/// From here on SIGINT and SIGTERM end the program at once: a transaction that is under way leaves
/// no trace, one that was committed holds, and a file that is being written has another name.
pub fn ends_by_signal() -> anyhow::Result<()> {
    let mut signals = Signals::install()?;
    tokio::spawn(async move {
        signals.next().await;
        eprintln!("onmon-server: stopped; what was kept before holds, the rest left no trace");
        std::process::exit(Ended::Stopped as i32);
    });
    Ok(())
}
