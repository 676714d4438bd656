//! A file to its query fingerprint: the whole job of the package's worker.

use std::io::Cursor;
use std::ops::ControlFlow;

use js_sys::{Array, Function, Object, Uint8Array};
use onmon_decode::{DecodeError, Hooks, Media, MediaSource, Part, Path, Places, Query};
use wasm_bindgen::prelude::*;
use web_sys::Blob;

use crate::blob::BlobSource;
use crate::refusal::{refusal, set};

/// Fingerprints a file that the user chose, in a worker of a browser. Blocks until done; reads only
/// what the samples need.
///
/// `name` may be empty; its extension is a hint on the container. `on_progress` is called with the
/// share done, 0 to 1, about a hundred times; when it returns `false` the work ends with code
/// `aborted`. With a `seed` the samples lie where a server has drawn them. Of several `parts` it
/// takes the samples of one (`onmon_decode::Media::query_part`), and returns `null` where there are
/// none for it.
///
/// Of what it returns, `bytes` are the wire bytes, `codes` those that the whole recording yields;
/// `pictures`, one a sample if `pictured`, are its log bands (`onmon_decode::Query::pictures`);
/// `isWhole` says that all samples are there, whichever part was asked for.
///
/// # Errors
/// `{code, message}` with the code of [`DecodeError::code`].
#[wasm_bindgen(
    js_name = fingerprintBlob,
    unchecked_return_type = "{ bytes: Uint8Array; codes: number; decodeMs: number; \
        extractMs: number; readBytes: number; pictures: Uint8Array[]; isWhole: boolean } | null"
)]
pub fn fingerprint_blob(
    blob: Blob,
    name: &str,
    on_progress: &Function,
    seed: Option<u64>,
    pictured: bool,
    part: u32,
    parts: u32,
) -> Result<JsValue, JsValue> {
    let source = Box::new(BlobSource::new(blob)?);
    fingerprint(source, name, on_progress, seed, pictured, Part { index: part, of: parts })
}

/// The same for the bytes of an encoded file, anywhere.
///
/// # Errors
/// `{code, message}` with the code of [`DecodeError::code`].
#[wasm_bindgen(
    js_name = fingerprintBytes,
    unchecked_return_type = "{ bytes: Uint8Array; codes: number; decodeMs: number; \
        extractMs: number; readBytes: number; pictures: Uint8Array[]; isWhole: boolean } | null"
)]
pub fn fingerprint_bytes(
    bytes: Vec<u8>,
    name: &str,
    on_progress: &Function,
    seed: Option<u64>,
    pictured: bool,
    part: u32,
    parts: u32,
) -> Result<JsValue, JsValue> {
    let source = Box::new(Cursor::new(bytes));
    fingerprint(source, name, on_progress, seed, pictured, Part { index: part, of: parts })
}

fn fingerprint(
    source: Box<dyn MediaSource>,
    name: &str,
    on_progress: &Function,
    seed: Option<u64>,
    pictured: bool,
    part: Part,
) -> Result<JsValue, JsValue> {
    let began_ms = now();
    let extension = extension_of(name);
    let mut media = Media::open(source, extension).map_err(|error| refused(&error))?;
    if let Some(seed) = seed {
        media.set_places(Places::Drawn(seed));
    }
    if pictured {
        media.keep_pictures();
    }
    let opened_ms = now() - began_ms;
    let mut hooks = Hooks { clock: now, on_progress: &mut |share| tell(on_progress, share) };
    let query = media.query_part(part, &mut hooks).map_err(|error| refused(&error))?;
    Ok(query.map_or(JsValue::NULL, |query| answer(&query, part, opened_ms).into()))
}

fn answer(query: &Query, part: Part, opened_ms: f64) -> Object {
    let object = Object::new();
    set(&object, "bytes", &Uint8Array::from(query.wire.as_slice()));
    set(&object, "codes", &query.codes.into());
    set(&object, "decodeMs", &(opened_ms + query.spent.decode_ms).into());
    set(&object, "extractMs", &query.spent.extract_ms.into());
    set(&object, "readBytes", &(query.bytes_read as f64).into());
    let pictures: Array = query.pictures.iter().map(|p| Uint8Array::from(p.as_slice())).collect();
    set(&object, "pictures", &pictures);
    set(&object, "isWhole", &(part.of <= 1 || query.path == Path::Whole).into());
    object
}

/// What a file's name says of its container: a hint.
pub fn extension_of(name: &str) -> Option<&str> {
    name.rsplit_once('.').map(|(_, extension)| extension)
}

/// A callback that throws does not stop the work: its caller hears of that elsewhere.
pub fn tell(on_progress: &Function, share: f32) -> ControlFlow<()> {
    let said = on_progress.call1(&JsValue::NULL, &share.into());
    match said.ok().and_then(|said| said.as_bool()) {
        Some(false) => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    }
}

pub fn refused(error: &DecodeError) -> JsValue {
    refusal(error.code(), error)
}

#[wasm_bindgen]
extern "C" {
    /// Milliseconds since the thread began, the same in browsers, workers and Node.
    #[wasm_bindgen(js_namespace = performance)]
    pub fn now() -> f64;
}
