//! The border between C's pointers and Rust's references: every pointer is looked at here, and no
//! panic goes past it.
#![allow(unsafe_code, reason = "pointers from C can be followed in no other way")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::status::OnmonStatus;

/// Runs a call. A panic, which would be undefined in C, becomes [`OnmonStatus::Internal`].
pub(crate) fn guarded(run: impl FnOnce() -> Result<(), OnmonStatus>) -> OnmonStatus {
    // What a panic leaves behind is either the caller's buffer or behind a lock that it poisons.
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(())) => OnmonStatus::Ok,
        Ok(Err(status)) => status,
        Err(_) => OnmonStatus::Internal,
    }
}

/// What a pointer points at.
///
/// # Safety
/// If not NULL it points at a `T` that stays and is not written to for as long as `'a`.
pub(crate) unsafe fn shared<'a, T>(pointer: *const T) -> Result<&'a T, OnmonStatus> {
    check(pointer)?;
    // SAFETY: not NULL and aligned, as checked; the rest the caller promises.
    Ok(unsafe { &*pointer })
}

/// `len` items from a pointer on; NULL is as good as any for none.
///
/// # Safety
/// If `len` is not 0 and the pointer not NULL, it points at `len` items that stay and are not
/// written to for as long as `'a`.
pub(crate) unsafe fn slice<'a, T>(pointer: *const T, len: usize) -> Result<&'a [T], OnmonStatus> {
    if len == 0 {
        return Ok(&[]);
    }
    check(pointer)?;
    if len.checked_mul(size_of::<T>()).is_none_or(|bytes| bytes > isize::MAX as usize) {
        return Err(OnmonStatus::InvalidPointer);
    }
    // SAFETY: not NULL, aligned and no longer than any object, as checked; the rest the caller
    // promises.
    Ok(unsafe { std::slice::from_raw_parts(pointer, len) })
}

/// Writes a value where a pointer points.
///
/// # Safety
/// If not NULL it points at room for a `T` that nobody else uses meanwhile.
pub(crate) unsafe fn put<T: Copy>(pointer: *mut T, value: T) -> Result<(), OnmonStatus> {
    check(pointer)?;
    // SAFETY: not NULL and aligned, as checked; the rest the caller promises. What was there is not
    // read or dropped, so it need not be initialised.
    unsafe { pointer.write(value) };
    Ok(())
}

/// Copies bytes into a caller's buffer and says in `length` how many they are, whether or not they
/// fit.
///
/// # Safety
/// `length` is as for [`put`]; `buffer`, if not NULL, points at `capacity` bytes that nobody else
/// uses meanwhile.
pub(crate) unsafe fn hand_out(
    bytes: &[u8],
    buffer: *mut u8,
    capacity: usize,
    length: *mut usize,
) -> Result<(), OnmonStatus> {
    // SAFETY: as the caller promises.
    unsafe { put(length, bytes.len()) }?;
    if bytes.len() > capacity {
        return Err(OnmonStatus::BufferTooSmall);
    }
    if bytes.is_empty() {
        return Ok(());
    }
    check(buffer)?;
    // SAFETY: the buffer is not NULL and has room for so many bytes; it is the caller's, `bytes`
    // are ours, so they do not overlap.
    unsafe { buffer.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
    Ok(())
}

fn check<T>(pointer: *const T) -> Result<(), OnmonStatus> {
    if pointer.is_null() {
        return Err(OnmonStatus::NullPointer);
    }
    if !pointer.is_aligned() {
        return Err(OnmonStatus::InvalidPointer);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_status() {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| {}));
        let status = guarded(|| panic!("a mistake in onmon"));
        std::panic::set_hook(usual);
        assert_eq!(status, OnmonStatus::Internal);
    }

    #[test]
    fn null_misaligned_and_endless_are_refused_and_nothing_at_all_is_not() {
        let words = [1_i16, 2, 3];
        let odd = words.as_ptr().cast::<u8>().wrapping_add(1).cast::<i16>();
        // SAFETY: either refused before it is followed, or the array above.
        unsafe {
            assert_eq!(slice(words.as_ptr(), 3), Ok(&words[..]));
            assert_eq!(slice::<i16>(std::ptr::null(), 0), Ok(&[][..]));
            assert_eq!(slice::<i16>(std::ptr::null(), 1), Err(OnmonStatus::NullPointer));
            assert_eq!(slice(odd, 1), Err(OnmonStatus::InvalidPointer));
            assert_eq!(slice(words.as_ptr(), usize::MAX), Err(OnmonStatus::InvalidPointer));
            assert_eq!(shared::<i16>(std::ptr::null()), Err(OnmonStatus::NullPointer));
        }
    }
}
