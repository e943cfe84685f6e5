//! Offsets as JavaScript counts them.

/// A text whose offsets in bytes become offsets in UTF-16 code units.
pub(super) struct Utf16<'t> {
    text: &'t str,
    is_ascii: bool,
}

impl<'t> Utf16<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, is_ascii: text.is_ascii() }
    }

    /// The code units before an offset in bytes.
    pub(super) fn units(&self, at: usize) -> usize {
        let at = at.min(self.text.len());
        if self.is_ascii { at } else { self.text.get(..at).unwrap_or_default().encode_utf16().count() }
    }
}

#[cfg(test)]
mod tests {
    use super::Utf16;

    #[test]
    fn a_character_beyond_the_first_plane_counts_twice() {
        let text = Utf16::new("é𝄞x");
        assert_eq!([0, 2, 6, 7, 99].map(|at| text.units(at)), [0, 1, 3, 4, 4]);
        assert_eq!(Utf16::new("abc").units(2), 2);
    }
}
