//! `onmon-server plan`: how many servers keep a promised wait, and in which shape.
//!
//! ```text
//! PlanArgs            args.rs        what is asked, as typed
//!   | Question::new   question.rs    rates, work and room: parsed, the paper's, or measured.rs
//!   | Row::of         row.rs         each shape: onmon-capacity says what it does
//! Answer              answer.rs      JSON; table.rs for people, figures.rs and plot.rs as pictures
//! ```

mod answer;
mod args;
mod figures;
mod measured;
mod plot;
mod question;
mod row;
mod table;

use anyhow::Context;
use onmon_capacity::plan::cheapest;
use onmon_capacity::{Farm, Shape};

pub use args::{HELP, PlanArgs};

use crate::index_tools::{Ended, print};
use answer::Answer;
use question::{Asked, Question};
use row::Row;

/// Does it, and says on standard error why it could not be done.
pub fn run(args: &PlanArgs) -> Ended {
    match answer(args) {
        Ok(()) => Ended::Well,
        Err(error) => {
            eprintln!("onmon-server: {error:#}");
            Ended::Failed
        }
    }
}

fn answer(args: &PlanArgs) -> anyhow::Result<()> {
    let question = Question::new(args)?;
    let (plans, shapes) = match &question.asked {
        Asked::Cheapest { rates_per_s } => (plans(&question, rates_per_s)?, Vec::new()),
        Asked::Shapes(farms) => (Vec::new(), rows(&question, farms)?),
    };
    let answer = Answer::new(&question, plans, shapes);
    if args.json {
        print(&serde_json::to_string(&answer)?);
    } else {
        table::show(&answer);
    }
    if let Some(dir) = &args.plot {
        std::fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
        let servers = args.servers.unwrap_or(figures::PAPERS_SERVERS);
        for figure in figures::all(question.work.whole_s(), servers)? {
            plot::draw(&figure, &dir.join(figure.file))?;
        }
    }
    Ok(())
}

/// The cheapest shape for each rate.
fn plans(question: &Question, rates_per_s: &[f64]) -> anyhow::Result<Vec<Row>> {
    let planned = rates_per_s.iter().map(|rate_per_s| {
        let farm = cheapest(&question.demand(*rate_per_s))
            .with_context(|| format!("no plan for {rate_per_s} queries/s"))?;
        Row::of(question, &farm)
    });
    planned.collect()
}

fn rows(question: &Question, farms: &[Farm]) -> anyhow::Result<Vec<Row>> {
    farms.iter().map(|farm| Row::of(question, farm)).collect()
}

/// One server with the whole catalogue.
const ALONE: Shape = Shape { parts: 1, groups: 1 };
