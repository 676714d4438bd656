//! The budgets: what ships may not grow beyond these. A change that needs more raises one here, and
//! says why.

/// The WebAssembly module as a browser fetches it, compressed by brotli (quality 11).
pub const WASM_BROTLI_BYTES_MAX: u64 = 480_000;

/// The whole Cortex-M image, QEMU harness included.
pub const FIRMWARE_FLASH_BYTES_MAX: u64 = 88 * 1024;

/// Variables and the deepest stack of that image.
pub const FIRMWARE_RAM_BYTES_MAX: u64 = 20 * 1024;

/// Instructions a Cortex-M4F spends on a second of audio, of the dearest golden vector.
pub const FIRMWARE_INSTRUCTIONS_PER_SECOND_MAX: u64 = 14_000_000;
