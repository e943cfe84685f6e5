//! How many states an expression has at most. The engine does not tell; its compiler makes one for each character, class and
//! assertion, a few for each group and repetition, and copies what is repeated.

use std::{iter::Peekable, ops::Range, str::CharIndices};

/// No expression that compiles has more: a state takes 20 bytes of the 64 KiB that one may have.
const MOST: usize = 64 * 1024 / 20;

/// An upper bound of the states of an expression that compiles. `repeated` gets each part that is repeated, and its states.
pub(super) fn count(text: &str, mut repeated: impl FnMut(Range<usize>, usize)) -> usize {
    let mut scanner = Scanner { text, chars: text.char_indices().peekable() };
    let mut groups = Vec::new();
    let mut group = Group::default();
    while let Some((at, c)) = scanner.chars.next() {
        match c {
            '(' => match scanner.skip_flags() {
                Flags::Group => groups.push((at, std::mem::take(&mut group))),
                Flags::Alone => {}
                // Its comments may hold brackets.
                Flags::Verbose => return MOST,
            },
            ')' => {
                let Some((start, outer)) = groups.pop() else { continue };
                // Where a capture begins, and where it ends.
                let states = std::mem::replace(&mut group, outer).states().saturating_add(2);
                group.add(start, states);
            }
            '[' => {
                let ranges = scanner.skip_class();
                group.add(at, (ranges / 4).saturating_add(1));
            }
            '|' => group.branches = group.branches.saturating_add(1),
            '*' | '+' | '?' => {
                group.repeat(1, 3);
                repeated(group.start..scanner.position(), group.last);
            }
            '{' => {
                let (times, more) = scanner.repetition();
                group.repeat(times, more);
                repeated(group.start..scanner.position(), group.last);
            }
            '\\' => {
                scanner.skip_escape();
                group.add(at, 1);
            }
            _ => group.add(at, 1),
        }
    }
    let open = groups.into_iter().fold(group.states(), |sum, (_, outer)| sum.saturating_add(outer.states()));
    // The match as a whole is a capture, too, and the end is a state.
    open.saturating_add(3).min(MOST)
}

/// What a group, or the whole expression, has so far.
#[derive(Default)]
struct Group {
    states: usize,
    branches: usize,
    /// The states of its last part, and where that begins.
    last: usize,
    start: usize,
}

impl Group {
    fn add(&mut self, start: usize, states: usize) {
        self.states = self.states.saturating_add(states);
        (self.last, self.start) = (states, start);
    }

    /// Repeats the last part so often, with so many states besides for each time.
    fn repeat(&mut self, times: usize, more: usize) {
        let states = self.last.saturating_add(more).saturating_mul(times).saturating_add(more);
        self.states = self.states.saturating_sub(self.last).saturating_add(states);
        self.last = states;
    }

    /// An empty group has a state, and alternatives have some that lead to them.
    fn states(&self) -> usize {
        self.states.saturating_add(self.branches.saturating_mul(2)).saturating_add(3)
    }
}

/// What begins with `(?`.
enum Flags {
    Group,
    /// Flags without a group: `(?i)`.
    Alone,
    /// Flags with `x`.
    Verbose,
}

struct Scanner<'t> {
    text: &'t str,
    chars: Peekable<CharIndices<'t>>,
}

impl Scanner<'_> {
    fn position(&mut self) -> usize {
        self.chars.peek().map_or(self.text.len(), |(at, _)| *at)
    }

    fn next_is(&mut self, wanted: char) -> bool {
        self.chars.next_if(|(_, c)| *c == wanted).is_some()
    }

    /// Goes behind the flags or the name of a group.
    fn skip_flags(&mut self) -> Flags {
        if !self.next_is('?') {
            return Flags::Group;
        }
        let mut flags = Flags::Group;
        while let Some((_, c)) = self.chars.next() {
            match c {
                // A name.
                '<' | 'P' => {
                    while self.chars.next().is_some_and(|(_, c)| c != '>') {}
                    break;
                }
                'x' => flags = Flags::Verbose,
                ')' if matches!(flags, Flags::Group) => return Flags::Alone,
                ':' | ')' => break,
                _ => {}
            }
        }
        flags
    }

    /// Goes behind a class, and returns how many characters describe it: at least as many as it has ranges.
    fn skip_class(&mut self) -> usize {
        let (mut depth, mut length) = (1_usize, 0_usize);
        self.next_is('^');
        // A bracket that comes first is a character of the class.
        self.next_is(']');
        while let Some((_, c)) = self.chars.next() {
            // `\w` has four ranges, and without case each range is two.
            length = length.saturating_add(2);
            match c {
                '\\' => {
                    self.chars.next();
                    length = length.saturating_add(8);
                }
                '[' => depth = depth.saturating_add(1),
                ']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
        length
    }

    /// Goes behind an escape. The digits of `\x41` count as characters.
    fn skip_escape(&mut self) {
        let escaped = self.chars.next();
        if escaped.is_some_and(|(_, c)| matches!(c, 'x' | 'u' | 'U' | 'b')) && self.next_is('{') {
            while self.chars.next().is_some_and(|(_, c)| c != '}') {}
        }
    }

    /// Reads the bounds of a repetition, and returns how often its part is copied and how many states each copy has besides.
    fn repetition(&mut self) -> (usize, usize) {
        let start = self.position();
        while self.chars.next().is_some_and(|(_, c)| c != '}') {}
        let bounds = self.text.get(start..self.position()).unwrap_or_default();
        let largest =
            bounds.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse::<usize>().ok()).max();
        (largest.unwrap_or(1).saturating_add(usize::from(bounds.contains(','))), 1)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use regex_lite::RegexBuilder;

    use super::{MOST, count};

    /// The least size limit under which the engine compiles an expression, in bytes.
    fn compiled_bytes(text: &str) -> usize {
        let compiles = |bytes: usize| RegexBuilder::new(text).size_limit(bytes).build().is_ok();
        let (mut low, mut high) = (0, 1 << 24);
        assert!(compiles(high), "{text}");
        while high - low > 1 {
            let middle = low.midpoint(high);
            *(if compiles(middle) { &mut high } else { &mut low }) = middle;
        }
        high
    }

    #[test]
    fn no_expression_has_more_states_and_few_have_half_as_many() {
        for text in [
            "a",
            "abc",
            "^[a-z]+$",
            r"^[^@\s]+@example\.com$",
            r"^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}$",
            r"\A\x41\x{1F600}\b{start}\d{3}-\d{4}\z",
            "(a|b|c|d)*",
            "(?:a{20}){20}",
            "((a{0,9}){0,9}){0,9}",
            "(?i)select|insert|update|delete",
            "(?P<year>[0-9]{4})-(?<month>[0-9]{2})",
            "[]a]+[^]a]+[[:alpha:]_]",
            "(?s-m:.)x{0}y*?",
            "()|(|)",
            "(a(b(c(d)?)?)?)+",
            "a{2,}b{3,5}",
        ] {
            // Each state has 32 bytes natively and 20 in the module, and may have lists besides.
            let (bound, bytes) = (count(text, |_, _| {}), compiled_bytes(text));
            let size = if cfg!(target_pointer_width = "64") { 32 } else { 20 };
            assert!(bound * size + 8 * text.len() * 4 >= bytes, "{text}: {bound} states, {bytes} bytes");
            assert!(bound <= 12 + bytes / size * 4, "{text}: {bound} states, {bytes} bytes");
        }
    }

    #[test]
    fn what_cannot_be_counted_has_as_many_as_an_expression_may_have() {
        for text in ["(?x) a # ( [", "(?ix:a)", "(?:(?:a{99}){99}){99}"] {
            assert_eq!(count(text, |_, _| {}), MOST, "{text}");
        }
    }

    #[test]
    fn the_repeated_parts_are_reported() {
        let mut parts = Vec::new();
        let text = "x(?:ab{5})+[0-9]*";
        count(text, |part, states| parts.push((text.get(part).unwrap(), states)));
        assert_eq!(parts.iter().map(|(part, _)| *part).collect::<Vec<_>>(), ["b{5}", "(?:ab{5})+", "[0-9]*"]);
        assert!(parts[1].1 > parts[0].1 && parts[0].1 > 5);
    }

    #[test]
    fn each_part_of_an_expression_has_its_states() {
        for (text, expected) in [
            // Three for what holds the parts, and three for the match as a whole.
            ("", 6),
            ("a", 7),
            ("abc", 9),
            ("^a$", 9),
            // Two for an alternative.
            ("a|b", 10),
            ("a|b|c", 13),
            // Five for a group.
            ("()", 11),
            ("(a)", 12),
            ("(?:a)", 12),
            ("(?i:a)", 12),
            ("(?P<n>a)", 12),
            ("(?<nx)>a)", 12),
            ("(?i)a", 7),
            ("(?i)a(b)", 13),
            ("((a)|b)", 20),
            // One for a class, and one more for each four characters of two that describe it.
            ("[a]", 8),
            ("[abc]", 9),
            ("[^a]", 8),
            ("[]]", 7),
            ("[^]a]", 8),
            (r"[\]]", 10),
            (r"[\]]a", 11),
            ("[[:a:]b]", 10),
            ("[a]b]", 10),
            // An escape is one character, whatever its braces hold.
            (r"\(", 7),
            (r"\x{41}", 7),
            (r"\u{41}", 7),
            (r"\U{41}", 7),
            (r"\b{start}", 7),
            (r"\x41", 9),
            (r"\d{3}", 13),
            // A repetition has three more, its part as often as it says, with one more each time.
            ("a*", 13),
            ("a+b", 14),
            ("ab?", 14),
            ("a{3}", 13),
            ("a{3,}", 15),
            ("a{2,5}", 19),
            ("(a){2}b", 22),
        ] {
            assert_eq!(count(text, |_, _| {}), expected, "{text}");
        }
    }
}
