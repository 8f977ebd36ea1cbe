//! The schema of the database, and the migration from older versions.

use std::collections::BTreeMap;
use std::path::Path;

use orbital_model::text::shown;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, TransactionBehavior};

use crate::HistoryError;

/// "orbi": identifies databases of orbital.
pub(super) const APPLICATION: i64 = 0x6f72_6269;

/// The migrations from an empty file to the newest schema, in order. Released ones are never changed: a new one is
/// added instead.
const MIGRATIONS: [&str; 4] = [
    include_str!("schema/1.sql"),
    include_str!("schema/2.sql"),
    include_str!("schema/3.sql"),
    include_str!("schema/4.sql"),
];

/// The version of the newest schema.
pub(super) const NEWEST: i64 = MIGRATIONS.len() as i64;

/// Disables triggers and views for the connection: orbital has none, and somebody else may add some at any time.
pub(super) fn run_nothing(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false).map(drop)
}

/// Returns the version of the file's schema, which may be older than the newest.
///
/// # Errors
/// If the schema is newer or was changed, or the file belongs to another program.
pub(super) fn check(connection: &Connection, path: &Path) -> Result<i64, HistoryError> {
    let failed = |error| HistoryError::of(path, error);
    // Uses a single snapshot: the writer may be about to change the schema.
    let connection = connection.unchecked_transaction().map_err(failed)?;
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(failed);
    let version = number("PRAGMA user_version")?;
    let is_empty = || Ok::<_, HistoryError>(number("SELECT count(*) FROM sqlite_schema")? == 0);
    match number("PRAGMA application_id")? {
        APPLICATION if version > NEWEST => {
            Err(HistoryError::Newer { path: path.to_owned(), found: version, known: NEWEST })
        }
        APPLICATION => {
            let expected = objects_of(version).map_err(failed)?;
            match difference(&expected, &objects(&connection).map_err(failed)?) {
                Some(difference) => Err(HistoryError::Altered { path: path.to_owned(), difference }),
                None => Ok(version),
            }
        }
        0 if version == 0 && is_empty()? => Ok(0),
        _ => Err(HistoryError::Foreign(path.to_owned())),
    }
}

/// The SQL of tables, indexes, views and triggers, by kind and name.
type Objects = BTreeMap<(String, String), String>;

fn objects(connection: &Connection) -> rusqlite::Result<Objects> {
    let mut select = connection.prepare("SELECT type, name, coalesce(sql, '') FROM sqlite_schema")?;
    let objects = select.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))?;
    // Statistics from `ANALYZE` have no effect.
    let is_harmless = |(kind, name): &(String, String)| {
        kind == "table" && ["sqlite_stat1", "sqlite_stat4"].contains(&name.as_str())
    };
    objects.filter(|object| !object.as_ref().is_ok_and(|(key, _)| is_harmless(key))).collect()
}

/// Returns the objects of a version, as this orbital creates them.
fn objects_of(version: i64) -> rusqlite::Result<Objects> {
    let connection = Connection::open_in_memory()?;
    for step in MIGRATIONS.iter().take(usize::try_from(version).unwrap_or_default()) {
        connection.execute_batch(step)?;
    }
    objects(&connection)
}

/// Returns the first difference from the expected schema.
fn difference(expected: &Objects, found: &Objects) -> Option<String> {
    let shown = |(kind, name): &(String, String)| format!("the {} `{}`", shown(kind), shown(name));
    if let Some(foreign) = found.keys().find(|object| !expected.contains_key(*object)) {
        return Some(format!("{} is not one of orbital's", shown(foreign)));
    }
    let differs = |(object, sql): &(&(String, String), &String)| found.get(*object) != Some(*sql);
    let (object, _) = expected.iter().find(differs)?;
    Some(match found.contains_key(object) {
        true => format!("{} is not as orbital made it", shown(object)),
        false => format!("{} is missing", shown(object)),
    })
}

/// Migrates the database to the newest schema, or leaves it unchanged.
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
    use std::io::Write as _;

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
            newer.starts_with("`x` was written by a newer orbital (its schema is 5, and this one knows 4)")
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
    fn what_was_added_to_the_schema_taken_from_it_or_changed_in_it_is_found() {
        for (sql, told) in [
            ("CREATE TRIGGER spy AFTER INSERT ON runs BEGIN DELETE FROM runs; END", "the trigger `spy`"),
            ("CREATE VIEW copy AS SELECT * FROM runs", "the view `copy` is not one of"),
            ("CREATE TABLE notes (text)", "the table `notes` is not one of"),
            ("DROP INDEX notable_runs", "the index `notable_runs` is missing"),
            (
                "ALTER TABLE versions ADD COLUMN x INTEGER GENERATED ALWAYS AS (1)",
                "the table `versions` is not as",
            ),
            ("DROP TABLE versions; CREATE VIEW versions AS SELECT 1", "the view `versions` is not one of"),
        ] {
            let mut connection = Connection::open_in_memory().unwrap();
            migrate(&mut connection, 0).unwrap();
            connection.execute_batch("ANALYZE").unwrap();
            assert_eq!(version(&connection), NEWEST);
            connection.execute_batch(sql).unwrap();
            let error = check(&connection, Path::new("x")).unwrap_err().to_string();
            assert!(error.contains(told), "{sql}: {error}");
        }
    }

    #[test]
    fn a_database_of_each_version_is_one_of_ours() {
        for known in 1..=MIGRATIONS.len() {
            let mut connection = Connection::open_in_memory().unwrap();
            migrate_by(&mut connection, 0, &MIGRATIONS[..known]).unwrap();
            assert_eq!(version(&connection), known as i64);
            migrate(&mut connection, known as i64).unwrap();
            assert_eq!(version(&connection), NEWEST);
        }
    }

    #[test]
    fn a_report_that_an_older_version_wrote_can_be_read() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate_by(&mut connection, 0, &MIGRATIONS[..3]).unwrap();
        let mut deflated = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        deflated.write_all(b"{}").unwrap();
        let run = uuid::Uuid::from_u128(1);
        connection.execute("INSERT INTO reports VALUES (7, ?1)", [deflated.finish().unwrap()]).unwrap();
        connection
            .execute("INSERT INTO runs VALUES (?1, 1, 1, 0, 0, 0, 0, 0, 1, NULL, NULL, 7)", [run.as_bytes()])
            .unwrap();
        migrate(&mut connection, 3).unwrap();
        assert_eq!(crate::query::report(&connection, run).unwrap().as_deref(), Some("{}"));
    }

    #[test]
    fn a_database_of_something_else_is_left_alone() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE notes (text)").unwrap();
        assert!(matches!(check(&connection, Path::new("x")), Err(HistoryError::Foreign(_))));
    }
}
