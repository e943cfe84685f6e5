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

pub(super) use self::split::split_name;

use crate::tools::Tool;

use super::{
    class::{Class, Finding},
    lexicon::{
        ADVERBS, AMBIGUOUS, ARTICLES, BESIDES, CASH, CHANGES, CONJUNCTIONS, FILLERS, JOBS, MONEY, MONEY_EXCEPTIONS,
        MONEY_IN_NAMES, NEGATIONS, PHRASES, PREPOSITIONS, TAKES, VERBS, VERBS_OR_NOUNS,
    },
};

/// What the words of a tool suggest: the strictest class of those that are clear, and of those that are not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Words {
    /// By verbs that mean one thing, where they say what the tool does.
    pub(super) clear: Option<Finding>,
    /// By words that may be nouns, and verbs in passing.
    pub(super) unclear: Option<Finding>,
    /// By a verb that the lexicon does not have.
    pub(super) unknown: Option<Finding>,
}

/// How much a word says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weight {
    Clear,
    Unclear,
    Unknown,
}

/// What a word suggests.
type Sign = (Finding, Weight);

/// What its name, titles and description suggest.
pub(super) fn classify_words(tool: &Tool) -> Words {
    let named = classify_name(&tool.name);
    let may_start_jobs = tool.read_only == Some(false);
    let titled = tool.titles.iter().flat_map(|title| classify_text(title, "title", may_start_jobs));
    let described = classify_text(&tool.description, "description", may_start_jobs);
    let signs: Vec<Sign> = named.into_iter().chain(titled).chain(described).collect();
    let strictest = |wanted: Weight| {
        let signs = signs.iter().filter(|(_, weight)| *weight == wanted);
        signs.map(|(finding, _)| finding.clone()).reduce(Finding::or_stricter)
    };
    Words { clear: strictest(Weight::Clear), unclear: strictest(Weight::Unclear), unknown: strictest(Weight::Unknown) }
}

/// Whether the words say that a tool puts something in the place of what was there: of such a tool `destructiveHint` says
/// nothing new.
pub(super) fn changes(tool: &Tool) -> bool {
    let sentences = split::split_sentences(&tool.description.to_lowercase());
    // "Add or replace a chart".
    let leading = sentences.iter().flat_map(|words| words.iter().filter(|word| !has_word(ADVERBS, word)).take(3));
    let name = split_name(&tool.name);
    name.iter().chain(leading).any(|word| split::stems(word).iter().any(|stem| has_word(CHANGES, stem)))
}

/// The class that a name suggests.
fn classify_name(name: &str) -> Vec<Sign> {
    let words = split_name(name);
    let finding = |class: Class, word: &str| Finding::new(class, format!("`{word}` in its name"));
    let verbs = |class: fn(&str) -> Option<Class>| {
        words.iter().filter_map(|word| Some(finding(class(word)?, word))).reduce(Finding::or_stricter)
    };
    // Other forms are nouns beside a plain verb: `list_uploads`.
    let verbs = verbs(|word| find_exact_class(&VERBS, word)).or_else(|| verbs(|word| find_class(&VERBS, word)));
    let reads = verbs.as_ref().is_some_and(|verb| verb.class == Class::Read);
    let takes = words.first().is_some_and(|word| has_word(TAKES, word));
    let others = words.iter().enumerate().filter_map(|(index, word)| {
        let before = index.checked_sub(1).and_then(|index| words.get(index));
        let is_joined = before.is_some_and(|before| has_word(CONJUNCTIONS, before));
        if reads && !is_joined && !takes {
            return None;
        }
        let money = names_money(word, &words).then_some(Class::Financial);
        let follows_and = before.is_some_and(|before| has_word("and then", before));
        let unknown = (follows_and && find_class(&VERBS, word).is_none()).then_some(Class::Execute);
        Some((finding(find_exact_class(&AMBIGUOUS, word).max(money).max(unknown)?, word), Weight::Unclear))
    });
    let found: Vec<Sign> = verbs.into_iter().map(|finding| (finding, Weight::Clear)).chain(others).collect();
    if !found.is_empty() {
        return found;
    }
    // Words that were written together: `deletefile`.
    words.iter().filter_map(|word| Some((finding(class_of_prefix(word)?, word), Weight::Clear))).collect()
}

/// The class that a title or description suggests.
fn classify_text(text: &str, place: &str, may_start_jobs: bool) -> Vec<Sign> {
    let lower = what_it_does(text).to_lowercase();
    let phrases = PHRASES.iter().filter(|(_, phrase)| lower.contains(phrase));
    let phrases =
        phrases.map(|(class, phrase)| (Finding::new(*class, format!("`{phrase}` in its {place}")), Weight::Clear));
    let sentences = split::split_sentences(&lower);
    let main = sentences.iter().position(|words| !is_heading(words)).unwrap_or_default();
    let mut signs: Vec<(Class, &str, bool)> = Vec::new();
    for (index, words) in sentences.iter().enumerate().skip(main) {
        if index == main {
            signs.extend(classify_main_sentence(words));
        } else {
            signs.extend(classify_later_sentence(words));
        }
    }
    let mut found: Vec<Sign> = signs
        .iter()
        .map(|(class, word, is_clear)| {
            let weight = if *is_clear { Weight::Clear } else { Weight::Unclear };
            (Finding::new(*class, format!("`{word}` in its {place}")), weight)
        })
        .chain(phrases)
        .collect();
    // Titles are headings: "Pods: List".
    let unknown = sentences.get(main).filter(|words| place == "description" && is_unknown_verb(words));
    if let Some(word) = unknown.and_then(|words| words.first()) {
        found.push((Finding::new(Class::Execute, format!("unknown verb `{word}` in its {place}")), Weight::Unknown));
    }
    // A tool that only reads tells of jobs: "Get the status of a job".
    let reads = !may_start_jobs && !signs.is_empty() && signs.iter().all(|(class, ..)| *class == Class::Read);
    let job = JOBS.iter().find(|phrase| !reads && lower.contains(*phrase));
    found.extend(
        job.map(|phrase| (Finding::new(Class::Execute, format!("`{phrase}` in its {place}")), Weight::Unclear)),
    );
    found
}

/// The verb of a sentence is among this many of its first words: "This tool allows you to create …".
const LEAD: usize = 8;

/// The words of the main sentence that suggest a class, and whether they are clear.
fn classify_main_sentence(words: &[String]) -> Vec<(Class, &str, bool)> {
    let mut found: Vec<(Class, &str, bool)> = Vec::new();
    let mut before = "";
    let mut joined = false;
    for (index, word) in words.iter().enumerate() {
        let after = words.get(index.saturating_add(1)).map(String::as_str).unwrap_or_default();
        let leads = index == 0 || has_word("to can will you also", before);
        joined |= before == "by" && word.ends_with("ing");
        let class = match find_class(&VERBS, word) {
            _ if has_word(NEGATIONS, before) => None,
            _ if has_word(VERBS_OR_NOUNS, word) && has_word(ARTICLES, before) && !found.is_empty() => None,
            Some(class) if class >= Class::Financial => Some((class, leads || joined)),
            Some(class) if joined => Some((class, true)),
            verb if found.is_empty() && index < LEAD => {
                let ambiguous = if leads { find_class(&AMBIGUOUS, word) } else { None };
                verb.map(|class| (class, true)).or(ambiguous.map(|class| (class, false)))
            }
            // "Get a quote and book the flight", "Find and quarantine a host".
            None if joined && has_word(ARTICLES, after) && !has_word(CONJUNCTIONS, word) && !is_filler(word) => {
                Some((find_class(&AMBIGUOUS, word).unwrap_or(Class::Execute), false))
            }
            _ => None,
        };
        joined = has_word(CONJUNCTIONS, word) && (joined || !found.is_empty());
        found.extend(class.map(|(class, is_clear)| (class, word.as_str(), is_clear)));
        before = word;
    }
    let takes = words.first().is_some_and(|word| split::stems(word).iter().any(|stem| has_word(TAKES, stem)));
    let reads = found.iter().any(|(class, ..)| *class == Class::Read);
    // A tool that only reads looks at money; any other may move it. "Retrieve funds" means the money itself.
    let list = if reads && takes { CASH } else { MONEY };
    if takes || !reads {
        let money = words.iter().find(|word| split::stems(word).iter().any(|stem| has_word(list, stem)));
        found.extend(money.map(|word| (Class::Financial, word.as_str(), false)));
    }
    found
}

/// Later sentences are mostly notes. What they say of the tool begins with a verb in the third person ("Saves the file"), or
/// with one that destroys or pays.
fn classify_later_sentence(words: &[String]) -> Option<(Class, &str, bool)> {
    let index = words.iter().position(|word| !has_word(ADVERBS, word))?;
    let word = words.get(index)?;
    let class = find_class(&VERBS, word)?;
    let is_third_person = word.len() > 3 && word.ends_with('s') && !word.ends_with("ss");
    let says_more = is_third_person && split::stems(word).iter().any(|stem| has_word(BESIDES, stem));
    let after = words.get(index.saturating_add(1)).map(String::as_str).unwrap_or_default();
    // "Clear results come first" is not an instruction.
    let refuses = class >= Class::Financial && (!has_word(VERBS_OR_NOUNS, word) || has_word(ARTICLES, after));
    (refuses || says_more).then_some((class, word.as_str(), is_third_person))
}

/// Whether a sentence is a heading or a label: "Purpose:".
fn is_heading(words: &[String]) -> bool {
    words.len() < 2
        && words.iter().all(|word| find_class(&VERBS, word).or_else(|| find_class(&AMBIGUOUS, word)).is_none())
        || words
            .first()
            .is_some_and(|word| has_word("guardrails purpose warning note important description summary usage", word))
}

/// Whether a sentence starts with a verb that the lexicon does not have: "Rebuilds search indexes", "Rebuild the search index".
fn is_unknown_verb(words: &[String]) -> bool {
    let Some(first) = words.first() else { return false };
    let known = is_filler(first) || find_class(&VERBS, first).or_else(|| find_class(&AMBIGUOUS, first)).is_some();
    let third_person = first.len() > 3 && first.ends_with('s') && !first.ends_with("ss");
    let third_person = third_person && !words.get(1).is_some_and(|second| has_word(PREPOSITIONS, second));
    let before_noun = words.get(1).is_some_and(|second| has_word(ARTICLES, second));
    !known && !has_word(ARTICLES, first) && !has_word(NEGATIONS, first) && (third_person || before_noun)
}

/// The part of a description before its notes on arguments, and its examples.
fn what_it_does(text: &str) -> &str {
    const NOTES: [&str; 7] =
        ["Args:", "Arguments:", "Parameters:", "**Arguments", "<examples>", "```", "Usage Example"];
    let end = NOTES.iter().filter_map(|note| text.find(note)).filter(|at| *at > 0).min();
    text.get(..end.unwrap_or(text.len())).unwrap_or(text)
}

fn is_filler(word: &str) -> bool {
    split::stems(word).iter().any(|stem| has_word(FILLERS, stem))
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
