//! The fingerprint in a browser tab and in Node: decode and core, and tags, behind functions of
//! bytes in, bytes out.
//!
//! Six WebAssembly modules are built of it, so that a page loads what it uses: with the feature
//! `extract` the one for PCM that is there already, with `mp3` the one that reads MP3 files too,
//! with `common` AAC, FLAC and WAV, with `decode` all kinds of files, with `tag` the one that
//! checks, finds and places tags, with `capacity` the one for who plans servers.
//!
//! The npm package `onmon` (`wasm/npm`) is the only caller: its worker feeds a module one file
//! and is ended afterwards, which gives all memory back. What the package promises its users is
//! written there.

mod refusal;

#[cfg(any(feature = "file", feature = "tag"))]
mod blob;
#[cfg(feature = "capacity")]
mod capacity;
#[cfg(feature = "file")]
mod essence;
#[cfg(feature = "extract")]
mod extractor;
#[cfg(feature = "file")]
mod fingerprint;
#[cfg(feature = "decode")]
mod packets;
#[cfg(feature = "tag")]
mod tag;
#[cfg(feature = "extract")]
mod wire;
