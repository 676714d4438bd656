//! Tiles: 256 hashes of one level in a file, and where that file lies (C2SP tlog-tiles).
//!
//! ```text
//! tile/0/x001/067        hashes 256 x 1,067 to 256 x 1,068 - 1 of the leaves
//! tile/0/x001/068.p/17   the last 17 of them, while the tile is not full
//! tile/1/004             each hash the root over a full tile of level 0
//! tile/entries/…         the entries themselves: length (u16, big-endian) and bytes, one by one
//! ```

use std::path::PathBuf;

use crate::tree::{Hash, node_hash};

/// Hashes in a full tile.
pub(crate) const WIDTH: u64 = 256;

/// Levels of the tree between one level of tiles and the next.
pub(crate) const HEIGHT: u32 = 8;

/// Which tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tile {
    pub level: u32,
    pub index: u64,
    /// Hashes in it, 1 to 256.
    pub width: u64,
}

impl Tile {
    /// The tiles of a level in a tree of `size` leaves, of which the last may not be full.
    pub fn at(level: u32, index: u64, size: u64) -> Option<Tile> {
        let hashes = size >> (HEIGHT * level);
        let width = hashes.saturating_sub(index.checked_mul(WIDTH)?).min(WIDTH);
        (width > 0).then_some(Tile { level, index, width })
    }

    /// Where its hashes are.
    pub fn path(&self) -> PathBuf {
        self.under(&self.level.to_string())
    }

    /// Where the entries are whose hashes a tile of level 0 has.
    pub fn entries_path(&self) -> PathBuf {
        self.under("entries")
    }

    fn under(&self, level: &str) -> PathBuf {
        let mut path = PathBuf::from("tile");
        path.push(level);
        let mut groups = vec![self.index % 1_000];
        let mut rest = self.index / 1_000;
        while rest > 0 {
            groups.push(rest % 1_000);
            rest /= 1_000;
        }
        while let Some(group) = groups.pop() {
            path.push(if groups.is_empty() {
                format!("{group:03}")
            } else {
                format!("x{group:03}")
            });
        }
        if self.width < WIDTH {
            path.as_mut_os_string().push(".p");
            path.push(self.width.to_string());
        }
        path
    }
}

/// The root over complete hashes: as many as a power of two.
pub(crate) fn fold(hashes: &[Hash]) -> Hash {
    match hashes {
        [one] => *one,
        _ => {
            let (left, right) = hashes.split_at(hashes.len() / 2);
            node_hash(&fold(left), &fold(right))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_specification() {
        let path = |level, index, width| Tile { level, index, width }.path();
        assert_eq!(path(0, 0, 256), PathBuf::from("tile/0/000"));
        assert_eq!(path(0, 1_234_067, 256), PathBuf::from("tile/0/x001/x234/067"));
        assert_eq!(path(1, 3, 112), PathBuf::from("tile/1/003.p/112"));
        let entries = Tile { level: 0, index: 273, width: 112 }.entries_path();
        assert_eq!(entries, PathBuf::from("tile/entries/273.p/112"));
    }

    #[test]
    fn a_tree_of_70_000_has_the_tiles_of_the_specification_s_example() {
        // "273 full level 0 tiles, one partial level 0 tile of width 112, one full and one partial
        // level 1 tile (17), one partial level 2 tile of width 1"
        assert_eq!(Tile::at(0, 272, 70_000).unwrap().width, 256);
        assert_eq!(Tile::at(0, 273, 70_000).unwrap().width, 112);
        assert_eq!(Tile::at(1, 0, 70_000).unwrap().width, 256);
        assert_eq!(Tile::at(1, 1, 70_000).unwrap().width, 17);
        assert_eq!(Tile::at(2, 0, 70_000).unwrap().width, 1);
        assert_eq!(Tile::at(0, 274, 70_000), None);
        assert_eq!(Tile::at(3, 0, 70_000), None);
    }
}
