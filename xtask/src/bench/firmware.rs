//! What the fingerprint takes on every board, and how fast it is on one core beside its peers:
//! `docs/firmware.json`, and the table that is made of it, `docs/firmware.md`.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};
use clap::Args;
use serde_json::{Value, json};

use super::lines_of;
use crate::firmware::{Report, every_board, nrf52840};
use crate::tools::apt;
use crate::{command, repo};

/// The processor that the paper's device has.
const CLOCK_HZ: f64 = 168e6;

/// Cycles per instruction of a Cortex-M4F by Arm's table (DDI0439B, 3.3.1 and 7.2.3): most take
/// one, loads and floats from memory two, branches that are taken two to four. So a mix lies
/// between.
const CYCLES: [f64; 3] = [1.0, 1.5, 2.0];

#[derive(Args)]
pub struct Options {
    /// Keep the result as docs/firmware.json and docs/firmware.md.
    #[arg(long)]
    keep: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// `cargo xtask bench firmware`.
pub fn firmware(options: &Options) -> Result<()> {
    let boards: Vec<Value> = every_board()?.iter().map(board).collect();
    let flashed = nrf52840()?.footprint;
    let result = json!({
        "boards": boards,
        "nrf52840": {
            "flash_bytes": flashed.flash_bytes,
            "static_ram_bytes": flashed.static_ram_bytes,
        },
        "native": native()?,
    });
    let table = table(&result);
    if options.keep {
        let docs = repo::root().join("docs");
        fs::write(docs.join("firmware.json"), format!("{result:#}\n"))?;
        fs::write(docs.join("firmware.md"), &table)?;
    }
    if options.json {
        println!("{result}");
    } else {
        println!("{table}");
    }
    Ok(())
}

fn board(report: &Report) -> Value {
    let speeds: Vec<Value> = report
        .speeds
        .iter()
        .map(|speed| {
            json!({
                "vector": speed.vector,
                "rate_hz": speed.rate_hz,
                "channels": speed.channels,
                "instructions_per_second": speed.instructions_per_second,
            })
        })
        .collect();
    let playing = &report.recognition;
    json!({
        "board": report.board.name,
        "description": report.board.description(),
        "flash_bytes": report.flash_bytes,
        "harness_flash_bytes": report.harness_flash_bytes,
        "ram_bytes": report.ram_bytes,
        "speeds": speeds,
        "now_playing": {
            "recordings": playing.recordings,
            "library_bytes": playing.library_bytes,
            "flash_bytes": playing.flash_bytes,
            "ram_bytes": playing.ram_bytes,
            "instructions_per_second": playing.instructions_per_second,
            "recognition_per_second": playing.recognition_per_second,
            "dearest_code": playing.dearest_code,
        },
    })
}

/// One core of this machine, beside its peers.
fn native() -> Result<Value> {
    let fpcalc = apt::program("fpcalc", "libchromaprint-tools")?;
    let target = repo::target().join("peers");
    let folder = repo::root().join("tests/peers");
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--release", "--locked", "--target-dir"]).arg(&target);
    command::run(cargo.current_dir(folder))?;
    let mut peers = Command::new(target.join("release/onmon-peers"));
    let mut told = lines_of(peers.arg(fpcalc).arg(target.join("pcm")))?;
    let mut native = told.pop().context("the peers told nothing")?;
    native["cpu"] = json!(cpu());
    Ok(native)
}

/// What Linux calls this machine's processor.
fn cpu() -> String {
    let told = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = told.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    model.map_or("unknown", |(_, name)| name).to_owned()
}

/// For a person, from the JSON alone.
fn table(result: &Value) -> String {
    let mut lines = vec![
        "# What the fingerprint takes on a device".to_owned(),
        String::new(),
        "Made by `cargo xtask bench firmware --keep` from what it measured (`firmware.json`). Flash from the ELF file, RAM by painting (variables".into(),
        "and the deepest stack), instructions counted by QEMU. Flash of `now playing` is told without its library of 300 bytes a recording.".into(),
        String::new(),
        "| board | flash | RAM | million instructions per second of audio: 8 kHz, 16 kHz, 44.1 kHz stereo, 48 kHz | now playing: flash | RAM | 16 kHz | of them the library |".into(),
        "|---|---|---|---|---|---|---|---|".into(),
    ];
    let boards = result["boards"].as_array().map_or(&[][..], Vec::as_slice);
    lines.extend(boards.iter().map(row));
    let flashed = &result["nrf52840"];
    lines.push(format!(
        "| nRF52840 (built, not run) | {} | {} and the stack | | | | | |",
        number(&flashed["flash_bytes"]),
        number(&flashed["static_ram_bytes"])
    ));
    lines.push(String::new());
    lines.extend(boards.first().map(share));
    lines.push(String::new());
    lines.push(beside(&result["native"]));
    lines.push(String::new());
    lines.join("\n")
}

fn row(board: &Value) -> String {
    let speed = |rate_hz: u64, channels: u64| {
        let speeds = board["speeds"].as_array().map_or(&[][..], Vec::as_slice);
        let same = |speed: &&Value| speed["rate_hz"] == rate_hz && speed["channels"] == channels;
        speeds
            .iter()
            .find(same)
            .map_or_else(|| "–".to_owned(), |speed| millions(&speed["instructions_per_second"]))
    };
    let playing = &board["now_playing"];
    format!(
        "| {} | {} | {} | {}, {}, {}, {} | {} | {} | {} | {} |",
        board["description"].as_str().unwrap_or_default(),
        number(&board["flash_bytes"]),
        number(&board["ram_bytes"]),
        speed(8_000, 1),
        speed(16_000, 1),
        speed(44_100, 2),
        speed(48_000, 1),
        number(&playing["flash_bytes"]).saturating_sub(number(&playing["library_bytes"])),
        number(&playing["ram_bytes"]),
        millions(&playing["instructions_per_second"]),
        millions(&playing["recognition_per_second"]),
    )
}

/// Of a processor's time, as far as instructions tell it.
fn share(board: &Value) -> String {
    let speeds = board["speeds"].as_array().map_or(&[][..], Vec::as_slice);
    let of = |speed: &Value| number(&speed["instructions_per_second"]);
    let dearest = speeds.iter().map(of).max().unwrap_or_default();
    let playing = number(&board["now_playing"]["instructions_per_second"]);
    let shares = |instructions: u64| {
        let share = |cycles| 100.0 * cycles * instructions as f64 / CLOCK_HZ;
        CYCLES.map(|cycles| format!("{:.1} %", share(cycles))).join(", ")
    };
    format!(
        "**An estimate, for QEMU counts no cycles**: of a Cortex-M4F at 168 MHz the dearest vector takes {}, what is playing at 16 kHz {}, at\n\
         {}, {} and {} cycles an instruction. Arm's table has most instructions at one cycle, loads at two, taken branches at two to four; wait states\n\
         of the flash are not in it.",
        shares(dearest),
        shares(playing),
        CYCLES[0],
        CYCLES[1],
        CYCLES[2]
    )
}

fn beside(native: &Value) -> String {
    format!(
        "On one core ({}), from PCM of {} Hz and {} channels, the best of {} rounds in turns: onmon {} x real time, Debian's `fpcalc` {} x (its start\n\
         taken off), `rusty-chromaprint` {} x. onmon is {} times as fast as the one and {} times as the other.",
        native["cpu"].as_str().unwrap_or_default(),
        number(&native["rate_hz"]),
        number(&native["channels"]),
        number(&native["rounds"]),
        native["onmon_times_realtime"].as_f64().unwrap_or_default(),
        native["fpcalc_times_realtime"].as_f64().unwrap_or_default(),
        native["rusty_chromaprint_times_realtime"].as_f64().unwrap_or_default(),
        native["to_fpcalc"].as_f64().unwrap_or_default(),
        native["to_rusty_chromaprint"].as_f64().unwrap_or_default(),
    )
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

fn millions(value: &Value) -> String {
    format!("{:.2}", number(value) as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::firmware::BOARDS;

    #[test]
    fn the_page_is_what_the_measurement_says() {
        let docs = repo::root().join("docs");
        let kept = fs::read_to_string(docs.join("firmware.json")).expect("kept");
        let result = serde_json::from_str(&kept).expect("JSON");
        let page = fs::read_to_string(docs.join("firmware.md")).expect("made of it");
        assert_eq!(page, table(&result), "run `cargo xtask bench firmware --keep`");
        let boards = result["boards"].as_array().map(Vec::len);
        assert_eq!(boards, Some(BOARDS.len()), "a board has no row");
    }
}
