//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::ensure;
use axum::http::HeaderValue;
use clap::{ArgMatches, FromArgMatches, Parser, Subcommand, ValueEnum};
use onmon_library::Effort;

use crate::audit_log::AuditArgs;
use crate::backup::{self, BackupArgs, RestoreArgs};
use crate::index_tools::IndexCommand;
use crate::operator_tools::OperatorCommand;
use crate::payments::PaymentArgs;
use crate::planner::{self, PlanArgs};
use crate::platform::PlatformArgs;
use crate::traces::Endpoint;

/// Identifies audio fingerprints against an enrolled library and answers permit, refuse or
/// unregistered. Audio never comes here: only fingerprints of at most 4 KiB.
///
/// Prints `listening on http://ADDRESS` on standard output when it is ready; logs go to standard
/// error. SIGINT and SIGTERM stop it cleanly within 30 seconds; a kill -9 loses nothing either.
#[derive(Debug, Parser)]
#[command(
    version,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Try it:\n  \
        onmon-server --data ./data\n  \
        onmon enrol --server http://127.0.0.1:8787 --token-file ./data/admin-token SONGS...\n  \
        onmon identify --server http://127.0.0.1:8787 SONG\n  \
        onmon-server index stats --data ./data\n\
        What it serves: http://127.0.0.1:8787/openapi.json"
)]
pub struct CommandLine {
    /// `None` only beside a subcommand.
    #[command(flatten)]
    pub serve: Serve,

    /// Something other than serving.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// How to serve, if that is asked for. An `Option<Args>` would always be none: clap does not see
/// that a struct is there which has other structs in it.
#[derive(Debug)]
pub struct Serve(pub Option<Args>);

impl clap::Args for Serve {
    fn augment_args(command: clap::Command) -> clap::Command {
        Args::augment_args(command)
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Args::augment_args_for_update(command)
    }
}

impl FromArgMatches for Serve {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Serve, clap::Error> {
        let is_there = matches.contains_id("data");
        Ok(Serve(is_there.then(|| Args::from_arg_matches(matches)).transpose()?))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Serve::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Something other than serving.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Looks after the index of a library, and carries a library to another machine.
    #[command(
        subcommand,
        after_help = "Exit codes:\n  \
            0    done; nothing is damaged\n  \
            1    damage was found, or bad records were passed over (each is printed)\n  \
            2    the command line is wrong\n  \
            3    it could not be done, or not to its end: no library, a server runs, a full disk\n  \
            130  stopped by Ctrl-C; what was done before holds"
    )]
    Index(IndexCommand),

    #[command(flatten)]
    Operator(Box<OperatorCommand>),

    /// Copies all that a server keeps into a new directory, while it runs.
    ///
    /// What was acknowledged before this began is in it. The index is not: it is derived, and a
    /// restored server makes it anew. The directory has the keys in it: keep it as you keep them.
    #[command(after_help = backup::TAKE_HELP)]
    Backup(Box<BackupArgs>),

    /// Makes a server's directory of a backup, after checking every byte of it.
    #[command(after_help = backup::RESTORE_HELP)]
    Restore(Box<RestoreArgs>),

    /// Says how many servers keep a promised wait, and in which shape. Needs no library.
    ///
    /// N servers share the catalogue and search in parallel; k such groups share the queries. A
    /// query takes fixed + whole/N seconds, queries come at random, and who comes first is served
    /// first. Told are mean, mean + 2 sigma (the paper's 95 %), the exact percentiles and a
    /// simulation, in seconds, waiting and service together.
    #[command(after_help = planner::HELP)]
    Plan(Box<PlanArgs>),
}

/// How a server logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// `2026-04-15T03:00:00Z  INFO listening address=…`
    Text,
    /// `{"timestamp":…,"level":"INFO","fields":{"message":"listening",…}}`
    Json,
}

/// What `--print-config` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PrintAs {
    /// Settings as they are.
    Settings,
    /// Settings that there are.
    Table,
}

/// How to serve.
#[derive(Debug, Parser)]
pub struct Args {
    /// The library: catalogue (unless --database names another place) and index. Made if it is not
    /// there; one server per directory, and per database.
    #[arg(long, value_name = "DIR", env = "ONMON_DATA")]
    pub data: PathBuf,

    /// Where to listen; port 0 takes a free one. There is no TLS: put a proxy before it on a
    /// network.
    #[arg(
        long,
        env = "ONMON_LISTEN",
        value_name = "ADDRESS:PORT",
        default_value = "127.0.0.1:8787"
    )]
    pub listen: SocketAddr,

    /// The file with the token that enrolling and removing ask for. Without it the environment's
    /// ONMON_ADMIN_TOKEN counts, and without that DIR/admin-token, which is made once.
    #[arg(long, env = "ONMON_ADMIN_TOKEN_FILE", value_name = "FILE")]
    pub admin_token_file: Option<PathBuf>,

    /// Serves the files of this directory (the web demo) beside the API.
    #[arg(long, env = "ONMON_WEB_ROOT", value_name = "DIR")]
    pub web_root: Option<PathBuf>,

    /// Lets pages of this origin use the API, as `https://example.org`; may be given several times.
    #[arg(long, env = "ONMON_CORS_ORIGIN", value_name = "ORIGIN")]
    pub cors_origin: Vec<HeaderValue>,

    /// Requests to the API at once; more are answered 503.
    #[arg(long, env = "ONMON_IN_FLIGHT_MAX", value_name = "COUNT", default_value_t = 256)]
    pub in_flight_max: usize,

    /// A query that would wait longer than this for a core, by what searches take of late, is
    /// answered 503 at once, also while there are fewer requests than that.
    #[arg(long, env = "ONMON_WAIT_MAX_MS", value_name = "MILLISECONDS", default_value_t = 10_000)]
    pub wait_max_ms: u64,

    /// How much time a search may take for a query that is noisy or unknown, times a tenth of a
    /// second on one core (0 to 100). Less answers more queries a second and finds less in noise;
    /// at 0 only what keys find at once is found.
    #[arg(long, env = "ONMON_SEARCH_EFFORT", value_name = "TIMES", default_value = "1")]
    pub search_effort: Effort,

    /// Where nothing else is certain, scan the whole library: seconds on all cores for a query that
    /// nobody knows, among millions of songs, and for as long others wait. Finds whole sounds under
    /// noise wherever they begin. Small libraries are scanned in any case.
    #[arg(long, env = "ONMON_SEARCH_SCAN")]
    pub search_scan: bool,

    /// A request that takes longer, its body included, is given up.
    #[arg(long, env = "ONMON_REQUEST_TIMEOUT_S", value_name = "SECONDS", default_value_t = 30)]
    pub request_timeout_s: u64,

    /// Streams at once; for more, creating one is answered 503. Each takes up to some 100 KB.
    #[arg(long, env = "ONMON_STREAMS_MAX", value_name = "COUNT", default_value_t = 1_000)]
    pub streams_max: usize,

    /// A stream that is not used for so long is ended.
    #[arg(long, env = "ONMON_STREAM_IDLE_S", value_name = "SECONDS", default_value_t = 600)]
    pub stream_idle_s: u64,

    /// What is logged, as `warn` or `onmon_library=debug,info`. Never fingerprints or bodies.
    #[arg(long, value_name = "FILTER", env = "ONMON_LOG", default_value = "info")]
    pub log: String,

    /// How it is logged: lines for people, or JSON objects, one a line, for programs.
    #[arg(long, value_name = "FORMAT", env = "ONMON_LOG_FORMAT", default_value = "text")]
    pub log_format: LogFormat,

    /// A collector that takes traces (OTLP over HTTP, protobuf), as `http://127.0.0.1:4318`: a span
    /// for each request and stage goes there. Without it, or empty, there are none.
    #[arg(long, value_name = "URL", env = "ONMON_OTLP_ENDPOINT")]
    pub otlp_endpoint: Option<Endpoint>,

    /// A file of settings (TOML): its keys are these options without their dashes. What is given as
    /// an option or in the environment wins over it.
    #[arg(long, value_name = "FILE", env = "ONMON_CONFIG", help_heading = "Configuration")]
    pub config: Option<PathBuf>,

    /// Prints every setting, its value and where it came from, as TOML, and ends; with `=table`
    /// every setting there is, as the table of docs/operations.md.
    #[arg(
        long,
        value_name = "AS",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "settings",
        help_heading = "Configuration"
    )]
    pub print_config: Option<PrintAs>,

    // What is flattened comes last: its headings hold for all that follows.
    /// What an operator decides about sharing.
    #[command(flatten)]
    pub platform: PlatformArgs,

    /// Where invoices are paid.
    #[command(flatten)]
    pub payments: PaymentArgs,

    /// What the audit log is called.
    #[command(flatten)]
    pub audit: AuditArgs,

    /// How often what is new in the audit log is published, in DIR/audit.
    #[arg(
        long,
        env = "ONMON_AUDIT_PUBLISH_S",
        value_name = "SECONDS",
        default_value_t = 60,
        help_heading = "Audit log"
    )]
    pub audit_publish_s: u64,

    /// Lets everyone read the published log under `/audit/` (C2SP tlog-tiles): hashes, kinds of
    /// event and times, which tell how much happens when.
    #[arg(long, env = "ONMON_AUDIT_PUBLIC", help_heading = "Audit log")]
    pub audit_public: bool,
}

impl Args {
    /// What can be known to be wrong before anything is started.
    pub fn check(&self) -> anyhow::Result<()> {
        ensure!(self.in_flight_max > 0, "--in-flight-max must be at least 1");
        ensure!(self.wait_max_ms > 0, "--wait-max-ms must be at least 1");
        ensure!(self.request_timeout_s > 0, "--request-timeout-s must be at least 1");
        ensure!(self.stream_idle_s > 0, "--stream-idle-s must be at least 1");
        ensure!(self.audit_publish_s > 0, "--audit-publish-s must be at least 1");
        if let Some(root) = &self.web_root {
            ensure!(root.is_dir(), "--web-root {} is not a directory", root.display());
            // Both may be given relative, or through links.
            let data = std::path::absolute(&self.data)?;
            let data = data.canonicalize().unwrap_or(data);
            ensure!(
                !data.starts_with(root.canonicalize()?),
                "--data lies inside --web-root: its catalogue and admin token would be served; \
                 choose another directory"
            );
        }
        Ok(())
    }

    /// How long a stream lives without being used.
    pub fn stream_idle(&self) -> Duration {
        Duration::from_secs(self.stream_idle_s)
    }

    /// How often what is new in the audit log is published.
    pub fn audit_publish_every(&self) -> Duration {
        Duration::from_secs(self.audit_publish_s)
    }

    /// How long a query may have to wait for a core.
    pub fn wait_max(&self) -> Duration {
        Duration::from_millis(self.wait_max_ms)
    }

    /// How long a request may take.
    pub fn request_timeout(&self) -> Duration {
        Duration::from_secs(self.request_timeout_s)
    }
}
