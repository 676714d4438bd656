//! The progress bar: on standard error, and only where a person looks at it.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use onmon_library::Progress;
use tokio::task::JoinHandle;
use tokio::time::interval;

/// How often it is drawn.
const DRAWN_EVERY: Duration = Duration::from_millis(100);

/// What is counted.
#[derive(Debug, Clone, Copy)]
pub enum Unit {
    Bytes,
    Recordings,
}

/// Follows a progress until it is dropped.
pub struct Bar {
    bar: ProgressBar,
    drawing: JoinHandle<()>,
}

impl Bar {
    /// A bar that shows what the work counts.
    pub fn follow(progress: &Progress, unit: Unit) -> Bar {
        let seen = std::io::stderr().is_terminal();
        let target = if seen { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        let style = match unit {
            Unit::Bytes => "{bar:30} {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left",
            Unit::Recordings => "{bar:30} {pos}/{len} recordings  {per_sec}  {eta} left",
        };
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style);
        }
        let (drawn, progress) = (bar.clone(), progress.clone());
        let drawing = tokio::spawn(async move {
            let mut ticks = interval(DRAWN_EVERY);
            loop {
                ticks.tick().await;
                if progress.total() > 0 {
                    drawn.set_length(progress.total());
                }
                drawn.set_position(progress.done());
            }
        });
        Bar { bar, drawing }
    }

    /// To print lines from wherever: the bar makes room for them.
    pub fn handle(&self) -> ProgressBar {
        self.bar.clone()
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.drawing.abort();
        self.bar.finish_and_clear();
    }
}
