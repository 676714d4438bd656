//! Fingerprints as their wire bytes, what is in them, and two of them compared.

use numpy::PyArray1;
use onmon_core::{HOP_MS, Kind, lay, wire};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::failure::{failure, of_wire};

/// A valid fingerprint.
#[pyclass(module = "onmon", frozen, eq, hash)]
#[derive(PartialEq, Eq, Hash)]
pub struct Fingerprint {
    wire: Vec<u8>,
}

impl Fingerprint {
    /// Bytes that were made here.
    pub fn of_wire(wire: Vec<u8>) -> Self {
        Self { wire }
    }

    fn read(&self) -> PyResult<onmon_core::Fingerprint<'_>> {
        wire::decode(&self.wire).map_err(of_wire)
    }
}

#[pymethods]
impl Fingerprint {
    /// Reads the bytes that `bytes(fingerprint)` gave, checking them.
    #[staticmethod]
    fn from_bytes(data: &[u8]) -> PyResult<Self> {
        wire::decode(data).map_err(of_wire)?;
        Ok(Self { wire: data.to_vec() })
    }

    fn __bytes__<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.wire)
    }

    fn __len__(&self) -> usize {
        self.wire.len()
    }

    fn __repr__(&self) -> PyResult<String> {
        let fingerprint = self.read()?;
        let seconds = f64::from(fingerprint.duration_ms()) / 1_000.0;
        Ok(format!(
            "<onmon.Fingerprint {} of {seconds} s, {} bytes>",
            self.kind()?,
            self.wire.len()
        ))
    }

    #[getter]
    fn kind(&self) -> PyResult<&'static str> {
        Ok(match self.read()?.kind() {
            Kind::Query => "query",
            Kind::Reference => "reference",
            Kind::Clip => "clip",
        })
    }

    #[getter]
    fn duration_ms(&self) -> PyResult<u32> {
        Ok(self.read()?.duration_ms())
    }

    /// All codes, sample after sample.
    #[getter]
    fn codes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray1<u8>>> {
        Ok(PyArray1::from_slice(py, self.read()?.codes()))
    }

    /// Each sample's first code, counted in the recording, and its codes.
    #[getter]
    fn samples<'py>(&self, py: Python<'py>) -> PyResult<Vec<(u32, Bound<'py, PyArray1<u8>>)>> {
        let fingerprint = self.read()?;
        let samples = fingerprint.samples();
        Ok(samples.map(|run| (run.start, PyArray1::from_slice(py, run.codes))).collect())
    }
}

/// Where a query lies on a recording.
#[pyclass(module = "onmon", frozen, get_all)]
pub struct Match {
    offset_ms: i64,
    speed: f32,
    confidence: f32,
    bit_error: f32,
    matched_ms: u32,
}

#[pymethods]
impl Match {
    fn __repr__(&self) -> String {
        format!("<onmon.Match at {} ms, confidence {:.1}>", self.offset_ms, self.confidence)
    }
}

/// Lays a query on a reference, where they agree best.
#[pyfunction]
pub fn compare(py: Python<'_>, query: &Fingerprint, reference: &Fingerprint) -> PyResult<Match> {
    let (query, reference) = (query.read()?, reference.read()?);
    if !query.kind().is_query() || reference.kind() != Kind::Reference {
        return Err(failure("wrong_kind", &"a query and a reference are needed, in this order"));
    }
    let found = py.detach(|| lay(&query, reference.codes()));
    let Some(found) = found else {
        return Err(failure("wrong_kind", &"one of them has no codes"));
    };
    Ok(Match {
        offset_ms: found.offset_codes.saturating_mul(HOP_MS.into()),
        speed: found.speed,
        confidence: found.confidence,
        bit_error: found.bit_error,
        matched_ms: found.matched_codes.saturating_mul(HOP_MS),
    })
}
