//! PCM to codes as it comes, and to the fingerprint of what came.

use numpy::PyArray1;
use onmon_core::{Channels, QueryBuilder, SampleRate, plan};
use pyo3::prelude::*;

use crate::failure::{of_codes, of_format, of_length};
use crate::fingerprint::Fingerprint;
use crate::samples::Samples;

/// Turns PCM into one code per 50 ms, block by block.
#[pyclass(module = "onmon")]
pub struct Extractor {
    rate: SampleRate,
    channels: Channels,
    extractor: onmon_core::Extractor,
    codes: Vec<u8>,
    /// Samples taken, of all channels.
    taken: u64,
}

#[pymethods]
impl Extractor {
    #[new]
    #[pyo3(signature = (rate_hz, channels = 1))]
    fn new(rate_hz: u32, channels: u16) -> PyResult<Self> {
        let rate = SampleRate::from_hz(rate_hz).map_err(of_format)?;
        let channels = Channels::new(channels).map_err(of_format)?;
        let extractor = onmon_core::Extractor::new(rate, channels);
        Ok(Self { rate, channels, extractor, codes: Vec::new(), taken: 0 })
    }

    /// Takes a block; the codes that it completes.
    fn push<'py>(&mut self, samples: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyArray1<u8>>> {
        let before = self.codes.len();
        let block = Samples::of(samples)?;
        let count = block.push(self.channels.count(), &mut self.extractor, &mut self.codes)?;
        self.taken += count as u64;
        let new = self.codes.get(before..).unwrap_or_default();
        Ok(PyArray1::from_slice(samples.py(), new))
    }

    /// All codes so far.
    #[getter]
    fn codes<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<u8>> {
        PyArray1::from_slice(py, &self.codes)
    }

    /// Milliseconds of audio so far.
    #[getter]
    fn duration_ms(&self) -> u32 {
        let frames = u128::from(self.taken / u64::from(self.channels.count()));
        u32::try_from(frames * 1_000 / u128::from(self.rate.hz())).unwrap_or(u32::MAX)
    }

    /// The query fingerprint of all so far.
    fn query(&self) -> PyResult<Fingerprint> {
        let builder = QueryBuilder::of_recording(self.duration_ms(), &self.codes);
        let builder = builder.map_err(of_codes)?;
        Fingerprint::of(&builder.finish().map_err(of_codes)?)
    }

    /// The reference fingerprint of all so far.
    fn reference(&self) -> PyResult<Fingerprint> {
        plan::spans(u32::try_from(self.codes.len()).unwrap_or(u32::MAX)).map_err(of_length)?;
        let made = onmon_core::Fingerprint::reference(self.duration_ms(), &self.codes);
        Fingerprint::of(&made.map_err(of_codes)?)
    }
}
