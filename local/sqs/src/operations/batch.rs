//! The entries of batch operations, and their results.

use std::collections::HashSet;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::request::{Request, read};
use crate::errors::SqsError;

/// Most entries of one batch.
const BATCH_ENTRIES_MAX: usize = 10;
const ENTRY_ID_LENGTH_MAX: usize = 80;

/// Entries with their ids, in the order of the request.
pub(super) type Entries<T> = Vec<(String, T)>;

/// Parses the entries of a batch.
///
/// # Errors
/// If the batch is empty or too long, or an id is invalid or not distinct.
pub(super) fn entries<T: DeserializeOwned>(request: &Request) -> Result<Entries<T>, SqsError> {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "PascalCase", default)]
    struct Batch {
        entries: Vec<Value>,
    }
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "PascalCase", default)]
    struct Named {
        id: String,
    }
    let batch: Batch = request.read()?;
    let sent = batch.entries.len();
    if sent == 0 {
        return Err(SqsError::EmptyBatchRequest);
    }
    if sent > BATCH_ENTRIES_MAX {
        return Err(SqsError::TooManyEntriesInBatchRequest { max: BATCH_ENTRIES_MAX, sent });
    }
    let mut seen = HashSet::new();
    let mut entries = Vec::with_capacity(sent);
    for entry in &batch.entries {
        let Named { id } = read(entry)?;
        if !is_valid_id(&id) {
            return Err(SqsError::InvalidBatchEntryId);
        }
        if !seen.insert(id.clone()) {
            return Err(SqsError::BatchEntryIdsNotDistinct(id));
        }
        entries.push((id, read(entry)?));
    }
    Ok(entries)
}

/// Performs each entry and returns the lists `Successful` and `Failed`.
pub(super) fn perform_each<T>(
    entries: Entries<T>,
    mut perform: impl FnMut(T) -> Result<Value, SqsError>,
) -> Value {
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for (id, entry) in entries {
        match perform(entry) {
            Ok(mut result) => {
                if let Some(fields) = result.as_object_mut() {
                    fields.insert("Id".to_owned(), Value::String(id));
                }
                successful.push(result);
            }
            Err(error) => failed.push(json!({
                "Id": id, "SenderFault": true, "Code": error.code(), "Message": error.to_string(),
            })),
        }
    }
    // SQS omits an empty list.
    let lists = [("Successful", successful), ("Failed", failed)];
    let lists = lists.into_iter().filter(|(_, list)| !list.is_empty());
    Value::Object(lists.map(|(n, l)| (n.to_owned(), Value::Array(l))).collect::<Map<_, _>>())
}

fn is_valid_id(id: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    (1..=ENTRY_ID_LENGTH_MAX).contains(&id.len()) && id.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(ids: &[&str]) -> Result<usize, SqsError> {
        let entries = ids.iter().map(|id| json!({ "Id": id })).collect::<Vec<_>>();
        let request = Request(json!({ "Entries": entries }));
        super::entries::<Value>(&request).map(|entries| entries.len())
    }

    #[test]
    fn one_to_ten_entries_are_accepted() {
        let many = (0..11).map(|n| n.to_string()).collect::<Vec<_>>();
        let many = many.iter().map(String::as_str).collect::<Vec<_>>();
        assert_eq!(ids(&[]), Err(SqsError::EmptyBatchRequest));
        assert_eq!(ids(&many[..1]), Ok(1));
        assert_eq!(ids(&many[..10]), Ok(10));
        let rejected = SqsError::TooManyEntriesInBatchRequest { max: 10, sent: 11 };
        assert_eq!(ids(&many), Err(rejected));
    }

    #[test]
    fn ids_are_valid_distinct_and_not_too_long() {
        assert_eq!(ids(&["a_B-9", &"i".repeat(80)]), Ok(2));
        for bad in ["", "a b", "a.b", &"i".repeat(81)] {
            assert_eq!(ids(&[bad]), Err(SqsError::InvalidBatchEntryId), "{bad}");
        }
        assert_eq!(ids(&["a", "a"]), Err(SqsError::BatchEntryIdsNotDistinct("a".to_owned())));
    }

    #[test]
    fn each_entry_has_its_own_result_and_empty_lists_are_omitted() {
        let entries = vec![("a".to_owned(), true), ("b".to_owned(), false)];
        let perform = |good| if good { Ok(json!({})) } else { Err(SqsError::MessageNotInflight) };
        let results = perform_each(entries, perform);
        assert_eq!(results["Successful"], json!([{ "Id": "a" }]));
        assert_eq!(results["Failed"][0]["Id"], "b");
        assert_eq!(results["Failed"][0]["Code"], "AWS.SimpleQueueService.MessageNotInflight");
        assert_eq!(perform_each(vec![("a".to_owned(), true)], perform).get("Failed"), None);
    }
}
