//! The fingerprint in a browser tab and in Node: decode and core behind functions of bytes in,
//! bytes out.
//!
//! The npm package `onmon` (`wasm/npm`) is the only caller: its worker feeds this module one file
//! and is ended afterwards, which gives all memory back. What the package promises its users is
//! written there.

mod blob;
mod extractor;
mod fingerprint;
mod refusal;
mod wire;
