//! The measured waits beside the model's, as SVG.

use std::path::Path;

use anyhow::{Context, Result, anyhow};
use onmon_capacity::Station;
use plotters::prelude::*;

use crate::report::{Percentiles, Report, Row};

const SIZE: (u32, u32) = (720, 440);

/// Loads at which the model's lines have a point, per cent.
const STEPS: std::ops::RangeInclusive<u32> = 1..=97;

/// A percentile: its name, the model's share, how it is taken from what was measured, its colour.
type Curve = (&'static str, f64, fn(&Percentiles) -> f64, RGBColor);

/// Readable by people who cannot tell red from green, and in grey: as in docs/capacity.
const CURVES: [Curve; 3] = [
    ("p50", 0.5, |of| of.p50_ms, RGBColor(0x6a, 0xa9, 0xe9)),
    ("p95", 0.95, |of| of.p95_ms, RGBColor(0x0b, 0x3c, 0x8c)),
    ("p99", 0.99, |of| of.p99_ms, RGBColor(0xe0, 0x90, 0x2f)),
];
const GRID: RGBColor = RGBColor(0xdd, 0xdd, 0xdd);

type Drawn<'a> = Result<(), DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>>;

/// Draws it into a file.
pub fn draw(report: &Report, file: &Path) -> Result<()> {
    let model: Vec<Vec<(f64, f64)>> =
        CURVES.iter().map(|curve| line(report, curve.1)).collect::<Result<_>>()?;
    let mut text = String::new();
    draw_into(report, &model, &mut text).map_err(|error| anyhow!("{}: {error}", file.display()))?;
    std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}

/// The model's response by load.
fn line(report: &Report, share: f64) -> Result<Vec<(f64, f64)>> {
    let at = |percent: u32| {
        let load = f64::from(percent) / 100.0;
        let station = Station::new(report.servers, load, report.service_ms / 1e3)?;
        Ok((load, 1e3 * station.waiting().response_percentile_s(share)?))
    };
    STEPS.map(at).collect()
}

fn draw_into<'a>(report: &Report, model: &[Vec<(f64, f64)>], text: &'a mut String) -> Drawn<'a> {
    let rings = |of: fn(&Percentiles) -> f64| {
        let ring = move |row: &Row| (f64::from(row.load_percent) / 100.0, of(&row.measured));
        report.rows.iter().map(ring)
    };
    let highest = CURVES.iter().flat_map(|curve| rings(curve.2)).map(|(_, y)| y);
    let y_max = 1.1 * highest.fold(10.0 * report.service_ms, f64::max);
    let area = SVGBackend::with_string(text, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let title = format!(
        "{} songs: measured (rings), M/D/{} (lines), D = {:.1} ms",
        report.songs, report.servers, report.service_ms
    );
    let mut chart = ChartBuilder::on(&area)
        .caption(title, ("sans-serif", 16))
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(52)
        .build_cartesian_2d(0.0..1.0, 0.0..y_max)?;
    chart
        .configure_mesh()
        .x_desc("offered rate / peak")
        .y_desc("response, ms")
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID)
        .draw()?;
    for ((name, _, of, colour), line) in CURVES.iter().zip(model) {
        chart.draw_series(rings(*of).map(|at| Circle::new(at, 4, *colour)))?;
        let seen = line.iter().copied().take_while(|(_, y)| *y <= y_max);
        let style = colour.stroke_width(2);
        chart
            .draw_series(LineSeries::new(seen, style))?
            .label(*name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], style));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE)
        .border_style(GRID)
        .draw()?;
    area.present()
}
