//! onmon-server: identifies fingerprints and decides permit, refuse or unregistered, over HTTP.
//! `onmon-server index` looks after the library without serving it, `rights`, `tariff`, `ledger`,
//! `month`, `report`, `audit` and `retro` after the platform beside a server; `plan` says how many
//! servers are needed; `backup` and `restore` keep a copy of it all.
//!
//! This file only wires the parts together and says in which order they start and stop.

mod admin_token;
mod args;
mod audit_log;
mod backlog;
mod backup;
mod config;
mod connections;
mod http;
mod identity;
mod index_tools;
mod operator_tools;
mod payments;
mod planner;
mod platform;
mod signals;
mod soundness;
mod stages;
mod streams;
mod traces;
mod upkeep;
mod usage_lines;

use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use onmon_library::{Depth, Library};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::admin_token::AdminToken;
use crate::args::{Args, Command, CommandLine, LogFormat, Serve};
use crate::audit_log::AuditLog;
use crate::http::Service;
use crate::identity::Identity;
use crate::signals::Signals;
use crate::stages::Stages;
use crate::traces::Traces;
use crate::upkeep::Upkeep;

#[tokio::main]
async fn main() -> ExitCode {
    match config::command_line() {
        CommandLine { command: Some(Command::Index(command)), .. } => {
            log(&std::env::var("ONMON_LOG").unwrap_or_else(|_| "warn".to_owned()));
            let ended = index_tools::run(&command).await;
            // At once: a read of standard input that Ctrl-C left behind may never return.
            std::process::exit(ended as i32)
        }
        CommandLine { command: Some(Command::Operator(command)), .. } => {
            log(&std::env::var("ONMON_LOG").unwrap_or_else(|_| "warn".to_owned()));
            let ended = operator_tools::run(&command).await;
            std::process::exit(ended as i32)
        }
        CommandLine { command: Some(Command::Backup(args)), .. } => {
            log(&std::env::var("ONMON_LOG").unwrap_or_else(|_| "warn".to_owned()));
            std::process::exit(backup::take(&args).await as i32)
        }
        CommandLine { command: Some(Command::Restore(args)), .. } => {
            std::process::exit(backup::restore(&args) as i32)
        }
        CommandLine { command: Some(Command::Plan(args)), .. } => {
            std::process::exit(planner::run(&args) as i32)
        }
        CommandLine { serve: Serve(Some(args)), .. } => serve(&args).await,
        // The command line does not parse without either.
        CommandLine { .. } => ExitCode::FAILURE,
    }
}

async fn serve(args: &Args) -> ExitCode {
    match watched(args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("onmon-server: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Logged, timed and, if that is asked for, traced to the end.
async fn watched(args: &Args) -> anyhow::Result<()> {
    let stages = Stages::default();
    let traces = Traces::begin(args.otlp_endpoint.as_ref())?;
    watch(args, stages.clone(), traces.as_ref());
    let ended = run(args, stages).await;
    if let Some(traces) = traces {
        traces.finish().await;
    }
    ended
}

fn log(filter: &str) {
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .init();
}

/// The same for a server: as lines or JSON objects. And the stages that its rooms mark are timed,
/// and traced with the requests that they are of. None of the three sees what the others do.
fn watch(args: &Args, stages: Stages, traces: Option<&Traces>) {
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false);
    let lines = match args.log_format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().boxed(),
    };
    let logged = EnvFilter::new(&args.log).and(filter_fn(|about| !traces::is_request(about)));
    tracing_subscriber::registry()
        .with(lines.with_filter(logged))
        .with(stages.with_filter(filter_fn(Stages::is_stage)))
        .with(traces.map(Traces::layer))
        .init();
}

/// Starts: token, port, health routes, library, platform, ready. Stops: not ready, drain, write the
/// index, exit.
async fn run(args: &Args, stages: Stages) -> anyhow::Result<()> {
    let mut signals = Signals::install().context("cannot listen for signals")?;
    args.check()?;
    let admin_token = AdminToken::load(args)?;
    let service = Arc::new(Service::new(admin_token, args, stages)?);
    let router = http::router(Arc::clone(&service), args)?;
    let listener = TcpListener::bind(args.listen)
        .await
        .with_context(|| format!("cannot listen on {}", args.listen))?;
    let address = listener.local_addr()?;
    let connections = connections::serve(listener, router);

    let place = args.platform.library(&args.data);
    let library = tokio::select! {
        opened = Library::open_at(&place) => opened?,
        () = signals.next() => return Ok(()),
    };
    library.set_effort(args.search_effort)?;
    library.set_depth(if args.search_scan { Depth::Scan } else { Depth::Usual })?;
    let platform =
        platform::open(&args.platform, &args.data, library.clone(), http::now_ms()).await?;
    let identity = Identity::open(&platform, http::now_ms()).await?;
    service.fill(platform.clone(), identity);
    let log = AuditLog::new(&args.data, &args.audit);
    let upkeep = Upkeep::begin(platform.clone(), log, args.audit_publish_every());
    announce(address);

    signals.next().await;
    tracing::info!("stopping: finishing what is under way (a second signal stops at once)");
    service.drain();
    tokio::select! {
        () = connections.drain() => {}
        () = signals.next() => anyhow::bail!("stopped by a second signal; nothing is lost"),
    }
    upkeep.stop().await;
    platform.store().close().await;
    library.close().await.context("the library was not closed cleanly")?;
    tracing::info!("stopped");
    Ok(())
}

/// One line on standard output, for scripts that wait for it.
fn announce(address: SocketAddr) {
    // Nobody may be reading it; that is no reason to stop.
    let _ = writeln!(std::io::stdout(), "listening on http://{address}");
}
