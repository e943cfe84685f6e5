//! Member names that some servers take for others deny.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::{json, policy::path::Path};

use super::{
    super::{Ambiguous, Leaf, Unfollowed},
    AMBIGUOUS, Args, NO, YES, assert_args,
};

#[test]
fn a_name_that_equals_a_key_only_after_folding_denies() {
    let cases = [
        (r#"{"kind":1}"#, YES),
        (r#"{"Kind":1}"#, AMBIGUOUS),
        (r#"{"kind":1,"KIND":2}"#, AMBIGUOUS),
        // The Kelvin sign folds to `k`.
        ("{\"kind\":1,\"\u{212a}ind\":2}", AMBIGUOUS),
        (r#"{"kind":1,"\u212aind":2}"#, AMBIGUOUS),
        // Left out by go-sdk 1.3.1, or the end of the name in C.
        (r#"{"kind\u0000":1}"#, AMBIGUOUS),
        (r#"{"kind":1,"\u0007kind":2}"#, AMBIGUOUS),
        (r#"{"kind":1,"ki\u0085ND":2}"#, AMBIGUOUS),
        (r#"{"kind":1,"Kind\u0000x":2}"#, AMBIGUOUS),
        (r#"{"kind":1,"x\u0000kind":2}"#, YES),
        // Not simple case folding: another name to every server known.
        ("{\"kind\":1,\"k\u{131}nd\":2}", YES),
        (r#"{"kind":1,"kind ":2}"#, YES),
    ];
    assert_args("args.kind", "eq", "1", &cases);
}

#[test]
fn two_names_that_resemble_each_other_deny_although_no_key_is_like_them() {
    assert_args("args.x", "eq", "1", &[(r#"{"x":1,"other":1,"OTHER":2}"#, AMBIGUOUS), (r#"{"x":1,"other":1}"#, YES)]);
    assert_args("args.x", "exists", "false", &[(r#"{"a":1,"A":2}"#, AMBIGUOUS)]);
}

#[test]
fn every_object_that_the_path_enters_is_looked_at() {
    let cases = [
        (r#"{"a":[{"b":1},{"b":1}]}"#, YES),
        (r#"{"A":[]}"#, AMBIGUOUS),
        (r#"{"a":[{"b":1},{"B":1}]}"#, AMBIGUOUS),
        (r#"{"a":[{"b":2},{"c":1,"C":1,"b":1}]}"#, AMBIGUOUS),
        // Whichever of its keys a name is like.
        (r#"{"a":[{"b":1}],"B":2}"#, AMBIGUOUS),
        // The path does not enter these.
        (r#"{"a":[{"b":1,"z":{"B":1,"c":1,"C":2}}],"y":{"A":1}}"#, YES),
        (r#"{"a":[{"b":1}],"y":[{"c":1,"C":2}]}"#, YES),
    ];
    assert_args("args.a[*].b", "eq", "1", &cases);
    // The value at the end is compared, not entered.
    assert_args("args.a", "exists", "true", &[(r#"{"a":{"x":1,"X":2}}"#, YES)]);
}

#[test]
fn an_ambiguous_name_outweighs_an_element_that_decides_before_it() {
    assert_args("args.a[*].b", "eq", "1", &[(r#"{"a":[{"b":1},{"b":2},{"B":1}]}"#, AMBIGUOUS)]);
}

#[test]
fn a_large_object_is_looked_at_alike_and_more_than_once() {
    let many: String = (0..5000).map(|n| format!(r#","m{n}":{n}"#)).collect();
    assert_args("args.x", "eq", "1", &[(&format!(r#"{{"x":1{many}}}"#), YES)]);
    assert_args("args.x", "eq", "1", &[(&format!(r#"{{"x":1{many},"M4711":0}}"#), AMBIGUOUS)]);
    assert_args("args.x", "eq", "1", &[(&format!(r#"{{"X":1{many}}}"#), AMBIGUOUS)]);

    let text = format!(r#"{{"x":1{many},"M4711":0}}"#);
    let root = json::parse(text.as_bytes(), 64).unwrap();
    let args = Args::new(Some(&root));
    let path = Path::new("args.x").unwrap();
    for _ in 0..2 {
        assert!(matches!(args.find_one(&path), Err(Unfollowed::Ambiguous(Ambiguous { name: "m4711" | "M4711" }))));
    }
}

#[test]
fn an_exact_duplicate_denies_should_the_reader_have_let_it_through() {
    assert_args("args.x", "eq", "1", &[(r#"{"x":1,"x":2}"#, AMBIGUOUS), (r#"{"y":1,"y":2}"#, AMBIGUOUS)]);
}

#[test]
fn a_key_in_another_case_is_missing_where_no_member_is_like_it() {
    assert_args("args.Größe", "exists", "true", &[("{\"GRÖSSE\":1}", NO), ("{\"GRÖßE\":1}", AMBIGUOUS)]);
}

#[test]
fn one_place_is_to_be_had_without_a_condition() {
    let root = json::parse(br#"{"amount":1.5,"n":null}"#, 64).unwrap();
    let args = Args::new(Some(&root));
    let one = |path| args.find_one(&Path::new(path).unwrap());
    assert!(matches!(one("args.amount"), Ok(Leaf::Found(node)) if node.value == json::Value::Number("1.5".into())));
    assert_eq!(one("args.n"), Ok(Leaf::Missing));
    assert!(matches!(one("args.amount.x"), Ok(Leaf::TypeMismatch { wanted: "an object", .. })));
    assert_eq!(one("args.AMOUNT"), Err(Unfollowed::Ambiguous(Ambiguous { name: "amount" })));
}
