//! `cargo xtask size`: the bytes that ship, held against the budgets.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::json;

use crate::tools::node;
use crate::wasm::Module;
use crate::{budgets, command, firmware, wasm};

#[derive(Args, Default)]
pub struct Options {
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// One figure and the most it may be.
struct Figure {
    name: &'static str,
    value: u64,
    /// `None`: reported only.
    budget: Option<u64>,
}

/// `cargo xtask size`.
pub fn size(options: &Options) -> Result<()> {
    wasm::build_modules()?;
    let mut figures = wasm_figures()?;
    figures.extend(firmware_figures(&firmware::report()?));
    if options.json {
        let object: serde_json::Map<_, _> =
            figures.iter().map(|figure| (figure.name.to_owned(), json!(figure.value))).collect();
        println!("{}", serde_json::Value::from(object));
    } else {
        print(&figures);
    }
    within_budgets(&figures)
}

fn wasm_figures() -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for (module, [raw_name, packed_name], budget) in [
        (
            Module::Extract,
            ["extract_wasm_bytes", "extract_wasm_brotli_bytes"],
            budgets::EXTRACT_WASM_BROTLI_BYTES_MAX,
        ),
        (
            Module::Mp3,
            ["mp3_wasm_bytes", "mp3_wasm_brotli_bytes"],
            budgets::MP3_WASM_BROTLI_BYTES_MAX,
        ),
        (
            Module::Common,
            ["common_wasm_bytes", "common_wasm_brotli_bytes"],
            budgets::COMMON_WASM_BROTLI_BYTES_MAX,
        ),
        (Module::Decode, ["wasm_bytes", "wasm_brotli_bytes"], budgets::WASM_BROTLI_BYTES_MAX),
        (
            Module::Tag,
            ["tag_wasm_bytes", "tag_wasm_brotli_bytes"],
            budgets::TAG_WASM_BROTLI_BYTES_MAX,
        ),
    ] {
        let path = module.path();
        let raw = fs::metadata(&path).with_context(|| path.display().to_string())?.len();
        figures.push(Figure { name: raw_name, value: raw, budget: None });
        let packed = brotli_bytes(&path)?;
        figures.push(Figure { name: packed_name, value: packed, budget: Some(budget) });
    }
    Ok(figures)
}

/// As a server would send it: by Node's own brotli, at its highest quality.
fn brotli_bytes(module: &Path) -> Result<u64> {
    node::require()?;
    let script = "const zlib = require('node:zlib'), fs = require('node:fs');\
        console.log(zlib.brotliCompressSync(fs.readFileSync(process.argv[1])).length)";
    let printed = command::capture(Command::new("node").args(["-e", script]).arg(module))?;
    printed.trim().parse().with_context(|| format!("node printed {printed}"))
}

fn firmware_figures(report: &firmware::Report) -> Vec<Figure> {
    let product = report.flash_bytes.saturating_sub(report.harness_flash_bytes);
    let budget = budgets::FIRMWARE_INSTRUCTIONS_PER_SECOND_MAX;
    let dearest = report.speeds.iter().map(|speed| speed.instructions_per_second).max();
    vec![
        Figure {
            name: "firmware_flash_bytes",
            value: report.flash_bytes,
            budget: Some(budgets::FIRMWARE_FLASH_BYTES_MAX),
        },
        Figure { name: "firmware_flash_bytes_of_core", value: product, budget: None },
        Figure {
            name: "firmware_ram_bytes",
            value: report.ram_bytes,
            budget: Some(budgets::FIRMWARE_RAM_BYTES_MAX),
        },
        Figure {
            name: "firmware_playing_flash_bytes_beside_library",
            value: report.recognition.flash_bytes.saturating_sub(report.recognition.library_bytes),
            budget: Some(budgets::FIRMWARE_PLAYING_FLASH_BYTES_MAX),
        },
        Figure {
            name: "firmware_playing_ram_bytes",
            value: report.recognition.ram_bytes,
            budget: Some(budgets::FIRMWARE_PLAYING_RAM_BYTES_MAX),
        },
        Figure {
            name: "firmware_instructions_per_second_of_audio",
            value: dearest.unwrap_or_default(),
            budget: Some(budget),
        },
    ]
}

fn print(figures: &[Figure]) {
    for Figure { name, value, budget } in figures {
        let of = budget.map(|budget| format!("of {budget:>10}")).unwrap_or_default();
        println!("{name:<42} {value:>10} {of}");
    }
}

fn within_budgets(figures: &[Figure]) -> Result<()> {
    let over: Vec<String> = figures
        .iter()
        .filter(|figure| figure.budget.is_some_and(|budget| figure.value > budget))
        .map(|figure| format!("{} is {}", figure.name, figure.value))
        .collect();
    if !over.is_empty() {
        bail!(
            "over budget: {}; make it smaller, or raise the budget in xtask/src/budgets.rs \
             and say why",
            over.join(", ")
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_above_its_budget_fails_and_one_without_a_budget_never_does() {
        let figure = |value, budget| Figure { name: "x", value, budget };
        assert!(within_budgets(&[figure(5, Some(5)), figure(9, None)]).is_ok());
        let error = within_budgets(&[figure(6, Some(5))]).expect_err("over");
        assert!(error.to_string().contains("x is 6"), "{error}");
    }
}
