//! How two runs of codes compare.
