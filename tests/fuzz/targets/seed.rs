//! Writes what each target starts from, out of the cases that the tests share: `seed CASES CORPUS`.

use std::{env, fs, io, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use mcp_policy_fuzz::structure;
use serde_json::Value;

fn main() -> io::Result<()> {
    let mut arguments = env::args().skip(1);
    let (Some(cases), Some(corpus)) = (arguments.next(), arguments.next()) else {
        return Err(io::Error::other("usage: seed CASES CORPUS"));
    };
    let (cases, corpus) = (Path::new(&cases), Path::new(&corpus));
    for (index, case) in lines(&cases.join("attacks.jsonl"))?.iter().enumerate() {
        let body = match (&case["body"], &case["body_b64"]) {
            (Value::String(body), _) => body.clone().into_bytes(),
            (_, Value::String(coded)) => STANDARD.decode(coded).map_err(io::Error::other)?,
            _ => Vec::new(),
        };
        let request = [head(case).as_bytes(), b"\n", &body].concat();
        write(corpus, "json", index, &body)?;
        write(corpus, "message", index, &request)?;
        write(corpus, "engine", index, &request)?;
        write(corpus, "outcome", index, &[b"\x20", &body[..]].concat())?;
    }
    for (index, case) in lines(&cases.join("decisions.jsonl"))?.iter().enumerate() {
        let policy = &case["policy"];
        write(corpus, "config", 1000 + index, policy.to_string().as_bytes())?;
        if let Value::Object(policy) = policy {
            write(corpus, "config", 2000 + index, &structure(policy))?;
        }
    }
    for (index, case) in lines(&cases.join("invalid.jsonl"))?.iter().enumerate() {
        write(corpus, "config", 3000 + index, case["text"].as_str().unwrap_or_default().as_bytes())?;
    }
    for (index, list) in lists().iter().enumerate() {
        for (setup, form) in [&[1, 255, 7, 0], &[0, 255, 1, 3], &[14, 60, 39, 5]].iter().zip(0..) {
            write(corpus, "lists", 5000 + 3 * index + form, &[&setup[..], list.as_bytes()].concat())?;
        }
    }
    let answers = [r#"{"jsonrpc":"2.0","id":1,"error":{}}"#, r#"{"jsonrpc":"2.0","id":1,"result":{"isError":true}}"#];
    for (index, answer) in answers.iter().enumerate() {
        write(corpus, "outcome", 4000 + index, format!(" event: message\ndata: {answer}\n\n").as_bytes())?;
    }
    Ok(())
}

/// Lists as servers write them, as messages and in streams.
fn lists() -> Vec<String> {
    let entries = r#"[{"name":"a","uri":"b"},{"name":"evil","uri":"evil"},{"title":"x"}]"#;
    let result = |list: &str| format!(r#"{{"jsonrpc":"2.0","id":7,"result":{{"{list}":{entries},"ttlMs":1e9}}}}"#);
    let messages = ["tools", "prompts", "resources", "Tools"].map(result);
    let streams = messages.iter().flat_map(|message| {
        let split = message.replace(",{", ",\rdata: {");
        [format!("id: 1\ndata: {message}\n\n"), format!("\u{feff}: ping\r\n\r\ndata:{split}\n\ndata: {{}}")]
    });
    let torn = r#"data: {"method":"x","result":{"tools":[{"name":"evil"}]}}"#;
    streams.chain(messages.iter().cloned()).chain([format!("[{}]", messages.join(",")), torn.to_owned()]).collect()
}

fn lines(path: &Path) -> io::Result<Vec<Value>> {
    fs::read_to_string(path)?.lines().map(|line| serde_json::from_str(line).map_err(io::Error::other)).collect()
}

/// The headers of a case, as the lines that a target reads.
fn head(case: &Value) -> String {
    let mut lines = format!("-:method\n-content-type\n:method:{}\n", case["method"].as_str().unwrap_or_default());
    for (name, value) in case["headers"].as_object().into_iter().flatten() {
        let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        for value in values.iter().filter_map(Value::as_str) {
            lines.push_str(&format!("{name}: {value}\n"));
        }
    }
    lines
}

fn write(corpus: &Path, target: &str, index: usize, input: &[u8]) -> io::Result<()> {
    let folder = corpus.join(target);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(format!("case-{index:04}")), input)
}
