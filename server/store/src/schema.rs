//! The tables of one part of the program, as numbered steps that each run once.

use sqlx::{AnyConnection, Row, raw_sql};

use crate::error::StoreError;
use crate::location::Engine;

/// The tables of one part of the program, and every step that led there.
///
/// A step is SQL as SQLite's `STRICT` tables take it: types `INTEGER`, `TEXT`, `BLOB`, each `CREATE
/// TABLE` closed by `) STRICT;`. For PostgreSQL those words, and only they, are replaced. A step
/// that was released is never edited: what changes comes as another step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schema {
    /// Under which name the database remembers how far it is; one word.
    pub name: &'static str,
    /// What turns version `i` into `i + 1`.
    pub steps: &'static [&'static str],
}

/// The table that says how far each schema is.
const VERSIONS: &str = "CREATE TABLE IF NOT EXISTS schema_version (\
    name TEXT NOT NULL PRIMARY KEY, version INTEGER NOT NULL) STRICT;";

impl Schema {
    /// Brings the tables up to date, in the caller's transaction.
    pub(crate) async fn migrate(
        &self,
        engine: Engine,
        connection: &mut AnyConnection,
    ) -> Result<(), StoreError> {
        run(engine, VERSIONS, connection).await?;
        let found = self.found(connection).await?;
        let known = self.steps.len() as i64;
        if found == known {
            return Ok(());
        }
        for step in self.steps.iter().skip(found as usize) {
            run(engine, step, connection).await?;
        }
        sqlx::query(
            "INSERT INTO schema_version (name, version) VALUES ($1, $2) \
             ON CONFLICT (name) DO UPDATE SET version = excluded.version",
        )
        .bind(self.name)
        .bind(known)
        .execute(connection)
        .await?;
        Ok(())
    }

    /// How far the tables are, at most as far as this program knows.
    async fn found(&self, connection: &mut AnyConnection) -> Result<i64, StoreError> {
        let row = sqlx::query("SELECT version FROM schema_version WHERE name = $1")
            .bind(self.name)
            .fetch_optional(connection)
            .await?;
        let found = row.map(|row| row.try_get(0)).transpose()?.unwrap_or(0);
        let known = self.steps.len() as i64;
        if found > known {
            return Err(StoreError::NewerSchema { name: self.name, found, known });
        }
        Ok(found)
    }
}

/// Whether some of these tables are older than this program, or not there. Writes nothing.
pub(crate) async fn any_behind(
    schemas: &[Schema],
    engine: Engine,
    connection: &mut AnyConnection,
) -> Result<bool, StoreError> {
    if !has_versions(engine, connection).await? {
        return Ok(true);
    }
    let mut behind = false;
    for schema in schemas {
        behind |= schema.found(connection).await? < schema.steps.len() as i64;
    }
    Ok(behind)
}

async fn has_versions(engine: Engine, connection: &mut AnyConnection) -> Result<bool, StoreError> {
    let found = match engine {
        Engine::Sqlite => "SELECT COUNT(*) FROM sqlite_master WHERE name = 'schema_version'",
        Engine::Postgres => {
            "SELECT COUNT(*) FROM pg_class WHERE oid = to_regclass('schema_version')"
        }
    };
    let row = sqlx::query(found).fetch_one(connection).await?;
    Ok(row.try_get::<i64, _>(0)? > 0)
}

async fn run(engine: Engine, step: &str, connection: &mut AnyConnection) -> Result<(), StoreError> {
    let sql = match engine {
        Engine::Sqlite => step.to_owned(),
        Engine::Postgres => for_postgres(step),
    };
    // Safe to assert: the text is one of the program's own constants.
    raw_sql(sqlx::AssertSqlSafe(sql)).execute(connection).await?;
    Ok(())
}

/// The same step in PostgreSQL's words.
fn for_postgres(step: &str) -> String {
    let lines: Vec<String> = step
        .lines()
        .map(|line| match line.trim_start().starts_with("--") {
            true => String::new(),
            false => line
                .replace("INTEGER", "BIGINT")
                .replace("BLOB", "BYTEA")
                .replace(") STRICT;", ");"),
        })
        .collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_types_and_strictness_differ() {
        let step = "-- INTEGER\nCREATE TABLE a (id INTEGER PRIMARY KEY, b BLOB) STRICT;";
        assert_eq!(for_postgres(step), "\nCREATE TABLE a (id BIGINT PRIMARY KEY, b BYTEA);");
    }
}
