//! Whether arguments fit a schema.
//!
//! Each pair of a schema and a value is looked at once, and once more to explain why arguments do not fit: a schema is a tree. Each
//! step is charged before it is taken. Recursion ends with the schema, which nests [`super::MAX_DEPTH`] deep, or with the value,
//! which the reader bounds.

use crate::{
    budget::{TooMuchWork, Work},
    json::{Decimal, Member, Node, Value},
    policy::{
        condition::{Clause, Operator},
        path::Segment,
    },
};

use super::{
    Additional, Alternatives, Comparison, Keyword, Members, Schema, Sent, Types, Unfit, Violation, applied::Applied,
};

/// Units of [`Work`] for a schema and a value.
const VISIT: usize = 20;
/// For a keyword, without what it compares.
const KEYWORD: usize = 10;
/// For a step of the search for a member's name, besides its bytes.
const STEP: usize = 10;
/// For reading a number.
pub(super) const NUMBER: usize = 100;

/// What a number must be in whatever a rule compares; product contract, section 1.2.
pub(super) const KEPT: &str = "a number that an IEEE 754 double can hold";
impl Schema {
    /// Finds what in arguments violates the schema; `None` if they fit. With `is_strict`, they may also hold no argument that the
    /// schema does not name, and nothing that some server would read as another value than was sent.
    ///
    /// ```
    /// # use mcp_policy::{budget::Work, json::{self, cursor::{Cursor, Problems}}, policy::schema::Schema};
    /// let document = json::parse(br#"{"properties": {"amount": {"type": "number", "maximum": 5}}}"#, 8)?;
    /// let problems = Problems::default();
    /// let schema = Schema::read(&Cursor::top(&document, &problems)).expect("a schema");
    /// let arguments = json::parse(br#"{"amount": "7", "note": ""}"#, 8)?;
    /// let violation = schema.find_violation(&arguments, false, &Work::default()).expect("little work").expect("a violation");
    /// assert_eq!([violation.argument(), violation.expected()], ["/amount", "type number"]);
    /// assert_eq!(violation.keyword(), "/properties/amount/type");
    /// # Ok::<(), mcp_policy::json::Fault>(())
    /// ```
    ///
    /// # Errors
    /// It takes more work than is left.
    pub fn find_violation(
        &self,
        arguments: &Node<'_>,
        is_strict: bool,
        work: &Work,
    ) -> Result<Option<Violation>, TooMuchWork> {
        let check = |explains| {
            let walk = Walk { work, is_strict, explains };
            walk.check(Applied::new(&self.0), arguments, 0, true)
        };
        match check(false) {
            Ok(()) => Ok(None),
            Err(Unfit::TooMuch) => Err(TooMuchWork),
            Err(Unfit::Violation(_)) => match check(true) {
                Err(Unfit::Violation(Some(violation))) => Ok(Some(*violation)),
                _ => Err(TooMuchWork),
            },
        }
    }
}

/// A walk over arguments and schema side by side.
#[derive(Clone, Copy)]
pub(super) struct Walk<'w> {
    pub(super) work: &'w Work,
    is_strict: bool,
    /// Whether a violation is to be described. Alternatives are tried without.
    explains: bool,
}

impl Walk<'_> {
    /// Checks a value `level` steps below the arguments. `closes` says whether these schemas decide in `strict` on what none of them
    /// names: those of `allOf` leave that to the schema around them.
    pub(super) fn check(self, applied: Applied<'_>, value: &Node<'_>, level: usize, closes: bool) -> Result<(), Unfit> {
        self.work.charge(applied.keywords.len().saturating_mul(KEYWORD).saturating_add(VISIT))?;
        for keyword in applied.keywords {
            match (keyword, &value.value) {
                (Keyword::Type(types), found) => self.check_type(*types, found)?,
                (Keyword::Compare(comparison), found) => self.compare(comparison, found)?,
                (Keyword::MinLength(least), Value::String(text)) => {
                    self.work.charge(text.len())?;
                    if is_less(text.chars().count(), *least) {
                        return self.fail("minLength", &value.value, || described("minLength", least));
                    }
                }
                (Keyword::MinItems(least), Value::Array(elements)) if is_less(elements.len(), *least) => {
                    return self.fail("minItems", &value.value, || described("minItems", least));
                }
                (Keyword::Members(schemas), Value::Object(members)) => self.check_members(schemas, members, level)?,
                (Keyword::Items(schema), Value::Array(elements)) => {
                    self.check_elements(&schema.0, elements, level, &["items"])?;
                }
                (Keyword::All(schemas), _) => {
                    for (index, schema) in schemas.iter().enumerate() {
                        let checked = self.check(Applied::new(&schema.0), value, level, false);
                        checked.map_err(|unfit| unfit.below(&["allOf"], Some(index), None))?;
                    }
                }
                (Keyword::Any(any), _) => self.check_alternatives(any, &applied, value, level, closes)?,
                (Keyword::Never, found) => return self.fail("", found, || "false".to_owned()),
                (Keyword::MinLength(_) | Keyword::MinItems(_) | Keyword::Members(_) | Keyword::Items(_), _) => {}
            }
        }
        if self.is_strict && closes && !applied.delegates() {
            self.close(&applied, value, level)?;
        }
        Ok(())
    }

    fn check_type(self, types: Types, value: &Value<'_>) -> Result<(), Unfit> {
        let fits = match value {
            Value::Null => types.has("null"),
            Value::Bool(_) => types.has("boolean"),
            Value::Number(text) => {
                self.work.charge(NUMBER)?;
                let number = Decimal::kept_by_double(text);
                if number.is_none() && (types.has("number") || types.has("integer")) {
                    return self.fail("type", value, || KEPT.to_owned());
                }
                number.is_some_and(|number| types.has("number") || types.has("integer") && number.is_integer())
            }
            Value::String(_) => types.has("string"),
            Value::Array(_) => types.has("array"),
            Value::Object(_) => types.has("object"),
        };
        if fits { Ok(()) } else { self.fail("type", value, || described("type", &types.list())) }
    }

    fn compare(self, comparison: &Comparison, value: &Value<'_>) -> Result<(), Unfit> {
        let fits = match (&comparison.operator, value) {
            (Operator::Among(_), Value::Null) => comparison.has_null,
            (Operator::Among(_), _)
            | (Operator::Regex(_) | Operator::MaxLength(_), Value::String(_))
            | (Operator::MaxItems(_), Value::Array(_))
            | (
                Operator::Less(_) | Operator::LessOrEqual(_) | Operator::Greater(_) | Operator::GreaterOrEqual(_),
                Value::Number(_),
            ) => {
                self.work.charge(comparison.operator.cost(value))?;
                comparison.operator.holds(Clause::Require, value)
            }
            _ => true,
        };
        if fits { Ok(()) } else { self.fail(comparison.name, value, || described(comparison.name, &comparison.text)) }
    }

    fn check_members(self, schemas: &Members, members: &[Member<'_>], level: usize) -> Result<(), Unfit> {
        let steps = schemas.properties.len().saturating_add(schemas.required.len()).checked_ilog2().unwrap_or_default();
        let mut required = 0_usize;
        for member in members {
            let name = &*member.name;
            let step = name.len().saturating_add(STEP);
            self.work.charge(usize::try_from(steps).unwrap_or_default().saturating_add(2).saturating_mul(step))?;
            required = required.saturating_add(usize::from(schemas.requires(name)));
            let (tokens, schema) = match (schemas.property(name), &schemas.additional) {
                (Some(schema), _) => (&["properties", name][..], schema),
                (None, Additional::Closed) => {
                    return self.fail_at("additionalProperties", name, Sent::Unnamed, schemas);
                }
                (None, Additional::Schema(schema)) => (&["additionalProperties"][..], schema),
                (None, Additional::Open) => continue,
            };
            let checked = self.check(Applied::new(&schema.0), &member.node, level.saturating_add(1), true);
            checked.map_err(|unfit| unfit.below(tokens, None, Some(&|| Segment::Key(name.to_owned()))))?;
        }
        if required < schemas.required.len() {
            return self.fail_required(schemas, members);
        }
        Ok(())
    }

    pub(super) fn check_elements(
        self,
        keywords: &[Keyword],
        elements: &[Node<'_>],
        level: usize,
        tokens: &[&str],
    ) -> Result<(), Unfit> {
        for (index, element) in elements.iter().enumerate() {
            let checked = self.check(Applied::new(keywords), element, level.saturating_add(1), true);
            checked.map_err(|unfit| unfit.below(tokens, None, Some(&|| Segment::Index(index))))?;
        }
        Ok(())
    }

    fn check_alternatives(
        self,
        any: &Alternatives,
        around: &Applied<'_>,
        value: &Node<'_>,
        level: usize,
        closes: bool,
    ) -> Result<(), Unfit> {
        let closes = closes && around.delegates();
        let check = |walk: Self, schema: &Schema| {
            walk.check(Applied { keywords: &schema.0, outer: closes.then_some(around) }, value, level, closes)
        };
        for schema in &any.schemas {
            match check(Self { explains: false, ..self }, schema) {
                Err(Unfit::Violation(_)) => {}
                fits_or_too_much => return fits_or_too_much,
            }
        }
        if !self.explains {
            return Err(Unfit::Violation(None));
        }
        // The violation of the alternative that fits best.
        let mut best: Option<Box<Violation>> = None;
        for (index, schema) in any.schemas.iter().enumerate() {
            let index = index.to_string();
            let mut found = match check(self, schema) {
                Err(Unfit::Violation(Some(found))) => found,
                _ => return Err(Unfit::TooMuch),
            };
            found.add_keyword(&[any.name, &index]);
            match &mut best {
                Some(best) if best.rank() > found.rank() => {}
                Some(best) if best.rank() == found.rank() => {
                    if best.sent == found.sent && best.argument() == found.argument() {
                        best.add_alternative(&found);
                    }
                }
                _ => best = Some(found),
            }
        }
        Err(Unfit::Violation(best))
    }

    // === violations ===

    pub(super) fn fail(self, keyword: &str, value: &Value<'_>, expected: impl Fn() -> String) -> Result<(), Unfit> {
        let violation = self.explains.then(|| Box::new(Violation::new(keyword, Sent::of(value), expected())));
        Err(Unfit::Violation(violation))
    }

    #[cold]
    pub(super) fn fail_at(self, keyword: &str, member: &str, sent: Sent, named: &Members) -> Result<(), Unfit> {
        let names = named.properties.iter().map(|(name, _)| &**name);
        let violation = self.explains.then(|| Box::new(Violation::of_member(keyword, member, sent, names)));
        Err(Unfit::Violation(violation))
    }

    /// The first name that is required and not there.
    #[cold]
    fn fail_required(self, schemas: &Members, members: &[Member<'_>]) -> Result<(), Unfit> {
        let names = || schemas.required.iter();
        self.work.charge(members.len().saturating_mul(names().len()).saturating_mul(STEP))?;
        let missing = names().find(|name| !members.iter().any(|member| *member.name == ***name));
        self.fail_at("required", missing.map_or("", |name| name), Sent::Missing, schemas)
    }
}

/// What a keyword says: its name and its value.
fn described(keyword: &str, value: &dyn std::fmt::Display) -> String {
    format!("{keyword} {value}")
}

fn is_less(length: usize, least: u64) -> bool {
    u64::try_from(length).is_ok_and(|length| length < least)
}

impl Types {
    /// `integer`, or `integer or null`.
    fn list(self) -> String {
        let mut list = String::new();
        for name in self.names() {
            list.push_str(if list.is_empty() { "" } else { " or " });
            list.push_str(name);
        }
        list
    }
}
