//! The functions that `include/onmon.h` declares. Each is short: what it does is in `context.rs`
//! and `alike.rs`, what may be done with pointers in `border.rs`.
#![allow(unsafe_code, reason = "names that C can link, pointers that C hands in")]

use std::ffi::{CStr, c_char};
use std::panic::catch_unwind;

use crate::alike::{OnmonMatch, compare};
use crate::border::{guarded, hand_out, put, shared, slice};
use crate::context::OnmonContext;
use crate::status::OnmonStatus;

/// The version of this interface that a program was compiled against; the library's soname has it
/// too.
pub const ONMON_ABI_VERSION: u32 = 1;

/// A buffer of so many bytes holds every query fingerprint.
pub const ONMON_FINGERPRINT_BYTES_MAX: usize = 1900;

const _: () = assert!(onmon_core::wire::QUERY_BYTES_MAX <= ONMON_FINGERPRINT_BYTES_MAX);

const VERSION: &CStr =
    match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
        Ok(version) => version,
        Err(_) => panic!("a version without a zero in it"),
    };

/// The interface's version that this library has: must be ONMON_ABI_VERSION.
#[unsafe(no_mangle)]
pub extern "C" fn onmon_abi_version() -> u32 {
    ONMON_ABI_VERSION
}

/// The library's version, as in "0.1.0". The string is the library's and stays.
#[unsafe(no_mangle)]
pub extern "C" fn onmon_version() -> *const c_char {
    VERSION.as_ptr()
}

/// A sentence on a status, in English. The string is the library's and stays; never NULL, also for
/// numbers that no function returns.
#[unsafe(no_mangle)]
pub extern "C" fn onmon_error_message(status: i32) -> *const c_char {
    let message = OnmonStatus::of(status).map_or(c"an unknown status", OnmonStatus::message);
    message.as_ptr()
}

/// Makes a context. Free it with onmon_free. NULL only after a mistake in onmon.
#[unsafe(no_mangle)]
pub extern "C" fn onmon_new() -> *mut OnmonContext {
    let made = catch_unwind(|| Box::into_raw(Box::new(OnmonContext::new())));
    made.unwrap_or(std::ptr::null_mut())
}

/// Frees a context. NULL is let pass.
///
/// # Safety
/// The context is NULL, or one that onmon_new made and that was not freed; no other call is using
/// it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onmon_free(context: *mut OnmonContext) {
    if context.is_null() {
        return;
    }
    // SAFETY: it came from `Box::into_raw` in `onmon_new`, and the caller uses it no more.
    let context = unsafe { Box::from_raw(context) };
    guarded(|| {
        drop(context);
        Ok(())
    });
}

/// Begins a recording of so many interleaved channels and forgets the one before. The usual rates
/// from 8000 to 192000 Hz are taken, and refused are others.
///
/// # Safety
/// The context is NULL, or one that onmon_new made and that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onmon_start(
    context: *mut OnmonContext,
    sample_rate_hz: u32,
    channels: u32,
) -> OnmonStatus {
    // SAFETY: as the caller promises.
    guarded(|| unsafe { shared(context) }?.start(sample_rate_hz, channels))
}

/// Takes `count` interleaved 16-bit samples (all channels counted), of any number, also of a part
/// of a frame.
///
/// # Safety
/// The context is as for onmon_start; `samples` points at `count` samples, or `count` is 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onmon_feed(
    context: *mut OnmonContext,
    samples: *const i16,
    count: usize,
) -> OnmonStatus {
    // SAFETY: as the caller promises.
    guarded(|| unsafe { shared(context)?.feed(slice(samples, count)?) })
}

/// The same for 32-bit floating point, full scale at +-1. NaN counts as silence.
///
/// # Safety
/// As for onmon_feed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onmon_feed_float(
    context: *mut OnmonContext,
    samples: *const f32,
    count: usize,
) -> OnmonStatus {
    // SAFETY: as the caller promises.
    guarded(|| unsafe { shared(context)?.feed(slice(samples, count)?) })
}

/// Ends the recording. May be called again.
///
/// # Safety
/// The context is as for onmon_start.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onmon_finish(context: *mut OnmonContext) -> OnmonStatus {
    // SAFETY: as the caller promises.
    guarded(|| unsafe { shared(context) }?.finish())
}

/// Writes the query fingerprint, exactly the bytes that are sent to a server, and their number.
/// ONMON_FINGERPRINT_BYTES_MAX bytes always suffice; where the buffer is too small (also with NULL
/// and 0) `length` says what is needed. After onmon_finish.
///
/// # Safety
/// The context is as for onmon_start; `buffer` points at `capacity` bytes or `capacity` is 0;
/// `length` points at a size_t.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onmon_get_fingerprint(
    context: *const OnmonContext,
    buffer: *mut u8,
    capacity: usize,
    length: *mut usize,
) -> OnmonStatus {
    // SAFETY: as the caller promises.
    guarded(|| unsafe { hand_out(&shared(context)?.query()?, buffer, capacity, length) })
}

/// The same for the reference fingerprint, which is enrolled: 20 bytes a second of audio and up to
/// 100 more.
///
/// # Safety
/// As for onmon_get_fingerprint.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onmon_get_reference(
    context: *const OnmonContext,
    buffer: *mut u8,
    capacity: usize,
    length: *mut usize,
) -> OnmonStatus {
    // SAFETY: as the caller promises.
    guarded(|| unsafe { hand_out(&shared(context)?.reference()?, buffer, capacity, length) })
}

/// The same for the codes themselves, one byte per 50 ms, also before onmon_finish: all so far.
///
/// # Safety
/// As for onmon_get_fingerprint.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onmon_get_codes(
    context: *const OnmonContext,
    buffer: *mut u8,
    capacity: usize,
    length: *mut usize,
) -> OnmonStatus {
    guarded(|| {
        // SAFETY: as the caller promises.
        let context = unsafe { shared(context) }?;
        // SAFETY: as the caller promises.
        context.codes(|codes| unsafe { hand_out(codes, buffer, capacity, length) })
    })
}

/// Lays a query fingerprint on a reference fingerprint and says where and how certainly they agree.
/// Any bytes at all are safe to pass.
///
/// # Safety
/// `query` and `reference` point at as many bytes as is said; `found` points at an OnmonMatch.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn onmon_compare(
    query: *const u8,
    query_length: usize,
    reference: *const u8,
    reference_length: usize,
    found: *mut OnmonMatch,
) -> OnmonStatus {
    // SAFETY: as the caller promises.
    guarded(|| unsafe {
        let compared = compare(slice(query, query_length)?, slice(reference, reference_length)?)?;
        put(found, compared)
    })
}
