//! Patterns that JSON Schema, which takes ECMA-262's, and the filter's expressions read differently.

/// Escapes of ECMA-262 that mean another thing here, or a part of what they mean: `\s` knows ASCII only here.
const ESCAPES: &str = "saAzZUxpPkc<>";

/// Whether a pattern may match other texts here than in ECMA-262. What does not compile here is found elsewhere.
pub(super) fn differs(pattern: &str) -> bool {
    let mut characters = pattern.chars().peekable();
    let (mut in_class, mut previous) = (false, ' ');
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                // `\b` in a class is a backspace; `\b{…}` is a half of a word boundary here.
                Some('b') if in_class || characters.peek() == Some(&'{') => return true,
                Some('S') if in_class => return true,
                Some(escaped) if ESCAPES.contains(escaped) => return true,
                _ => {}
            },
            '[' if in_class => return true,
            // `[]` is empty in ECMA-262, and `[^]` is everything.
            '[' => {
                in_class = true;
                if characters.peek() == Some(&'^') {
                    characters.next();
                }
                if characters.peek() == Some(&']') {
                    return true;
                }
            }
            ']' => in_class = false,
            // Sets of sets.
            '&' | '~' | '-' if in_class && previous == character => return true,
            // From none to so many here, these characters there.
            '{' if !in_class && characters.peek() == Some(&',') => return true,
            // Flags and groups of other kinds. Without a flag both are case-sensitive and know one line.
            '?' if previous == '(' && characters.peek() != Some(&':') => return true,
            // A dot is anything but a line end; ECMA-262 knows four of them, so that it matches less there.
            _ => {}
        }
        previous = character;
    }
    false
}
