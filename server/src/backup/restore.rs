//! Makes a server's directory of a backup.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use anyhow::Context;

use super::folder::Folder;
use super::manifest::Manifest;
use super::{ADMIN_TOKEN, CATALOGUE, RestoreArgs};
use crate::index_tools::{count, print};
use crate::operator_tools::Ended;
use crate::platform::{FILE as PLATFORM, MASTER_FILE};

pub fn run(args: &RestoreArgs) -> anyhow::Result<Ended> {
    let manifest = Manifest::read(&args.from)?;
    let folder = Folder::begin(&args.data)?;
    let mut damaged = 0;
    for entry in &manifest.files {
        let from = args.from.join(&entry.name);
        if !from.is_file() {
            print(&format!("{}: missing", from.display()));
            damaged += 1;
            continue;
        }
        folder.copy(&from, &entry.name)?;
        if [MASTER_FILE, ADMIN_TOKEN].contains(&entry.name.as_str()) {
            // What carried the backup here may not have kept its modes.
            fs::set_permissions(folder.place(&entry.name)?, Permissions::from_mode(0o600))?;
        }
        // Of the copy: so what was read and what was written are both held to the sum.
        let copy = folder.entry(&entry.name)?;
        if copy != *entry {
            print(&format!("{}: damaged, another sum than was written", from.display()));
            damaged += 1;
        }
    }
    if damaged > 0 {
        print(&format!("{}: nothing was restored", count(damaged, "damaged file")));
        return Ok(Ended::Damaged);
    }
    let data = folder.finish().context("the backup is sound, but cannot be put in place")?;
    let data = data.display();
    print(&format!("{data}: {}, every sum right", count(manifest.files.len() as u64, "file")));
    let has = |name: &str| manifest.files.iter().any(|entry| entry.name == name);
    if !has(MASTER_FILE) {
        print("the master key was not in it: name yours with --master-key-file");
    }
    match &manifest.database_elsewhere {
        Some(database) => print(&format!("the tables are not in it: restore {database} as well")),
        None if !has(PLATFORM) || !has(CATALOGUE) => print("it was of a server that had no songs"),
        None => {}
    }
    print(&format!("check: onmon-server ledger check --data {data}"));
    print(&format!("       onmon-server audit verify --data {data}"));
    print(&format!("serve: onmon-server --data {data}    (the index is made anew)"));
    Ok(Ended::Well)
}
