//! What the cross-room tests share: the golden vectors on disk, and the signals they are made of.

#![forbid(unsafe_code)]

pub mod signals;
pub mod vectors;
