//! Copies all that a server keeps, beside it.

use std::path::Path;

use anyhow::{Context, ensure};
use onmon_store::{Location, Store};

use super::folder::{Folder, files_under};
use super::manifest::{self, Manifest};
use super::{ADMIN_TOKEN, AUDIT, BackupArgs, CATALOGUE};
use crate::audit_log::AuditLog;
use crate::http::now_ms;
use crate::index_tools::{count, grouped, print};
use crate::operator_tools::Ended;
use crate::platform::{FILE as PLATFORM, MASTER_FILE};

pub async fn run(args: &BackupArgs) -> anyhow::Result<Ended> {
    let data = &args.place.data;
    let (taken_ms, location) = (now_ms(), args.place.location());
    ensure!(
        data.is_dir() && (!is_file(&location) || there(&location)),
        "no server's directory: {}; name it with --data",
        data.display()
    );
    let folder = Folder::begin(&args.into)?;
    let mut names = audit_log(args, &folder).await?;
    if is_file(&location) {
        names.extend(tables(&location, &folder, PLATFORM).await?);
        names.extend(tables(&args.place.library().catalogue(), &folder, CATALOGUE).await?);
    }
    if !args.without_keys {
        names.extend(key(data, &folder, MASTER_FILE)?);
        names.extend(key(data, &folder, ADMIN_TOKEN)?);
    }
    let has_master = names.iter().any(|name| name == MASTER_FILE);
    let files = names.iter().map(|name| folder.entry(name)).collect::<Result<Vec<_>, _>>()?;
    let (files_count, bytes) = (files.len() as u64, files.iter().map(|file| file.bytes).sum());
    let elsewhere = (!is_file(&location)).then(|| location.to_string());
    Manifest::new(taken_ms, elsewhere.clone(), files).write(&folder.place(manifest::FILE)?)?;
    let name = folder.finish()?;
    print(&format!("{}: {}, {} bytes", name.display(), count(files_count, "file"), grouped(bytes)));
    if !has_master {
        print("the master key is not in it: keep it elsewhere, nothing opens without it");
    }
    if let Some(database) = elsewhere {
        print(&format!("the tables are not in it: run pg_dump on {database} now"));
    }
    Ok(Ended::Well)
}

/// The published log. Nobody publishes meanwhile, so its checkpoint is of its tiles.
async fn audit_log(args: &BackupArgs, folder: &Folder) -> anyhow::Result<Vec<String>> {
    let log = AuditLog::new(&args.place.data, &args.audit);
    if !log.folder.is_dir() {
        return Ok(vec![]);
    }
    let _turn = log.turn().await?;
    let mut names = vec![];
    for file in files_under(&log.folder)? {
        let inner = file.to_str().context("a name in the audit log's folder is not UTF-8")?;
        let name = format!("{AUDIT}/{inner}");
        folder.copy(&log.folder.join(&file), &name)?;
        names.push(name);
    }
    Ok(names)
}

async fn tables(
    location: &Location,
    folder: &Folder,
    name: &str,
) -> anyhow::Result<Option<String>> {
    if !there(location) {
        return Ok(None);
    }
    let store = Store::look(location)?;
    let copied = store.copy_into(&folder.place(name)?).await;
    store.close().await;
    copied.with_context(|| format!("cannot copy {location}"))?;
    Ok(Some(name.to_owned()))
}

/// A key that may lie in the directory, or be the operator's to keep.
fn key(data: &Path, folder: &Folder, name: &str) -> anyhow::Result<Option<String>> {
    let file = data.join(name);
    if !file.is_file() {
        return Ok(None);
    }
    folder.copy(&file, name)?;
    Ok(Some(name.to_owned()))
}

fn is_file(location: &Location) -> bool {
    matches!(location, Location::Sqlite(_))
}

fn there(location: &Location) -> bool {
    matches!(location, Location::Sqlite(file) if file.is_file())
}
