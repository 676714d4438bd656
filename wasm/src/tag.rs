//! Signed tags: checked, found in files, and the patches that put them there.

use std::io::{Cursor, Read, Seek};

use js_sys::{Array, Object, Uint8Array};
use onmon_tag::files::{self, FileError, Patch};
use onmon_tag::{KeysError, PublicKeys, Release, Tag, TagError};
use wasm_bindgen::prelude::*;
use web_sys::Blob;

use crate::blob::BlobSource;
use crate::refusal::{refusal, set};

/// The tag that one of the keys of a JWK Set has signed. Any bytes are safe to pass.
///
/// # Errors
/// `{code, message}` with the code of [`TagError::code`] or [`KeysError::code`].
#[wasm_bindgen(
    js_name = verifyTag,
    unchecked_return_type = "{ version: number; recordingId: string; permitId: string; \
        essence: Uint8Array; fingerprint: Uint8Array; issuedMs: number; encoder: number }"
)]
pub fn verify_tag(bytes: &[u8], jwks: &str) -> Result<Object, JsValue> {
    Ok(tag_object(&Tag::verify(bytes, &keys(jwks)?).map_err(|error| tag_refused(&error))?))
}

/// What the bytes of a tag say, unverified, and the id of the key that is said to have signed it.
///
/// # Errors
/// `{code, message}` with the code of [`TagError::code`].
#[wasm_bindgen(
    js_name = claimsOfTag,
    unchecked_return_type = "{ version: number; recordingId: string; permitId: string; \
        essence: Uint8Array; fingerprint: Uint8Array; issuedMs: number; encoder: number; \
        keyId: string }"
)]
pub fn claims_of_tag(bytes: &[u8]) -> Result<Object, JsValue> {
    let (tag, key_id) = Tag::unverified(bytes).map_err(|error| tag_refused(&error))?;
    let object = tag_object(&tag);
    set(&object, "keyId", &key_id.to_string().into());
    Ok(object)
}

/// The release that one of the keys of a JWK Set has signed.
///
/// # Errors
/// `{code, message}` with the code of [`TagError::code`] or [`KeysError::code`].
#[wasm_bindgen(
    js_name = verifyRelease,
    unchecked_return_type = "{ permitId: string; accountId: string; essence: Uint8Array; \
        issuedMs: number; expiresMs: number }"
)]
pub fn verify_release(bytes: &[u8], jwks: &str) -> Result<Object, JsValue> {
    let release = Release::verify(bytes, &keys(jwks)?).map_err(|error| tag_refused(&error))?;
    let object = Object::new();
    set(&object, "permitId", &release.permit_id.as_str().into());
    set(&object, "accountId", &release.account_id.as_str().into());
    set(&object, "essence", &Uint8Array::from(release.essence.as_slice()));
    set(&object, "issuedMs", &(release.issued_ms as f64).into());
    set(&object, "expiresMs", &(release.expires_ms as f64).into());
    Ok(object)
}

/// Whether a release unlocks a tagged file for an account, now (Unix milliseconds). Both are
/// verified first.
///
/// # Errors
/// `{code, message}` with the code of [`onmon_tag::Locked::code`] and those of `verifyTag`.
#[wasm_bindgen(js_name = checkRelease)]
pub fn check_release(
    release: &[u8],
    tag: &[u8],
    account_id: &str,
    now_ms: f64,
    jwks: &str,
) -> Result<(), JsValue> {
    let keys = keys(jwks)?;
    let release = Release::verify(release, &keys).map_err(|error| tag_refused(&error))?;
    let tag = Tag::verify(tag, &keys).map_err(|error| tag_refused(&error))?;
    let unlocked = release.unlocks(&tag, account_id, now_ms as i64);
    unlocked.map_err(|locked| refusal(locked.code(), &locked))
}

/// The signed tag in a file that the user chose; in a worker of a browser.
///
/// # Errors
/// `{code, message}` with the code of [`FileError::code`].
#[wasm_bindgen(js_name = findTagBlob)]
pub fn find_tag_blob(blob: Blob) -> Result<Option<Vec<u8>>, JsValue> {
    find(BlobSource::new(blob)?)
}

/// The same for the bytes of a file, anywhere.
///
/// # Errors
/// As `findTagBlob`.
#[wasm_bindgen(js_name = findTagBytes)]
pub fn find_tag_bytes(bytes: Vec<u8>) -> Result<Option<Vec<u8>>, JsValue> {
    find(Cursor::new(bytes))
}

/// What to change in a file so that it carries the tag, or none: the bytes from `start` to `end`
/// become `bytes`. In a worker of a browser; reads the headers alone.
///
/// # Errors
/// `{code, message}` with the code of [`FileError::code`].
#[wasm_bindgen(
    js_name = planTagBlob,
    unchecked_return_type = "{ start: number; end: number; bytes: Uint8Array }[]"
)]
pub fn plan_tag_blob(blob: Blob, tag: Option<Vec<u8>>) -> Result<Array, JsValue> {
    plan(BlobSource::new(blob)?, tag.as_deref())
}

/// The same for the bytes of a file, anywhere.
///
/// # Errors
/// As `planTagBlob`.
#[wasm_bindgen(
    js_name = planTagBytes,
    unchecked_return_type = "{ start: number; end: number; bytes: Uint8Array }[]"
)]
pub fn plan_tag_bytes(bytes: Vec<u8>, tag: Option<Vec<u8>>) -> Result<Array, JsValue> {
    plan(Cursor::new(bytes), tag.as_deref())
}

fn find(source: impl Read + Seek) -> Result<Option<Vec<u8>>, JsValue> {
    files::read(source).map_err(|error| file_refused(&error))
}

fn plan(source: impl Read + Seek, tag: Option<&[u8]>) -> Result<Array, JsValue> {
    let patches = match tag {
        Some(tag) => files::plan_write(source, tag),
        None => files::plan_strip(source),
    };
    let patches = patches.map_err(|error| file_refused(&error))?;
    Ok(patches.iter().map(patch_object).collect())
}

fn patch_object(patch: &Patch) -> Object {
    let object = Object::new();
    set(&object, "start", &(patch.start as f64).into());
    set(&object, "end", &(patch.end as f64).into());
    set(&object, "bytes", &Uint8Array::from(patch.bytes.as_slice()));
    object
}

fn tag_object(tag: &Tag) -> Object {
    let object = Object::new();
    set(&object, "version", &tag.version.into());
    set(&object, "recordingId", &tag.recording_id.as_str().into());
    set(&object, "permitId", &tag.permit_id.as_str().into());
    set(&object, "essence", &Uint8Array::from(tag.essence.as_slice()));
    set(&object, "fingerprint", &Uint8Array::from(tag.fingerprint.as_slice()));
    set(&object, "issuedMs", &(tag.issued_ms as f64).into());
    set(&object, "encoder", &tag.encoder.into());
    object
}

fn keys(jwks: &str) -> Result<PublicKeys, JsValue> {
    PublicKeys::from_jwks(jwks).map_err(|error: KeysError| refusal(error.code(), &error))
}

fn tag_refused(error: &TagError) -> JsValue {
    refusal(error.code(), error)
}

fn file_refused(error: &FileError) -> JsValue {
    refusal(error.code(), error)
}
