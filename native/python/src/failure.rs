//! Errors on their way to Python: `onmon.OnmonError`, whose `code` is stable and whose text is not.

use std::fmt::Display;

use onmon_core::wire::WireError;
use onmon_core::{FingerprintError, FormatError};
use onmon_decode::DecodeError;
use onmon_recording::RecordingError;
use pyo3::PyErr;

pyo3::import_exception!(onmon.errors, OnmonError);

/// An error of ours: `OnmonError(code, message)`.
pub fn failure(code: &'static str, message: &impl Display) -> PyErr {
    OnmonError::new_err((code, message.to_string()))
}

pub fn of_decode(error: DecodeError) -> PyErr {
    failure(error.code(), &error)
}

pub fn of_wire(error: WireError) -> PyErr {
    failure(error.code(), &error)
}

pub fn of_format(error: FormatError) -> PyErr {
    let code = match error {
        FormatError::Rate { .. } => "unsupported_rate",
        _ => "unsupported_channels",
    };
    failure(code, &error)
}

pub fn of_recording(error: RecordingError) -> PyErr {
    match error {
        RecordingError::Codes(error) => of_codes(error),
        RecordingError::Wire(error) => of_wire(error),
    }
}

fn of_codes(error: FingerprintError) -> PyErr {
    let code = match error {
        FingerprintError::TooShort => "too_short",
        FingerprintError::TooLong => "too_long",
        _ => "invalid_fingerprint",
    };
    failure(code, &error)
}
