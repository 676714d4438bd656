//! Who may import whom. The table here is the rule; ARCHITECTURE.md draws it.

use std::process::Command;

use anyhow::{Context, Result};

use super::Problem;
use crate::metadata::{Member, Metadata};
use crate::{command, repo};

/// What a package may depend on, dev-dependencies included.
struct Room {
    package: &'static str,
    /// Packages of this workspace.
    ours: &'static [&'static str],
    /// Packages of others, linked or run at build time: `None` for any; a name ending in `*` is a
    /// prefix.
    others: Option<&'static [&'static str]>,
}

const ACCOUNTS: &str = "onmon-accounts";
const AUDIT: &str = "onmon-audit";
const BILLING: &str = "onmon-billing";
const CAPACITY: &str = "onmon-capacity";
const CORE: &str = "onmon-core";
const DECODE: &str = "onmon-decode";
const DEVICE: &str = "onmon-device";
const INDEX: &str = "onmon-index";
const KEYS: &str = "onmon-keys";
const LEDGER: &str = "onmon-ledger";
const LINK: &str = "onmon-link";
const LIBRARY: &str = "onmon-library";
const RECORDING: &str = "onmon-recording";
const REPORT: &str = "onmon-report";
const RIGHTS: &str = "onmon-rights";
const SEAL: &str = "onmon-seal";
const SERVER: &str = "onmon-server";
const SHARING: &str = "onmon-sharing";
const STORE: &str = "onmon-store";
const SYNTH: &str = "onmon-synth";
const TAG: &str = "onmon-tag";

const ROOMS: [Room; 28] = [
    Room {
        package: CORE,
        ours: &[],
        // Without a heap and the same on every target; libm at build time, for the tables.
        others: Some(&["crc", "heapless", "libm", "microfft", "postcard", "serde", "wide"]),
    },
    Room {
        package: DECODE,
        ours: &[CORE],
        others: Some(&["ropus", "sha2", "symphonia*", "thiserror"]),
    },
    // Without a heap too: what a small device does between its microphone and its serial line, and
    // what it says there, for the device and for whoever listens.
    Room { package: DEVICE, ours: &[CORE, LINK, "onmon-tests"], others: Some(&["heapless"]) },
    Room {
        package: LINK,
        ours: &[],
        others: Some(&["cobs", "crc", "heapless", "postcard", "serde"]),
    },
    // Maths alone, the same in a browser: it knows nothing of what the servers serve.
    Room { package: CAPACITY, ours: &[], others: Some(&["libm", "thiserror"]) },
    Room { package: INDEX, ours: &[CORE], others: None },
    Room { package: LIBRARY, ours: &[CORE, INDEX, RIGHTS, STORE], others: None },
    // The copyright platform: one room a subject, over one door to the databases.
    Room { package: STORE, ours: &[STORE], others: None },
    Room { package: RIGHTS, ours: &[STORE], others: None },
    Room { package: LEDGER, ours: &[STORE], others: None },
    Room { package: BILLING, ours: &[STORE, LEDGER], others: None },
    Room { package: REPORT, ours: &[], others: None },
    Room { package: AUDIT, ours: &[STORE], others: None },
    Room { package: ACCOUNTS, ours: &[STORE], others: None },
    Room { package: KEYS, ours: &[STORE], others: None },
    Room {
        package: SHARING,
        ours: &[CORE, STORE, LIBRARY, RIGHTS, LEDGER, AUDIT, KEYS, TAG],
        others: None,
    },
    Room {
        package: SERVER,
        ours: &[
            CAPACITY, CORE, INDEX, LIBRARY, STORE, RIGHTS, LEDGER, BILLING, REPORT, AUDIT,
            ACCOUNTS, KEYS, SHARING, TAG,
        ],
        others: None,
    },
    // What the client does with a permit; neither knows of audio or of servers.
    Room { package: TAG, ours: &[], others: None },
    Room { package: SEAL, ours: &[], others: None },
    // It makes codes for whoever measures an index; nothing that ships may lean on it.
    Room { package: SYNTH, ours: &[CORE], others: Some(&[]) },
    Room { package: "onmon", ours: &[CORE, DECODE, LIBRARY, SEAL, TAG], others: None },
    Room { package: RECORDING, ours: &[CORE], others: Some(&["thiserror"]) },
    // C users get no decoders.
    Room { package: "onmon-capi", ours: &[CORE, RECORDING], others: Some(&[]) },
    Room {
        package: "onmon-gst",
        ours: &[CORE, RECORDING],
        others: Some(&["base64", "gstreamer*"]),
    },
    Room {
        package: "onmon-python",
        ours: &[CORE, DECODE, RECORDING],
        others: Some(&["numpy", "pyo3"]),
    },
    Room { package: "onmon-wasm", ours: &[CAPACITY, CORE, DECODE, SEAL, TAG], others: None },
    Room {
        package: "onmon-tests",
        ours: &[CAPACITY, CORE, DECODE, INDEX, LIBRARY, SERVER, SYNTH, SEAL, TAG, "onmon"],
        others: None,
    },
    // It reads what devices say.
    Room { package: "xtask", ours: &[LINK], others: None },
];

/// Never linked into the server, however indirectly: audio stays on the client.
const NOT_IN_SERVER: [&str; 4] = [DECODE, "symphonia*", "ropus", "lofty"];

/// Checks the workspace, and the firmware's own two.
pub fn check(metadata: &Metadata, problems: &mut Vec<Problem>) -> Result<()> {
    let members = metadata.members();
    let names: Vec<&str> = members.iter().map(|member| member.name.as_str()).collect();
    for member in &members {
        match ROOMS.iter().find(|room| room.package == member.name) {
            Some(room) => check_member(room, member, &names, problems),
            None => problems.push(Problem::new(
                &manifest(member),
                1,
                "an unknown room: say in tidy/rooms.rs and ARCHITECTURE.md what it may import",
            )),
        }
    }
    for name in metadata.linked_into(SERVER) {
        if NOT_IN_SERVER.iter().any(|pattern| matches(pattern, &name)) {
            let message = format!(
                "{SERVER} links {name}: the server must not be able to decode audio; \
                 find the way in with `cargo tree -p {SERVER} -i {name}`"
            );
            problems.push(Problem::new("server/Cargo.toml", 1, message));
        }
    }
    ["firmware/Cargo.toml", "firmware/nrf52840/Cargo.toml"]
        .iter()
        .try_for_each(|path| check_firmware(path, &names, problems))
}

fn check_member(room: &Room, member: &Member, names: &[&str], problems: &mut Vec<Problem>) {
    for dependency in &member.dependencies {
        let name = dependency.name.as_str();
        let is_ours = names.contains(&name);
        let allowed = match room.others {
            _ if is_ours => room.ours.contains(&name),
            Some(others) if dependency.kind.as_deref() != Some("dev") => {
                others.iter().any(|pattern| matches(pattern, name))
            }
            _ => true,
        };
        if !allowed {
            let may = [room.ours, room.others.unwrap_or_default()].concat().join(", ");
            let message = format!("{} may not import {name}; it may: {may}", member.name);
            problems.push(Problem::new(&manifest(member), 1, message));
        }
    }
}

/// A workspace of its own: of ours it may import what has no heap.
fn check_firmware(path: &str, names: &[&str], problems: &mut Vec<Problem>) -> Result<()> {
    let mut cargo = Command::new("cargo");
    cargo.args(["metadata", "--format-version", "1", "--no-deps", "--manifest-path", path]);
    let text = command::capture(cargo.current_dir(repo::root()))?;
    let metadata = Metadata::parse(&text).with_context(|| format!("cargo metadata of {path}"))?;
    for dependency in metadata.members().iter().flat_map(|member| &member.dependencies) {
        let may = [CORE, DEVICE, LINK];
        let name = dependency.name.as_str();
        if names.contains(&name) && !may.contains(&name) {
            let message = format!("firmware may not import {name}; it may: {}", may.join(", "));
            problems.push(Problem::new(path, 1, message));
        }
    }
    Ok(())
}

fn manifest(member: &Member) -> String {
    repo::relative(member.manifest.as_ref())
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => name == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::Dependency;

    fn complaints(package: &str, imports: &[(&str, Option<&str>)]) -> usize {
        let room = ROOMS.iter().find(|room| room.package == package).expect("a room");
        let dependencies = imports
            .iter()
            .map(|(name, kind)| Dependency { name: (*name).into(), kind: kind.map(str::to_owned) })
            .collect();
        let member = Member { name: package.into(), manifest: "x".into(), dependencies };
        let names: Vec<&str> = ROOMS.iter().map(|room| room.package).collect();
        let mut problems = Vec::new();
        check_member(room, &member, &names, &mut problems);
        problems.len()
    }

    #[test]
    fn imports_go_downwards_only() {
        assert_eq!(complaints(SERVER, &[(LIBRARY, None), (CORE, None), ("axum", None)]), 0);
        assert_eq!(complaints(SERVER, &[(DECODE, None)]), 1);
        assert_eq!(complaints(SERVER, &[(DECODE, Some("dev"))]), 1);
        assert_eq!(complaints(CORE, &[("heapless", None), ("libm", Some("build"))]), 0);
        assert_eq!(complaints(CORE, &[("rand", None), ("proptest", Some("dev"))]), 1);
        assert_eq!(complaints(CAPACITY, &[("libm", None), (CORE, None)]), 1);
        assert_eq!(complaints(DECODE, &[("symphonia-core", None), ("tokio", None)]), 1);
        assert_eq!(complaints("onmon-capi", &[(CORE, None), ("cbindgen", Some("dev"))]), 0);
        assert_eq!(complaints("onmon-capi", &[(DECODE, None)]), 1);
        assert_eq!(complaints("onmon", &[("onmon-tests", Some("dev"))]), 1);
    }
}
