//! Encrypted content: RFC 8188 records, streamed and read at any place.
