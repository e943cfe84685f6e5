//! The sizes of objects, which Kubernetes bounds.

/// The bytes of all annotations of an object (Kubernetes, `TotalAnnotationSizeLimitB`). `kubectl apply` keeps the whole object
/// in one of them, as JSON, unless the server does the work.
const ANNOTATIONS: usize = 262_144;
/// The bytes of an object that every cluster stores (etcd's `--max-request-bytes`, and Kubernetes' bound on a ConfigMap).
const STORED: usize = 1_048_576;

/// A warning for each object of a YAML file that is too large.
pub(super) fn warnings(rendered: &str) -> Vec<String> {
    rendered.split("\n---\n").filter_map(warning).collect()
}

fn warning(object: &str) -> Option<String> {
    let bytes = bytes_as_json(object);
    let what = format!("the {} has about {} KB", kind(object), bytes / 1000);
    if bytes > STORED {
        let advice = "clusters store objects of up to 1 MiB, so divide the policy among several servers";
        return Some(format!("{what}: {advice}"));
    }
    let advice = "apply it with `kubectl apply --server-side`, since `kubectl apply` alone writes the object into an \
                  annotation, and annotations have at most 256 KiB";
    (bytes > ANNOTATIONS).then(|| format!("{what}: {advice}"))
}

/// The kind of an object, which each has.
fn kind(object: &str) -> &str {
    object.lines().find_map(|line| line.strip_prefix("kind: ")).unwrap_or_default()
}

/// How long an object is as JSON, with its comments: a little more than `kubectl` writes. JSON has no indentation, and
/// escapes the quotes, backslashes and line ends of a text.
fn bytes_as_json(object: &str) -> usize {
    let escaped = |line: &str| line.bytes().filter(|byte| matches!(byte, b'"' | b'\\')).count();
    object.lines().map(str::trim_start).map(|line| line.len().saturating_add(escaped(line)).saturating_add(2)).sum()
}
