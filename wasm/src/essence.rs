//! A file to the digest of its encoded audio.

use std::io::Cursor;

use js_sys::{Function, Object, Uint8Array};
use onmon_decode::{Hooks, MediaSource, essence};
use wasm_bindgen::prelude::*;
use web_sys::Blob;

use crate::blob::BlobSource;
use crate::fingerprint::{extension_of, now, refused, tell};
use crate::refusal::set;

/// Digests the encoded audio of a file that the user chose, in a worker of a browser. Blocks until
/// done; reads everything, decodes nothing. Progress as in `fingerprintBlob`.
///
/// # Errors
/// `{code, message}` with the code of [`onmon_decode::DecodeError::code`].
#[wasm_bindgen(
    js_name = essenceBlob,
    unchecked_return_type = "{ digest: Uint8Array; packets: number; audioBytes: number }"
)]
pub fn essence_blob(blob: Blob, name: &str, on_progress: &Function) -> Result<Object, JsValue> {
    digest(Box::new(BlobSource::new(blob)?), name, on_progress)
}

/// The same for the bytes of a file, anywhere.
///
/// # Errors
/// As `essenceBlob`.
#[wasm_bindgen(
    js_name = essenceBytes,
    unchecked_return_type = "{ digest: Uint8Array; packets: number; audioBytes: number }"
)]
pub fn essence_bytes(
    bytes: Vec<u8>,
    name: &str,
    on_progress: &Function,
) -> Result<Object, JsValue> {
    digest(Box::new(Cursor::new(bytes)), name, on_progress)
}

fn digest(
    source: Box<dyn MediaSource>,
    name: &str,
    on_progress: &Function,
) -> Result<Object, JsValue> {
    let extension = extension_of(name);
    let mut hooks = Hooks { clock: now, on_progress: &mut |share| tell(on_progress, share) };
    let found = essence::digest(source, extension, &mut hooks).map_err(|error| refused(&error))?;
    let object = Object::new();
    set(&object, "digest", &Uint8Array::from(found.digest.as_slice()));
    set(&object, "packets", &(found.packets as f64).into());
    set(&object, "audioBytes", &(found.audio_bytes as f64).into());
    Ok(object)
}
