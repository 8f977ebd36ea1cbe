//! What the database looks like, and how one of an older orbital becomes one of this.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::HistoryError;

/// "orbi": whose database it is.
pub(super) const APPLICATION: i64 = 0x6f72_6269;

/// The steps from an empty file to the newest schema, in order. What was released is never changed: a new step is added.
const MIGRATIONS: [&str; 3] =
    [include_str!("schema/1.sql"), include_str!("schema/2.sql"), include_str!("schema/3.sql")];

/// The newest schema.
pub(super) const NEWEST: i64 = MIGRATIONS.len() as i64;

/// Says if the file is of this schema, or of an older one.
///
/// # Errors
/// It is of a newer one, or of something else.
pub(super) fn check(connection: &Connection, path: &Path) -> Result<i64, HistoryError> {
    let number = |sql: &str| {
        connection
            .query_row(sql, [], |row| row.get::<_, i64>(0))
            .map_err(|error| HistoryError::of(path, error))
    };
    let version = number("PRAGMA user_version")?;
    let is_empty = || Ok::<_, HistoryError>(number("SELECT count(*) FROM sqlite_schema")? == 0);
    match number("PRAGMA application_id")? {
        APPLICATION if version > NEWEST => {
            Err(HistoryError::Newer { path: path.to_owned(), found: version, known: NEWEST })
        }
        APPLICATION => Ok(version),
        0 if version == 0 && is_empty()? => Ok(0),
        _ => Err(HistoryError::Foreign(path.to_owned())),
    }
}

/// Brings the database to the newest schema, or leaves it as it was.
pub(super) fn migrate(connection: &mut Connection, from: i64) -> rusqlite::Result<()> {
    migrate_by(connection, from, &MIGRATIONS)
}

fn migrate_by(connection: &mut Connection, from: i64, migrations: &[&str]) -> rusqlite::Result<()> {
    let pending = migrations.iter().skip(usize::try_from(from).unwrap_or_default());
    if pending.len() == 0 {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for step in pending {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", migrations.len() as i64)?;
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(connection: &Connection) -> i64 {
        check(connection, Path::new("x")).unwrap()
    }

    #[test]
    fn an_older_database_takes_the_steps_that_it_lacks() {
        let mut connection = Connection::open_in_memory().unwrap();
        assert_eq!(version(&connection), 0);
        migrate(&mut connection, 0).unwrap();
        assert_eq!(version(&connection), NEWEST);
        migrate(&mut connection, NEWEST).unwrap();
        let next = [MIGRATIONS.as_slice(), &["ALTER TABLE runs ADD COLUMN shard INTEGER"]].concat();
        migrate_by(&mut connection, NEWEST, &next).unwrap();
        let newer = check(&connection, Path::new("x")).unwrap_err().to_string();
        assert!(
            newer.starts_with("`x` was written by a newer orbital (its schema is 4, and this one knows 3)")
        );
    }

    #[test]
    fn a_step_that_fails_changes_nothing() {
        let mut connection = Connection::open_in_memory().unwrap();
        let steps = ["CREATE TABLE one (x)", "CREATE TABLE one (y)"];
        migrate_by(&mut connection, 0, &steps).unwrap_err();
        assert_eq!(version(&connection), 0);
    }

    #[test]
    fn a_database_of_something_else_is_left_alone() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE notes (text)").unwrap();
        assert!(matches!(check(&connection, Path::new("x")), Err(HistoryError::Foreign(_))));
    }
}
