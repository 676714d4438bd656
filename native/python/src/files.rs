//! Audio files to fingerprints. Python's lock is let go meanwhile, so that threads take several.

use std::fs::File;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Instant;

use onmon_decode::{DecodeError, Hooks, Media};
use pyo3::prelude::*;

use crate::failure::of_decode;
use crate::fingerprint::Fingerprint;

/// The query fingerprint of an audio file.
#[pyfunction]
pub fn fingerprint_file(py: Python<'_>, path: PathBuf) -> PyResult<Fingerprint> {
    take(py, &path, |media, hooks| Ok(media.query(hooks)?.wire))
}

/// The reference fingerprint of an audio file.
#[pyfunction]
pub fn reference_file(py: Python<'_>, path: PathBuf) -> PyResult<Fingerprint> {
    take(py, &path, |media, hooks| Ok(media.reference(hooks)?.wire))
}

fn take(
    py: Python<'_>,
    path: &Path,
    make: impl FnOnce(Media, &mut Hooks<'_>) -> Result<Vec<u8>, DecodeError> + Send,
) -> PyResult<Fingerprint> {
    // A file that is not there, or may not be read, is what Python says of it.
    let file = File::open(path)?;
    let mut interrupt = None;
    let made = py.detach(|| {
        let media = Media::open(Box::new(file), path.extension().and_then(|name| name.to_str()))?;
        let mut on_progress = |_share| match Python::attach(|py| py.check_signals()) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                interrupt = Some(error);
                ControlFlow::Break(())
            }
        };
        make(media, &mut Hooks { clock: now_ms, on_progress: &mut on_progress })
    });
    match (made, interrupt) {
        (_, Some(interrupt)) => Err(interrupt),
        (made, None) => made.map(Fingerprint::of_wire).map_err(of_decode),
    }
}

fn now_ms() -> f64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed().as_secs_f64() * 1_000.0
}
