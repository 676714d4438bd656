//! Running other programs: shown, timed out, and stopped with all their children on Ctrl-C.

use std::env;
use std::io::ErrorKind;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

const POLL: Duration = Duration::from_millis(20);
/// How long a program may take to end after it was asked to; the server's own limit is 30 s.
const GRACE: Duration = Duration::from_secs(35);

static INTERRUPTED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// From here on SIGINT, SIGTERM and SIGHUP set a flag that every wait in this program watches.
pub fn watch_for_interrupts() -> Result<()> {
    let flag = INTERRUPTED.get_or_init(Arc::default);
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(flag)).context("cannot watch signals")?;
    }
    Ok(())
}

/// Whether somebody asked this program to stop.
pub fn interrupted() -> bool {
    INTERRUPTED.get().is_some_and(|flag| flag.load(Ordering::Relaxed))
}

/// Runs to the end with inherited output, after printing the command line; an error unless it
/// succeeds.
pub fn run(command: &mut Command) -> Result<()> {
    run_within(command, Duration::MAX)
}

/// Like [`run`], stopped with all its children after `limit`.
pub fn run_within(command: &mut Command, limit: Duration) -> Result<()> {
    eprintln!("$ {}", shown(command));
    let mut child = start(command)?;
    let status = wait(&mut child, limit).with_context(|| shown(command))?;
    expect_success(command, status)
}

/// Runs silently and returns standard output; standard error is part of the error.
pub fn capture(command: &mut Command) -> Result<String> {
    let output = capture_bytes(command)?;
    String::from_utf8(output).with_context(|| format!("{} printed no UTF-8", shown(command)))
}

/// Like [`capture`], for output that need not be text.
pub fn capture_bytes(command: &mut Command) -> Result<Vec<u8>> {
    as_from_a_shell(command);
    let output = command.output().map_err(|error| cannot_start(command, error))?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        bail!("`{}` failed ({}): {}", shown(command), output.status, complaint.trim());
    }
    Ok(output.stdout)
}

/// Runs silently and returns standard error, where a compiler says what it was asked to print.
pub fn capture_complaints(command: &mut Command) -> Result<String> {
    command.stdin(Stdio::null());
    let output = command.output().map_err(|error| cannot_start(command, error))?;
    let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
    if !output.status.success() {
        bail!("`{}` failed ({}): {}", shown(command), output.status, complaints.trim());
    }
    Ok(complaints)
}

/// Whether the program starts and exits with 0; its output is dropped.
pub fn succeeds(command: &mut Command) -> bool {
    as_from_a_shell(command).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Without input, and without what `cargo run` has told this program about its own package: a cargo
/// started from here would take that for a change, and build again what reads it (ring's build
/// script does, and half of the server lies upon ring).
fn as_from_a_shell(command: &mut Command) -> &mut Command {
    for (name, _) in env::vars_os() {
        let word = name.to_string_lossy();
        if word.starts_with("CARGO_PKG_") || word.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command.stdin(Stdio::null())
}

/// Starts a program in a process group of its own, so that [`stop`] reaches its children too.
pub fn start(command: &mut Command) -> Result<Child> {
    as_from_a_shell(command).process_group(0);
    command.spawn().map_err(|error| cannot_start(command, error))
}

/// Waits for the end of a program; stops it when `limit` has passed or on an interrupt.
pub fn wait(child: &mut Child, limit: Duration) -> Result<ExitStatus> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if interrupted() {
            stop(child);
            bail!("interrupted");
        }
        if begun.elapsed() > limit {
            stop(child);
            bail!("stopped: it took longer than {} s", limit.as_secs());
        }
        thread::sleep(POLL);
    }
}

/// Asks a program and its children to end, and ends them when they do not.
pub fn stop(child: &mut Child) {
    for (signal, patience) in [("TERM", GRACE), ("KILL", Duration::from_secs(5))] {
        // std can only kill; the shell's builtin reaches the whole group, without unsafe code here.
        let kill = format!("kill -{signal} -{}", child.id());
        succeeds(Command::new("sh").args(["-c", &kill]));
        let begun = Instant::now();
        while begun.elapsed() < patience {
            if !matches!(child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(POLL);
        }
    }
}

/// The command line as one would type it, with its folder where it has one.
pub fn shown(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|word| word.to_string_lossy().into_owned()));
    let line = words.join(" ");
    match command.get_current_dir() {
        Some(folder) => format!("(in {}) {line}", folder.display()),
        None => line,
    }
}

fn expect_success(command: &Command, status: ExitStatus) -> Result<()> {
    if !status.success() {
        bail!("`{}` failed ({status})", shown(command));
    }
    Ok(())
}

fn cannot_start(command: &Command, error: std::io::Error) -> anyhow::Error {
    let program = command.get_program().to_string_lossy().into_owned();
    match error.kind() {
        ErrorKind::NotFound => anyhow::anyhow!("`{program}` is not installed"),
        _ => anyhow::Error::new(error).context(format!("cannot start `{}`", shown(command))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_over_its_limit_is_stopped_with_its_children() {
        let begun = Instant::now();
        let error = run_within(
            Command::new("sh").args(["-c", "sleep 30 & wait"]),
            Duration::from_millis(100),
        )
        .expect_err("must be stopped");
        assert!(format!("{error:#}").contains("longer than"), "{error:#}");
        assert!(begun.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn a_failure_names_the_command_and_what_it_said() {
        let error = capture(Command::new("sh").args(["-c", "echo no such luck >&2; exit 3"]))
            .expect_err("must fail");
        assert!(error.to_string().contains("no such luck"), "{error}");
        assert!(run(&mut Command::new("/nonexistent/program")).is_err());
    }
}
