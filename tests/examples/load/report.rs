//! What was measured, beside the model, as a table.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use onmon_capacity::Station;
use serde::Serialize;

use crate::generator::Sent;
use crate::queries::Answer;

/// All of it.
#[derive(Debug, Serialize)]
pub struct Report {
    pub songs: u32,
    pub unknown_percent: u32,
    pub servers: u32,
    pub seconds: u64,
    pub alone: Alone,
    pub peak_per_s: f64,
    /// D of the model: k servers that answer `peak_per_s` together take so long each.
    pub service_ms: f64,
    pub rows: Vec<Row>,
    pub overload: Overload,
    /// One asker again, after the overload.
    pub after: Alone,
}

/// What one asker alone waits.
#[derive(Debug, Serialize)]
pub struct Alone {
    pub mean_ms: f64,
    /// Standard deviation over mean: 0 for the constant service of the model.
    pub cv: f64,
    pub waits: Percentiles,
}

/// One load.
#[derive(Debug, Serialize)]
pub struct Row {
    pub load_percent: u32,
    pub offered_per_s: f64,
    pub achieved_per_s: f64,
    pub queries: usize,
    pub refused: usize,
    pub measured: Percentiles,
    /// Exact M/D/k.
    pub model: Percentiles,
    /// 99 % of the queries were sent no later than so long after their time.
    pub late_p99_ms: f64,
    /// Cores that the generator itself took from those of the machine.
    pub generator_cores: f64,
}

/// A peak, and what became of more than that right after it.
pub struct Round {
    pub peak_per_s: f64,
    pub offered_per_s: f64,
    pub generator_cores: f64,
    pub sent: Vec<Sent<Answer>>,
}

/// More than can be answered, all rounds together.
#[derive(Debug, Serialize)]
pub struct Overload {
    pub offered_per_s: f64,
    /// The peak of the same minutes.
    pub peak_per_s: f64,
    /// Queries answered 200 while it lasted, a second.
    pub goodput_per_s: f64,
    pub ratio_to_peak: f64,
    /// The same of each round.
    pub ratios: Vec<f64>,
    /// Queries by how they were answered: a status, or `broken`.
    pub answers: BTreeMap<String, usize>,
    /// Of those refused (429, 503), how many were told when to come again.
    pub refused_with_retry_after: usize,
    /// What those waited who were answered 200,
    pub answered: Percentiles,
    /// and those who were refused.
    pub refused: Percentiles,
    pub generator_cores: f64,
}

/// Of waiting and service together, in ms.
#[derive(Debug, Serialize)]
pub struct Percentiles {
    pub p50_ms: f64,
    pub p95_ms: f64,
    pub p99_ms: f64,
}

impl Percentiles {
    /// Of so many waits, exactly; 0 of none.
    fn of(waits: impl IntoIterator<Item = Duration>) -> Percentiles {
        let mut sorted: Vec<f64> = waits.into_iter().map(|w| 1e3 * w.as_secs_f64()).collect();
        sorted.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let last = sorted.len().saturating_sub(1);
            sorted.get((last as f64 * share).round() as usize).copied().unwrap_or(0.0)
        };
        Percentiles { p50_ms: at(0.5), p95_ms: at(0.95), p99_ms: at(0.99) }
    }

    fn of_model(station: &Station) -> Result<Percentiles> {
        let waiting = station.waiting();
        let at = |share| Ok::<_, anyhow::Error>(1e3 * waiting.response_percentile_s(share)?);
        Ok(Percentiles { p50_ms: at(0.5)?, p95_ms: at(0.95)?, p99_ms: at(0.99)? })
    }
}

impl Alone {
    pub fn of(waits: &[Duration]) -> Alone {
        let count = waits.len().max(1) as f64;
        let ms = || waits.iter().map(|wait| 1e3 * wait.as_secs_f64());
        let mean_ms = ms().sum::<f64>() / count;
        let variance = ms().map(|wait| (wait - mean_ms).powi(2)).sum::<f64>() / count;
        Alone {
            mean_ms,
            cv: variance.sqrt() / mean_ms,
            waits: Percentiles::of(waits.iter().copied()),
        }
    }
}

impl Row {
    /// `model` is k and the peak.
    pub fn of(
        load_percent: u32,
        offered_per_s: f64,
        lasts: Duration,
        sent: &[Sent<Answer>],
        generator_cores: f64,
        (servers, peak_per_s): (u32, f64),
    ) -> Result<Row> {
        let service_s = f64::from(servers) / peak_per_s;
        let station = Station::new(servers, f64::from(load_percent) / 100.0, service_s)?;
        let good = || sent.iter().filter(|query| query.answer.is_good());
        Ok(Row {
            load_percent,
            offered_per_s,
            achieved_per_s: answered_within(lasts, sent),
            queries: sent.len(),
            refused: sent.len() - good().count(),
            measured: Percentiles::of(good().map(|query| query.waited)),
            model: Percentiles::of_model(&station)?,
            late_p99_ms: Percentiles::of(sent.iter().map(|query| query.late)).p99_ms,
            generator_cores,
        })
    }
}

impl Overload {
    pub fn of(lasts: Duration, rounds: &[Round]) -> Overload {
        let mean = |of: &dyn Fn(&Round) -> f64| {
            rounds.iter().map(of).sum::<f64>() / rounds.len().max(1) as f64
        };
        let goodput = |round: &Round| answered_within(lasts, &round.sent);
        let peak_per_s = mean(&|round| round.peak_per_s);
        let goodput_per_s = mean(&goodput);
        let sent = || rounds.iter().flat_map(|round| &round.sent);
        let mut answers = BTreeMap::new();
        let (mut refused, mut told) = (vec![], 0);
        for query in sent() {
            let name = match query.answer {
                Answer::Status { status, .. } => status.to_string(),
                Answer::Broken => "broken".to_owned(),
            };
            *answers.entry(name).or_insert(0) += 1;
            if let Answer::Status { status: 429 | 503, retry_after } = query.answer {
                refused.push(query.waited);
                told += usize::from(retry_after);
            }
        }
        let good = sent().filter(|query| query.answer.is_good());
        Overload {
            offered_per_s: mean(&|round| round.offered_per_s),
            peak_per_s,
            goodput_per_s,
            ratio_to_peak: goodput_per_s / peak_per_s,
            ratios: rounds.iter().map(|round| goodput(round) / round.peak_per_s).collect(),
            answers,
            refused_with_retry_after: told,
            answered: Percentiles::of(good.map(|query| query.waited)),
            refused: Percentiles::of(refused),
            generator_cores: mean(&|round| round.generator_cores),
        }
    }
}

/// Answered 200 a second while queries came: what is answered later from the queue does not count.
fn answered_within(lasts: Duration, sent: &[Sent<Answer>]) -> f64 {
    let good = sent.iter().filter(|query| query.answer.is_good() && query.ended <= lasts);
    good.count() as f64 / lasts.as_secs_f64()
}

impl Report {
    /// As a table.
    pub fn print(&self) {
        let Report { songs, unknown_percent, servers, seconds, peak_per_s, service_ms, .. } = self;
        println!("{songs} songs, {unknown_percent} % unknown queries, {seconds} s each load");
        println!(
            "alone {:.2} ms (p50 {:.2}, p95 {:.2}, Cv {:.2}); peak {peak_per_s:.1}/s; the model is \
             M/D/{servers} with D = {service_ms:.2} ms",
            self.alone.mean_ms, self.alone.waits.p50_ms, self.alone.waits.p95_ms, self.alone.cv
        );
        println!(
            "\n{:>6} {:>9} {:>9} {:>8}   {:>26}   {:>26} {:>8} {:>9}",
            "load",
            "offered/s",
            "achieved",
            "refused",
            "measured p50 p95 p99 ms",
            "M/D/k p50 p95 p99 ms",
            "late p99",
            "generator"
        );
        self.rows.iter().for_each(Row::print);
        self.overload.print();
        println!("alone again {:.2} ms", self.after.mean_ms);
    }
}

impl Row {
    fn print(&self) {
        let three =
            |of: &Percentiles| format!("{:8.2} {:8.2} {:8.2}", of.p50_ms, of.p95_ms, of.p99_ms);
        println!(
            "{:>4} % {:>9.1} {:>9.1} {:>8}   {}   {} {:>5.2} ms {:>4.2} cores",
            self.load_percent,
            self.offered_per_s,
            self.achieved_per_s,
            self.refused,
            three(&self.measured),
            three(&self.model),
            self.late_p99_ms,
            self.generator_cores
        );
    }
}

impl Overload {
    fn print(&self) {
        let percent = |ratio: &f64| format!("{:.1}", 100.0 * ratio);
        let ratios: Vec<String> = self.ratios.iter().map(percent).collect();
        println!(
            "\noffered {:.1}/s: {:.1}/s answered, {:.1} % of the peak of {:.1}/s just before ({}); \
             by answer: {:?}; {} of the refused were told when to come again",
            self.offered_per_s,
            self.goodput_per_s,
            100.0 * self.ratio_to_peak,
            self.peak_per_s,
            ratios.join(", "),
            self.answers,
            self.refused_with_retry_after
        );
        println!(
            "answered within p50 {:.0} p95 {:.0} ms, refused within p50 {:.2} p95 {:.2} ms; \
             the generator took {:.2} cores",
            self.answered.p50_ms,
            self.answered.p95_ms,
            self.refused.p50_ms,
            self.refused.p95_ms,
            self.generator_cores
        );
    }
}
