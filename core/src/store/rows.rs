//! What the rows of the queues have in common.

use rusqlite::types::Value as Sql;
use rusqlite::{OptionalExtension, Params, Row, Transaction};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

/// Maps a database failure to its place. The text of the driver's error is dropped: it can quote the statement's values.
pub(super) fn failed(code: &'static str) -> impl Fn(rusqlite::Error) -> Error {
    move |_| Error::internal(code)
}

/// All rows of a query.
pub(super) fn all<T>(
    t: &Transaction<'_>,
    code: &'static str,
    sql: &str,
    params: impl Params,
    map: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>> {
    let mut statement = t.prepare_cached(sql).map_err(failed(code))?;
    let rows = statement.query_map(params, map).map_err(failed(code))?;
    rows.collect::<rusqlite::Result<Vec<T>>>().map_err(failed(code))
}

/// The first row of a query, if any.
pub(super) fn one<T>(
    t: &Transaction<'_>,
    code: &'static str,
    sql: &str,
    params: impl Params,
    map: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Option<T>> {
    let mut statement = t.prepare_cached(sql).map_err(failed(code))?;
    statement.query_row(params, map).optional().map_err(failed(code))
}

/// Runs a statement; returns how many rows it changed.
pub(super) fn run(t: &Transaction<'_>, code: &'static str, sql: &str, params: impl Params) -> Result<usize> {
    t.prepare_cached(sql).and_then(|mut statement| statement.execute(params)).map_err(failed(code))
}

/// A value as the JSON text of a column.
pub(super) fn to_json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|_| Error::internal("store-json"))
}

/// A column's JSON text as a value. The store wrote it, so a failure is ours.
pub(super) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|_| Error::internal("store-json"))
}

/// A column's text as an identifier. The store wrote it, so a failure is ours.
pub(super) fn parsed<T: std::str::FromStr>(text: &str) -> Result<T> {
    text.parse().map_err(|_| Error::internal("store-id"))
}

/// An optional text as a column.
pub(super) fn text_or_null(text: Option<&str>) -> Sql {
    text.map_or(Sql::Null, |text| Sql::Text(text.to_owned()))
}
