//! An append-only Merkle log of permits, counts and releases, with proofs.
