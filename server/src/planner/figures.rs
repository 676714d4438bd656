//! Figures 13 to 17 of the paper, as curves: its closed forms, and the exact distribution beside
//! them.

use onmon_capacity::{Dispatch, Farm, ModelError, Shape, Station, Work};

use super::ALONE;

/// Servers of the paper's figures 16 and 17.
pub const PAPERS_SERVERS: u32 = 6;

/// Loads that are drawn: 0.01 to 0.97.
const STEPS: u32 = 97;

/// Every so many of them the exact figure is marked.
const MARKED: usize = 8;

/// k in figures 14 and 15.
const PHASES: [u32; 4] = [1, 2, 3, 6];

/// A picture.
pub struct Figure {
    pub file: &'static str,
    pub title: String,
    pub y_label: &'static str,
    /// Where the picture ends; curves that leave it are cut off.
    pub y_max: f64,
    pub curves: Vec<Curve>,
}

/// What is drawn in one colour.
pub struct Curve {
    pub label: String,
    /// The paper's closed form.
    pub closed: Vec<Point>,
    /// The exact distribution.
    pub exact: Exact,
}

/// Load, and what is told of it.
pub type Point = (f64, f64);

/// The exact distribution, where it should lie on the closed form and where it need not.
pub enum Exact {
    Marks(Vec<Point>),
    Line(Vec<Point>),
}

/// All of them, for a search of `whole_s` seconds and shapes of so many servers.
pub fn all(whole_s: f64, servers: u32) -> Result<Vec<Figure>, ModelError> {
    let shapes = shapes(servers);
    let split = [1, servers].map(|parts| Shape { parts, groups: 1 });
    let pooled = PHASES.map(|groups| Shape { parts: 1, groups });
    Ok(vec![
        Figure {
            file: "figure-13.svg",
            title: "M/D/1: mean response, N servers search in parallel; rings: exact".to_owned(),
            y_label: "mean, s",
            y_max: 8.0 * whole_s,
            curves: means(whole_s, &split, |shape| format!("N = {}", shape.parts))?,
        },
        Figure {
            file: "figure-14.svg",
            title: "E_k/D/1: mean response, k servers in turn; rings: exact".to_owned(),
            y_label: "mean, s",
            y_max: 8.0 * whole_s,
            curves: means(whole_s, &pooled, |shape| format!("k = {}", shape.groups))?,
        },
        Figure {
            file: "figure-15.svg",
            title: "E_k/D/1: coefficient of variation of the response; rings: exact".to_owned(),
            y_label: "Cv",
            y_max: 1.0,
            curves: variations(whole_s, &pooled)?,
        },
        Figure {
            file: "figure-16.svg",
            title: format!("{servers} servers: mean response by shape (N, k); rings: exact"),
            y_label: "mean, s",
            y_max: 4.0 * whole_s,
            curves: means(whole_s, &shapes, pair)?,
        },
        Figure {
            file: "figure-17.svg",
            title: format!("{servers} servers: 95 % of responses; dashed: mean + 2 sigma"),
            y_label: "95 % within, s",
            y_max: 12.0 * whole_s,
            curves: percentiles(whole_s, &shapes)?,
        },
    ])
}

/// One server alone, and every shape; of many the first and the last few.
fn shapes(servers: u32) -> Vec<Shape> {
    const DRAWN_MAX: usize = 4;
    let mut all: Vec<Shape> = Shape::all_of(servers).filter(|shape| *shape != ALONE).collect();
    while all.len() > DRAWN_MAX {
        all.remove(all.len() / 2);
    }
    [ALONE].into_iter().chain(all).collect()
}

fn pair(shape: &Shape) -> String {
    format!("({}, {})", shape.parts, shape.groups)
}

fn means(
    whole_s: f64,
    shapes: &[Shape],
    label: impl Fn(&Shape) -> String,
) -> Result<Vec<Curve>, ModelError> {
    curves(shapes, label, |shape| {
        let stations = stations(whole_s, shape)?;
        let closed = along(&stations, |station| Ok(station.response().mean_s))?;
        let exact = along(&marked(&stations), |station| Ok(station.waiting().response().mean_s))?;
        Ok((closed, Exact::Marks(exact)))
    })
}

fn variations(whole_s: f64, shapes: &[Shape]) -> Result<Vec<Curve>, ModelError> {
    let label = |shape: &Shape| format!("k = {}", shape.groups);
    curves(shapes, label, |shape| {
        let stations = stations(whole_s, shape)?;
        let closed = along(&stations, |station| Ok(station.response().cv()))?;
        let exact = along(&marked(&stations), |station| Ok(station.waiting().response().cv()))?;
        Ok((closed, Exact::Marks(exact)))
    })
}

fn percentiles(whole_s: f64, shapes: &[Shape]) -> Result<Vec<Curve>, ModelError> {
    curves(shapes, pair, |shape| {
        let stations = stations(whole_s, shape)?;
        let closed = along(&stations, |station| Ok(station.response().mean_plus_2_sigma_s()))?;
        let exact = along(&stations, |station| station.waiting().response_percentile_s(0.95))?;
        Ok((closed, Exact::Line(exact)))
    })
}

fn curves(
    shapes: &[Shape],
    label: impl Fn(&Shape) -> String,
    of: impl Fn(&Shape) -> Result<(Vec<Point>, Exact), ModelError>,
) -> Result<Vec<Curve>, ModelError> {
    let curve = |shape: &Shape| {
        let (closed, exact) = of(shape)?;
        Ok(Curve { label: label(shape), closed, exact })
    };
    shapes.iter().map(curve).collect()
}

/// One shape under each load.
fn stations(whole_s: f64, shape: &Shape) -> Result<Vec<Station>, ModelError> {
    let work = Work::new(whole_s, 0.0, 0.0)?;
    let station = |step| {
        let load = f64::from(step) / 100.0;
        let rate_per_s = load * f64::from(shape.groups) / work.service_s(shape.parts);
        Farm::new(*shape, work, Dispatch::RoundRobin, rate_per_s)?.station()
    };
    (1..=STEPS).map(station).collect()
}

fn marked(stations: &[Station]) -> Vec<Station> {
    stations.iter().skip(MARKED / 2).step_by(MARKED).copied().collect()
}

fn along(
    stations: &[Station],
    of: impl Fn(&Station) -> Result<f64, ModelError>,
) -> Result<Vec<Point>, ModelError> {
    stations.iter().map(|station| Ok((station.load(), of(station)?))).collect()
}
