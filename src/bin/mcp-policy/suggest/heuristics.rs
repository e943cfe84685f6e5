//! The class that the words of a tool suggest.
//!
//! * A name: its verbs decide (`create_issue`). After a verb that reads, words that can be nouns, and words for money,
//!   count as nouns (`get_commit`, `list_payments`); after any other verb they count as verbs (`create_payment`).
//! * A title or description: the verb that leads its first sentence, the verbs joined to it ("Get, create or delete"),
//!   and every verb that destroys or pays, unless it is negated. A leading verb that the lexicon does not have is no
//!   promise to read only ("Rebuilds the search index").
//!
//! English only: words of other languages suggest nothing, and a tool without any known word gets a strict class.

mod split;

use super::{
    lexicon::{
        AMBIGUOUS, ARTICLES, CONJUNCTIONS, FILLERS, MONEY, MONEY_EXCEPTIONS, MONEY_IN_NAMES, NEGATIONS, PHRASES, VERBS,
        VERBS_OR_NOUNS,
    },
    tool::{Class, Finding, Tool},
};

/// The strictest class that its name, titles and description suggest; `None` if they have no known word.
pub(super) fn classify_words(tool: &Tool) -> Option<Finding> {
    let named = classify_name(&tool.name);
    let titled = tool.titles.iter().filter_map(|title| classify_text(title, "title"));
    let described = classify_text(&tool.description, "description");
    named.into_iter().chain(titled).chain(described).reduce(Finding::or_stricter)
}

/// The class that a name suggests.
fn classify_name(name: &str) -> Option<Finding> {
    let words = split::split_name(name);
    let finding = |class: Class, word: &str| Finding::new(class, format!("`{word}` in its name"));
    let verbs = |class: fn(&str) -> Option<Class>| {
        words.iter().filter_map(|word| Some(finding(class(word)?, word))).reduce(Finding::or_stricter)
    };
    // Other forms are nouns beside a plain verb: `list_uploads`.
    let verbs = verbs(|word| find_exact_class(&VERBS, word)).or_else(|| verbs(|word| find_class(&VERBS, word)));
    let reads = verbs.as_ref().is_some_and(|verb| verb.class == Class::Read);
    let others = words.iter().enumerate().filter_map(|(index, word)| {
        let before = index.checked_sub(1).and_then(|index| words.get(index));
        if reads && !before.is_some_and(|before| has_word(CONJUNCTIONS, before)) {
            return None;
        }
        let money = names_money(word, &words).then_some(Class::Financial);
        Some(finding(find_exact_class(&AMBIGUOUS, word).max(money)?, word))
    });
    let found = verbs.into_iter().chain(others).reduce(Finding::or_stricter);
    // Words that were written together: `deletefile`.
    found.or_else(|| {
        words.iter().filter_map(|word| Some(finding(class_of_prefix(word)?, word))).reduce(Finding::or_stricter)
    })
}

/// The class that a title or description suggests.
fn classify_text(text: &str, place: &str) -> Option<Finding> {
    let lower = text.to_lowercase();
    let phrases = PHRASES.iter().filter(|(_, phrase)| lower.contains(phrase));
    let phrases = phrases.map(|(class, phrase)| Finding::new(*class, format!("`{phrase}` in its {place}")));
    let sentences = split::split_sentences(&lower);
    // Titles are headings: "Pods: List".
    let unknown = sentences.first().filter(|words| place == "description" && is_unknown_verb(words));
    let unknown = unknown.and_then(|words| words.first());
    let unknown = unknown.map(|word| Finding::new(Class::Execute, format!("unknown verb `{word}` in its {place}")));
    let verbs = sentences.iter().enumerate().flat_map(|(index, words)| classify_sentence(words, index == 0));
    let verbs = verbs.map(|(class, word)| Finding::new(class, format!("`{word}` in its {place}")));
    verbs.chain(phrases).chain(unknown).reduce(Finding::or_stricter)
}

/// The verb of a sentence is among this many of its first words: "This tool allows you to create …".
const LEAD: usize = 8;

/// The words of a sentence that suggest a class. Later sentences are mostly notes, so only a leading verb that destroys
/// or pays counts in them: "Deletes the old one first."
fn classify_sentence(words: &[String], first: bool) -> Vec<(Class, &str)> {
    let mut found: Vec<(Class, &str)> = Vec::new();
    let mut before = "";
    let mut joined = false;
    for (index, word) in words.iter().enumerate().take(if first { usize::MAX } else { 1 }) {
        let leads = index == 0 || has_word("to can will you", before);
        joined |= before == "by" && word.ends_with("ing");
        let class = match find_class(&VERBS, word) {
            _ if has_word(NEGATIONS, before) => None,
            _ if has_word(VERBS_OR_NOUNS, word) && has_word(ARTICLES, before) && !found.is_empty() => None,
            Some(class) if class >= Class::Financial => Some(class),
            _ if !first => None,
            Some(class) if joined => Some(class),
            verb if found.is_empty() && index < LEAD => {
                verb.or_else(|| if leads { find_class(&AMBIGUOUS, word) } else { None })
            }
            _ => None,
        };
        joined = has_word(CONJUNCTIONS, word) && (joined || !found.is_empty());
        found.extend(class.map(|class| (class, word.as_str())));
        before = word;
    }
    // A tool that only reads looks at money; any other may move it.
    if first && found.iter().all(|(class, _)| *class != Class::Read) {
        let money = words.iter().find(|word| split::stems(word).iter().any(|stem| has_word(MONEY, stem)));
        found.extend(money.map(|word| (Class::Financial, word.as_str())));
    }
    found
}

/// Whether a sentence starts with a verb that the lexicon does not have: "Rebuilds search indexes", "Rebuild the search index".
fn is_unknown_verb(words: &[String]) -> bool {
    let Some(first) = words.first() else { return false };
    let light = split::stems(first).iter().any(|stem| has_word(FILLERS, stem));
    let known = light || find_class(&VERBS, first).or_else(|| find_class(&AMBIGUOUS, first)).is_some();
    let third_person = first.len() > 3 && first.ends_with('s') && !first.ends_with("ss");
    let before_noun = words.get(1).is_some_and(|second| has_word(ARTICLES, second));
    !known && !has_word(ARTICLES, first) && !has_word(NEGATIONS, first) && (third_person || before_noun)
}

fn has_word(list: &str, word: &str) -> bool {
    list.split(' ').any(|listed| listed == word)
}

/// The strictest class of a word in any of its forms.
fn find_class(table: &[(Class, &str)], word: &str) -> Option<Class> {
    split::stems(word).iter().filter_map(|stem| find_exact_class(table, stem)).max()
}

fn find_exact_class(table: &[(Class, &str)], word: &str) -> Option<Class> {
    table.iter().filter(|(_, words)| has_word(words, word)).map(|(class, _)| *class).max()
}

fn names_money(word: &str, words: &[String]) -> bool {
    let other = |stem: &str| {
        let beside =
            MONEY_EXCEPTIONS.iter().filter(|(money, _)| *money == stem).flat_map(|(_, beside)| beside.split(' '));
        beside.into_iter().any(|beside| words.iter().any(|word| word == beside))
    };
    split::stems(word).iter().any(|stem| has_word(MONEY, stem) || has_word(MONEY_IN_NAMES, stem) && !other(stem))
}

/// The class of a word that begins with a verb that does more than read. Participles describe the past: `deleted`.
fn class_of_prefix(word: &str) -> Option<Class> {
    let verbs = VERBS.iter().filter(|(class, _)| *class > Class::Read);
    let verbs = verbs.flat_map(|(class, verbs)| verbs.split(' ').map(move |verb| (*class, verb)));
    let fits = |verb: &str| verb.len() > 4 && word.starts_with(verb) && !word.ends_with("ed");
    verbs.filter(|(_, verb)| fits(verb)).map(|(class, _)| class).max()
}
