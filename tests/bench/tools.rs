//! The list that a server answers: shared by the server behind Envoy and by what trims it.

use std::fmt::Write as _;

/// A list of 50 tools of 700 bytes each. Every other one is called `get_…`, so that a policy can show half of them.
pub fn tools() -> String {
    let mut text = r#"{"jsonrpc":"2.0","id":17,"result":{"tools":["#.to_owned();
    for n in 0..50 {
        let (comma, verb) = (if n == 0 { "" } else { "," }, if n % 2 == 0 { "get" } else { "set" });
        // Writing to a string does not fail.
        let _ = write!(
            text,
            r#"{comma}{{"name":"{verb}_thing_{n}","title":"Thing {n}","description":"Reads or writes the thing number {n} in the \"main\" store. Use it when a user asks for the thing by its number; it answers with the thing's name, its owner and the time at which it was changed.","inputSchema":{{"type":"object","properties":{{"number":{{"type":"integer","minimum":0,"description":"the number"}},"fields":{{"type":"array","items":{{"type":"string"}},"description":"which fields to answer"}},"as_of":{{"type":"string","format":"date-time"}}}},"required":["number"],"additionalProperties":false}},"annotations":{{"readOnlyHint":true,"destructiveHint":false,"openWorldHint":false}}}}"#
        );
    }
    text.push_str("]}}");
    text
}
