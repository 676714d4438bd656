//! From the stream of all codes to a query fingerprint: keeps those inside the planned spans.

use onmon_core::plan::Span;
use onmon_core::{CODES_PER_SAMPLE, FingerprintError, Margins, QueryBuilder, SAMPLES_MAX};

/// Takes a recording's codes one by one; holds one sample beside the builder's own.
pub struct Excerpts<'a> {
    spans: &'a [Span],
    builder: QueryBuilder,
    sample: [u8; CODES_PER_SAMPLE],
    /// Codes of `sample` that are filled.
    filled: usize,
    /// Codes of the recording that have passed.
    position: u32,
}

impl<'a> Excerpts<'a> {
    /// For a recording of this length (0: not known), keeping `spans`: in order, 300 codes each at
    /// most.
    pub fn new(spans: &'a [Span], duration_ms: u32) -> Self {
        debug_assert!(spans.len() <= SAMPLES_MAX);
        let builder = QueryBuilder::new(duration_ms);
        Self { spans, builder, sample: [0; CODES_PER_SAMPLE], filled: 0, position: 0 }
    }

    /// Takes the recording's next code.
    pub fn push(&mut self, code: u8) -> Result<(), FingerprintError> {
        let position = self.position;
        self.position += 1;
        let Some((span, later)) = self.spans.split_first() else { return Ok(()) };
        if position < span.start {
            return Ok(());
        }
        if let Some(place) = self.sample.get_mut(self.filled) {
            *place = code;
            self.filled += 1;
        }
        if position + 1 == span.start + span.len {
            self.builder.push(span.start, &self.sample[..self.filled])?;
            (self.spans, self.filled) = (later, 0);
        }
        Ok(())
    }

    /// What was collected, of sound that has ended and has these margins.
    pub fn ended(&mut self, margins: Option<&Margins>) -> &QueryBuilder {
        if let Some(margins) = margins {
            self.builder.enclose(margins);
        }
        &self.builder
    }
}
