//! Static pages from templates.

use minijinja::{AutoEscape, Environment, HtmlEscape, UndefinedBehavior, Value as Filled, context, value::Serde};

use crate::sanitize;

const LAYOUT: &str = include_str!("catalog/templates/layout.html.jinja");

/// A page: the template's text within `layout`, with the value `title` as its title. Every value is escaped, and characters
/// that hide or reorder their neighbours are written by their numbers.
///
/// # Errors
/// A sentence on a fault of the template, such as a name that `values` does not have.
pub(crate) fn fill(template: &str, values: &serde_json::Value) -> Result<String, String> {
    let broken = |error| format!("cannot fill a template: {error:#}");
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_filter("coded", |text: String| Filled::from_safe_string(coded(&text)));
    let values = visible(values);
    let body = environment.render_str(template, Serde(&values)).map_err(broken)?;
    let title = values.get("title").and_then(serde_json::Value::as_str).unwrap_or_default();
    environment.render_str(LAYOUT, context! { title, body => Filled::from_safe_string(body) }).map_err(broken)
}

/// A text whose words in back-ticks are marked as code. All of it is escaped.
fn coded(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        // A back-tick without its other one is a character.
        return HtmlEscape(text).to_string();
    }
    let marked = parts.iter().enumerate().map(|(index, part)| match index.is_multiple_of(2) {
        true => HtmlEscape(part).to_string(),
        false => format!("<code>{}</code>", HtmlEscape(part)),
    });
    marked.collect()
}

/// The same value, each text of it as a page can show it.
fn visible(value: &serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::String(text) => Value::String(sanitize::message(text)),
        Value::Array(items) => items.iter().map(visible).collect(),
        Value::Object(members) => members.iter().map(|(key, value)| (key.clone(), visible(value))).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::fill;

    #[test]
    fn values_are_escaped() {
        let template = "<p title=\"{{ title }}\">{{ title }}</p>{{ title|coded }}";
        let page = fill(template, &serde_json::json!({"title": "<img src=x onerror='a'>\"&\u{202e}"})).unwrap();
        let escaped = "&lt;img src=x onerror=&#x27;a&#x27;&gt;&quot;&amp;\\u{202e}";
        assert!(page.contains(&format!("<p title=\"{escaped}\">{escaped}</p>")), "{page}");
        assert_eq!(page.matches(escaped).count(), 4, "{page}");
        assert!(page.contains(&format!("<title>{escaped}</title>")), "{page}");
    }

    #[test]
    fn words_in_back_ticks_are_code() {
        for (text, shown) in [
            ("`a<b` of `c`", "<code>a&lt;b</code> of <code>c</code>"),
            ("a ` b <i>", "a ` b &lt;i&gt;"),
            ("``", "<code></code>"),
        ] {
            assert_eq!(super::coded(text), shown);
        }
    }
}
