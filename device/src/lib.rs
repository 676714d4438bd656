//! A fingerprint on a small device, between its microphone and its serial line.
//!
//! ```text
//! interrupt   Intake::fill      intake.rs    a half-buffer, or a counted overrun
//!   | two halves, heapless::spsc
//! main loop   Outlet::take -> Listener::hear   listener.rs   codes by their numbers, gaps told
//!   | onmon_link::Message        library.rs    Recogniser::push: what is playing
//! serial line onmon_link::encode
//! ```
//! Memory is constant and the device's own: two halves, one listener. Nothing blocks, nothing is
//! dropped without being counted.

#![no_std]
#![forbid(unsafe_code)]

mod intake;
mod library;
mod listener;

pub use intake::{Format, Half, Halves, Heard, Intake, Loss, Outlet, double_buffer};
pub use library::{EXCERPT_CODES, Library, Recogniser};
pub use listener::Listener;
