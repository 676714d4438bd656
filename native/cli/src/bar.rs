//! The progress bar: on standard error, and only where a person looks at it.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Files done of files to do.
pub struct Bar(ProgressBar);

impl Bar {
    /// A bar of `files` steps; unseen unless standard error is a terminal.
    pub fn new(files: usize) -> Self {
        let seen = std::io::stderr().is_terminal();
        let target = if seen { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(files as u64), target);
        let style = "{bar:30} {pos}/{len} files  {per_sec}  {eta} left  {wide_msg}";
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style);
        }
        Self(bar)
    }

    /// One file more is done. `line` goes to standard output, above the bar.
    pub fn done(&self, line: Option<&str>) {
        self.0.inc(1);
        if let Some(line) = line {
            self.print(line);
        }
    }

    /// A line to standard output.
    pub fn print(&self, line: &str) {
        self.0.suspend(|| write_line(line));
    }

    /// A line to standard error.
    pub fn warn(&self, line: &str) {
        self.0.suspend(|| eprintln!("{line}"));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// Prints a line. Where nobody reads any more (`onmon … | head`), ends as other tools do.
pub fn write_line(line: &str) {
    use std::io::Write;
    if writeln!(std::io::stdout().lock(), "{line}").is_err() {
        std::process::exit(0);
    }
}
