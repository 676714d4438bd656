//! ARCHITECTURE.md stays short and names every room.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::Problem;
use crate::metadata::Member;
use crate::repo;

const MAP: &str = "ARCHITECTURE.md";
const LINES_MAX: usize = 150;

/// Checks the map against the folders at the top and the workspace's packages.
pub fn check(files: &[String], members: &[Member], problems: &mut Vec<Problem>) {
    let Ok(text) = fs::read_to_string(repo::root().join(MAP)) else {
        problems.push(Problem::new(MAP, 1, "missing: draw the rooms and what each may import"));
        return;
    };
    let lines = text.lines().count();
    if lines > LINES_MAX {
        problems.push(Problem::new(
            MAP,
            lines,
            format!("over {LINES_MAX} lines: a map, not a book"),
        ));
    }
    for room in rooms(files, members) {
        if !text.contains(&format!("{room}/")) {
            problems.push(Problem::new(
                MAP,
                lines,
                format!("does not name `{room}/`: say what it is for"),
            ));
        }
    }
}

/// Folders at the top that hold files, and the folder of each package.
fn rooms(files: &[String], members: &[Member]) -> BTreeSet<String> {
    let top = files.iter().filter_map(|path| path.split_once('/')).map(|(room, _)| room.to_owned());
    let packages = members.iter().filter_map(|member| {
        let folder = Path::new(&member.manifest).parent()?;
        Some(repo::relative(folder))
    });
    top.filter(|room| !room.starts_with('.')).chain(packages).collect()
}
