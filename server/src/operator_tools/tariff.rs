//! `onmon-server tariff …`: what organisations ask, version by version.

use clap::{Args, Subcommand};
use onmon_ledger::{Date, Rate, Sen, Tariff, all_tariffs, jasrac, tariff_add};
use onmon_rights::OrganisationId;
use serde::Serialize;

use super::amount::{Yen, percent, percent_of, yen};
use super::opened::Place;
use super::{Ended, print_json, recorded};
use crate::http::now_ms;
use crate::index_tools::{count, print};

/// What to do with tariffs.
#[derive(Debug, Subcommand)]
pub enum TariffCommand {
    /// Shows every version of every tariff, and which is valid today.
    #[command(after_help = "Example:\n  \
        onmon-server tariff list --data ./data --organisation JASRAC")]
    List(ListArgs),

    /// Adds a version, which ends the one before it on its first day.
    ///
    /// Versions are never edited or removed, so that what was charged can be explained for good; a
    /// version must begin after the newest one. All amounts are without consumption tax.
    #[command(after_help = "Examples:\n  \
        onmon-server tariff add --data ./data --organisation JASRAC --form download_paid \\\n    \
        --valid-from 2026-04-01 --percent 7.7 --floor-yen 7.70 --month-minimum-yen 5000 \\\n    \
        --source \"JASRAC tariff, section 11, read 2026-03-01\"\n  \
        onmon-server tariff add --data ./data --organisation JASRAC --form download_free \\\n    \
        --valid-from 2026-04-01 --flat-yen 5.50 --source \"JASRAC tariff, section 11\"")]
    Add(AddArgs),

    /// Installs JASRAC's figures as an example, if JASRAC has no tariff yet.
    ///
    /// They are as this project's notes have them: check the current text before anything is
    /// charged by them.
    #[command(after_help = "Example:\n  onmon-server tariff example --data ./data")]
    Example(ExampleArgs),
}

#[derive(Debug, Args)]
pub struct ListArgs {
    #[command(flatten)]
    place: Place,

    /// Only this organisation's.
    #[arg(long, value_name = "ORGANISATION")]
    organisation: Option<OrganisationId>,

    /// Prints one JSON array.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct AddArgs {
    #[command(flatten)]
    place: Place,

    /// Who asks, as `JASRAC`.
    #[arg(long, value_name = "ORGANISATION")]
    organisation: OrganisationId,

    /// For what: `download_paid` is what the server charges by, `download_paid_master` for the
    /// recording's own right.
    #[arg(long, value_name = "FORM")]
    form: String,

    /// The first day it is valid, in Japan.
    #[arg(long, value_name = "YYYY-MM-DD")]
    valid_from: Date,

    #[command(flatten)]
    rate: RateArgs,

    /// The least for a use, with --percent.
    #[arg(
        long,
        value_name = "YEN",
        value_parser = yen,
        conflicts_with_all = ["flat_yen", "closed"],
        default_value = "0"
    )]
    floor_yen: Sen,

    /// The least for a month with usage.
    #[arg(long, value_name = "YEN", value_parser = yen, default_value = "0")]
    month_minimum_yen: Sen,

    /// Where the figures are from, with the day they were read.
    #[arg(long, value_name = "TEXT")]
    source: String,

    /// Prints one JSON object.
    #[arg(long)]
    json: bool,
}

/// How a use is charged.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct RateArgs {
    /// A share of the price, as 7.7.
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    percent: Option<u32>,

    /// The same for every use, as 5.50.
    #[arg(long, value_name = "YEN", value_parser = yen)]
    flat_yen: Option<Sen>,

    /// From that day on there is no tariff: nothing can be bought of this organisation's.
    #[arg(long)]
    closed: bool,
}

#[derive(Debug, Args)]
pub struct ExampleArgs {
    #[command(flatten)]
    place: Place,

    /// The first day it is valid, in Japan; today if left out.
    #[arg(long, value_name = "YYYY-MM-DD")]
    valid_from: Option<Date>,

    /// Prints one JSON array: what was added.
    #[arg(long)]
    json: bool,
}

pub async fn run(command: &TariffCommand) -> anyhow::Result<Ended> {
    match command {
        TariffCommand::List(args) => list(args).await,
        TariffCommand::Add(args) => add(args).await,
        TariffCommand::Example(args) => example(args).await,
    }
}

/// A version, in JSON. Names are a promise; new ones may come.
#[derive(Serialize)]
struct TariffAnswer {
    organisation: String,
    form: String,
    valid_from: String,
    /// The first day it is no longer valid.
    valid_to: Option<String>,
    /// Whether it is the one of today.
    valid_today: bool,
    rate: &'static str,
    percent_ppm: Option<u32>,
    floor: Option<Yen>,
    flat: Option<Yen>,
    month_minimum: Yen,
    source: String,
}

impl TariffAnswer {
    fn new(tariff: &Tariff, today: Date) -> TariffAnswer {
        let (rate, percent_ppm, floor, flat) = match tariff.rate {
            Rate::Share { ppm, floor } => ("percent", Some(ppm), Some(floor.into()), None),
            Rate::Flat { amount } => ("flat", None, None, Some(amount.into())),
            Rate::Closed => ("closed", None, None, None),
        };
        TariffAnswer {
            organisation: tariff.organisation.clone(),
            form: tariff.form.clone(),
            valid_from: tariff.valid_from.to_string(),
            valid_to: tariff.valid_to.map(|day| day.to_string()),
            valid_today: tariff.valid_from <= today && tariff.valid_to.is_none_or(|to| today < to),
            rate,
            percent_ppm,
            floor,
            flat,
            month_minimum: tariff.month_minimum.into(),
            source: tariff.source.clone(),
        }
    }
}

async fn list(args: &ListArgs) -> anyhow::Result<Ended> {
    let mut all = args
        .place
        .with(async |store| Ok(all_tariffs(&mut *store.readers().acquire().await?).await?))
        .await?;
    if let Some(wanted) = &args.organisation {
        all.retain(|tariff| tariff.organisation == wanted.as_str());
    }
    let today = Date::in_japan(now_ms())?;
    let answers: Vec<TariffAnswer> = all.iter().map(|one| TariffAnswer::new(one, today)).collect();
    if args.json {
        print_json(&answers)?;
    } else if all.is_empty() {
        print("no tariffs: nothing can be bought; see `tariff add --help`, `tariff example`");
    } else {
        for (tariff, answer) in all.iter().zip(&answers) {
            let mark = if answer.valid_today { '*' } else { ' ' };
            print(&format!("{mark} {}", line(tariff)));
        }
        print("* valid today; amounts without tax");
    }
    Ok(Ended::Well)
}

fn line(tariff: &Tariff) -> String {
    let rate = match tariff.rate {
        Rate::Share { ppm, floor } => format!("{}, at least {floor} yen", percent_of(ppm)),
        Rate::Flat { amount } => format!("{amount} yen"),
        Rate::Closed => "closed".to_owned(),
    };
    let until = tariff.valid_to.map_or_else(|| "-".to_owned(), |day| day.to_string());
    format!(
        "{:<10} {:<22} {} until {until:<10}  {rate:<28}  {} yen a month at least  ({})",
        tariff.organisation, tariff.form, tariff.valid_from, tariff.month_minimum, tariff.source
    )
}

async fn add(args: &AddArgs) -> anyhow::Result<Ended> {
    let rate = match (args.rate.percent, args.rate.flat_yen) {
        (Some(ppm), _) => Rate::Share { ppm, floor: args.floor_yen },
        (None, Some(amount)) => Rate::Flat { amount },
        (None, None) => Rate::Closed,
    };
    let tariff = Tariff {
        organisation: args.organisation.to_string(),
        form: args.form.clone(),
        valid_from: args.valid_from,
        valid_to: None,
        rate,
        month_minimum: args.month_minimum_yen,
        source: args.source.clone(),
    };
    kept(&args.place, std::slice::from_ref(&tariff)).await?;
    match args.json {
        true => print_json(&TariffAnswer::new(&tariff, Date::in_japan(now_ms())?))?,
        false => print(&format!("added: {}", line(&tariff))),
    }
    Ok(Ended::Well)
}

/// All of them, or none.
async fn kept(place: &Place, tariffs: &[Tariff]) -> anyhow::Result<()> {
    place
        .with_new(async |store| {
            let mut write = store.begin().await?;
            for tariff in tariffs {
                tariff_add(&mut write, tariff).await?;
                let subject = format!("{}/{}", tariff.organisation, tariff.form);
                recorded(&mut write, "tariff.add", &subject, &line(tariff), now_ms()).await?;
            }
            Ok(write.commit().await?)
        })
        .await
}

async fn example(args: &ExampleArgs) -> anyhow::Result<Ended> {
    let today = Date::in_japan(now_ms())?;
    let all = args
        .place
        .with_new(async |store| Ok(all_tariffs(&mut *store.readers().acquire().await?).await?))
        .await?;
    let there = all.iter().filter(|tariff| tariff.organisation == jasrac::ORGANISATION).count();
    let set = match there {
        0 => jasrac::example(args.valid_from.unwrap_or(today)),
        _ => Vec::new(),
    };
    if !set.is_empty() {
        kept(&args.place, &set).await?;
    }
    if args.json {
        let answers: Vec<_> = set.iter().map(|one| TariffAnswer::new(one, today)).collect();
        print_json(&answers)?;
    } else if set.is_empty() {
        let there = count(there as u64, "version");
        print(&format!("{} has {there} already: nothing was added", jasrac::ORGANISATION));
    } else {
        for tariff in &set {
            print(&format!("added: {}", line(tariff)));
        }
        print("an example: check the current text before anything is charged by it");
        print("  https://www.jasrac.or.jp/");
    }
    Ok(Ended::Well)
}
