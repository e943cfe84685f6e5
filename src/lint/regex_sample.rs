//! Texts that a regular expression matches.

use regex_syntax::hir::{Class, Hir, HirKind};

/// Longest sample, in bytes, and most steps that making one takes: repetitions nest.
const MAX_SAMPLE: usize = 1024;
const MAX_STEPS: usize = 10_000;

/// A text that an expression matches, or nearly: look-around is left out, so a match has to be tried.
#[derive(Debug, Default)]
pub(super) struct Sample {
    pub(super) text: String,
    /// Where a `.` that is not repeated has become an `x`, in bytes.
    pub(super) dots: Vec<usize>,
    steps: usize,
}

/// How a sample is made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recipe<'r> {
    /// What a repetition becomes, if it can; otherwise what is repeated, as seldom as possible.
    pub(super) fill: &'r str,
    /// Which of several alternatives.
    pub(super) alternative: usize,
    /// Whether characters that the expression does not name are left out.
    pub(super) only_literals: bool,
}

impl Recipe<'_> {
    pub(super) fn make(&self, expression: &Hir) -> Sample {
        let mut sample = Sample::default();
        self.add(expression, &mut sample);
        sample
    }

    fn add(&self, expression: &Hir, sample: &mut Sample) {
        sample.steps = sample.steps.saturating_add(1);
        if sample.text.len() > MAX_SAMPLE || sample.steps > MAX_STEPS {
            return;
        }
        match expression.kind() {
            HirKind::Empty | HirKind::Look(_) => {}
            HirKind::Literal(literal) => sample.text.push_str(&String::from_utf8_lossy(&literal.0)),
            HirKind::Class(class) => match letter(class) {
                Some(letter) => sample.text.push(letter),
                None if self.only_literals => {}
                None => {
                    if is_any(class) {
                        sample.dots.push(sample.text.len());
                    }
                    sample.text.extend(representative(class));
                }
            },
            HirKind::Repetition(repetition) => {
                let length = u32::try_from(self.fill.chars().count()).unwrap_or(u32::MAX);
                let has_room = repetition.min <= length && repetition.max.is_none_or(|max| max >= length);
                let takes_fill = has_room && takes(&repetition.sub, self.fill);
                if takes_fill && !self.fill.is_empty() {
                    sample.text.push_str(self.fill);
                } else {
                    let dots = sample.dots.len();
                    (0..repetition.min).take(MAX_SAMPLE).for_each(|_| self.add(&repetition.sub, sample));
                    sample.dots.truncate(dots);
                }
            }
            HirKind::Capture(group) => self.add(&group.sub, sample),
            HirKind::Concat(parts) => parts.iter().for_each(|part| self.add(part, sample)),
            HirKind::Alternation(alternatives) => {
                let chosen = alternatives.get(self.alternative).or(alternatives.last());
                chosen.into_iter().for_each(|chosen| self.add(chosen, sample));
            }
        }
    }
}

/// A text that an expression matches, or nearly, with this text in place of what may be repeated.
pub(crate) fn sample_of(expression: &Hir, fill: &str) -> String {
    Recipe { fill, alternative: 0, only_literals: false }.make(expression).text
}

/// Whether something that is repeated can be each character of a text.
fn takes(repeated: &Hir, text: &str) -> bool {
    match repeated.kind() {
        HirKind::Class(class) => text.chars().all(|c| contains(class, c)),
        HirKind::Capture(group) => takes(&group.sub, text),
        _ => false,
    }
}

fn contains(class: &Class, c: char) -> bool {
    match class {
        Class::Unicode(class) => class.ranges().iter().any(|range| (range.start()..=range.end()).contains(&c)),
        Class::Bytes(class) => {
            class.ranges().iter().any(|range| (char::from(range.start())..=char::from(range.end())).contains(&c))
        }
    }
}

/// Whether a class is a `.`, or as wide.
fn is_any(class: &Class) -> bool {
    "x./ ;\u{e9}".chars().all(|c| contains(class, c))
}

/// A letter in both cases, which is how an expression with `(?i)` names one.
fn letter(class: &Class) -> Option<char> {
    let Class::Unicode(class) = class else { return None };
    let first = class.ranges().first()?.start();
    let is_one = |c: char| c.is_ascii_alphabetic() && c.eq_ignore_ascii_case(&first) || !c.is_ascii();
    let is_single = class.ranges().iter().all(|range| range.start() == range.end() && is_one(range.start()));
    (is_single && first.is_ascii_alphabetic()).then(|| first.to_ascii_lowercase())
}

fn representative(class: &Class) -> Option<char> {
    match class {
        _ if contains(class, 'x') => Some('x'),
        Class::Unicode(class) => class.ranges().first().map(|range| range.start()),
        Class::Bytes(class) => class.ranges().first().map(|range| char::from(range.start())),
    }
}
