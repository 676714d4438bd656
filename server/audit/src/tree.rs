//! The Merkle tree of RFC 6962: hashes, proofs, and how they are checked. Pure.

use sha2::{Digest, Sha256};

/// SHA-256.
pub type Hash = [u8; 32];

/// The root of a tree without leaves.
pub(crate) fn empty_root() -> Hash {
    Sha256::digest(b"").into()
}

/// The hash of a leaf (RFC 6962, section 2.1).
pub(crate) fn leaf_hash(entry: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(entry).finalize().into()
}

/// The hash of an inner node (RFC 6962, section 2.1).
pub(crate) fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// Hashes of complete subtrees, wherever they are kept.
pub(crate) trait Subtrees {
    /// Why one cannot be had.
    type Error;

    /// The root over the `2^level` leaves from `index * 2^level` on, all of which are there.
    fn complete(&self, level: u32, index: u64) -> Result<Hash, Self::Error>;
}

/// The root over the leaves `from..to`, of which there is at least one; `from` is a multiple of the
/// greatest power of two below `to - from`, as it is wherever a tree is parted.
pub(crate) fn root_of<S: Subtrees>(trees: &S, from: u64, to: u64) -> Result<Hash, S::Error> {
    let count = to - from;
    if count.is_power_of_two() {
        return trees.complete(count.trailing_zeros(), from / count);
    }
    let left = split(count);
    let left_root = root_of(trees, from, from + left)?;
    Ok(node_hash(&left_root, &root_of(trees, from + left, to)?))
}

/// The siblings of a leaf on its way to the root (RFC 6962, section 2.1.1), from below.
pub(crate) fn inclusion<S: Subtrees>(
    trees: &S,
    leaf: u64,
    from: u64,
    to: u64,
) -> Result<Vec<Hash>, S::Error> {
    if to - from == 1 {
        return Ok(Vec::new());
    }
    let middle = from + split(to - from);
    if leaf < middle {
        let mut path = inclusion(trees, leaf, from, middle)?;
        path.push(root_of(trees, middle, to)?);
        Ok(path)
    } else {
        let mut path = inclusion(trees, leaf, middle, to)?;
        path.push(root_of(trees, from, middle)?);
        Ok(path)
    }
}

/// What shows that the tree of `to` leaves continues that of `old` (RFC 6962, section 2.1.2).
pub(crate) fn consistency<S: Subtrees>(
    trees: &S,
    old: u64,
    to: u64,
) -> Result<Vec<Hash>, S::Error> {
    if old == 0 || old == to {
        return Ok(Vec::new());
    }
    part_proof(trees, old, 0, to, true)
}

fn part_proof<S: Subtrees>(
    trees: &S,
    old: u64,
    from: u64,
    to: u64,
    is_known: bool,
) -> Result<Vec<Hash>, S::Error> {
    if from + old == to {
        return if is_known { Ok(Vec::new()) } else { Ok(vec![root_of(trees, from, to)?]) };
    }
    let left = split(to - from);
    if old <= left {
        let mut path = part_proof(trees, old, from, from + left, is_known)?;
        path.push(root_of(trees, from + left, to)?);
        Ok(path)
    } else {
        let mut path = part_proof(trees, old - left, from + left, to, false)?;
        path.push(root_of(trees, from, from + left)?);
        Ok(path)
    }
}

/// The greatest power of two below `count`, which is 2 or more.
fn split(count: u64) -> u64 {
    1 << (63 - (count - 1).leading_zeros())
}

/// Whether a leaf is in the tree of this size and root (RFC 9162, section 2.1.3.2).
pub fn verify_inclusion(leaf: &Hash, line: u64, size: u64, proof: &[Hash], root: &Hash) -> bool {
    if line >= size {
        return false;
    }
    let (mut at, mut last, mut hash) = (line, size - 1, *leaf);
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            hash = node_hash(sibling, &hash);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// Whether the tree of the new size and root continues the old one (RFC 9162, section 2.1.4.2).
pub fn verify_consistency(
    old_size: u64,
    old_root: &Hash,
    new_size: u64,
    new_root: &Hash,
    proof: &[Hash],
) -> bool {
    if old_size == new_size {
        return proof.is_empty() && old_root == new_root;
    }
    if old_size == 0 {
        return proof.is_empty() && *old_root == empty_root();
    }
    if old_size > new_size {
        return false;
    }
    // Where the old tree is complete, its root begins the path and is not sent.
    let known = old_size.is_power_of_two().then_some(old_root);
    let mut path = known.into_iter().chain(proof);
    let Some(first) = path.next() else { return false };
    let (mut at, mut last) = (old_size - 1, new_size - 1);
    while at & 1 == 1 {
        at >>= 1;
        last >>= 1;
    }
    let (mut old_hash, mut new_hash) = (*first, *first);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            old_hash = node_hash(sibling, &old_hash);
            new_hash = node_hash(sibling, &new_hash);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            new_hash = node_hash(&new_hash, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && old_hash == *old_root && new_hash == *new_root
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The naive twin: RFC 6962, section 2.1, word for word.
    fn naive_root(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => empty_root(),
            [one] => *one,
            _ => {
                let (left, right) = leaves.split_at(split(leaves.len() as u64) as usize);
                node_hash(&naive_root(left), &naive_root(right))
            }
        }
    }

    struct Leaves(Vec<Hash>);

    impl Subtrees for Leaves {
        type Error = std::convert::Infallible;

        fn complete(&self, level: u32, index: u64) -> Result<Hash, Self::Error> {
            let width = 1usize << level;
            Ok(naive_root(&self.0[index as usize * width..][..width]))
        }
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The eight leaves and roots of Certificate Transparency's own tests (merkle_tree_test).
    #[test]
    fn roots_of_the_reference_tree() {
        let leaves: [&[u8]; 8] = [
            b"",
            b"\x00",
            b"\x10",
            b"\x20\x21",
            b"\x30\x31",
            b"\x40\x41\x42\x43",
            b"\x50\x51\x52\x53\x54\x55\x56\x57",
            b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
        ];
        let roots = [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let hashes: Vec<Hash> = leaves.iter().map(|leaf| leaf_hash(leaf)).collect();
        let trees = Leaves(hashes.clone());
        for (size, root) in (1u64..).zip(roots) {
            assert_eq!(hex(&root_of(&trees, 0, size).unwrap()), root, "{size}");
        }
        assert_eq!(
            hex(&empty_root()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }

    proptest! {
        #[test]
        fn proofs_hold_and_nothing_else_does(size in 1u64..1_100, a: u64, b: u64, flip: u8) {
            let leaves: Vec<Hash> = (0..size).map(|n| leaf_hash(&n.to_be_bytes())).collect();
            let root = naive_root(&leaves);
            let trees = Leaves(leaves.clone());
            prop_assert_eq!(root_of(&trees, 0, size).unwrap(), root);
            let line = a % size;
            let leaf = leaves[line as usize];
            let mut proof = inclusion(&trees, line, 0, size).unwrap();
            prop_assert!(verify_inclusion(&leaf, line, size, &proof, &root));
            prop_assert!(!verify_inclusion(&leaf, size, size, &proof, &root));
            if size > 1 {
                prop_assert!(!verify_inclusion(&leaf, (line + 1) % size, size, &proof, &root));
                let at = usize::from(flip) % proof.len();
                proof[at][usize::from(flip % 32)] ^= 1;
                prop_assert!(!verify_inclusion(&leaf, line, size, &proof, &root));
                proof.pop();
                prop_assert!(!verify_inclusion(&leaf, line, size, &proof, &root));
            }
            let old = b % (size + 1);
            let old_root = naive_root(&leaves[..old as usize]);
            let mut proof = consistency(&trees, old, size).unwrap();
            prop_assert!(verify_consistency(old, &old_root, size, &root, &proof));
            if !proof.is_empty() {
                let at = usize::from(flip) % proof.len();
                proof[at][usize::from(flip % 32)] ^= 1;
                prop_assert!(!verify_consistency(old, &old_root, size, &root, &proof));
            }
        }
    }
}
