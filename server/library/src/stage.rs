//! Marks on the way of a query: spans that whoever serves may time. They hold nothing but a name.

use tracing::Span;

/// The target of these spans. A listener picks them out by it; logs do not show them.
pub const STAGE_TARGET: &str = "onmon::stage";

/// The name of the spans of waiting for a core.
pub const QUEUE_STAGE: &str = "queue";

/// The name of the spans of having one, for searching.
pub const SEARCH_STAGE: &str = "search";

/// Waiting for a core that is free to search.
pub(crate) fn queue() -> Span {
    tracing::trace_span!(target: STAGE_TARGET, QUEUE_STAGE)
}

/// Reading the message, and the index.
pub(crate) fn search() -> Span {
    tracing::trace_span!(target: STAGE_TARGET, SEARCH_STAGE)
}

/// Asking the catalogue what was found.
pub(crate) fn catalogue() -> Span {
    tracing::trace_span!(target: STAGE_TARGET, "catalogue")
}

/// Asking the register whose right it is, and deciding.
pub fn rights() -> Span {
    tracing::trace_span!(target: STAGE_TARGET, "rights")
}
