//! A fingerprint: the codes of a recording, or of up to six samples of it, and where they lie in
//! it.

use crate::encoder::{Encoder, MARGIN_CODES, Margins, Network};
use crate::plan::{self, Span};
use crate::profile::{
    CODES_MIN, CODES_PER_QUERY, CODES_PER_REFERENCE, CODES_PER_SAMPLE, SAMPLES_MAX,
};

/// Names an extraction (rate, window, bands, hop): the numbers of [`crate::profile`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct ProfileId(pub u8);

/// Names an encoder (the step from log bands to codes) together with its tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct EncoderId(pub u16);

/// The extraction of this build. Codes of different profiles never compare.
pub const PROFILE: ProfileId = ProfileId(1);

/// The encoder of this build: the network, [`crate::encoder`].
pub const ENCODER: EncoderId = Network::ID;

/// What a fingerprint is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Kind {
    /// Up to six samples, to be identified: what leaves the user's machine.
    Query,
    /// All codes of a recording, to be enrolled.
    Reference,
    /// All codes of less than 90 s of sound with its margins, to be identified: a clip. Its code 0
    /// is the first margin's, and stands [`MARGIN_CODES`] before code 0 of a reference of the same
    /// sound.
    Clip,
}

impl Kind {
    /// Whether it is to be identified.
    pub fn is_query(self) -> bool {
        self != Self::Reference
    }

    /// How many codes earlier in its sound its code 0 stands than that of a reference does.
    pub fn margin_codes(self) -> u32 {
        if self == Self::Clip { MARGIN_CODES as u32 } else { 0 }
    }
}

/// Consecutive codes of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample<'a> {
    /// Codes of the recording before the first of these.
    pub start: u32,
    /// One per 50 ms.
    pub codes: &'a [u8],
}

/// A valid fingerprint, borrowing its codes.
///
/// Samples are in order, do not overlap and are not empty; a query has at most six of at most 300
/// codes, a reference exactly one that starts at 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint<'a> {
    kind: Kind,
    duration_ms: u32,
    spans: Spans,
    codes: &'a [u8],
}

pub(crate) type Spans = heapless::Vec<Span, SAMPLES_MAX>;

impl<'a> Fingerprint<'a> {
    /// The reference fingerprint of a recording: all its codes.
    ///
    /// # Errors
    /// Too few codes ([`CODES_MIN`]) or more than 12 hours of them.
    pub fn reference(duration_ms: u32, codes: &'a [u8]) -> Result<Self, FingerprintError> {
        let mut spans = Spans::new();
        let _ = spans.push(Span { start: 0, len: codes.len().min(u32::MAX as usize) as u32 });
        Self::new(Kind::Reference, duration_ms, spans, codes)
    }

    pub(crate) fn new(
        kind: Kind,
        duration_ms: u32,
        spans: Spans,
        codes: &'a [u8],
    ) -> Result<Self, FingerprintError> {
        check(kind, &spans, codes.len())?;
        Ok(Self { kind, duration_ms, spans, codes })
    }

    /// What it is for.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The extraction that made it; always [`PROFILE`] in this build.
    pub fn profile(&self) -> ProfileId {
        PROFILE
    }

    /// The encoder that made it; always [`ENCODER`] in this build.
    pub fn encoder(&self) -> EncoderId {
        ENCODER
    }

    /// Length of the recording in milliseconds, as its container tells it; 0 where that is not
    /// known.
    pub fn duration_ms(&self) -> u32 {
        self.duration_ms
    }

    /// All codes, sample after sample.
    pub fn codes(&self) -> &'a [u8] {
        self.codes
    }

    /// The samples in order, at least one.
    pub fn samples(&self) -> impl ExactSizeIterator<Item = Sample<'a>> + use<'a, '_> {
        let mut rest = self.codes;
        self.spans.iter().map(move |span| {
            let (codes, after) = rest.split_at_checked(span.len as usize).unwrap_or((rest, &[]));
            rest = after;
            Sample { start: span.start, codes }
        })
    }

    pub(crate) fn spans(&self) -> &Spans {
        &self.spans
    }
}

/// Collects the samples of a query fingerprint; holds 1,800 codes, no heap.
#[derive(Clone, Debug)]
pub struct QueryBuilder {
    kind: Kind,
    duration_ms: u32,
    spans: Spans,
    codes: heapless::Vec<u8, CODES_PER_QUERY>,
}

impl QueryBuilder {
    /// An empty fingerprint of a recording of this length (0: not known).
    pub fn new(duration_ms: u32) -> Self {
        Self { kind: Kind::Query, duration_ms, spans: Spans::new(), codes: heapless::Vec::new() }
    }

    /// What a client sends of sound of which these are all codes and the margins: a clip where all
    /// of that fits into a query ([`plan::is_clip`]), else the samples that [`plan::spans`] names
    /// or, with a seed, [`plan::drawn_spans`].
    ///
    /// # Errors
    /// [`FingerprintError::TooShort`].
    pub fn of_sound(
        duration_ms: u32,
        codes: &[u8],
        margins: Option<&Margins>,
        seed: Option<u64>,
    ) -> Result<Self, FingerprintError> {
        let total = u32::try_from(codes.len()).unwrap_or(u32::MAX);
        let spans = plan::spans_at(total, seed).map_err(|_| FingerprintError::TooShort)?;
        let mut query = Self::of_spans(duration_ms, codes, spans)?;
        if let Some(margins) = margins {
            query.enclose(margins);
        }
        Ok(query)
    }

    /// Makes a clip of what was collected, if that is all codes of sound that is short enough
    /// ([`plan::is_clip`]), whose margins these are.
    pub fn enclose(&mut self, Margins { before, after }: &Margins) {
        let total = self.codes.len() as u32;
        let is_all = check_spans(Kind::Clip, &self.spans).is_ok();
        if self.kind != Kind::Query || !is_all || !plan::is_clip(total) {
            return;
        }
        let Ok(spans) = plan::spans(total + 2 * MARGIN_CODES as u32) else { return };
        // There is room: that is what `is_clip` says. In place, for the sake of small devices.
        let _ = self.codes.extend_from_slice(before);
        let moved = self.codes.as_mut_slice();
        for at in (MARGIN_CODES..moved.len()).rev() {
            let code = moved.get(at - MARGIN_CODES).copied().unwrap_or_default();
            moved.get_mut(at).into_iter().for_each(|place| *place = code);
        }
        moved.iter_mut().zip(before).for_each(|(place, code)| *place = *code);
        let _ = self.codes.extend_from_slice(after);
        (self.kind, self.spans) = (Kind::Clip, spans);
    }

    /// The samples of a recording of which these are all codes: those that [`plan::spans`] names.
    ///
    /// # Errors
    /// [`FingerprintError::TooShort`].
    pub fn of_recording(duration_ms: u32, codes: &[u8]) -> Result<Self, FingerprintError> {
        Self::of_sound(duration_ms, codes, None, None)
    }

    /// Those that lie at `spans` instead, in order: drawn ones, say ([`plan::drawn_spans`]).
    ///
    /// # Errors
    /// Those of [`QueryBuilder::push`]; a span that goes beyond the codes is an empty sample.
    pub fn of_spans(
        duration_ms: u32,
        codes: &[u8],
        spans: impl IntoIterator<Item = Span>,
    ) -> Result<Self, FingerprintError> {
        let mut builder = Self::new(duration_ms);
        for span in spans {
            let from = codes.get(span.start as usize..).unwrap_or_default();
            builder.push(span.start, from.get(..span.len as usize).unwrap_or_default())?;
        }
        Ok(builder)
    }

    /// Adds a sample whose first code is the recording's code `start`; samples come in order.
    ///
    /// # Errors
    /// An empty or overlong sample, one that overlaps the one before, a seventh one. Nothing is
    /// added then.
    pub fn push(&mut self, start: u32, codes: &[u8]) -> Result<(), FingerprintError> {
        let mut spans = self.spans.clone();
        let len = codes.len().min(u32::MAX as usize) as u32;
        spans.push(Span { start, len }).map_err(|_| FingerprintError::TooManySamples)?;
        check_spans(self.kind, &spans)?;
        self.codes.extend_from_slice(codes).map_err(|_| FingerprintError::TooLong)?;
        self.spans = spans;
        Ok(())
    }

    /// Codes collected so far.
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// Whether no code was collected.
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }

    /// The fingerprint of what was collected.
    ///
    /// # Errors
    /// [`FingerprintError::TooShort`] below [`CODES_MIN`] codes in all.
    pub fn finish(&self) -> Result<Fingerprint<'_>, FingerprintError> {
        Fingerprint::new(self.kind, self.duration_ms, self.spans.clone(), &self.codes)
    }
}

/// Samples that do not make a fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FingerprintError {
    /// Fewer than [`CODES_MIN`] codes in all: take more audio (2.4 s at least).
    TooShort,
    /// A sample of a query over 300 codes, or a reference over 12 hours: cut it.
    TooLong,
    /// A sample without codes: leave it out.
    EmptySample,
    /// More than six samples: leave some out.
    TooManySamples,
    /// Samples that overlap or are out of order, a reference that is not one sample from 0, a clip
    /// with a gap.
    Misplaced,
    /// The samples' lengths do not add up to the codes there are.
    LengthMismatch,
}

impl core::fmt::Display for FingerprintError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::TooShort => "too little audio: at least 2.4 s are needed",
            Self::TooLong => "too long: 300 codes a sample, 12 hours a reference at most",
            Self::EmptySample => "a sample without codes",
            Self::TooManySamples => "more than six samples",
            Self::Misplaced => "samples overlap or are out of order, or what is whole is not",
            Self::LengthMismatch => "the samples' lengths do not add up to the codes there are",
        })
    }
}

impl core::error::Error for FingerprintError {}

fn check(kind: Kind, spans: &Spans, codes: usize) -> Result<(), FingerprintError> {
    check_spans(kind, spans)?;
    let sum: u64 = spans.iter().map(|span| u64::from(span.len)).sum();
    if sum != codes as u64 {
        return Err(FingerprintError::LengthMismatch);
    }
    if codes < CODES_MIN {
        return Err(FingerprintError::TooShort);
    }
    Ok(())
}

fn check_spans(kind: Kind, spans: &Spans) -> Result<(), FingerprintError> {
    let longest = match kind {
        Kind::Query | Kind::Clip => CODES_PER_SAMPLE,
        Kind::Reference => CODES_PER_REFERENCE,
    };
    let mut end = 0_u64;
    let mut has_gaps = false;
    for span in spans {
        if span.len == 0 {
            return Err(FingerprintError::EmptySample);
        }
        if span.len as usize > longest {
            return Err(FingerprintError::TooLong);
        }
        if u64::from(span.start) < end {
            return Err(FingerprintError::Misplaced);
        }
        has_gaps |= u64::from(span.start) > end;
        end = u64::from(span.start) + u64::from(span.len);
    }
    if kind == Kind::Clip && has_gaps {
        return Err(FingerprintError::Misplaced);
    }
    let whole = spans.len() == 1 && spans.iter().all(|span| span.start == 0);
    if end > u64::from(u32::MAX) || (kind == Kind::Reference && !whole) {
        return Err(FingerprintError::Misplaced);
    }
    Ok(())
}
