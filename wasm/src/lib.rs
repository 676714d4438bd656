//! The fingerprint in a browser tab and in Node: decode and core, and tags, behind functions of
//! bytes in, bytes out.
//!
//! Two WebAssembly modules are built of it, so that a page loads what it uses: with the feature
//! `decode` the one that reads audio, with `tag` the one that checks, finds and places tags.
//!
//! The npm package `onmon` (`wasm/npm`) is the only caller: its worker feeds a module one file
//! and is ended afterwards, which gives all memory back. What the package promises its users is
//! written there.

mod blob;
mod refusal;

#[cfg(feature = "decode")]
mod essence;
#[cfg(feature = "decode")]
mod extractor;
#[cfg(feature = "decode")]
mod fingerprint;
#[cfg(feature = "tag")]
mod tag;
#[cfg(feature = "decode")]
mod wire;
