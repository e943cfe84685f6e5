//! The schemas that apply to one value together: a schema, and those around it whose alternative it is. `strict` asks what they name
//! in all.

use crate::budget::{TooMuchWork, Work};

#[cfg(not(target_os = "wasi"))]
use super::Schema;
use super::{Additional, Keyword, Members};

/// Units of [`Work`] for a keyword that is looked at.
const LOOK: usize = 10;

/// A schema, and the one that has it as an alternative.
#[derive(Clone, Copy)]
pub(super) struct Applied<'s> {
    pub(super) keywords: &'s [Keyword],
    pub(super) outer: Option<&'s Applied<'s>>,
}

impl<'s> Applied<'s> {
    pub(super) fn new(keywords: &'s [Keyword]) -> Self {
        Self { keywords, outer: None }
    }

    /// Whether the alternatives decide on what no schema names: only one of them applies. If there are two lists of alternatives,
    /// all names of both count.
    pub(super) fn delegates(&self) -> bool {
        self.keywords.iter().filter(|keyword| matches!(keyword, Keyword::Any(_))).count() == 1
    }

    /// What the schema itself says of members.
    pub(super) fn own_members(&self) -> Option<&'s Members> {
        self.keywords.iter().find_map(|keyword| match keyword {
            Keyword::Members(members) => Some(&**members),
            _ => None,
        })
    }

    pub(super) fn names_member(&self, name: &str, work: &Work) -> Result<bool, TooMuchWork> {
        // As nearly always.
        work.charge(name.len().saturating_add(LOOK).saturating_mul(LOOK))?;
        if self.own_members().is_some_and(|members| members.names(name)) {
            return Ok(true);
        }
        self.has(work, &|keyword| matches!(keyword, Keyword::Members(members) if members.names(name)))
    }

    pub(super) fn names_some_member(&self, work: &Work) -> Result<bool, TooMuchWork> {
        self.has(work, &is_naming)
    }

    /// Whether a schema says what members must be that no schema names.
    pub(super) fn describes_others(&self, work: &Work) -> Result<bool, TooMuchWork> {
        self.has(work, &is_describing)
    }

    pub(super) fn names_elements(&self, work: &Work) -> Result<bool, TooMuchWork> {
        self.has(work, &|keyword| matches!(keyword, Keyword::Items(_)))
    }

    pub(super) fn names_type(&self, work: &Work) -> Result<bool, TooMuchWork> {
        self.has(work, &is_typing)
    }

    /// Whether a keyword of all these schemas is such a one.
    fn has(&self, work: &Work, test: &dyn Fn(&Keyword) -> bool) -> Result<bool, TooMuchWork> {
        let charge = || work.charge(LOOK);
        // The outermost keywords of the schema itself include no alternatives that decide by themselves.
        if any_keyword(self.keywords, true, test, &charge)? {
            return Ok(true);
        }
        let mut outer = self.outer;
        while let Some(applied) = outer {
            if any_keyword(applied.keywords, false, test, &charge)? {
                return Ok(true);
            }
            outer = applied.outer;
        }
        Ok(false)
    }
}

/// Whether a keyword, or one of `allOf`, or of alternatives if they count, is such a one.
fn any_keyword(
    keywords: &[Keyword],
    with_alternatives: bool,
    test: &dyn Fn(&Keyword) -> bool,
    charge: &dyn Fn() -> Result<(), TooMuchWork>,
) -> Result<bool, TooMuchWork> {
    for keyword in keywords {
        charge()?;
        if test(keyword) {
            return Ok(true);
        }
        let nested = match keyword {
            Keyword::All(schemas) => schemas,
            Keyword::Any(any) if with_alternatives => &any.schemas,
            _ => continue,
        };
        for schema in nested {
            if any_keyword(&schema.0, true, test, charge)? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn is_naming(keyword: &Keyword) -> bool {
    matches!(keyword, Keyword::Members(members) if !members.properties.is_empty() || !members.required.is_empty())
}

fn is_describing(keyword: &Keyword) -> bool {
    matches!(keyword, Keyword::Members(members) if matches!(members.additional, Additional::Schema(_)))
}

fn is_typing(keyword: &Keyword) -> bool {
    match keyword {
        Keyword::Type(_) | Keyword::Never => true,
        Keyword::Compare(comparison) => ["enum", "const"].contains(&comparison.name),
        _ => false,
    }
}

impl Members {
    /// Whether it names a member: one that must be there is one that may.
    fn names(&self, name: &str) -> bool {
        self.property(name).is_some() || self.requires(name)
    }
}

/// Whether a schema names a member of an object.
#[cfg(not(target_os = "wasi"))]
pub(super) fn names_members(keywords: &[Keyword]) -> bool {
    any_keyword(keywords, true, &is_naming, &|| Ok(())).unwrap_or_default()
}

/// Adds the places that a schema says nothing about; see [`Schema::open_places`].
#[cfg(not(target_os = "wasi"))]
pub(super) fn add_open_places(schema: &Schema, place: &mut String, is_top: bool, found: &mut Vec<String>, most: usize) {
    let has = |test: &dyn Fn(&Keyword) -> bool| any_keyword(&schema.0, true, test, &|| Ok(())).unwrap_or_default();
    let allows = |name: &str| has(&|keyword| matches!(keyword, Keyword::Type(types) if types.has(name)));
    let is_free_object = allows("object") && !has(&is_naming) && !has(&is_describing);
    let is_free_list = allows("array") && !has(&|keyword| matches!(keyword, Keyword::Items(_)));
    if !is_top && (!has(&is_typing) || is_free_object || is_free_list) && found.len() < most {
        found.push(place.clone());
    }
    let mut add = |token: &str, schema: &Schema, is_top: bool| {
        let length = place.len();
        place.push_str(token);
        add_open_places(schema, place, is_top, found, most);
        place.truncate(length);
    };
    for keyword in &schema.0 {
        match keyword {
            Keyword::Items(schema) => add("/items", schema, false),
            Keyword::Members(members) => {
                for (name, schema) in &members.properties {
                    add(&crate::json::pointer::member("/properties", name), schema, false);
                }
                if let Additional::Schema(schema) = &members.additional {
                    add("/additionalProperties", schema, false);
                }
            }
            // An alternative is a part of what applies, and so never open by itself.
            Keyword::All(schemas) => schemas.iter().for_each(|schema| add("", schema, true)),
            Keyword::Any(any) => any.schemas.iter().for_each(|schema| add("", schema, true)),
            _ => {}
        }
    }
}
