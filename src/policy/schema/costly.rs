//! Patterns that take too much work, for those who write policies.

use crate::{
    json::pointer,
    policy::condition::{Operator, RegexMatcher},
};

use super::{Additional, Alternatives, Keyword, Schema};

/// Adds the patterns of a schema that is at `place`; see [`Schema::exhausting_patterns`].
pub(super) fn add_exhausting_patterns<'s>(
    schema: &'s Schema,
    place: &str,
    found: &mut Vec<(String, &'s RegexMatcher)>,
) {
    // A longer text does not fit, and no pattern is compared with it: `maxLength` comes first.
    let longest = schema.0.iter().find_map(|keyword| match keyword {
        Keyword::Compare(comparison) => match comparison.operator {
            Operator::MaxLength(most) => Some(most),
            _ => None,
        },
        _ => None,
    });
    let list = |name: &str, index: usize| pointer::member(&pointer::member(place, name), &index.to_string());
    for keyword in &schema.0 {
        match keyword {
            Keyword::Compare(comparison) => {
                if let Operator::Regex(regex) = &comparison.operator
                    && regex.exhausting_part(longest).is_some()
                {
                    found.push((pointer::member(place, comparison.name), regex));
                }
            }
            Keyword::Members(members) => {
                let properties = pointer::member(place, "properties");
                for (name, schema) in &members.properties {
                    add_exhausting_patterns(schema, &pointer::member(&properties, name), found);
                }
                if let Additional::Schema(schema) = &members.additional {
                    add_exhausting_patterns(schema, &pointer::member(place, "additionalProperties"), found);
                }
            }
            Keyword::Items(schema) => add_exhausting_patterns(schema, &pointer::member(place, "items"), found),
            Keyword::All(schemas) => {
                for (index, schema) in schemas.iter().enumerate() {
                    add_exhausting_patterns(schema, &list("allOf", index), found);
                }
            }
            Keyword::Any(Alternatives { name, schemas }) => {
                for (index, schema) in schemas.iter().enumerate() {
                    add_exhausting_patterns(schema, &list(name, index), found);
                }
            }
            Keyword::Type(_) | Keyword::MinLength(_) | Keyword::MinItems(_) | Keyword::Never => {}
        }
    }
}
