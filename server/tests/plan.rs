//! `onmon-server plan` on the real program: the paper's case, plans, pictures, and what it refuses.
//! docs/capacity.md is run and compared.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::tempdir;

/// The paper's case: 6 servers, 5 s, 85 %.
const PAPER: [&str; 6] = ["--service-time", "5", "--servers", "6", "--load", "0.85"];

/// Our measurements at two sizes.
const MEASURED: [&str; 4] =
    ["--measured", "docs/index-2000000.json", "--measured", "docs/index-200000.json"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn plan(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onmon-server"));
    command.arg("plan").args(arguments).env_remove("ONMON_LOG").current_dir(root());
    command.output().unwrap()
}

fn well(arguments: &[&str]) -> String {
    let output = plan(arguments);
    let says = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), says.as_str()), (Some(0), ""), "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn json(arguments: &[&str]) -> Value {
    let text = well(&[arguments, &["--json"]].concat());
    assert_eq!(text.lines().count(), 1, "one object on one line");
    serde_json::from_str(&text).unwrap()
}

/// The exit code, and what it says on standard error.
fn refused(arguments: &[&str]) -> (i32, String) {
    let output = plan(arguments);
    assert_eq!(output.stdout, b"", "{arguments:?}");
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

fn number(row: &Value, name: &str) -> f64 {
    row[name].as_f64().unwrap_or_else(|| panic!("no number {name} in {row}"))
}

#[test]
fn the_papers_own_case() {
    // N, k, and in seconds: mean, mean + 2 sigma, exact 95 %. mission.md's figures times 5.
    let expected = [
        (1, 1, 5.0 * 3.8333, 5.0 * 10.1315, None),
        (1, 6, 5.0 * 1.3587, 5.0 * 2.3746, Some(5.0 * 2.389)),
        (2, 3, 5.0 * 0.9135, 5.0 * 1.9510, Some(5.0 * 1.956)),
        (3, 2, 5.0 * 0.7722, 5.0 * 1.8164, Some(5.0 * 1.818)),
        (6, 1, 5.0 * 0.6389, 5.0 * 1.6886, Some(5.0 * 1.688)),
    ];
    let answer = json(&PAPER);
    let shapes = answer["shapes"].as_array().unwrap();
    assert_eq!((shapes.len(), &answer["plans"]), (5, &Value::Array(vec![])));
    for (row, (n, k, mean, plus, p95)) in shapes.iter().zip(expected) {
        assert_eq!((&row["n"], &row["k"]), (&n.into(), &k.into()));
        assert!((number(row, "load") - 0.85).abs() < 1e-12);
        assert!((number(row, "mean_s") - mean).abs() < 5e-4, "{row}");
        assert!((number(row, "mean_plus_2_sigma_s") - plus).abs() < 5e-4, "{row}");
        let exact = number(row, "exact_p95_s");
        if let Some(p95) = p95 {
            assert!((exact - p95).abs() < 5.0 * 6e-4, "{row}");
        }
        assert_eq!(row["exact_at_percentile_s"], row["exact_p95_s"]);
        let simulated = number(&row["simulated"], "p95_s");
        assert!((simulated / exact - 1.0).abs() < 0.04, "{row}");
        assert!((number(row, "within_mean_plus_2_sigma") - 0.95).abs() < 0.003, "{row}");
    }
}

#[test]
fn the_cheapest_plan_keeps_its_promise_and_one_server_less_does_not() {
    let question = ["--service-time", "0.2", "--fixed-time", "0.1", "--rate", "3,40"];
    let answer = json(&[&question[..], &["--target-s", "0.8", "--percentile", "99"]].concat());
    for row in answer["plans"].as_array().unwrap() {
        assert_eq!(row["keeps_target"], true);
        assert!(number(row, "exact_at_percentile_s") <= 0.8 && number(row, "load") <= 0.85);
        assert_eq!(row["exact_at_percentile_s"], row["exact_p99_s"]);
        let (servers, rate) = (number(row, "servers"), number(row, "rate_per_s").to_string());
        let fewer = (servers - 1.0).to_string();
        let fewer = json(&[&question[..4], &["--rate", &rate, "--servers", &fewer]].concat());
        for shape in fewer["shapes"].as_array().unwrap() {
            let late = shape["overloaded"] == true || number(shape, "exact_p99_s") > 0.8;
            assert!(late || number(shape, "load") > 0.85, "{shape}");
        }
    }
}

#[test]
fn a_plan_may_survive_one_server() {
    let question = ["--service-time", "0.2", "--rate", "20"];
    let plain = &json(&question)["plans"][0];
    assert_eq!(plain["one_down"]["keeps_target"], false);
    let spare = &json(&[&question[..], &["--with-one-down"]].concat())["plans"][0];
    assert_eq!(spare["one_down"]["keeps_target"], true);
    assert!(number(spare, "servers") > number(plain, "servers"));
    assert!(number(&spare["one_down"], "exact_at_percentile_s") <= 1.0);
    assert_eq!(number(&spare["one_down"], "groups_left"), number(spare, "k") - 1.0);
}

#[test]
fn what_comes_and_what_it_takes() {
    let users = ["--users", "1000000", "--songs-a-day", "20", "--service-time", "0.01"];
    let row = &json(&users)["plans"][0];
    assert!((number(row, "rate_per_s") - 1e6 * 20.0 * 3.0 / 86_400.0).abs() < 1e-9);
    let row = &json(&[&users[..], &["--busy-hour", "1"]].concat())["plans"][0];
    assert!((number(row, "rate_per_s") - 1e6 * 20.0 / 86_400.0).abs() < 1e-9);

    let paper =
        json(&["--service-time", "paper", "--songs", "1000000", "--rate", "1", "--target-s", "9"]);
    assert!((number(&paper, "service_time_s") - 2.43).abs() < 1e-12);

    // Together they are what was measured; half the songs take half of what divides.
    let text = fs::read_to_string(root().join("docs/index-2000000.json")).unwrap();
    let measurement: Value = serde_json::from_str(&text).unwrap();
    let rows = measurement["rows"].as_array().unwrap();
    let unknown = rows.iter().find(|row| row["name"] == "unknown").unwrap();
    let all = json(&[&MEASURED[..], &["--rate", "10"]].concat());
    let sum = number(&all, "service_time_s") + number(&all, "fixed_time_s");
    assert!((sum - number(unknown, "p95_ms") / 1_000.0).abs() < 1e-9, "{all}");
    assert_eq!(all["plans"][0]["disk_bytes_per_server"], measurement["bytes"]);
    let half = json(&[&MEASURED[..], &["--rate", "10", "--songs", "1000000"]].concat());
    let halves = [&half, &all].map(|answer| number(answer, "service_time_s"));
    assert!((2.0 * halves[0] - halves[1]).abs() < 1e-12);
    assert_eq!(half["fixed_time_s"], all["fixed_time_s"]);
}

#[test]
fn shapes_that_cannot_bear_it_say_so() {
    let answer = json(&["--service-time", "1", "--servers", "2", "--rate", "1.5,7"]);
    let overloaded: Vec<&Value> =
        answer["shapes"].as_array().unwrap().iter().map(|row| &row["overloaded"]).collect();
    assert_eq!(overloaded, [false, false, true, true]);
    assert_eq!(answer["shapes"][2]["mean_s"], Value::Null);
    assert!(well(&["--service-time", "1", "--servers", "2", "--rate", "7"]).contains("too much"));
}

#[test]
fn dispatch_at_random_waits_longer_and_late_parts_too() {
    let p95 = |more: &[&str]| {
        let answer = json(&[&PAPER[..], more].concat());
        number(&answer["shapes"][1], "exact_p95_s")
    };
    assert_eq!(p95(&["--dispatch", "least-connection"]), p95(&[]));
    assert!(p95(&["--dispatch", "random"]) > 4.0 * p95(&[]));
    let jitter = ["--service-time", "1", "--jitter", "0.2", "--rate", "1", "--simulate", "300000"];
    let row = &json(&[&jitter[..], &["--servers", "4"]].concat())["shapes"][2];
    assert_eq!(row["n"], 4);
    assert!((number(row, "service_s") - (0.25 + 0.2 * 25.0 / 12.0)).abs() < 1e-12);
    assert!(number(&row["simulated"], "p95_s") > number(row, "exact_p95_s"));
}

#[test]
fn figures_are_those_of_the_docs() {
    let dir = tempdir().unwrap();
    let made = dir.path().join("new/folder");
    well(&[&PAPER[..], &["--plot", made.to_str().unwrap()]].concat());
    for number in 13..=17 {
        let name = format!("figure-{number}.svg");
        let drawn = fs::read_to_string(made.join(&name)).unwrap();
        let kept = fs::read_to_string(root().join("docs/capacity").join(&name)).unwrap();
        assert!(drawn == kept, "{name}: make it anew by the command in docs/capacity.md");
        assert!(drawn.starts_with("<svg") && drawn.ends_with("</svg>\n"));
    }
}

#[test]
fn the_docs_print_what_is_printed() {
    let text = fs::read_to_string(root().join("docs/capacity.md")).unwrap();
    let blocks: Vec<&str> = text.split("```console\n$ onmon-server plan ").skip(1).collect();
    assert_eq!(blocks.len(), 5);
    for block in blocks {
        let (shown, _) = block.split_once("```").unwrap();
        let (command, output) = shown.split_once('\n').unwrap();
        let arguments: Vec<&str> = command.split_whitespace().collect();
        assert_eq!(well(&arguments), output, "docs/capacity.md: `onmon-server plan {command}`");
    }
}

#[test]
fn what_is_wrong_is_said_with_what_to_do() {
    let rate = ["--rate", "1"];
    let given = ["--service-time", "1"];
    for (code, arguments, says) in [
        (2, vec!["--rate", "1"], "--service-time"),
        (2, vec!["--service-time", "1"], "--rate"),
        (2, vec!["--service-time", "soon", "--rate", "1"], "or `paper`"),
        (2, [&given[..], &rate, &["--load", "0.5", "--servers", "2"]].concat(), "--load"),
        (2, [&given[..], &["--load", "0.5"]].concat(), "--servers"),
        (2, [&given[..], &["--users", "5"]].concat(), "--songs-a-day"),
        (2, [&given[..], &rate, &["--servers", "0"]].concat(), "--servers"),
        (3, [&given[..], &["--load", "1", "--servers", "2"]].concat(), "below 1"),
        (3, [&given[..], &["--rate", "0"]].concat(), "--rate must be above 0"),
        (3, [&given[..], &["--rate", "NaN"]].concat(), "--rate must be above 0"),
        (3, [&given[..], &rate, &["--percentile", "100"]].concat(), "--percentile"),
        (3, [&given[..], &rate, &["--target-s", "0"]].concat(), "--target-s"),
        (3, [&given[..], &rate, &["--load-max", "1"]].concat(), "--load-max"),
        (3, [&given[..], &rate, &["--fixed-time", "2"]].concat(), "allow more time"),
        (3, vec!["--service-time", "0", "--rate", "1"], "--service-time"),
        (3, vec!["--measured", "no-such.json", "--rate", "1"], "no-such.json"),
        (3, vec!["--measured", "docs/privacy.json", "--rate", "1"], "bench index"),
        (3, [&MEASURED[..], &rate, &["--measured-row", "loud"]].concat(), "clean, mp3 32"),
        (3, [&MEASURED[..2], &rate, &["--songs", "5"]].concat(), "add one of another size"),
        (3, [&given[..], &rate, &["--plot", "README.md"]].concat(), "README.md"),
    ] {
        let output = plan(&arguments);
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {told}");
        assert!(told.contains(says), "{arguments:?}: {told}");
    }
    assert_eq!(refused(&["--service-time", "1", "--rate", "x"]).0, 2);
}

#[test]
fn help_has_an_example_that_runs() {
    let help = well(&["--help"]);
    let example = "--service-time 5 --servers 6 --load 0.85 --json";
    assert!(help.contains(&format!("onmon-server plan {example}")), "{help}");
    well(&example.split(' ').collect::<Vec<_>>());
}
