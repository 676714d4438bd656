//! Content keys wrapped by a master key, and the keys that sign tags.
