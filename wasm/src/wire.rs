//! Fingerprints as objects that JavaScript can look into, and codes as fingerprints.

use js_sys::{Array, Object, Uint8Array};
use onmon_core::profile::BANDS;
use onmon_core::{
    CODES_MIN, CODES_PER_QUERY, CODES_PER_SAMPLE, Fingerprint, FingerprintError, HOP_MS, Kind,
    Margins, QueryBuilder, wire,
};
use wasm_bindgen::prelude::*;

use crate::refusal::{refusal, set};

/// The content of wire bytes. Any bytes are safe to pass.
///
/// # Errors
/// `{code, message}` with the code of [`wire::WireError::code`].
#[wasm_bindgen(
    js_name = decodeWire,
    unchecked_return_type = "{ kind: 'query' | 'reference' | 'clip'; profile: number; encoder: number; \
        durationMs: number; hopMs: number; samples: { startMs: number; codes: Uint8Array }[] }"
)]
pub fn decode_wire(bytes: &[u8]) -> Result<Object, JsValue> {
    let fingerprint = wire::decode(bytes).map_err(|error| refusal(error.code(), &error))?;
    let samples = Array::new();
    for sample in fingerprint.samples() {
        let object = Object::new();
        // As f64: a start may be anything up to u32::MAX codes.
        let start_ms = f64::from(sample.start) * f64::from(HOP_MS);
        set(&object, "startMs", &start_ms.into());
        set(&object, "codes", &Uint8Array::from(sample.codes));
        samples.push(&object);
    }
    let kind = match fingerprint.kind() {
        Kind::Query => "query",
        Kind::Reference => "reference",
        Kind::Clip => "clip",
    };
    let object = Object::new();
    set(&object, "kind", &kind.into());
    set(&object, "profile", &fingerprint.profile().0.into());
    set(&object, "encoder", &fingerprint.encoder().0.into());
    set(&object, "durationMs", &fingerprint.duration_ms().into());
    set(&object, "hopMs", &HOP_MS.into());
    set(&object, "samples", &samples);
    Ok(object)
}

/// The media type under which fingerprints travel.
#[wasm_bindgen(js_name = mediaType)]
pub fn media_type() -> String {
    wire::MEDIA_TYPE.to_owned()
}

/// The wire bytes of a query from all codes of a recording and its margins
/// (`Extractor.margins`): a clip of a short one, else the six samples that core's plan takes; with
/// a `seed` those that it draws.
///
/// # Errors
/// `{code: "too_short", message}` below 20 codes.
#[wasm_bindgen(js_name = queryFromCodes)]
pub fn query_from_codes(
    codes: &[u8],
    margins: Option<Vec<u8>>,
    duration_ms: u32,
    seed: Option<u64>,
) -> Result<Vec<u8>, JsValue> {
    let margins = margins.as_deref().and_then(|both| {
        let (before, after) = both.split_first_chunk()?;
        Some(Margins { before: *before, after: *after.first_chunk()? })
    });
    let query = QueryBuilder::of_sound(duration_ms, codes, margins.as_ref(), seed);
    finish(&query.map_err(|error| invalid(&error))?)
}

/// The wire bytes of a stretch of a live stream, the first of whose codes has the number `first`:
/// samples that follow one another.
///
/// # Errors
/// `{code, message}` with `too_short` below 20 codes, `invalid_fingerprint` above 1,800.
#[wasm_bindgen(js_name = queryFromStretch)]
pub fn query_from_stretch(first: u32, codes: &[u8]) -> Result<Vec<u8>, JsValue> {
    let mut builder = QueryBuilder::new(0);
    let mut start = first;
    for sample in codes.chunks(CODES_PER_SAMPLE) {
        builder.push(start, sample).map_err(|error| invalid(&error))?;
        start = start.saturating_add(CODES_PER_SAMPLE as u32);
    }
    finish(&builder)
}

/// The wire bytes of a query whose samples are in two, those of `first` before those of `second`.
///
/// # Errors
/// `{code, message}` with the code of [`wire::WireError::code`], or `invalid_fingerprint` where
/// they are not parts of one.
#[wasm_bindgen(js_name = joinQueries)]
pub fn join_queries(first: &[u8], second: &[u8]) -> Result<Vec<u8>, JsValue> {
    let read = |part| wire::decode(part).map_err(|error| refusal(error.code(), &error));
    let (first, second) = (read(first)?, read(second)?);
    if first.duration_ms() != second.duration_ms() {
        return Err(refusal("invalid_fingerprint", &"they are of different recordings"));
    }
    let mut builder = QueryBuilder::new(first.duration_ms());
    for sample in first.samples().chain(second.samples()) {
        builder.push(sample.start, sample.codes).map_err(|error| invalid(&error))?;
    }
    finish(&builder)
}

/// The numbers of core that who sends codes, or draws a picture, has to know.
#[wasm_bindgen(
    unchecked_return_type = "{ hopMs: number; codesMin: number; codesPerQuery: number; bands: number }"
)]
pub fn limits() -> Object {
    let object = Object::new();
    set(&object, "hopMs", &HOP_MS.into());
    set(&object, "codesMin", &(CODES_MIN as u32).into());
    set(&object, "codesPerQuery", &(CODES_PER_QUERY as u32).into());
    set(&object, "bands", &(BANDS as u32).into());
    object
}

fn finish(builder: &QueryBuilder) -> Result<Vec<u8>, JsValue> {
    encode(&builder.finish().map_err(|error| invalid(&error))?)
}

/// The wire bytes of a fingerprint.
pub fn encode(fingerprint: &Fingerprint<'_>) -> Result<Vec<u8>, JsValue> {
    let mut bytes = vec![0; wire::encoded_len_max(fingerprint.codes().len())];
    let written = wire::encode(fingerprint, &mut bytes);
    bytes.truncate(written.map_err(|error| refusal(error.code(), &error))?);
    Ok(bytes)
}

fn invalid(error: &FingerprintError) -> JsValue {
    let code = match error {
        FingerprintError::TooShort => "too_short",
        _ => "invalid_fingerprint",
    };
    refusal(code, error)
}
