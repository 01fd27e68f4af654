//! Documents: resources that travel whole, inside their event or as an encrypted attachment beside it.

use serde_json::{Map, Value};

use crate::care_plan::{Carriage, Document, INLINE_LIMIT};
use crate::id::Sha256;

/// The longest document that is sent and fetched, in bytes. A plan with all that it references has some hundred KiB; a
/// handover as long as this holds some ten thousand messages. Whoever reads holds a few copies of it in memory at once, on a
/// telephone too.
pub(crate) const DOCUMENT_LIMIT: u64 = 8 * 1024 * 1024;

/// A text as a document. A text that is too long to travel inside its event has no place yet: it is uploaded first.
pub(crate) fn document(text: &str) -> (Document, bool) {
    let outside = text.len() > INLINE_LIMIT;
    let carriage = if outside { Carriage::File(Value::Null) } else { Carriage::Inline(text.to_owned()) };
    (Document { sha256: Sha256::of(text), size: text.len() as u64, carriage }, outside)
}

/// Under which names an event's `data` carries a document; one of them at most.
const DOCUMENTS: [&str; 3] = ["document", "events", "scan"];

/// Takes the text of a document out of an event's `data`, so that it goes beside the event: it has no place yet.
pub(crate) fn send_beside(data: &mut Value) {
    for name in DOCUMENTS {
        if let Some(document) = data.get_mut(name).and_then(Value::as_object_mut) {
            document.remove("inline");
            document.insert("file".to_owned(), Value::Null);
            return;
        }
    }
}

/// Sets where the document of an event's `data` was uploaded to.
pub(crate) fn set_file(data: &mut Value, file: Map<String, Value>) {
    for name in DOCUMENTS {
        if let Some(document) = data.get_mut(name).and_then(Value::as_object_mut) {
            document.insert("file".to_owned(), Value::Object(file));
            return;
        }
    }
}
