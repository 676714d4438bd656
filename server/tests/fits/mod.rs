//! Whether an answer is one that the OpenAPI document tells of, member by member.

use serde_json::Value;

use crate::running::{Answer, json};

/// Holds an answer to the documented response of its status.
pub fn assert_fits(document: &Value, documented: &Value, answer: &Answer, place: &str) {
    let Some(content) = documented.get("content") else {
        assert!(answer.body().is_empty(), "{place}: a body that is not documented");
        return;
    };
    let media_type = answer.headers()["content-type"].to_str().unwrap();
    let schema = &content[media_type]["schema"];
    assert!(schema.is_object(), "{place}: answered as {media_type}, documented {content}");
    let body = if media_type.ends_with("json") {
        json(answer)
    } else {
        Value::String(String::from_utf8(answer.body().clone()).unwrap())
    };
    // The document's components are where the schema's references point to.
    let mut root = schema.clone();
    root["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    root["components"] = document["components"].clone();
    let validator = jsonschema::validator_for(&root).unwrap();
    let faults: Vec<_> = validator.iter_errors(&body).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{place}: {faults:?} in {body}");
    let undocumented = undocumented(document, schema, &body);
    assert!(undocumented.is_empty(), "{place}: {undocumented:?} are not in the schema");
}

/// Members of an object that its schema does not name: it would be true and yet say too little.
fn undocumented(document: &Value, schema: &Value, body: &Value) -> Vec<String> {
    let schema = match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
        None => schema,
    };
    // Of several shapes the one that says most of this body; it was validated before.
    if let Some(shapes) = schema["oneOf"].as_array() {
        let all = shapes.iter().map(|shape| undocumented(document, shape, body));
        return all.min_by_key(Vec::len).unwrap_or_default();
    }
    let mut found = Vec::new();
    match body {
        Value::Object(members) if schema["properties"].is_object() => {
            for (name, value) in members {
                match schema["properties"].get(name) {
                    Some(member) => found.extend(undocumented(document, member, value)),
                    None => found.push(name.clone()),
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                found.extend(undocumented(document, &schema["items"], item));
            }
        }
        _ => {}
    }
    found
}
