//! Files and byte streams to fingerprints.
//!
//! ```text
//! bytes        a file, a browser's Blob, anything that reads and may seek
//!   | Media::open                        media.rs: container, codec, length
//! packets      with their place in the recording            track.rs, mp3.rs
//!   | Media::query                       samples.rs: six times 15 s by seeking
//!   | Media::reference                   whole.rs: everything
//!   | Media::pcm                         pcm.rs: from any place on, for a player
//! PCM          -> onmon_core::Extractor                     codes.rs
//! ```
//! [`essence::digest`] reads the packets as well and decodes none: it identifies the file's audio.
//! [`Packets`] hands them to a decoder of somebody else's.
//!
//! No files, threads or clock of its own: the caller hands in a [`MediaSource`] and a [`Clock`], so
//! the same code runs in a browser's worker. What a file holds never makes it panic, hang or
//! allocate by a header's word: reads and time are bounded by the source's length
//! ([`DecodeError::BudgetSpent`]).
//!
//! ```no_run
//! use std::{ops::ControlFlow, time::Instant, sync::LazyLock};
//! use onmon_decode::{Hooks, Media};
//!
//! static START: LazyLock<Instant> = LazyLock::new(Instant::now);
//! let media = Media::open(Box::new(std::fs::File::open("song.mp3")?), Some("mp3"))?;
//! let query = media.query(&mut Hooks {
//!     clock: || START.elapsed().as_secs_f64() * 1_000.0,
//!     on_progress: &mut |_share| ControlFlow::Continue(()),
//! })?;
//! println!("{} bytes to send, {} read", query.wire.len(), query.bytes_read);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod choice;
mod codes;
mod error;
pub mod essence;
mod hooks;
mod interleave;
mod media;
mod meter;
mod mp3;
mod names;
#[cfg(feature = "opus")]
mod opus;
mod packets;
mod pcm;
mod picture;
mod samples;
mod track;
mod whole;

pub use error::DecodeError;
pub use hooks::{Clock, Hooks};
pub use media::{Media, MediaInfo, Path, Query, Reference, Spent};
pub use packets::{Codec, EncodedPacket, Packets};
pub use pcm::Pcm;
pub use samples::{Part, Places};
/// What a source must be: `Read`, `Seek` and whether it seeks and how long it is. Files and
/// `std::io::Cursor` are; a stream that only reads becomes one in [`ReadOnlySource`].
pub use symphonia::core::io::{MediaSource, ReadOnlySource};
