//! Where a database is: a SQLite file, or a PostgreSQL URL.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Which database program keeps the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Engine {
    /// A file of our own, in this process.
    Sqlite,
    /// A server.
    Postgres,
}

/// Where a database is. Printed without the password that its URL may hold.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// A file; made if it is not there.
    Sqlite(PathBuf),
    /// `postgres://user:password@host:port/database?sslmode=…`, as PostgreSQL itself takes it.
    Postgres(String),
}

impl Location {
    /// A SQLite file.
    pub fn file(path: &Path) -> Location {
        Location::Sqlite(path.to_path_buf())
    }

    /// Which program keeps it.
    pub fn engine(&self) -> Engine {
        match self {
            Location::Sqlite(_) => Engine::Sqlite,
            Location::Postgres(_) => Engine::Postgres,
        }
    }
}

impl FromStr for Location {
    type Err = LocationError;

    /// `postgres://…` or `postgresql://…`; `sqlite:FILE`.
    fn from_str(text: &str) -> Result<Location, LocationError> {
        let text = text.trim();
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Location::Postgres(text.to_owned()));
        }
        match text.strip_prefix("sqlite:") {
            Some(file) if !file.is_empty() => Ok(Location::Sqlite(PathBuf::from(file))),
            _ => Err(LocationError),
        }
    }
}

/// A text that names no database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a database is named as `sqlite:FILE` or `postgres://user:password@host/database`")]
pub struct LocationError;

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Location::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Location::Postgres(url) => {
                let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", url));
                // What is behind the last `@` is no secret; parameters may be one.
                let rest = rest.split('?').next().unwrap_or_default();
                match rest.rsplit_once('@') {
                    Some((who, place)) => {
                        let user = who.split(':').next().unwrap_or_default();
                        write!(f, "{scheme}://{user}@{place}")
                    }
                    None => write!(f, "{scheme}://{rest}"),
                }
            }
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Location({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_printed_without_its_password() {
        let location: Location =
            "postgres://onmon:s3cr@t@db.example:5432/onmon?password=s3cret".parse().unwrap();
        for printed in [location.to_string(), format!("{location:?}")] {
            assert!(!printed.contains("s3cr"), "{printed}");
            assert!(printed.contains("postgres://onmon@db.example:5432/onmon"), "{printed}");
        }
    }

    #[test]
    fn what_names_no_database_is_refused() {
        for text in ["", "onmon.sqlite", "sqlite:", "mysql://h/d"] {
            assert_eq!(text.parse::<Location>(), Err(LocationError), "{text}");
        }
        assert_eq!("sqlite:a/b.db".parse(), Ok(Location::file(Path::new("a/b.db"))));
    }
}
