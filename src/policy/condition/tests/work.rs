//! The work that conditions take, in units of `Work`.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::{
    budget::{MAX_WORK, TooMuchWork, Work},
    json::{self, Node, Value},
    policy::condition::{Args, Clause, ConditionResult, FactSource, Facts, Operator, RegexMatcher},
};

use super::{NoFacts, build, no_facts};

/// What was charged to it.
fn spent(work: &Work) -> usize {
    let is_left = |units: usize| {
        let copy = Work::default();
        copy.limit_to(work);
        copy.charge(units).is_ok()
    };
    let (mut left, mut not_left) = (0, MAX_WORK + 1);
    while not_left - left > 1 {
        let middle = left.midpoint(not_left);
        *(if is_left(middle) { &mut left } else { &mut not_left }) = middle;
    }
    MAX_WORK - left
}

/// What a condition on arguments takes.
fn units(path: &str, op: &str, value: &str, args: &str) -> usize {
    let (condition, work) = (build(path, op, value).unwrap(), Work::default());
    let args = json::parse(args.as_bytes(), 64).unwrap();
    let result = condition.holds(Clause::Require, &Args::counted(Ok(Some(&args)), &work), &no_facts()).to_string();
    assert!(!result.is_empty());
    spent(&work)
}

#[test]
fn a_comparison_takes_what_it_looks_at() {
    let cost = |op: &str, value: &str, argument: &str| {
        let [value, argument] = [value, argument].map(|text| json::parse(text.as_bytes(), 64).unwrap());
        Operator::new(op, Some(&value)).unwrap().cost(&argument.value)
    };
    for (op, value, argument, expected) in [
        // 100 for each comparison, 60 for a value, and 2 for a byte of a text.
        ("eq", "5", "6", 160),
        ("lt", "5", "6", 160),
        ("exists", "true", "[1,2,3]", 160),
        ("max_items", "1", "[1,2,3]", 160),
        ("starts_with", r#""a""#, r#""abcdef""#, 172),
        ("eq", r#""a""#, r#""abcdef""#, 172),
        // A list that no literal is like is not looked into.
        ("eq", r#""a""#, r#"["abcdef"]"#, 100),
        ("not_in", r#"["a",5]"#, r#"{"a":1}"#, 100),
        // All that is inside, for each value of the literals that are lists and objects.
        ("eq", "[1,2]", "[1,2,3]", 100 + 3 * 240),
        ("neq", "[1,2]", "[1,2,3]", 100 + 3 * 240),
        ("in", "[[1],[2,[3]]]", "[7]", 100 + 6 * 120),
        ("not_in", "[[1],[2,[3]],5]", "[7]", 100 + 6 * 120),
        ("eq", r#"{"a":1,"b":[2]}"#, r#"{"ab":"xyz","c":5}"#, 100 + 4 * (2 + 66 + 1 + 60 + 60)),
        ("eq", "[1]", "5", 160),
        ("contains", r#""x""#, r#""abcd""#, 168),
        ("contains", r#""x""#, r#"["ab",5,[1]]"#, 100 + 64 + 60 + 60),
        ("includes", r#""x""#, r#"["ab",5,[1]]"#, 100 + 64 + 60 + 60),
        ("includes", "[1]", "[[1],2]", 100 + 2 * (60 + 120 + 60)),
        ("includes", r#"{"a":1}"#, "[[1],2]", 100 + 2 * (60 + 120 + 60)),
        ("contains", "[1]", "5", 160),
        ("has_scope", r#""s""#, r#"["ab",5]"#, 100 + 64 + 60),
        ("has_scope", r#""s""#, r#""abcd""#, 168),
        // 16 for a byte that is normalized, and one more for each folder.
        ("path_within", r#"["/a","/b"]"#, r#""/abc""#, 100 + 4 * 18),
        ("path_within", r#"["/a"]"#, "5", 160),
        ("url_host_in", r#"["a.com"]"#, r#""http://a""#, 100 + 8 * 16),
        ("url_host_in", r#"["a.com"]"#, "5", 160),
        // 11 for each of 9 states, at each byte and at the end.
        ("regex", r#""abc""#, r#""xyz""#, 100 + 4 * 9 * 11),
        ("regex", r#""abc""#, "5", 160),
    ] {
        assert_eq!(cost(op, value, argument), expected, "{op} {value} {argument}");
    }
    // A text that is too long is not searched.
    let text = |length: usize| format!("\"{}\"", "x".repeat(length));
    assert_eq!(cost("regex", r#""abc""#, &text(16 * 1024)), 100 + (16 * 1024 + 1) * 9 * 11);
    assert_eq!(cost("regex", r#""abc""#, &text(16 * 1024 + 1)), 100);
}

#[test]
fn the_way_to_an_argument_takes_work_for_each_name() {
    for (path, args, expected) in [
        // 20 for the place.
        ("args.x", "null", 20),
        // 160 for the comparison. For a member 1, 10 and 4 for each key of the path, 1 for a byte of its name, and each name with each.
        ("args.x", r#"{"x":1}"#, 180 + 1 + 10 + 4 + 1 + 1),
        ("args.x", r#"{"y":1}"#, 20 + 1 + 10 + 4 + 1 + 1),
        ("args.x", r#"{"x":1,"abc":2}"#, 180 + 2 + 2 * 14 + 4 + 8),
        ("args.x.y", r#"{"x":1}"#, 20 + 1 + 10 + 8 + 1 + 1),
        ("args.x.y", r#"{"x":{"y":1}}"#, 180 + 2 * (1 + 18 + 1 + 1)),
        ("args.x[*]", r#"{"x":[1,2]}"#, 17 + 2 * 180),
        ("args.x[1]", r#"{"x":[1,2]}"#, 17 + 180),
        ("args.x[*]", r#"{"x":[]}"#, 17 + 20),
        // A name that is not plain is folded: 8 for a byte and a key.
        ("args.x", "{\"é\":1}", 20 + 1 + 14 + 2 + 16 + 2),
        ("args.x.y", "{\"é\":1}", 20 + 1 + 18 + 2 + 32 + 2),
        ("args.é", "{\"x\":1}", 20 + 1 + 14 + 1 + 8 + 1),
    ] {
        assert_eq!(units(path, "gt", "0", args), expected, "{path} {args}");
    }
}

/// So many members, whose names have so many bytes each.
fn members(count: usize, bytes: usize) -> String {
    let members: Vec<String> = (0..count).map(|number| format!("\"{number:0bytes$}\":1")).collect();
    format!("{{{}}}", members.join(","))
}

#[test]
fn names_of_a_large_object_are_folded_instead_of_compared_each_with_each() {
    for (count, bytes, folded) in [
        (16, 32, 16 * 512),
        (17, 2, 17 * 100 + 34 * 8),
        (16, 33, 16 * 100 + 528 * 8),
        (1, 512, 512),
        (1, 513, 100 + 513 * 8),
    ] {
        let others = 20 + count + count * 14 + count * bytes;
        assert_eq!(units("args.x", "gt", "0", &members(count, bytes)), others + folded, "{count} of {bytes} bytes");
    }
}

#[test]
fn the_names_of_a_large_object_are_folded_once_for_all_conditions() {
    let (condition, work) = (build("args.x", "gt", "0").unwrap(), Work::default());
    let members = members(17, 2);
    let root = json::parse(members.as_bytes(), 64).unwrap();
    let args = Args::counted(Ok(Some(&root)), &work);
    let mut each = [0; 2];
    for units in &mut each {
        let before = spent(&work);
        assert!(matches!(condition.holds(Clause::Require, &args, &no_facts()), ConditionResult::Fails(_)));
        *units = spent(&work) - before;
    }
    assert_eq!(each, [20 + 17 * 15 + 34 + 17 * 100 + 34 * 8, 20 + 17 * 15 + 34]);
}

#[test]
fn a_condition_whose_work_is_not_left_is_not_answered() {
    let root = json::parse(br#"{"x":1}"#, 64).unwrap();
    let condition = build("args.x", "gt", "0").unwrap();
    for (left, is_answered) in [(197, true), (196, false), (100, false), (16, false), (10, false), (0, false)] {
        let work = Work::default();
        work.charge(MAX_WORK - left).unwrap();
        let args = Args::counted(Ok(Some(&root)), &work);
        let facts = no_facts();
        let result = condition.holds(Clause::Deny, &args, &facts);
        assert_eq!(matches!(result, ConditionResult::Holds(_)), is_answered, "{left}");
        assert_eq!(matches!(result, ConditionResult::TooMuch), !is_answered, "{left}");
    }
    let work = Work::default();
    let args = Args::counted(Err(TooMuchWork), &work);
    assert!(matches!(condition.holds(Clause::Deny, &args, &no_facts()), ConditionResult::TooMuch));
}

/// A caller whose facts take some work.
struct Caller;

impl FactSource for Caller {
    fn caller(&self) -> Node<'_> {
        json::parse(br#"{"grant":"jwt:a","claims":{"team":"b","x":1}}"#, 64).unwrap()
    }

    fn caller_work(&self) -> usize {
        1234
    }

    fn now(&self) -> Node<'_> {
        json::parse(br#"{"hour":7}"#, 64).unwrap()
    }

    fn used(&self, _: &str) -> Option<Node<'_>> {
        Some(Node { at: 0, value: Value::Number("3".into()) })
    }
}

#[test]
fn facts_are_charged_when_they_are_asked_for_first() {
    let (work, facts) = (Work::default(), Facts::new(&Caller, ["calls"].into_iter()));
    let args = Args::counted(Ok(None), &work);
    for (path, op, value, expected) in [
        // 20 for the place, 10 for each member on the way, and what the comparison takes.
        ("caller.claims.team", "eq", r#""b""#, 1234 + 20 + 20 + 20 + 162),
        ("caller.claims.team", "eq", r#""b""#, 20 + 20 + 20 + 162),
        ("caller.claims.none", "eq", r#""b""#, 20 + 20 + 20),
        ("now.hour", "gt", "0", 10 + 20 + 160),
        ("args.x", "gt", "0", 0),
    ] {
        let (condition, before) = (build(path, op, value).unwrap(), spent(&work));
        assert!(!matches!(condition.holds(Clause::Require, &args, &facts), ConditionResult::TooMuch));
        assert_eq!(spent(&work) - before, expected, "{path}");
    }
    assert_eq!(NoFacts.caller_work(), 0);
}

#[test]
fn a_search_is_affordable_up_to_an_exact_length() {
    for pattern in ["a", "(a|b){200}", "(?:[a-z]{9}){9}x{99}", "(?x)a"] {
        let regex = RegexMatcher::new(pattern).unwrap();
        let chars = regex.longest_affordable();
        assert!(regex.search_work(chars * 4) <= MAX_WORK, "{pattern}");
        assert!(regex.search_work((chars + 1) * 4) > MAX_WORK, "{pattern}");
        let longest = u64::try_from(chars).unwrap();
        let is_affordable = chars * 4 >= 16 * 1024;
        assert_eq!(regex.exhausting_part(None).is_none(), is_affordable, "{pattern}");
        assert_eq!(regex.exhausting_part(Some(longest)), None, "{pattern}");
        assert_eq!(regex.exhausting_part(Some(longest + 1)).is_none(), is_affordable, "{pattern}");
    }
}

#[test]
fn the_part_that_exhausts_the_work_is_the_shortest_repetition_with_nearly_all_states() {
    for (pattern, part) in [
        ("x(?:a{200})+y", Some("a{200}")),
        ("x(?:a{100}b{100})+y*", Some("(?:a{100}b{100})+")),
        ("a{100}b{100}", Some("a{100}b{100}")),
        ("a*", None),
    ] {
        assert_eq!(RegexMatcher::new(pattern).unwrap().exhausting_part(None), part, "{pattern}");
    }
}
