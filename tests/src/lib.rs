//! What the cross-room tests and measurements share: the golden vectors on disk, the signals they
//! are made of, synthetic catalogues, files of real music's codes.

#![forbid(unsafe_code)]

pub mod codes_file;
pub mod signals;
pub mod songs;
pub mod synthetic;
pub mod vectors;
