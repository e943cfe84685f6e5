//! What a server's list says of a tool whose calls need approval, for the approver. The newest list that shows the tool counts.

use crate::{
    digest::Digest,
    store::{Store, TOOL_NOTES, framing},
};

/// The tool that a note is about: a policy may have several servers, by route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotedTool<'t> {
    /// The filter's name in Envoy.
    pub filter: &'t str,
    /// The policy's name.
    pub policy: &'t str,
    /// The name of Envoy's route; empty if it has none.
    pub route: &'t str,
    /// The tool's name.
    pub tool: &'t str,
}

/// What a list says of a tool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolNote {
    /// The front of its description.
    pub description: String,
    /// `read-only` or `destructive`, by its annotations; empty if they say neither.
    pub class: &'static str,
}

/// The notes in a store: 64, so that servers with more tools take them from each other.
#[derive(Clone, Copy, Debug)]
pub struct ToolNotes<'s, S>(pub &'s S);

/// The classes, as they are stored.
const CLASSES: [&str; 3] = ["", "read-only", "destructive"];

impl<S: Store> ToolNotes<'_, S> {
    /// Keeps a note. If that fails, an approver does without.
    pub fn set(&self, tool: NotedTool<'_>, note: &ToolNote) {
        let NotedTool { filter, policy, route, tool: name } = tool;
        let parts = [filter, policy, route, name, &note.description, note.class].map(str::as_bytes);
        let _: Result<(), _> = self.0.set(tool.cell(), &framing::join(&parts));
    }

    /// The note on a tool, if there is one.
    #[must_use]
    pub fn get(&self, tool: NotedTool<'_>) -> Option<ToolNote> {
        let stored = self.0.read(tool.cell()).ok()?;
        let [filter, policy, route, name, description, class] = framing::split(&stored.bytes)?;
        let NotedTool { filter: of_filter, policy: of_policy, route: of_route, tool: of_name } = tool;
        let is_same = [filter, policy, route, name] == [of_filter, of_policy, of_route, of_name].map(str::as_bytes);
        let class = CLASSES.into_iter().find(|known| known.as_bytes() == class)?;
        is_same.then_some(ToolNote { description: String::from_utf8(description.to_vec()).ok()?, class })
    }
}

impl NotedTool<'_> {
    fn cell(&self) -> u16 {
        let Self { filter, policy, route, tool } = self;
        let digest = Digest::of(&framing::join(&[filter, policy, route, tool].map(|text| text.as_bytes())));
        let count = TOOL_NOTES.end.saturating_sub(TOOL_NOTES.start);
        let [first] = digest.first_bytes();
        let index = u16::from(first) % count;
        TOOL_NOTES.start.saturating_add(index)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{NotedTool, ToolNote, ToolNotes};
    use crate::store::InMemory;

    #[test]
    fn the_newest_note_on_a_tool_is_kept_and_no_other_tool_has_it() {
        let store = InMemory::new([1; 16]);
        let notes = ToolNotes(&store);
        let pay = NotedTool { filter: "f", policy: "p", route: "r", tool: "pay" };
        assert_eq!(notes.get(pay), None);
        for class in ["", "read-only", "destructive"] {
            let note = ToolNote { description: "Pays.".to_owned(), class };
            notes.set(pay, &note);
            assert_eq!(notes.get(pay), Some(note));
        }
        for other in [
            NotedTool { filter: "g", ..pay },
            NotedTool { policy: "q", ..pay },
            NotedTool { route: "", ..pay },
            NotedTool { tool: "pays", ..pay },
            NotedTool { filter: "fp", policy: "", ..pay },
        ] {
            assert_eq!(notes.get(other), None, "{other:?}");
        }
    }
}
