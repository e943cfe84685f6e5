//! Prompts, resources and templates of resources: of a server, or of a file beside its tools.

use rmcp::model;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Listing, Other, OtherKind};

/// Adds what an answer, or its `result`, has in `prompts`, `resources` and `resourceTemplates`. `text` is one that holds tools.
pub(super) fn add(text: &str, listing: &mut Listing) {
    let Ok(answer) = serde_json::from_str::<Value>(text) else { return };
    let lists = answer.get("result").unwrap_or(&answer);
    add_list::<model::Prompt>(lists, "prompts", "prompt", listing);
    add_list::<model::Resource>(lists, "resources", "resource", listing);
    add_list::<model::ResourceTemplate>(lists, "resourceTemplates", "template of resources", listing);
}

fn add_list<T: DeserializeOwned + Into<Other>>(lists: &Value, key: &str, noun: &str, listing: &mut Listing) {
    let entries = match lists.get(key) {
        None => return,
        Some(Value::Array(entries)) => entries.as_slice(),
        Some(_) => {
            listing.remarks.push(format!("left out `{key}`: it is not a list"));
            return;
        }
    };
    for (index, entry) in entries.iter().enumerate() {
        match serde_json::from_value::<T>(entry.clone()) {
            Ok(read) => listing.others.push(read.into()),
            Err(error) => listing.remarks.push(format!("left out the {noun} at index {index}: {error}")),
        }
    }
}

impl From<model::Prompt> for Other {
    fn from(prompt: model::Prompt) -> Self {
        let arguments = prompt.arguments.unwrap_or_default();
        let required = arguments.iter().filter(|argument| argument.required == Some(true));
        let required: Vec<&str> = required.map(|argument| argument.name.as_str()).collect();
        let property = |argument: &model::PromptArgument| {
            (
                argument.name.clone(),
                serde_json::json!({"type": "string", "description": argument.description.as_deref().unwrap_or_default()}),
            )
        };
        let properties: serde_json::Map<String, Value> = arguments.iter().map(property).collect();
        Self {
            kind: OtherKind::Prompt,
            input_schema: serde_json::json!({"type": "object", "properties": properties, "required": required}),
            name: prompt.name,
            description: prompt.description.unwrap_or_default(),
        }
    }
}

impl From<model::Resource> for Other {
    fn from(resource: model::Resource) -> Self {
        Self {
            kind: OtherKind::Resource,
            name: resource.uri,
            description: resource.description.unwrap_or(resource.name),
            input_schema: Value::Null,
        }
    }
}

/// As the pattern of its URIs, which is how a policy names them.
impl From<model::ResourceTemplate> for Other {
    fn from(template: model::ResourceTemplate) -> Self {
        Self {
            kind: OtherKind::Resource,
            name: pattern_of(&template.uri_template),
            description: template.description.unwrap_or(template.name),
            input_schema: Value::Null,
        }
    }
}

/// A template with `*` for each expression (`{…}`, RFC 6570).
fn pattern_of(template: &str) -> String {
    let mut parts = template.split('{');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |pattern, part| match part.split_once('}') {
        Some((_, literal)) => pattern + "*" + literal,
        // No expression: it has no end.
        None => pattern + "{" + part,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Listing, OtherKind, add, pattern_of};

    #[test]
    fn a_file_holds_prompts_resources_and_templates_beside_its_tools() {
        let lists = json!({
            "tools": [],
            "prompts": [{"name": "greet", "description": "Greets.", "arguments": [{"name": "who", "required": true}]}, {"title": "x"}],
            "resources": [{"uri": "file:///a", "name": "a"}],
            "resourceTemplates": [{"uriTemplate": "file:///{dir}/{+rest}.txt", "name": "files", "description": "Files."}],
        });
        for text in [lists.to_string(), json!({"jsonrpc": "2.0", "id": 1, "result": lists}).to_string()] {
            let mut listing = Listing::default();
            add(&text, &mut listing);
            let found: Vec<_> = listing.others.iter().map(|one| (one.kind, &*one.name, &*one.description)).collect();
            let expected = [
                (OtherKind::Prompt, "greet", "Greets."),
                (OtherKind::Resource, "file:///a", "a"),
                (OtherKind::Resource, "file:///*/*.txt", "Files."),
            ];
            assert_eq!(found, expected);
            let schema = listing.others.first().map(|one| one.input_schema["required"].clone());
            assert_eq!(schema, Some(json!(["who"])));
            assert_eq!(listing.remarks, ["left out the prompt at index 1: missing field `name`"]);
        }
        let mut listing = Listing::default();
        add(r#"{"tools": [], "prompts": {}}"#, &mut listing);
        assert_eq!(listing.remarks, ["left out `prompts`: it is not a list"]);
    }

    #[test]
    fn a_template_is_the_pattern_of_its_uris() {
        for (template, pattern) in
            [("a://{x}", "a://*"), ("a://b", "a://b"), ("a://{x}{?y,z}", "a://**"), ("a://{x", "a://{x")]
        {
            assert_eq!(pattern_of(template), pattern);
        }
    }
}
