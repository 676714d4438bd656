//! PCM to codes as it comes, and to the fingerprint of what came.

use numpy::PyArray1;
use onmon_recording::Recording;
use pyo3::prelude::*;

use crate::failure::{of_format, of_recording};
use crate::fingerprint::Fingerprint;
use crate::samples::Samples;

/// Turns PCM into one code per 50 ms, block by block.
#[pyclass(module = "onmon")]
pub struct Extractor(Recording);

#[pymethods]
impl Extractor {
    #[new]
    #[pyo3(signature = (rate_hz, channels = 1))]
    fn new(rate_hz: u32, channels: u16) -> PyResult<Self> {
        Ok(Self(Recording::new(rate_hz, channels.into()).map_err(of_format)?))
    }

    /// Takes a block; the codes that it completes.
    fn push<'py>(&mut self, samples: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyArray1<u8>>> {
        let Self(recording) = self;
        let before = recording.codes().len();
        Samples::of(samples)?.push(recording)?;
        let new = recording.codes().get(before..).unwrap_or_default();
        Ok(PyArray1::from_slice(samples.py(), new))
    }

    /// All codes so far.
    #[getter]
    fn codes<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<u8>> {
        PyArray1::from_slice(py, self.0.codes())
    }

    /// Milliseconds of audio so far.
    #[getter]
    fn duration_ms(&self) -> u32 {
        self.0.duration_ms()
    }

    /// The query fingerprint of all so far.
    fn query(&self) -> PyResult<Fingerprint> {
        Ok(Fingerprint::of_wire(self.0.query().map_err(of_recording)?))
    }

    /// The reference fingerprint of all so far.
    fn reference(&self) -> PyResult<Fingerprint> {
        Ok(Fingerprint::of_wire(self.0.reference().map_err(of_recording)?))
    }
}
