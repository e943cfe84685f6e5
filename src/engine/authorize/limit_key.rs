//! The values by which a limit with `key` counts, as a digest; product contract, section 11.

use super::{
    Denial, denial_text,
    lookup::{ResolvedTarget, too_much_work},
    target::TargetKind,
};
use crate::{
    approval::canonical,
    digest::Digest,
    json::{Node, Reader, Value},
    policy::{
        Limit, LimitKey,
        condition::{Args, Leaf, Unfollowed},
    },
};

/// Longer parameters all count as one value, in bytes.
const MAX_PARAMS: usize = 64 << 10;

/// What reading and digesting a byte takes, in units of [`crate::budget::Work`].
const BYTE: usize = 40;

/// A digest of the values in a call. A missing value is one, and all of a wrong type on the way are another.
///
/// # Errors
/// Servers may disagree on the arguments, or too much work is needed.
pub(super) fn digest<'p>(
    limit: &'p Limit,
    key: &LimitKey,
    target: &ResolvedTarget<'p, '_>,
    args: &Args<'_>,
) -> Result<[u8; 32], Denial<'p>> {
    let (method, params) = target.call;
    if params.len() > MAX_PARAMS {
        return Ok([0; 32]);
    }
    let charge = |units: usize| args.charge(units).map_err(|_| too_much_work(&target.name));
    charge(params.len().saturating_mul(BYTE))?;
    let mut bytes = Vec::with_capacity(64);
    match key {
        LimitKey::Call => {
            for text in [method, target.name.name] {
                canonical::write_sized(text.as_bytes(), &mut bytes);
            }
            // A resource is its URI, also as one of many that a request names.
            if target.name.kind != TargetKind::Resource {
                let params = read_params(params).ok_or(Denial::Internal)?;
                charge(canonical::sort_work(&params))?;
                canonical::write_as_doubles(&params, &mut bytes);
            }
        }
        LimitKey::Arguments(paths) => {
            for path in paths {
                canonical::write_sized(path.to_string().as_bytes(), &mut bytes);
                let leaf = args.find_one(path).map_err(|unfollowed| match unfollowed {
                    Unfollowed::Ambiguous(ambiguous) => {
                        let reason = denial_text::ambiguous_arguments(&target.name, &ambiguous);
                        Denial::denied(&*limit.pointer, reason)
                    }
                    Unfollowed::TooMuch => too_much_work(&target.name),
                })?;
                match leaf {
                    Leaf::Found(node) => {
                        charge(canonical::sort_work(&node.value))?;
                        canonical::write_as_doubles(&node.value, &mut bytes);
                    }
                    Leaf::Missing | Leaf::Empty => canonical::write_as_doubles(&Value::Null, &mut bytes),
                    Leaf::TypeMismatch { .. } => bytes.push(b'?'),
                }
            }
        }
    }
    Ok(*Digest::of(&bytes).as_bytes())
}

/// The parameters without what makes them no other call; `None` if they are not an object that the strict reader accepts.
fn read_params(params: &[u8]) -> Option<Value<'_>> {
    if params.is_empty() {
        return Some(Value::Null);
    }
    let mut reader = Reader::new(params, u32::MAX).ok()?;
    Some(canonical::canonical_params(Node::read(&mut reader).ok()?))
}
