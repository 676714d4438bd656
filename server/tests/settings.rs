//! Settings on the real program: option before environment before file before what is built in, one
//! error for each thing that can be wrong, and a server that runs by a file alone.

mod running;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use running::{Ended, Server, TOKEN, ended};
use tempfile::{TempDir, tempdir};

fn file(text: &str) -> (TempDir, PathBuf) {
    let dir = tempdir().unwrap();
    let file = dir.path().join("server.toml");
    fs::write(&file, text).unwrap();
    (dir, file)
}

fn program(file: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onmon-server"));
    command.env_clear().arg("--config").arg(file);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(command: &mut Command) -> Ended {
    ended(command.spawn().unwrap())
}

#[test]
fn the_nearer_word_wins_and_is_told() {
    let (_dir, file) = file("tax-percent = 8\nunknown-days = 7\nlog = 'warn'\ndata = '/a'\n");
    let mut command = program(&file);
    command.args(["--log", "debug", "--print-config"]);
    command.env("ONMON_UNKNOWN_DAYS", "5").env("ONMON_LOG", "error");
    command.env("ONMON_DATABASE", "postgres://u:hunter2@h/db");
    let told = run(&mut command);
    assert_eq!(told.code, Some(0), "{}", told.says);
    let from_file = file.display().to_string();
    for (setting, from) in [
        ("log = \"debug\"", "--log"),
        ("unknown-days = 5", "ONMON_UNKNOWN_DAYS"),
        ("tax-percent = 8", &from_file),
        ("data = \"/a\"", &from_file),
        ("release-days = 30", "unless given"),
        ("open-registration = false", "unless given"),
    ] {
        let line = told.out.lines().find(|line| line.starts_with(setting));
        let line = line.unwrap_or_else(|| panic!("no `{setting}` in\n{}", told.out));
        assert!(line.ends_with(&format!("# {from}")), "{line}");
    }
    assert!(told.out.contains("database = \"postgres://") && !told.out.contains("hunter2"));
}

#[test]
fn what_is_printed_says_the_same_when_it_is_read() {
    let (_dir, first) = file("data = '/a'\ncors-origin = ['https://a.jp', 'https://b.jp']\n");
    let values = |told: &Ended| -> Vec<String> {
        assert_eq!(told.code, Some(0), "{}", told.says);
        let value = |line: &str| line.split("    #").next().unwrap_or_default().to_owned();
        told.out.lines().map(value).collect()
    };
    let told = run(program(&first).arg("--print-config"));
    let (_dir, second) = file(&told.out);
    assert_eq!(values(&run(program(&second).arg("--print-config"))), values(&told));
}

#[test]
fn a_wrong_file_is_refused_with_what_would_be_right() {
    for (text, words) in [
        ("in_flight_max = 9", "there is no setting `in_flight_max`; there are: data, listen,"),
        ("data = '/a'\nlisten = 'x'", "invalid value 'x' for '--listen"),
        ("log = 'info'", "--data <DIR>"),
        ("data = '/a'\npayment-url = 'https://p'", "--payment-key-file"),
        ("data = ", "TOML parse error"),
    ] {
        let (_dir, file) = file(text);
        let told = run(&mut program(&file));
        assert_eq!(told.code, Some(2), "{text}: {}", told.says);
        assert!(told.says.contains(words), "{text}: `{words}` is not in\n{}", told.says);
        assert!(told.says.contains(file.to_str().unwrap()), "{text}: {}", told.says);
    }
    let told = run(&mut program(Path::new("/nowhere/server.toml")));
    assert!(told.says.contains("cannot read --config /nowhere/server.toml"), "{}", told.says);
}

#[test]
fn a_server_runs_by_its_file_alone() {
    let data = tempdir().unwrap();
    let text = format!("data = '{}'\nlisten = '127.0.0.1:0'\n", data.path().display());
    let (_dir, file) = file(&text);
    let mut command = program(&file);
    command.env("ONMON_ADMIN_TOKEN", TOKEN);
    let server = Server::spawn(command);
    assert_eq!(server.get("/readyz").status(), 200);
    assert!(data.path().join("onmon.sqlite").exists());
    assert!(server.stop().success());
}

#[test]
fn what_is_shipped_for_systemd_and_containers_is_true() {
    let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy");
    let told = run(program(&deploy.join("server.toml")).arg("--print-config"));
    assert_eq!(told.code, Some(0), "{}", told.says);
    let table = run(program(&deploy.join("server.toml")).arg("--print-config=table"));
    for name in ["onmon-server.service", "Containerfile"] {
        let text = fs::read_to_string(deploy.join(name)).unwrap();
        let variables = text.split(|c: char| !(c.is_ascii_uppercase() || c == '_'));
        let variables: Vec<&str> = variables.filter(|word| word.starts_with("ONMON_")).collect();
        assert!(variables.contains(&"ONMON_DATA"), "{name}");
        for variable in variables {
            assert!(table.out.contains(&format!("`{variable}`")), "{name}: {variable}");
        }
    }
}
