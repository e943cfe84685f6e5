//! What the head of a request decides alone.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Headers, RequestKind, check_head};

fn headers(pairs: &[(&str, &str)]) -> Headers {
    Headers::new(pairs.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect())
}

#[track_caller]
fn post(extra: &[(&str, &str)]) -> Result<RequestKind, (u16, String)> {
    let pairs = [&[(":method", "POST")], extra].concat();
    check_head(&headers(&pairs), true, 100).map_err(|refusal| (refusal.status, refusal.message))
}

#[test]
fn only_json_in_utf_8_is_read() {
    for value in [
        "application/json",
        "Application/JSON",
        " application/json ; charset=utf-8",
        "application/json;charset=\"UTF-8\";",
    ] {
        assert_eq!(post(&[("content-type", value)]), Ok(RequestKind::Message), "{value}");
    }
    for value in [
        "",
        "text/plain",
        "text/plain; a=application/json",
        "application/vnd.api+json",
        "application/json, text/plain",
        "application/jsonx",
        "application/json; charset=utf-16",
        "application/json; charset=utf-8; charset=utf-7",
        "application/json; charset=\"utf-8",
        "application/json; charset",
        "application/json; a=\"x;charset=utf-7\"",
        "application/json; version=1",
        "application/json; boundary=x; charset=utf-8",
        "application/json; charset=utf-8; charset=utf-8",
        "application/json; charset=utf8",
        "application/json; charset='utf-8'",
        "application/json; charset=\\utf-8",
        "application/json; charset = utf-8",
        "application/json; charset*=utf-8''utf-7",
        "application/json; charset*=utf-8",
        "application/json; charset*0=utf-; charset*1=7",
        "application/json; charset*0*=utf-7",
        "application/json; charset=utf-8; charset*=utf-7",
        "application/json; charset=utf-8; charset*0=utf-7",
        "application/json; charset=utf-8\u{b}",
    ] {
        assert_eq!(post(&[("content-type", value)]).unwrap_err().0, 415, "{value}");
    }
}

#[test]
fn the_refusal_of_a_form_names_the_way_to_bypass_an_endpoint_of_oauth() {
    for form in ["application/x-www-form-urlencoded", "Application/X-WWW-Form-Urlencoded; charset=UTF-8"] {
        let message = "the body is a form, not JSON; send the message as `application/json`, or, if this is an endpoint of \
                       OAuth, ask the gateway's operator to bind its route with `bypass`";
        assert_eq!(post(&[("content-type", form)]), Err((415, message.to_owned())));
    }
}

#[test]
fn only_post_carries_a_message() {
    for method in ["GET", "HEAD", "OPTIONS", "DELETE"] {
        assert_eq!(check_head(&headers(&[(":method", method)]), false, 9), Ok(RequestKind::WithoutBody), "{method}");
        assert_eq!(check_head(&headers(&[(":method", method)]), true, 9), Ok(RequestKind::ExpectEmptyBody), "{method}");
        let long = headers(&[(":method", method), ("content-length", "1")]);
        assert_eq!(check_head(&long, true, 9).unwrap_err().status, 405, "{method}");
        let none = headers(&[(":method", method), ("content-length", "0")]);
        assert_eq!(check_head(&none, true, 9), Ok(RequestKind::WithoutBody), "{method}");
    }
    for method in ["PUT", "PATCH", "CONNECT", "TRACE", "post", "QUERY"] {
        assert_eq!(check_head(&headers(&[(":method", method)]), false, 9).unwrap_err().status, 405, "{method}");
    }
    assert_eq!(check_head(&headers(&[]), false, 9).unwrap_err().status, 405);
    assert_eq!(check_head(&headers(&[(":method", "POST")]), false, 9).unwrap_err().status, 400);
}

#[test]
fn an_announced_length_over_the_limit_is_refused_before_the_body_comes() {
    let json = ("content-type", "application/json");
    assert_eq!(post(&[json, ("content-length", "100")]), Ok(RequestKind::Message));
    let too_large = (413, "the body is larger than 100 bytes; send a smaller message".to_owned());
    assert_eq!(post(&[json, ("content-length", "101")]), Err(too_large.clone()));
    assert_eq!(post(&[json, ("content-length", "99999999999999999999999")]), Err(too_large));
    assert_eq!(post(&[json, ("content-length", "1x")]).unwrap_err().0, 400);
    assert_eq!(post(&[json, ("content-length", "0")]).unwrap_err().0, 400, "no body, whatever frames follow");
}

#[test]
fn a_query_names_a_session_in_any_spelling() {
    for path in ["/messages/?session_id=1", "/m?a=b&sessionId=", "/m?Session-ID=1", "/m?session=1"] {
        assert!(super::has_session_in_query(path), "{path}");
    }
    for path in ["/mcp", "/session_id", "/mcp?x=session_id", "/mcp?obsession_id=1"] {
        assert!(!super::has_session_in_query(path), "{path}");
    }
}

#[test]
fn what_readers_take_differently_is_refused() {
    let json = ("content-type", "application/json");
    for extra in [
        ("content-type", "application/json"),
        ("upgrade", "websocket"),
        (":protocol", "websocket"),
        ("x-http-method-override", "GET"),
        ("x-http-method", "GET"),
        ("x-method-override", "GET"),
        ("x-original-method", "GET"),
        ("authorization", "Bearer a,Bearer b"),
        ("authorization", "basic YTpi, basic YTpj"),
    ] {
        assert_eq!(post(&[json, extra]).unwrap_err().0, 400, "{extra:?}");
    }
    assert_eq!(post(&[json, ("mcp-session-id", "a"), ("mcp-session-id", "a")]).unwrap_err().0, 400);
    assert_eq!(post(&[json, ("content-encoding", "gzip")]).unwrap_err().0, 415);
    assert_eq!(post(&[json, ("content-encoding", "identity, gzip")]).unwrap_err().0, 415);
    assert_eq!(post(&[json, ("content-encoding", "Identity")]), Ok(RequestKind::Message));
}
