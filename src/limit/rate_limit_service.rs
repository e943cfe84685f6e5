//! Limits that a fleet of Envoys shares: what a service that speaks Envoy's rate-limit protocol is asked, and what it says.
//! Product contract, section 6.
//!
//! `envoy/service/ratelimit/v3/rls.proto` and `envoy/extensions/common/ratelimit/v3/ratelimit.proto`. Each charge is a
//! descriptor of three entries, `policy`, `counter` and `identity`, with the limit and the amount beside it. Limitador reads
//! one amount a request only, so charges of different amounts are asked for one after the other.

use sha2::{Digest as _, Sha256};

use super::{Callers, Charge};
use crate::{
    amount::Amount,
    hex::hex,
    protobuf::wire::{Field, Message, Wire, fields},
    window::Window,
};

/// The service, as gRPC names it.
pub const SERVICE: &str = "envoy.service.ratelimit.v3.RateLimitService";
/// Its one method.
pub const METHOD: &str = "ShouldRateLimit";

/// The windows that a service counts by, in seconds, and `envoy.type.v3.RateLimitUnit` of each.
const UNITS: [(u32, u64); 4] = [(1, 1), (60, 2), (3600, 3), (86_400, 4)];
/// The identity of a count that all callers share. Those of callers begin with their kind, so none is this.
const EVERYBODY: &str = "*";

/// What a service says of charges that it was asked for together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RateLimitResult {
    /// All have room and are charged; what each has left, in the order of the charges, as far as that was told.
    Charged(Vec<Option<u32>>),
    /// One has no room.
    Full {
        /// Which one, by its place among them; the first, if that was not told.
        index: usize,
        /// After how many seconds it has, if that was told.
        wait: Option<u64>,
    },
    /// It could not be asked, or said nothing that can be understood.
    Failed,
}

/// Whether the protocol has a unit for windows of this length.
#[must_use]
pub fn is_supported_window(window: Window) -> bool {
    unit(window).is_some()
}

/// The largest amount that a service lets through in one window, in units.
pub const MAX_PER_UNIT: u64 = u32::MAX as u64;

/// The charges to ask for, by their places in the list: those of one amount together. What costs nothing is not asked for.
#[must_use]
pub fn group_by_hits(charges: &[Charge<'_>]) -> Vec<Vec<usize>> {
    let mut groups: Vec<(Amount, Vec<usize>)> = Vec::new();
    for (index, charge) in charges.iter().enumerate().filter(|(_, charge)| charge.amount > Amount::ZERO) {
        match groups.iter_mut().find(|(amount, _)| *amount == charge.amount) {
            Some((_, group)) => group.push(index),
            None => groups.push((charge.amount, vec![index])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

/// The request for charges of one amount; `None` where a service cannot count one of them.
#[must_use]
pub fn request<'c>(domain: &str, charges: impl IntoIterator<Item = &'c Charge<'c>>) -> Option<Vec<u8>> {
    let (mut message, mut hits) = (Message::default().text(1, domain), 0);
    for charge in charges {
        hits = charge.amount.units()?;
        message = message.message(2, &descriptor(charge, hits)?);
    }
    Some(message.number(3, hits).finish())
}

/// `RateLimitDescriptor { entries = 1, limit = 2 { requests_per_unit = 1, unit = 2 }, hits_addend = 3 { value = 1 } }`
fn descriptor(charge: &Charge<'_>, hits: u64) -> Option<Message> {
    let entry = |key: &str, value: &str| Message::default().text(1, key).text(2, value);
    let limit = Message::default().number(1, charge.quota.max.units()?).number(2, unit(charge.quota.window)?);
    let descriptor = Message::default()
        .message(1, &entry("policy", charge.key.policy))
        .message(1, &entry("counter", charge.key.counter))
        .message(1, &entry("identity", &identity(charge.key.callers)));
    Some(descriptor.message(2, &limit).message(3, &Message::default().number(1, hits)))
}

fn unit(window: Window) -> Option<u64> {
    UNITS.iter().find(|(seconds, _)| *seconds == window.seconds()).map(|(_, unit)| *unit)
}

/// Whose calls count together. A session's id lets its bearer in, so it goes to nobody.
fn identity(callers: Callers<'_>) -> String {
    match callers {
        Callers::Grant(grant) => grant.to_owned(),
        Callers::Session(grant, session) => {
            let digest = Sha256::digest(session);
            format!("{grant} session {}", hex(digest.first_chunk::<16>().map_or(&[], |front| front)))
        }
        Callers::All | Callers::Overflow { .. } => EVERYBODY.to_owned(),
    }
}

impl RateLimitResult {
    /// Reads a `RateLimitResponse`. What it says of all decides, as in Envoy's own filter.
    #[must_use]
    pub fn read(response: &[u8]) -> Self {
        Self::parse(response).unwrap_or(Self::Failed)
    }

    fn parse(response: &[u8]) -> Option<Self> {
        let (mut overall, mut statuses) = (Code::Unknown, Vec::new());
        for field in fields(response)? {
            match field {
                Field { number: 1, value: Wire::Varint(code) } => overall = Code::of(code),
                Field { number: 2, value: Wire::Bytes(status) } => statuses.push(Status::read(status)?),
                _ => {}
            }
        }
        match overall {
            Code::Ok => Some(Self::Charged(statuses.iter().map(Status::left).collect())),
            Code::OverLimit => {
                let index = statuses.iter().position(|status| status.code == Code::OverLimit).unwrap_or(0);
                Some(Self::Full { index, wait: statuses.get(index).and_then(|status| status.wait) })
            }
            Code::Unknown => None,
        }
    }
}

/// `RateLimitResponse.Code`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Code {
    Unknown,
    Ok,
    OverLimit,
}

impl Code {
    fn of(number: u64) -> Self {
        match number {
            1 => Self::Ok,
            2 => Self::OverLimit,
            _ => Self::Unknown,
        }
    }
}

/// `DescriptorStatus { code = 1, current_limit = 2, limit_remaining = 3, duration_until_reset = 4 { seconds = 1 } }`
struct Status {
    code: Code,
    has_limit: bool,
    remaining: u64,
    wait: Option<u64>,
}

impl Status {
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut status = Self { code: Code::Unknown, has_limit: false, remaining: 0, wait: None };
        for field in fields(bytes)? {
            match field {
                Field { number: 1, value: Wire::Varint(code) } => status.code = Code::of(code),
                Field { number: 2, .. } => status.has_limit = true,
                Field { number: 3, value: Wire::Varint(remaining) } => status.remaining = remaining,
                Field { number: 4, value: Wire::Bytes(duration) } => status.wait = seconds(fields(duration)?),
                _ => {}
            }
        }
        Some(status)
    }

    /// Nothing left is not written, so it counts only where a limit is named.
    fn left(&self) -> Option<u32> {
        u32::try_from(self.remaining).ok().filter(|_| self.has_limit)
    }
}

/// The seconds of a `google.protobuf.Duration`, a part of one as a whole one; `None` if no window is that long.
fn seconds(duration: Vec<Field<'_>>) -> Option<u64> {
    let (mut seconds, mut has_part) = (0_u64, false);
    for field in duration {
        match field {
            Field { number: 1, value: Wire::Varint(number) } => seconds = number,
            Field { number: 2, value: Wire::Varint(nanos) } => has_part = nanos > 0,
            _ => {}
        }
    }
    Some(seconds.saturating_add(u64::from(has_part))).filter(|seconds| *seconds <= Window::MAX_SECONDS.into())
}

#[cfg(test)]
mod tests;
