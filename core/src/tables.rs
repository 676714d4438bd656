//! The tables that `build.rs` computes: resampler taps, window, band weights, logarithms.

include!(concat!(env!("OUT_DIR"), "/tables.rs"));
