//! The command line of `onmon-server index`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use onmon_library::{Place, Sampling};
use onmon_store::Location;

use crate::platform;

/// What to do with the library's index.
#[derive(Debug, Subcommand)]
pub enum IndexCommand {
    /// Shows how large the index is on disk, segment by segment. The server may run.
    Stats(StatsArgs),
    /// Reads every byte of the index and compares it with the catalogue. The server may run.
    ///
    /// Each damage is a line on standard output. Exit code 0: sound; 1: damaged.
    Verify(LibraryArgs),
    /// Makes one segment of all, without the room of what was removed or replaced.
    ///
    /// The server must not run. Until it is done it takes the room of a second index. Doing it
    /// again changes nothing.
    Compact(LibraryArgs),
    /// Removes the index and builds it anew from the catalogue. The server must not run.
    Rebuild(RebuildArgs),
    /// Writes every recording with its metadata and reference fingerprint, for `index import`.
    ///
    /// All of it is as it was at one moment; the server may run.
    Export(ExportArgs),
    /// Enrols what `index export` wrote. The server must not run.
    ///
    /// A recording whose id is there already is replaced, so importing again does no harm. A bad
    /// record is told by its number and passed over (exit code 1). Where the export is cut off or
    /// no longer makes sense importing stops (exit code 3). What was imported stays in any case.
    Import(ImportArgs),
}

/// Which library.
#[derive(Debug, Args)]
pub struct LibraryArgs {
    /// The library: index, and catalogue if it is not elsewhere.
    #[arg(long, value_name = "DIR", env = "ONMON_DATA")]
    pub data: PathBuf,

    /// The server's database, if the catalogue is not in DIR: `postgres://user:password@host/name`.
    #[arg(long, value_name = "URL", env = "ONMON_DATABASE", hide_env_values = true)]
    pub database: Option<Location>,
}

impl LibraryArgs {
    /// Where it is.
    pub fn place(&self) -> Place {
        platform::library(self.database.as_ref(), &self.data)
    }
}

/// `onmon-server index rebuild`.
#[derive(Debug, Args)]
pub struct RebuildArgs {
    #[command(flatten)]
    pub library: LibraryArgs,

    /// Keeps one key of N, 1 to 64: more of them find more of what is short or noisy, and make the
    /// index larger and slower. What is enrolled later is kept alike.
    #[arg(long, value_name = "N", default_value_t)]
    pub one_key_of: Sampling,
}

/// `onmon-server index stats`.
#[derive(Debug, Args)]
pub struct StatsArgs {
    #[command(flatten)]
    pub library: LibraryArgs,

    /// Prints one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// `onmon-server index export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    #[command(flatten)]
    pub library: LibraryArgs,

    /// The file to write, in place of one that is there; `-` is standard output.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// `onmon-server index import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// Made if it is not there.
    #[command(flatten)]
    pub library: LibraryArgs,

    /// The file to read; `-` is standard input.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}
