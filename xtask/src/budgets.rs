//! The budgets: what ships may not grow beyond these. A change that needs more raises one here, and
//! says why.

/// The WebAssembly module as a browser fetches it, compressed by brotli (quality 11).
/// The reader of Matroska and WebM is 55 KB of it: what a browser's own recorder writes, and films.
pub const WASM_BROTLI_BYTES_MAX: u64 = 570_000;

/// The module that decodes MP3 alone, likewise.
pub const MP3_WASM_BROTLI_BYTES_MAX: u64 = 210_000;

/// The module that decodes what is common beside MP3, likewise.
pub const COMMON_WASM_BROTLI_BYTES_MAX: u64 = 280_000;

/// The module without decoders, likewise: 23 KB of the encoder's weights, tables, and some 20 KB of
/// code.
pub const EXTRACT_WASM_BROTLI_BYTES_MAX: u64 = 60_000;

/// The module of tags, likewise. Curve arithmetic is most of it.
pub const TAG_WASM_BROTLI_BYTES_MAX: u64 = 120_000;

/// The whole Cortex-M image, QEMU harness included. The encoder's weights are 31 KB of it.
pub const FIRMWARE_FLASH_BYTES_MAX: u64 = 108 * 1024;

/// Variables and the deepest stack of that image. The encoder holds 4.4 KB, and a hop's values and
/// sums on the stack.
pub const FIRMWARE_RAM_BYTES_MAX: u64 = 24 * 1024;

/// The whole Cortex-M image that also knows what is playing, its library not counted: serial line,
/// double buffer and `compare` beside what the other has.
pub const FIRMWARE_PLAYING_FLASH_BYTES_MAX: u64 = 120 * 1024;

/// Variables and the deepest stack of that image: two halves of audio and 15 s of codes more.
pub const FIRMWARE_PLAYING_RAM_BYTES_MAX: u64 = 32 * 1024;

/// Instructions a Cortex-M4F spends on a second of audio, of the dearest golden vector.
/// The encoder takes some 2.2 million of them. The resampler by blocks, made for SIMD, takes up to
/// 2 million more here than the one by samples did (48 kHz).
pub const FIRMWARE_INSTRUCTIONS_PER_SECOND_MAX: u64 = 17_000_000;
