//! Reads from a server's response which tasks it created; MCP 2025-11-25, tasks, and the tasks extension of 2026-07-28.
//!
//! A pure state machine over chunks. It holds nothing back and changes nothing. A response that cannot be read, or that is
//! longer than any that creates a task, creates none.

use crate::json::{Fault, KnownNames, NameComparison, Reader, ValueType};

use super::{
    ResponseFormat,
    sse::{Collected, Messages},
};

/// A task that a server has created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreatedTask {
    /// Its id.
    pub id: String,
    /// How long the server keeps it, in milliseconds; `None` if it does not say.
    pub ttl_ms: Option<u64>,
}

/// Reads one response.
#[derive(Clone, Debug)]
pub struct CreatedTasks {
    messages: Messages,
}

/// Members that are read here of a response, of its result, and of the task in that.
const RESPONSE: KnownNames<'_> = KnownNames::new(&["result"]);
const RESULT: KnownNames<'_> = KnownNames::new(&["task", "taskId", "resultType"]);
const TASK: KnownNames<'_> = KnownNames::new(&["taskId"]);

/// A longer message is not read, in bytes.
const MAX_BYTES: usize = 64 * 1024;
/// A response that nests deeper is not read.
const MAX_DEPTH: u32 = 128;
/// Bytes of a task's id: no request names a longer one.
const MAX_ID: usize = super::MAX_NAME;

impl CreatedTasks {
    /// Reads a response in this format.
    #[must_use]
    pub fn new(form: ResponseFormat) -> Self {
        Self { messages: Messages::new(form) }
    }

    /// Takes the next chunk, holds up to `room` bytes of it, and returns the tasks of the messages that it completes.
    pub fn push(&mut self, mut chunk: &[u8], room: usize) -> Vec<CreatedTask> {
        let max = self.messages.held().saturating_add(room).min(MAX_BYTES);
        let mut tasks = Vec::new();
        while let Some(message) = self.messages.next(&mut chunk, max) {
            if let Collected::Text(text) = message {
                tasks.extend(read(&text));
            }
        }
        tasks
    }

    /// The tasks of a response that has ended.
    #[must_use]
    pub fn end(&mut self) -> Vec<CreatedTask> {
        self.messages.end().map_or_else(Vec::new, |text| read(&text))
    }

    /// The bytes that are held.
    #[must_use]
    pub fn held(&self) -> usize {
        self.messages.held()
    }
}

/// The tasks in one message, or in several in an array.
fn read(text: &[u8]) -> Vec<CreatedTask> {
    let mut tasks = Vec::new();
    if text.is_empty() || read_into(text, &mut tasks).is_err() {
        tasks.clear();
    }
    tasks
}

fn read_into(text: &[u8], tasks: &mut Vec<CreatedTask>) -> Result<(), Fault> {
    let mut reader = Reader::new(text, MAX_DEPTH)?;
    match reader.value_type()? {
        ValueType::Array => reader.elements(|reader| read_message(reader, tasks))?,
        _ => read_message(&mut reader, tasks)?,
    }
    reader.finish()?;
    reader.name_fault().map_or(Ok(()), |fault| Err(fault.clone()))
}

fn read_message(reader: &mut Reader<'_>, tasks: &mut Vec<CreatedTask>) -> Result<(), Fault> {
    if reader.value_type()? != ValueType::Object {
        return reader.skip().map(drop);
    }
    reader.members(NameComparison::Unmistakable(&RESPONSE), |reader, name| match (&*name, reader.value_type()?) {
        ("result", ValueType::Object) => read_result(reader, tasks),
        _ => reader.skip().map(drop),
    })
}

/// Reads a result that has a `task`, or that is one.
fn read_result(reader: &mut Reader<'_>, tasks: &mut Vec<CreatedTask>) -> Result<(), Fault> {
    let (mut own, mut is_task) = (Draft::default(), false);
    reader.members(NameComparison::Unmistakable(&RESULT), |reader, name| match (&*name, reader.value_type()?) {
        ("task", ValueType::Object) => {
            let mut inside = Draft::default();
            reader.members(NameComparison::Unmistakable(&TASK), |reader, name| inside.read(reader, &name))?;
            tasks.extend(inside.finish());
            Ok(())
        }
        ("resultType", ValueType::String) => {
            is_task = reader.string()? == "task";
            Ok(())
        }
        _ => own.read(reader, &name),
    })?;
    tasks.extend(own.finish().filter(|_| is_task));
    Ok(())
}

/// A task that is being read.
#[derive(Default)]
struct Draft {
    id: Option<String>,
    ttl_ms: Option<u64>,
}

impl Draft {
    fn read(&mut self, reader: &mut Reader<'_>, name: &str) -> Result<(), Fault> {
        match (name, reader.value_type()?) {
            ("taskId", ValueType::String) => {
                self.id = Some(reader.string()?.into_owned()).filter(|id| id.len() <= MAX_ID);
            }
            ("ttl" | "ttlMs", ValueType::Number) => {
                // A fraction of a millisecond means nothing; any other number is read as the longest time.
                let token = reader.skip()?;
                self.ttl_ms = std::str::from_utf8(token).ok().and_then(|token| token.parse().ok());
            }
            _ => drop(reader.skip()?),
        }
        Ok(())
    }

    fn finish(self) -> Option<CreatedTask> {
        Some(CreatedTask { id: self.id?, ttl_ms: self.ttl_ms })
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{CreatedTask, CreatedTasks, ResponseFormat};

    /// The tasks of a response; the same whole and in every two chunks.
    #[track_caller]
    fn tasks(form: ResponseFormat, text: &str) -> Vec<CreatedTask> {
        let read = |chunks: &[&[u8]]| {
            let mut tasks = CreatedTasks::new(form);
            let mut all: Vec<CreatedTask> = chunks.iter().flat_map(|chunk| tasks.push(chunk, usize::MAX)).collect();
            all.extend(tasks.end());
            all
        };
        let whole = read(&[text.as_bytes()]);
        for index in 0..text.len() {
            let (front, back) = text.as_bytes().split_at(index);
            assert_eq!(read(&[front, back]), whole, "split at {index}");
        }
        whole
    }

    fn task(id: &str, ttl_ms: Option<u64>) -> CreatedTask {
        CreatedTask { id: id.to_owned(), ttl_ms }
    }

    #[test]
    fn a_task_is_read_from_a_result_of_either_revision() {
        for (text, expected) in [
            (
                r#"{"id":1,"result":{"task":{"taskId":"a","status":"working","ttl":60000}}}"#,
                vec![task("a", Some(60_000))],
            ),
            (r#"{"id":1,"result":{"task":{"taskId":"\u0061","ttl":null}}}"#, vec![task("a", None)]),
            (r#"{"id":1,"result":{"resultType":"task","taskId":"a","ttlMs":5}}"#, vec![task("a", Some(5))]),
            (r#"{"id":1,"result":{"taskId":"a"}}"#, vec![]),
            (r#"{"id":1,"result":{"structuredContent":{"task":{"taskId":"a"}}}}"#, vec![]),
            (r#"{"id":1,"result":{"task":{"taskId":"a","taskId":"b"}}}"#, vec![]),
            (r#"{"id":1,"error":{"task":{"taskId":"a"}}}"#, vec![]),
            ("<html>", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(tasks(ResponseFormat::Json, text), expected, "{text}");
            let event = format!(": hi\n\ndata: {text}\n\ndata: {{}}\n\n");
            assert_eq!(tasks(ResponseFormat::Sse, &event), expected, "{text}");
        }
    }
}
