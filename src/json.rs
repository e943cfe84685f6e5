//! The strict JSON reader, for all JSON that comes from clients, servers and configurations.
//!
//! Most gateways that were bypassed read a request differently from the server behind them. This reader therefore
//! accepts only texts on which readers agree: RFC 8259 to the letter, strict UTF-8, no byte order mark, no number
//! that leaves the range of an `f64`, no lone surrogate, no name twice in one object.
//!
//! It makes one pass over the bytes, keeps what it is asked for and skips the rest without allocating.
//!
//! * [`Reader`]: the pass itself; a caller visits the members it wants and skips the others
//! * [`Node`]: a tree, for what has to be kept whole (the configuration, arguments that a rule reads)
//! * [`canonical`]: one text for each value
//! * [`Decimal`]: numbers compared as they are written, never through an `f64`
//! * [`EndFinder`]: where a text ends that comes in pieces
//! * [`outline`]: what the reply to a text that is refused needs to know of it
//! * [`fold`]: names that some servers take for another

pub mod canonical;
pub mod cursor;
mod decimal;
pub mod diagnostic;
mod end_finder;
mod error;
mod escape;
pub mod fold;
mod names;
mod number;
pub mod outline;
pub mod pointer;
mod reader;
mod repeated;
mod string;
mod tree;
mod write;

#[cfg(test)]
mod tests;

pub use self::{
    decimal::Decimal,
    end_finder::EndFinder,
    error::{Fault, Reason},
    escape::{escape_characters, quoted, visible},
    names::{KnownNames, NameComparison},
    reader::{Reader, ValueType},
    repeated::find_folded_twin,
    tree::{Member, Node, Value, parse},
    write::{TextName, TextStart, Writer, decimal_digits, list},
};
pub(crate) use self::{escape::escape, write::text_name};
