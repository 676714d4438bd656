//! What cargo knows of the workspace: packages, their dependencies, the versions in Cargo.lock.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::{command, repo};

/// One dependency as a manifest states it.
pub struct Dependency {
    pub name: String,
    /// `None` for a normal one, else `dev` or `build`.
    pub kind: Option<String>,
}

/// One package of the workspace.
pub struct Member {
    pub name: String,
    pub manifest: String,
    pub dependencies: Vec<Dependency>,
}

/// The answer of `cargo metadata`.
pub struct Metadata(Value);

impl Metadata {
    /// Asks cargo; resolves and downloads as a build would.
    pub fn read() -> Result<Self> {
        let mut cargo = Command::new("cargo");
        cargo.args(["metadata", "--format-version", "1"]).current_dir(repo::root());
        Self::parse(&command::capture(&mut cargo)?)
    }

    /// Takes what `cargo metadata` printed.
    pub fn parse(text: &str) -> Result<Self> {
        Ok(Self(serde_json::from_str(text).context("cargo metadata printed no JSON")?))
    }

    /// The version of a package in Cargo.lock.
    pub fn version(&self, package: &str) -> Result<String> {
        self.packages()
            .find(|found| text(found, "name") == package)
            .map(|found| text(found, "version").to_owned())
            .with_context(|| format!("{package} is not in Cargo.lock"))
    }

    /// What a package's manifest says under `[package.metadata]`.
    pub fn extra(&self, package: &str) -> &Value {
        let found = self.packages().find(|found| text(found, "name") == package);
        found.map_or(&Value::Null, |found| &found["metadata"])
    }

    /// The workspace's own packages.
    pub fn members(&self) -> Vec<Member> {
        let ids: BTreeSet<&str> =
            items(&self.0, "workspace_members").filter_map(Value::as_str).collect();
        self.packages().filter(|found| ids.contains(text(found, "id"))).map(member).collect()
    }

    /// Names of all packages that `package` is linked from, itself included; dev-dependencies are
    /// not.
    pub fn linked_into(&self, package: &str) -> BTreeSet<String> {
        let names: BTreeMap<&str, &str> =
            self.packages().map(|found| (text(found, "id"), text(found, "name"))).collect();
        let nodes: BTreeMap<&str, &Value> =
            items(&self.0["resolve"], "nodes").map(|node| (text(node, "id"), node)).collect();
        let mut waiting: Vec<&str> =
            names.iter().filter(|(_, name)| **name == package).map(|(id, _)| *id).collect();
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        while let Some(id) = waiting.pop() {
            if !seen.insert(id) {
                continue;
            }
            let Some(node) = nodes.get(id) else { continue };
            waiting.extend(
                items(node, "deps").filter(|edge| is_linked(edge)).map(|edge| text(edge, "pkg")),
            );
        }
        seen.iter().filter_map(|id| names.get(id)).map(|name| (*name).to_owned()).collect()
    }

    fn packages(&self) -> impl Iterator<Item = &Value> {
        items(&self.0, "packages")
    }
}

fn member(package: &Value) -> Member {
    let dependencies = items(package, "dependencies")
        .map(|dependency| Dependency {
            name: text(dependency, "name").to_owned(),
            kind: dependency["kind"].as_str().map(str::to_owned),
        })
        .collect();
    Member {
        name: text(package, "name").to_owned(),
        manifest: text(package, "manifest_path").to_owned(),
        dependencies,
    }
}

fn is_linked(edge: &Value) -> bool {
    items(edge, "dep_kinds").any(|kind| kind["kind"].is_null())
}

fn items<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value[key].as_array().into_iter().flatten()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}
