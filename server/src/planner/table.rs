//! The answer for people: what was asked, how long queries take, what it needs.

use super::answer::Answer;
use super::row::Row;
use crate::index_tools::{grouped, print};

/// Prints it.
pub fn show(answer: &Answer) {
    asked(answer);
    let rows: Vec<&Row> = answer.plans.iter().chain(&answer.shapes).collect();
    print("");
    waits(answer, &rows);
    print("");
    needs(answer, &rows);
    let simulated_late = rows.iter().any(|row| is_late(answer, row));
    if answer.jitter_s > 0.0 && simulated_late {
        print("");
        print("Late parts make service vary, so the simulation counts: ask again with a shorter");
        print("--target-s where it is above the target.");
    }
}

fn asked(answer: &Answer) {
    print(&format!(
        "a query takes {} / N{} ({}); {} songs; {}",
        seconds(answer.service_time_s),
        besides(answer),
        answer.service_time_from,
        grouped(answer.songs),
        answer.dispatch,
    ));
    if answer.shapes.is_empty() {
        print(&format!(
            "the fewest servers that answer {} of all queries within {}",
            percent(answer.percentile),
            seconds(answer.target_s)
        ));
    }
}

/// What does not divide.
fn besides(answer: &Answer) -> String {
    let mut besides = String::new();
    if answer.fixed_time_s > 0.0 {
        besides += &format!(" + {}", seconds(answer.fixed_time_s));
    }
    if answer.jitter_s > 0.0 {
        besides += &format!(" + the latest of N, each {} on average", seconds(answer.jitter_s));
    }
    besides
}

/// How long queries take.
fn waits(answer: &Answer, rows: &[&Row]) {
    let at = percent(answer.percentile);
    let head = ["queries/s", "N", "k", "servers", "load", "service", "mean", "mean+2s"];
    line(&head, &[&format!("exact {at}"), &format!("simul. {at}")]);
    for row in rows {
        let told = row.response.as_ref();
        let time = |time: Option<f64>| time.map_or("-".to_owned(), seconds);
        let simulated = told.and_then(|told| told.simulated.as_ref());
        line(
            &[
                &significant(row.rate_per_s),
                &row.n.to_string(),
                &row.k.to_string(),
                &row.servers.to_string(),
                &percent(row.load),
                &seconds(row.service_s),
                &time(told.map(|told| told.mean_s)),
                &time(told.map(|told| told.mean_plus_2_sigma_s)),
            ],
            &[
                &match told {
                    Some(told) => seconds(told.exact_at_percentile_s),
                    None => "too much".to_owned(),
                },
                &time(simulated.map(|simulated| simulated.at_percentile_s)),
            ],
        );
    }
}

fn line(narrow: &[&str; 8], wide: &[&str; 2]) {
    let mut line = String::new();
    for (cell, width) in narrow.iter().zip([10, 5, 6, 8, 9, 12, 12, 12]) {
        line += &format!("{cell:>width$}");
    }
    print(&format!("{line}{:>14}{:>14}", wide[0], wide[1]));
}

/// What it needs, and what one failure does.
fn needs(answer: &Answer, rows: &[&Row]) {
    let room = |n: &str, k: &str, [a, b, c, d]: [&str; 4], down: &str| {
        print(&format!("{n:>4}{k:>6}{a:>12}{b:>12}{c:>12}{d:>12}   {down}"));
    };
    room("N", "k", ["disk each", "disk", "memory each", "memory"], "one server down");
    for row in rows {
        let sizes = [
            row.disk_bytes_per_server,
            row.disk_bytes,
            row.memory_bytes_per_server,
            row.memory_bytes,
        ];
        let sizes = sizes.map(bytes);
        let sizes = sizes.each_ref().map(String::as_str);
        room(&row.n.to_string(), &row.k.to_string(), sizes, &failure(answer, row));
    }
}

/// One server down, in words.
fn failure(answer: &Answer, row: &Row) -> String {
    let down = &row.one_down;
    if down.catalogue_missing >= 1.0 {
        return "no answers".to_owned();
    }
    if down.catalogue_missing > 0.0 {
        return format!("{} of the songs are not found", percent(down.catalogue_missing));
    }
    match down.exact_at_percentile_s {
        Some(time) => format!(
            "{} left, load {}, {} within {}",
            down.groups_left,
            percent(down.load),
            percent(answer.percentile),
            seconds(time)
        ),
        None => format!("{} left, load {}: too much", down.groups_left, percent(down.load)),
    }
}

fn is_late(answer: &Answer, row: &Row) -> bool {
    let simulated = row.response.as_ref().and_then(|told| told.simulated.as_ref());
    simulated.is_some_and(|simulated| simulated.at_percentile_s > answer.target_s)
}

/// Four digits that count.
fn significant(value: f64) -> String {
    let magnitude = if value > 0.0 { value.log10().floor() } else { 0.0 };
    let digits = (3.0 - magnitude).clamp(0.0, 9.0) as usize;
    format!("{value:.digits$}")
}

fn seconds(seconds: f64) -> String {
    format!("{} s", significant(seconds))
}

fn percent(share: f64) -> String {
    let text = format!("{:.2}", share * 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

/// Decimal units, as disks are sold.
fn bytes(bytes: u64) -> String {
    let units = [(1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")];
    let bytes = bytes as f64;
    match units.into_iter().find(|(size, _)| bytes >= *size) {
        Some((size, unit)) => format!("{} {unit}", significant(bytes / size)),
        None => format!("{bytes} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_people_read_them() {
        assert_eq!(
            [0.0, 0.003_8, 8.4428, 50.66, 4_860.0].map(significant),
            ["0.000", "0.003800", "8.443", "50.66", "4860"]
        );
        assert_eq!([0.85, 0.999, 1.0 / 6.0].map(percent), ["85 %", "99.9 %", "16.67 %"]);
        assert_eq!([12, 20_070_002_377].map(bytes), ["12 B", "20.07 GB"]);
    }
}
