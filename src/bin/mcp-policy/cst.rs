//! What every change of a configuration's text needs of the library that keeps its order and spacing.

use jsonc_parser::cst::{CstInputValue, CstObject, CstObjectProp};

/// A value as it is written here. The library writes a number as it is given; an object it would spread over lines, and with
/// it the objects around it.
pub(crate) fn raw(json: String) -> CstInputValue {
    CstInputValue::Number(json)
}

/// The member of an object, by its name as it is read: two spellings of one name are one member.
pub(crate) fn member(object: &CstObject, name: &str) -> Option<CstObjectProp> {
    object.properties().into_iter().find(|property| property.decoded_name().as_deref() == Some(name))
}
