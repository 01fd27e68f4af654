//! Whether the record's directory says something new: asked often, and cheaply.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::ports::PortError;
use crate::records::{DIRECTORY, DIRECTORY_META, HOURS};

/// Where each type was looked at last. What is not kept here costs one reading of everything, at the first look after a start.
pub(crate) type Seen = BTreeMap<&'static str, String>;

/// In how many parts a record may tell what changed of one type, at one look.
const MOST_PARTS: usize = 50;

impl Engine {
    /// Reads the directory anew where the record says something else of it than was read last. Returns whether it did.
    ///
    /// At the first look each type is read once; after that it costs one request for each type, four, and one each where the
    /// directory names hours and places; and those of a whole reading where there is something new. What was deleted is not told.
    pub(crate) async fn look_at_directory(&self) -> Result<bool> {
        if self.record.is_none() || self.is_moving()? {
            return Ok(false);
        }
        let mut seen = self.directory_seen.lock().await;
        let kept = self.db.meta(DIRECTORY_META)?.unwrap_or_default();
        let named = HOURS.into_iter().filter(|kind| kept.contains(&format!("{kind}/")));
        let mut texts = BTreeSet::new();
        for kind in DIRECTORY.into_iter().chain(named) {
            texts.extend(self.written_since(kind, &mut seen).await?);
        }
        if texts.is_empty() {
            return Ok(false);
        }
        let kept: BTreeSet<String> = match kept.as_str() {
            "" => BTreeSet::new(),
            kept => serde_json::from_str(kept).map_err(|_| Error::internal("directory-json"))?,
        };
        if texts.is_subset(&kept) {
            return Ok(false);
        }
        if let Err(error) = self.refresh_directory().await {
            // What is new is looked for again.
            seen.clear();
            return Err(error);
        }
        Ok(true)
    }

    /// What was written of a type since it was looked at last. A type that the record does not show has nothing new.
    async fn written_since(&self, kind: &'static str, seen: &mut Seen) -> Result<BTreeSet<String>> {
        let record = self.record()?;
        let mut texts = BTreeSet::new();
        for _ in 0..MOST_PARTS {
            let cursor = seen.get(kind).filter(|cursor| !cursor.is_empty());
            let changes = match record.changes(kind, cursor.map(String::as_str)).await {
                Ok(changes) => changes,
                Err(error @ (PortError::Unavailable { .. } | PortError::SignedOut)) => {
                    return Err(error.into());
                }
                Err(error) => {
                    tracing::debug!(kind, %error, "what is new of the directory is not shown");
                    return Ok(texts);
                }
            };
            let before = texts.len();
            texts.extend(changes.resources.into_iter().map(|stored| stored.json));
            let moved = seen.insert(kind, changes.cursor.clone()).as_ref() != Some(&changes.cursor);
            if texts.len() == before || !moved {
                break;
            }
        }
        Ok(texts)
    }
}
