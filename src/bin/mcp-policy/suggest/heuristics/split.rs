//! Splits names and texts into words.

/// The words of a name, in lower case: `getUser_by-ID` is `get`, `user`, `by`, `id`.
pub(in crate::suggest) fn split_name(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut characters = name.chars().peekable();
    let mut before = ' ';
    while let Some(character) = characters.next() {
        let next_is_lower = characters.peek().is_some_and(|next| next.is_lowercase());
        // `aB`, and the last capital of a run: `HTTPServer`.
        let rises = character.is_uppercase() && (before.is_lowercase() || before.is_uppercase() && next_is_lower);
        if !character.is_alphabetic() || rises {
            words.push(std::mem::take(&mut word));
        }
        if character.is_alphabetic() {
            word.extend(character.to_lowercase());
        }
        before = character;
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

/// The words of each sentence of a text in lower case; a comma or slash is a word `,`.
pub(super) fn split_sentences(text: &str) -> Vec<Vec<String>> {
    let ends = |c: char| ['.', '!', '?', ';', ':', '\n'].contains(&c);
    let sentences = text.split(ends).map(|sentence| {
        let spaced = sentence.replace([',', '/', '|', '&'], " , ");
        let words = spaced.split(|c: char| !c.is_alphabetic() && c != ',');
        words.filter(|word| !word.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    });
    sentences.filter(|words| !words.is_empty()).collect()
}

/// The words that a word may be a form of: `deletes` and `deleting` of `delete`, `queries` of `query`, `running` of
/// `run`. Not `deleted`: participles describe the past.
pub(super) fn stems(word: &str) -> Vec<String> {
    let mut stems = vec![word.to_owned()];
    stems.extend(word.strip_suffix('s').map(str::to_owned));
    stems.extend(word.strip_suffix("es").map(str::to_owned));
    stems.extend(word.strip_suffix("ies").map(|stem| format!("{stem}y")));
    if let Some(stem) = word.strip_suffix("ing") {
        stems.push(stem.to_owned());
        stems.push(format!("{stem}e"));
        let mut letters = stem.chars().rev();
        if let (Some(last), Some(same)) = (letters.next(), letters.next())
            && last == same
        {
            stems.extend(stem.strip_suffix(last).map(str::to_owned));
        }
    }
    stems
}
