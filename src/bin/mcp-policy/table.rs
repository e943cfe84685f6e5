//! Tables for a terminal.

use crate::sanitize;

/// A line for each row, in columns as wide as their longest text, and as wide as `least` at least.
pub(crate) fn align_columns<const N: usize>(rows: impl Iterator<Item = [String; N]>, least: [usize; N]) -> String {
    let rows: Vec<_> = rows.map(|row| row.map(|text| sanitize::line(&text))).collect();
    let mut widths = least;
    for row in &rows {
        for (width, text) in widths.iter_mut().zip(row) {
            *width = text.chars().count().max(*width);
        }
    }
    let line = |row: &[String; N]| {
        let cells: Vec<String> = row.iter().zip(widths).map(|(text, width)| format!("{text:width$}")).collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::align_columns;

    #[test]
    fn columns_are_as_wide_as_their_longest_text_and_hide_no_character() {
        let rows = [["é", "b", "c"], ["a\u{202e}", "", ""], ["", "bbb", "c c"]];
        let text = align_columns(rows.into_iter().map(|row| row.map(str::to_owned)), [0, 4, 0]);
        assert_eq!(text, "é          b     c\na\\u{202e}\n           bbb   c c\n");
        assert_eq!(align_columns(std::iter::empty(), [3]), "");
    }
}
