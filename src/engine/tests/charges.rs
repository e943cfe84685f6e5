//! What a request with several calls, or several URIs, is charged.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Disposition, Gateway, batch, call};
use crate::engine::callout::Callout;

/// Three rules name the counter `spend`, and all of them speak of `charge`.
const POLICY: &str = r#"{"policy":{"version":"1","default":"deny",
    "all_tools":{"limits":[{"counter":"spend","window":"day","max":900,"scope":"grant","increment":100}]},
    "tools":{"charge":{"limits":[{"counter":"spend","window":"day","max":1000,"scope":"grant","increment":500}]},
             "refund":{"limits":[{"counter":"spend","window":"day","max":500,"scope":"grant","increment":300}]},
             "look":{}},
    "resources":{"note:a":{"limits":[{"counter":"notes","window":"day","max":2,"scope":"grant"}]},
                 "note:*":{"limits":[{"counter":"notes","window":"day","max":2,"scope":"grant"}]}}},
    "protocol":{"batches":"judge"}}"#;

fn left(gateway: &Gateway, body: &str) -> Vec<(String, String)> {
    let response = gateway.judge(&call("alice"), body);
    assert!(matches!(response.answer, Disposition::Forward(_)), "{response:?}");
    response.record.remaining.into_iter().map(|(counter, left)| (counter.to_string(), left.to_string())).collect()
}

#[test]
fn a_counter_that_two_rules_of_one_call_name_is_charged_once() {
    let one = |left: &str| vec![("spend".to_owned(), left.to_owned())];
    let gateway = Gateway::new(POLICY);
    assert_eq!(left(&gateway, &batch(&["charge"])), one("400"), "the larger amount, against the smaller maximum");
    assert_eq!(left(&gateway, &batch(&["look"])), one("300"));
}

#[test]
fn the_calls_of_a_batch_are_summed_whichever_rules_name_the_counter() {
    let gateway = Gateway::new(POLICY);
    let (_, body) = gateway.answer(&batch(&["charge", "refund"])).unwrap();
    assert!(body.contains("the policy denies the tool `refund`: the request costs 800, and the limit is 500 a day; send a smaller amount"), "{body}");
    assert_eq!(left(&gateway, &batch(&["charge", "look", "look"])), [("spend".to_owned(), "200".to_owned())]);
    let (_, body) = gateway.answer(&batch(&["look", "look", "look"])).unwrap();
    assert!(body.contains(r#""code":-31429"#), "{body}");
}

#[test]
fn the_uris_of_a_subscription_are_summed_whichever_rules_name_the_counter() {
    let gateway = Gateway::new(POLICY);
    let listen = |uris: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{{"notifications":{{"resourceSubscriptions":[{uris}]}}}}}}"#
        )
    };
    let (_, body) = gateway.answer(&listen(r#""note:a","note:b","note:c""#)).unwrap();
    assert!(body.contains("the policy denies the resource `note:c`: the request costs 3, and the limit is 2 calls a day; send a smaller amount"), "{body}");
    assert_eq!(left(&gateway, &listen(r#""note:a","note:b""#)), [("notes".to_owned(), "0".to_owned())]);
}

#[test]
fn the_rate_limit_service_is_asked_for_the_sum() {
    let gateway =
        Gateway::new(&POLICY.replace(r#""protocol""#, r#""limits":{"service":{"cluster":"rls"}},"protocol""#));
    let Disposition::Callout(Callout::Charge { message, .. }) =
        gateway.judge(&call("alice"), &batch(&["charge", "look", "look"])).answer
    else {
        panic!("nothing was asked")
    };
    // `hits_addend` of the request, field 3: 700 as a varint.
    assert!(message.ends_with(b"\x18\xbc\x05"), "{}", message.escape_ascii());
}
