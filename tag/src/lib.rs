//! The signed tag that says which permit a file was shared under.
