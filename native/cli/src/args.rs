//! The command line.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Fingerprints recordings, enrols them and identifies them.
///
/// A fingerprint of a song is some 1.8 KB. Audio never leaves this machine: with --server too only
/// fingerprints are sent.
#[derive(Debug, Parser)]
#[command(
    name = "onmon",
    version,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "Examples:\n  \
        onmon enrol --library ./lib ~/Music                 enrol a folder\n  \
        onmon identify --library ./lib clip.mp3             what is it, and may it be shared?\n  \
        onmon identify --library ./lib --jsonl *.mp3        one JSON object a file, for scripts\n  \
        onmon identify --server http://127.0.0.1:8787 a.mp3 ask a server\n  \
        onmon extract -o fingerprints/ a.mp3 b.flac         exactly the bytes that would be sent\n  \
        onmon inspect fingerprints/a.afp                    look into them\n  \
        onmon share song.mp3 --method tag --server URL -o shared.mp3   ask, and tag it\n  \
        onmon open shared.mp3 --server URL                  what does it cost?\n  \
        onmon play shared.mp3 --server URL --buy            buy it and hear it\n\n\
        Exit codes:\n  \
        0    every file was handled; also when nothing matched\n  \
        1    some files failed, the others were handled (each failure is printed)\n  \
        2    the command line is wrong\n  \
        3    nothing could be done: no such library or server, a full disk, a bad catalogue\n  \
        4    play: the file was shared and not bought, so it was not played\n  \
        130  stopped by Ctrl-C; what was printed as enrolled is enrolled"
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Writes each file's fingerprint into a folder: exactly what would be sent.
    #[command(after_help = "Examples:\n  \
        onmon extract -o out/ song.mp3              writes out/song.afp, at most 1,900 bytes\n  \
        onmon extract --reference -o out/ song.mp3  writes out/song.ref.afp, to enrol elsewhere")]
    Extract(ExtractArgs),
    /// Enrols recordings, so that they can be identified.
    ///
    /// Enrolling a recording again replaces it. A file may be audio or a reference fingerprint
    /// (.ref.afp). What is printed is on disk.
    #[command(after_help = "Examples:\n  \
        onmon enrol --library ./lib ~/Music\n  \
        onmon enrol --library ./lib --catalogue rights.csv ~/Music\n  \
        onmon enrol --server https://onmon.example --token-file token ~/Music\n\n\
        The catalogue is a CSV file with the columns (any order, all but `file` optional)\n  \
        file,recording_id,isrc,iswc,title,artist,rights\n\
        where rights is entrusted, not_entrusted or unknown. A file that it does not list is enrolled\n\
        under its stem with unknown rights; without a catalogue all are enrolled as entrusted.")]
    Enrol(EnrolArgs),
    /// Identifies recordings and says whether they may be shared.
    ///
    /// A file may be audio or a fingerprint (.afp).
    #[command(after_help = "Examples:\n  \
        onmon identify --library ./lib clip.mp3\n  \
        onmon identify --library ./lib --jsonl clips/ > answers.jsonl\n\n\
        --jsonl prints one object a file, in the order given:\n  \
        {\"file\",\"match\":{\"recording_id\",\"title\",\"offset_ms\",\"confidence\"}|null,\"decision\",\"bytes\",\n   \
        \"ms\":{\"decode\",\"extract\",\"match\"},\"error\"?}\n\
        A file that fails has \"error\": \"code: message\" and nulls; the others go on.")]
    Identify(IdentifyArgs),
    /// Compares two files: audio or fingerprints.
    #[command(after_help = "Example:\n  \
        onmon compare original.flac clip.mp3\n\n\
        Confidence c means that unrelated music agrees so much once in 10^c queries of 2 million songs;\n\
        it is 0 for most unrelated pairs. Bit error is 0 for the same codes and about 0.5 for unrelated ones.")]
    Compare(CompareArgs),
    /// Shows what a fingerprint (or the fingerprint of a file) holds.
    #[command(after_help = "Examples:\n  \
        onmon inspect song.afp\n  \
        onmon inspect --json song.mp3 | jq .samples")]
    Inspect(InspectArgs),
    /// Asks a server for the permit to share a file, and writes the file that may be shared.
    ///
    /// With --method tag it is the same file with a signed tag inside; with --method drm it is
    /// encrypted here, with a key of the server's. Of the audio only the fingerprint and a digest
    /// are sent.
    #[command(after_help = "Examples:\n  \
        onmon share song.mp3 --method tag --server https://onmon.example --token-file token -o out.mp3\n  \
        onmon share song.mp3 --method drm --server https://onmon.example --token-file token -o out.sealed\n\n\
        Without a permit nothing is written and the exit code is 1.")]
    Share(ShareArgs),
    /// Opens a file that was shared: checks it, shows its price, buys it.
    ///
    /// Without --pay it asks; where nobody can be asked it only shows the price.
    #[command(after_help = "Examples:\n  \
        onmon open shared.mp3 --server https://onmon.example --token-file token\n  \
        onmon open song.sealed --pay -o song.mp3 --server https://onmon.example --token-file token\n\n\
        What was bought before costs nothing. What was bought is rechecked: see --no-recheck.")]
    Open(OpenArgs),
    /// Plays a file. One that was shared is locked until it is bought.
    ///
    /// What is encrypted is decrypted while it plays: no clear copy is written.
    #[command(after_help = "Examples:\n  \
        onmon play song.flac --start 1:30\n  \
        onmon play shared.mp3 --server https://onmon.example --token-file token        its price; exit code 4\n  \
        onmon play song.sealed --buy --server https://onmon.example --token-file token buys and plays it\n\n\
        What was bought before costs nothing, and is bought again by --buy. A file with neither tag nor\n\
        encryption needs no server. The sound device is in builds with the feature audio-out:\n  \
        cargo build --release -p onmon --features audio-out    (Linux: needs ALSA, Debian's libasound2-dev)")]
    Play(PlayArgs),
    /// Shows the tag in a file, or takes it out.
    #[command(subcommand)]
    Tag(TagCommand),
}

/// `onmon tag`.
#[derive(Debug, Subcommand)]
pub enum TagCommand {
    /// Shows the tag in a file. It is checked with --server or --keys, else only read.
    Read(TagReadArgs),
    /// Takes the tag out of a file; all else in it stays.
    Strip(TagStripArgs),
}

/// `onmon tag read`.
#[derive(Debug, Args)]
pub struct TagReadArgs {
    /// The file.
    pub file: PathBuf,

    /// A server whose keys the tag is checked with.
    #[arg(long, value_name = "URL", conflicts_with = "keys")]
    pub server: Option<String>,

    /// A file with the keys to check it with: a JWK Set, as a server gives it at /v1/keys.
    #[arg(long, value_name = "FILE")]
    pub keys: Option<PathBuf>,

    /// Prints a JSON object.
    #[arg(long)]
    pub json: bool,
}

/// `onmon tag strip`.
#[derive(Debug, Args)]
pub struct TagStripArgs {
    /// The file.
    pub file: PathBuf,

    /// Where to write; the file itself is changed unless given.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// How a file is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Method {
    /// With a signed tag in it; players that keep the rules ask for payment.
    Tag,
    /// Encrypted; its key is bought.
    Drm,
}

/// A server and the account's token.
#[derive(Debug, Args)]
pub struct AccountArgs {
    /// The server's address.
    #[arg(long, value_name = "URL")]
    pub server: String,

    /// The file with the account's API key or a token of it; else the environment's ONMON_TOKEN
    /// counts.
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
}

/// `onmon share`.
#[derive(Debug, Args)]
pub struct ShareArgs {
    /// The audio file.
    pub file: PathBuf,

    /// How to share it.
    #[arg(long, value_name = "METHOD")]
    pub method: Method,

    #[command(flatten)]
    pub account: AccountArgs,

    /// Where to write the file that may be shared.
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,

    /// Prints a JSON object.
    #[arg(long)]
    pub json: bool,
}

/// `onmon open`.
#[derive(Debug, Args)]
pub struct OpenArgs {
    /// A tagged or encrypted file.
    pub file: PathBuf,

    #[command(flatten)]
    pub account: AccountArgs,

    /// Buys it without asking.
    #[arg(long)]
    pub pay: bool,

    /// Where to write what an encrypted file holds.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Leaves out the recheck: after a purchase the fingerprint of the audio that was received is
    /// sent, so that an upload under another recording's name is found.
    #[arg(long)]
    pub no_recheck: bool,

    /// Prints a JSON object.
    #[arg(long)]
    pub json: bool,
}

/// `onmon play`. Without a server what has no tag plays as it is.
#[derive(Debug, Args)]
#[command(mut_arg("server", |server| server.required(false)))]
pub struct PlayArgs {
    /// An audio file, also a tagged or an encrypted one.
    pub file: PathBuf,

    #[command(flatten)]
    pub account: Option<AccountArgs>,

    /// Buys a file that was shared, and then plays it.
    #[arg(long, requires = "server")]
    pub buy: bool,

    /// Asks for the permit of a file whose tag is gone, which counts as an upload of this account,
    /// once for this audio; then its price is shown, and with `--buy` it is bought.
    #[arg(long, requires = "server")]
    pub recover: bool,

    /// Plays a file without a tag as it is. Otherwise its fingerprint, and nothing else, goes to
    /// the server, and what is registered music is locked.
    #[arg(long, conflicts_with = "recover")]
    pub no_identify: bool,

    /// Where to begin, as 90, 90.5, 1:30 or 1:02:03.
    #[arg(long, value_name = "TIME", default_value = "0", value_parser = time_ms)]
    pub start: u32,

    /// Where the sound goes: `default` (the sound device), `null` (nowhere, as fast as it decodes)
    /// or `wav:PATH` (a file).
    #[arg(long, value_name = "SINK", default_value = "default")]
    pub sink: SinkArg,

    /// Leaves out the recheck: see `onmon help open`.
    #[arg(long)]
    pub no_recheck: bool,

    /// Prints a JSON object.
    #[arg(long)]
    pub json: bool,
}

/// Where sound goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SinkArg {
    Default,
    Null,
    Wav(PathBuf),
}

impl FromStr for SinkArg {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match (text, text.strip_prefix("wav:")) {
            ("default", _) => Ok(Self::Default),
            ("null", _) => Ok(Self::Null),
            (_, Some(path)) if !path.is_empty() => Ok(Self::Wav(path.into())),
            _ => Err("a sink is `default`, `null` or `wav:PATH`"),
        }
    }
}

/// Milliseconds of a time as people write it: seconds, behind minutes and hours if there are any.
fn time_ms(text: &str) -> Result<u32, &'static str> {
    const ADVICE: &str = "a time is written as 90, 90.5, 1:30 or 1:02:03";
    let (before, seconds) = text.rsplit_once(':').unwrap_or(("0", text));
    let (hours, minutes) = before.rsplit_once(':').unwrap_or(("0", before));
    let whole = |digits: &str| digits.parse::<u32>().ok().map(f64::from);
    let minutes = whole(hours).zip(whole(minutes)).map(|(hours, minutes)| hours * 60.0 + minutes);
    let seconds = seconds.parse::<f64>().ok().filter(|seconds| *seconds >= 0.0);
    let ms = minutes.zip(seconds).map(|(minutes, seconds)| (minutes * 60.0 + seconds) * 1_000.0);
    ms.filter(|ms| *ms <= f64::from(u32::MAX)).map(|ms| ms.round() as u32).ok_or(ADVICE)
}

/// Files, and how to go through them.
#[derive(Debug, Args)]
pub struct FilesArgs {
    /// Files, or folders that are searched for audio files.
    #[arg(required = true, value_name = "FILES")]
    pub files: Vec<PathBuf>,

    /// Files at once; all cores unless given.
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,

    /// Prints one JSON object a file, in the order given.
    #[arg(long)]
    pub jsonl: bool,
}

/// A library on this machine or a server: exactly one of them.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct WhereArgs {
    /// The library's folder on this machine; `enrol` makes it.
    #[arg(long, value_name = "DIR")]
    pub library: Option<PathBuf>,

    /// A server's address, as http://127.0.0.1:8787; only fingerprints are sent to it.
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
}

/// `onmon extract`.
#[derive(Debug, Args)]
pub struct ExtractArgs {
    /// The folder to write into; made if it is not there.
    #[arg(short, long = "output", value_name = "DIR")]
    pub output: PathBuf,

    /// Writes reference fingerprints (all codes, 20 bytes a second of audio), as STEM.ref.afp.
    #[arg(long)]
    pub reference: bool,

    #[command(flatten)]
    pub files: FilesArgs,
}

/// `onmon enrol`.
#[derive(Debug, Args)]
pub struct EnrolArgs {
    #[command(flatten)]
    pub to: WhereArgs,

    /// A CSV file with ids, codes, titles, artists and rights; see below.
    #[arg(long, value_name = "FILE.csv")]
    pub catalogue: Option<PathBuf>,

    /// The file with the server's admin token; else the environment's ONMON_TOKEN counts.
    #[arg(long, value_name = "FILE", requires = "server")]
    pub token_file: Option<PathBuf>,

    #[command(flatten)]
    pub files: FilesArgs,
}

/// `onmon identify`.
#[derive(Debug, Args)]
pub struct IdentifyArgs {
    #[command(flatten)]
    pub at: WhereArgs,

    #[command(flatten)]
    pub files: FilesArgs,
}

/// `onmon compare`.
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// The first file.
    pub a: PathBuf,

    /// The second one.
    pub b: PathBuf,

    /// Prints a JSON object.
    #[arg(long)]
    pub json: bool,
}

/// `onmon inspect`.
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// Fingerprints (.afp) or audio files.
    #[arg(required = true, value_name = "FILES")]
    pub files: Vec<PathBuf>,

    /// Prints one JSON object a file.
    #[arg(long)]
    pub json: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        for (text, ms) in
            [("0", 0), ("90", 90_000), ("90.5", 90_500), ("1:30", 90_000), ("1:02:03", 3_723_000)]
        {
            assert_eq!(time_ms(text), Ok(ms), "{text}");
        }
        for text in ["", "-1", "1:-1", "x", "1:2:3:4", "1e99", "NaN", "1.5:00", ":"] {
            assert!(time_ms(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sinks_are_known_by_their_names() {
        assert_eq!("null".parse(), Ok(SinkArg::Null));
        assert_eq!("wav:a:b.wav".parse(), Ok(SinkArg::Wav("a:b.wav".into())));
        assert!("wav:".parse::<SinkArg>().is_err() && "alsa".parse::<SinkArg>().is_err());
    }
}
