//! The extension module `onmon._onmon`: core and decode for Python. What Python's users see is
//! `python/onmon/`, whose stubs say what each of these takes and gives.
//!
//! ```text
//! samples.rs      numpy arrays to interleaved PCM
//! extractor.rs    PCM to codes, as it comes
//! fingerprint.rs  wire bytes, and what is in them; two of them compared
//! files.rs        audio files to fingerprints, without Python's lock
//! failure.rs      errors as onmon.OnmonError, with a stable code
//! ```

mod extractor;
mod failure;
mod files;
mod fingerprint;
mod samples;

use pyo3::prelude::*;

/// The extension module.
#[pymodule(name = "_onmon")]
mod module {
    #[pymodule_export]
    use crate::extractor::Extractor;
    #[pymodule_export]
    use crate::files::{fingerprint_file, reference_file};
    #[pymodule_export]
    use crate::fingerprint::{Fingerprint, Match, compare};

    use super::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        module.add("MEDIA_TYPE", onmon_core::wire::MEDIA_TYPE)
    }
}
