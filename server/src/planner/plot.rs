//! A figure as SVG: the same bytes for the same numbers.

use std::path::Path;

use anyhow::{Context, anyhow};
use plotters::prelude::*;

use super::figures::{Exact, Figure, Point};

const SIZE: (u32, u32) = (720, 440);

/// Readable by people who cannot tell red from green, and in grey: as in docs/robustness.svg.
const COLOURS: [RGBColor; 5] = [
    RGBColor(0x22, 0x22, 0x22),
    RGBColor(0x0b, 0x3c, 0x8c),
    RGBColor(0x6a, 0xa9, 0xe9),
    RGBColor(0x8c, 0x6d, 0x31),
    RGBColor(0xe0, 0x90, 0x2f),
];
const GRID: RGBColor = RGBColor(0xdd, 0xdd, 0xdd);

/// Draws it into a file.
pub fn draw(figure: &Figure, file: &Path) -> anyhow::Result<()> {
    let mut text = String::new();
    draw_into(figure, &mut text).map_err(|error| anyhow!("{}: {error}", figure.file))?;
    std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}

type Drawn<'a> = Result<(), DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>>;

fn draw_into<'a>(figure: &Figure, text: &'a mut String) -> Drawn<'a> {
    let area = SVGBackend::with_string(text, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption(&figure.title, ("sans-serif", 16))
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(52)
        .build_cartesian_2d(0.0..1.0, 0.0..figure.y_max)?;
    chart
        .configure_mesh()
        .x_desc("load")
        .y_desc(figure.y_label)
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID)
        .draw()?;
    for (curve, colour) in figure.curves.iter().zip(COLOURS) {
        let seen = |points: &[Point]| -> Vec<Point> {
            points.iter().copied().take_while(|(_, y)| *y <= figure.y_max).collect()
        };
        let (closed, whole) = (seen(&curve.closed), colour.stroke_width(2));
        let drawn = match &curve.exact {
            Exact::Marks(marks) => {
                let rings = seen(marks).into_iter().map(|at| Circle::new(at, 4, colour));
                chart.draw_series(rings)?;
                chart.draw_series(LineSeries::new(closed, whole))?
            }
            Exact::Line(exact) => {
                chart.draw_series(DashedLineSeries::new(closed, 5, 4, colour.stroke_width(1)))?;
                chart.draw_series(LineSeries::new(seen(exact), whole))?
            }
        };
        drawn
            .label(&curve.label)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], colour.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE)
        .border_style(GRID)
        .draw()?;
    area.present()
}
