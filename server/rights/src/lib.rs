//! Whose right it is, and what follows for a use: claims in, decision out.
