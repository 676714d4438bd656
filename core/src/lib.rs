//! The audio fingerprint of onmon: PCM in, one 8-bit code per 50 ms out, and 1.8 KB for a song.
//!
//! ```text
//! PCM          &[i16] or &[f32], interleaved, any block length, 13 rates from 8 to 192 kHz
//!   | Extractor::push                    extract.rs: resample, spectrum, bands, encoder
//! codes        one u8 per 50 ms
//!   | plan::spans, QueryBuilder          plan.rs, fingerprint.rs: six samples of 15 s
//! fingerprint  at most 1,800 codes and where they lie
//!   | wire::encode, wire::decode         wire.rs: the bytes that leave the machine
//! ```
//!
//! The same PCM gives the same bytes on every target: integer arithmetic all the way but for
//! window to logarithm, and there only `+`, `-` and `*` in a fixed order. No heap, no `unsafe`,
//! and no panic on any input. `spec/` says what a fingerprint is, for someone who writes it in
//! another language.

#![no_std]
#![forbid(unsafe_code)]

pub mod align;
mod bands;
pub mod certainty;
mod code_by_code;
pub mod compare;
mod dot;
mod elsewhere;
pub mod encoder;
mod extract;
mod fingerprint;
mod format;
mod judge;
mod lay;
mod line;
mod pcm;
pub mod plan;
mod planes;
pub mod profile;
mod resample;
mod spectrum;
mod tables;
pub mod wire;

pub use encoder::{MARGIN_CODES, Margins};
pub use extract::Extractor;
pub use fingerprint::{
    ENCODER, EncoderId, Fingerprint, FingerprintError, Kind, PROFILE, ProfileId, QueryBuilder,
    Sample,
};
pub use format::{CHANNELS_MAX, Channels, FormatError, RATES_HZ, SampleRate};
pub use lay::lay;
pub use pcm::PcmSample;
pub use profile::{
    CODES_MIN, CODES_PER_QUERY, CODES_PER_SAMPLE, CODES_PER_SECOND, HOP_MS, SAMPLES_MAX,
};
