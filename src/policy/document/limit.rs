//! A limit as it is written; product contract, section 1.3.

use crate::{
    amount::Amount,
    bytes::whole_number,
    json::{
        Decimal, Value,
        cursor::{Cursor, Keys},
        diagnostic::nearest_word,
    },
    policy::{
        model::{Cost, LimitKey, Scope},
        path::Path,
    },
    text::excerpt,
    window::{Algorithm, Window},
};

use super::predicate;

/// A limit document.
#[derive(Debug)]
pub struct Limit<'w, 'a> {
    /// Its place.
    pub at: Cursor<'w, 'a>,
    /// `counter`
    pub counter: &'w str,
    /// `window`
    pub window: Window,
    /// `max`; `None` if the limit only counts.
    pub max: Option<Amount>,
    /// `scope`
    pub scope: Scope,
    /// `algorithm`
    pub algorithm: Algorithm,
    /// `increment` or `increment_from`
    pub cost: Cost,
    /// `key`
    pub key: Option<LimitKey>,
}

/// The short form of a limit: `"10/minute"` or `{"max": 10, "window": 60}`.
#[derive(Debug)]
pub struct Rate<'w, 'a> {
    /// Its place.
    pub at: Cursor<'w, 'a>,
    /// Calls a window.
    pub max: Amount,
    /// The window.
    pub window: Window,
}

/// The keys of a limit.
pub const LIMIT_KEYS: Keys =
    Keys { known: &["counter", "window", "max", "scope", "algorithm", "increment", "increment_from", "key"] };
/// The keys of the short form of a limit.
pub const RATE_KEYS: Keys = Keys { known: &["max", "window"] };

impl<'w, 'a> Limit<'w, 'a> {
    pub(super) fn read(at: &Cursor<'w, 'a>) -> Option<Self> {
        let fields = at.fields(LIMIT_KEYS)?;
        let counter = fields.required("counter").and_then(|counter| predicate::read_counter(&counter));
        let window = fields.required("window").and_then(|window| read_window(&window));
        let cost = match (fields.get("increment"), fields.get("increment_from")) {
            (None, None) => Some(Cost::Fixed(Amount::ONE)),
            (Some(fixed), None) => read_increment(&fixed),
            (None, Some(path)) => read_increment_from(&path),
            (Some(_), Some(path)) => {
                path.report("`increment` and `increment_from` both say what a call costs; keep one");
                None
            }
        };
        let decimals = fields.get("increment_from").is_some();
        let read_max = |max: Cursor<'_, '_>| if decimals { read_amount(&max) } else { read_integer(&max) };
        let max = fields.get("max").map_or(Some(None), |max| read_max(max).map(Some));
        let scope = fields.required("scope").and_then(|scope| scope.choice(&Scope::NAMED));
        let algorithm =
            fields.get("algorithm").map_or(Some(Algorithm::Fixed), |algorithm| algorithm.choice(&Algorithm::NAMED));
        let key = fields.get("key").map_or(Some(None), |key| read_key(&key).map(Some));
        Some(Self {
            at: *at,
            counter: counter?,
            window: window?,
            max: max?,
            scope: scope?,
            algorithm: algorithm?,
            cost: cost?,
            key: key?,
        })
    }
}

impl<'w, 'a> Rate<'w, 'a> {
    pub(super) fn read(at: &Cursor<'w, 'a>) -> Option<Self> {
        if let Value::String(text) = &at.node().value {
            let Some((max, window)) = Self::parse(text) else {
                at.report(format!("found the string `{}`, expected {RATES}{}", excerpt(text), meant(text)));
                return None;
            };
            return Some(Self { at: *at, max, window });
        }
        if !matches!(at.node().value, Value::Object(_)) {
            return at.report_expected(RATES);
        }
        let fields = at.fields(RATE_KEYS)?;
        let max = fields.required("max").and_then(|max| read_integer(&max));
        let window = fields.required("window").and_then(|window| read_window(&window));
        Some(Self { at: *at, max: max?, window: window? })
    }

    /// Reads `10/minute`.
    fn parse(text: &str) -> Option<(Amount, Window)> {
        let (max, name) = text.split_once('/')?;
        let max = whole_number(max.as_bytes()).and_then(Amount::from_units)?;
        let (_, window) = Window::NAMED.into_iter().find(|(known, _)| *known == name)?;
        Some((max, window))
    }
}

const RATES: &str = "`N/second`, `N/minute`, `N/hour` or `N/day`, or `{\"max\": N, \"window\": SECONDS}`";

/// ` (did you mean …?)` for a rate that is written as elsewhere: `10/min`, `10 per minute`, `60/m`.
fn meant(text: &str) -> String {
    let (max, rest) = text.split_at_checked(text.bytes().take_while(u8::is_ascii_digit).count()).unwrap_or_default();
    let word = rest.trim_start_matches(|c: char| c == '/' || c.is_whitespace());
    let word = word.strip_prefix("per").map_or(word, str::trim_start);
    match nearest_word(word, &Window::NAMED.map(|(name, _)| name)).filter(|_| !max.is_empty()) {
        Some(name) if whole_number(max.as_bytes()).and_then(Amount::from_units).is_none() => {
            format!("; write at most `{}/{name}`", Amount::MAX_UNITS)
        }
        Some(name) => format!(" (did you mean `{max}/{name}`?)"),
        None => String::new(),
    }
}

/// A window: by name or in whole seconds.
fn read_window(at: &Cursor<'_, '_>) -> Option<Window> {
    if let Value::String(text) = &at.node().value
        && let Some(seconds) = quoted_number(text.strip_suffix('s').unwrap_or(text))
    {
        at.report(format!("found the string `{}`, expected a number of seconds: write `{seconds}`", excerpt(text)));
        return None;
    }
    if let Value::Number(_) = at.node().value {
        let seconds = at.integer(1, Window::MAX_SECONDS.into())?;
        return u32::try_from(seconds).ok().and_then(Window::new);
    }
    at.choice_or(&Window::NAMED, ", or a number of seconds")
}

/// A number that is written between quotes.
fn quoted_number(text: &str) -> Option<&str> {
    (text.len() < 16 && whole_number(text.as_bytes()).is_some()).then_some(text)
}

fn read_integer(at: &Cursor<'_, '_>) -> Option<Amount> {
    if let Value::String(text) = &at.node().value
        && let Some(number) = quoted_number(text)
    {
        at.report(format!("found the string `{number}`, expected a whole number: remove the quotes"));
        return None;
    }
    at.integer(0, Amount::MAX_UNITS).and_then(Amount::from_units)
}

/// A number with up to six decimals.
fn read_amount(at: &Cursor<'_, '_>) -> Option<Amount> {
    let number = match &at.node().value {
        Value::Number(text) => Decimal::new(text).and_then(|number| Amount::new(&number)),
        _ => None,
    };
    number.or_else(|| at.report_expected("a number of at least 0, below 9e12, with up to six decimals"))
}

/// Paths in one `key`.
const MAX_KEY_PATHS: usize = 4;

fn read_key(at: &Cursor<'_, '_>) -> Option<LimitKey> {
    match &at.node().value {
        Value::String(text) if text == "call" => Some(LimitKey::Call),
        Value::Array(items) if (1..=MAX_KEY_PATHS).contains(&items.len()) => {
            let paths: Vec<Option<Path>> = at.items()?.iter().map(read_single_path).collect();
            Some(LimitKey::Arguments(paths.into_iter().collect::<Option<_>>()?))
        }
        _ => at.report_expected("`call`, or a list of one to four paths, such as `[\"args.repo\"]`"),
    }
}

fn read_increment(at: &Cursor<'_, '_>) -> Option<Cost> {
    match read_amount(at)? {
        Amount::ZERO => at.report_expected("a number greater than 0"),
        fixed => Some(Cost::Fixed(fixed)),
    }
}

fn read_increment_from(at: &Cursor<'_, '_>) -> Option<Cost> {
    read_single_path(at).map(Cost::Argument)
}

fn read_single_path(at: &Cursor<'_, '_>) -> Option<Path> {
    let path = predicate::read_args_path(at)?;
    if path.is_single() { Some(path) } else { at.report_expected("a path to one place, without `[*]`") }
}
