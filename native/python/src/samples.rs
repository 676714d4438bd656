//! numpy arrays as interleaved PCM, whatever their memory looks like.

use std::borrow::Cow;

use numpy::ndarray::ArrayViewD;
use numpy::{Element, PyReadonlyArrayDyn};
use onmon_core::PcmSample;
use onmon_recording::Recording;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

/// An array of one of the types that are taken.
pub enum Samples<'py> {
    I16(PyReadonlyArrayDyn<'py, i16>),
    F32(PyReadonlyArrayDyn<'py, f32>),
    F64(PyReadonlyArrayDyn<'py, f64>),
}

impl<'py> Samples<'py> {
    /// Takes int16, float32 and float64, of shape (samples,) or (frames, channels).
    pub fn of(array: &Bound<'py, PyAny>) -> PyResult<Self> {
        if let Ok(array) = array.extract() {
            return Ok(Self::I16(array));
        }
        if let Ok(array) = array.extract() {
            return Ok(Self::F32(array));
        }
        if let Ok(array) = array.extract() {
            return Ok(Self::F64(array));
        }
        Err(PyTypeError::new_err("samples must be a numpy array of int16, float32 or float64"))
    }

    /// Hands the samples, frame by frame, to a recording.
    pub fn push(&self, recording: &mut Recording) -> PyResult<()> {
        match self {
            Self::I16(array) => push(&array.as_array(), recording),
            Self::F32(array) => push(&array.as_array(), recording),
            Self::F64(array) => {
                let narrow = array.as_array().mapv(|sample| sample as f32);
                push(&narrow.view(), recording)
            }
        }
    }
}

fn push<T: PcmSample + Element>(
    array: &ArrayViewD<'_, T>,
    recording: &mut Recording,
) -> PyResult<()> {
    let channels = recording.channels();
    match array.shape() {
        [_] => {}
        [_, columns] if *columns == usize::from(channels) => {}
        shape => {
            let message = format!("an array of shape {shape:?} for {channels} channels");
            return Err(PyValueError::new_err(message));
        }
    }
    let interleaved = match array.as_slice() {
        Some(slice) => Cow::Borrowed(slice),
        None => Cow::Owned(array.iter().copied().collect()),
    };
    recording.push(&interleaved);
    Ok(())
}
