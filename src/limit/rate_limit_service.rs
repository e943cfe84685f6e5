//! Requests to a service that speaks Envoy's rate-limit protocol and counts for several Envoys, and its responses. Product
//! contract, section 6.
//!
//! `envoy/service/ratelimit/v3/rls.proto` and `envoy/extensions/common/ratelimit/v3/ratelimit.proto`. Each charge is a
//! descriptor of three entries, `policy`, `counter` and `identity`, with the limit and the amount beside it. Limitador reads
//! only one amount from a request, so charges of different amounts need one request each.

use base16ct::lower;

use super::{Callers, Charge};
use crate::{
    amount::Amount,
    digest::Digest,
    protobuf::wire::{Field, Message, Wire, read_fields},
    window::Window,
};

/// The gRPC service.
pub const SERVICE: &str = "envoy.service.ratelimit.v3.RateLimitService";
/// The method of the gRPC service.
pub const METHOD: &str = "ShouldRateLimit";

/// The windows that the protocol has, in seconds, and `envoy.type.v3.RateLimitUnit` of each.
const UNITS: [(u32, u64); 4] = [(1, 1), (60, 2), (3600, 3), (86_400, 4)];
/// The identity of a counter that all callers share. A caller's identity begins with its kind, so none is equal to this.
const ALL_CALLERS: &str = "*";

/// The result of the charges in one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RateLimitResult {
    /// All have room and are charged. What each limit has left, in the order of the charges; `None` if the response does not
    /// say it.
    Charged(Vec<Option<u32>>),
    /// One has no room.
    Full {
        /// The index of its charge; 0 if the response does not say it.
        index: usize,
        /// After how many seconds it has room, if the response says it.
        wait: Option<u64>,
    },
    /// There is no response, or it cannot be read.
    Failed,
}

/// Whether the protocol has a unit for windows of this length.
#[must_use]
pub fn is_supported_window(window: Window) -> bool {
    unit(window).is_some()
}

/// The largest `max` that the protocol has, in units.
pub const MAX_PER_UNIT: u64 = u32::MAX as u64;

/// The indices of the charges that one request can hold together: those of one amount. Charges of zero are left out.
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

/// A `RateLimitRequest` for charges of one amount; `None` if the protocol cannot express one of them.
#[must_use]
pub fn request<'c>(domain: &str, charges: impl IntoIterator<Item = &'c Charge<'c>>) -> Option<Vec<u8>> {
    let (mut message, mut hits) = (Message::default().add_string(1, domain), 0);
    for charge in charges {
        hits = charge.amount.units()?;
        message = message.add_message(2, &descriptor(charge, hits)?);
    }
    Some(message.add_number(3, hits).finish())
}

/// `RateLimitDescriptor { entries = 1, limit = 2 { requests_per_unit = 1, unit = 2 }, hits_addend = 3 { value = 1 } }`
fn descriptor(charge: &Charge<'_>, hits: u64) -> Option<Message> {
    let entry = |key: &str, value: &str| Message::default().add_string(1, key).add_string(2, value);
    let limit = Message::default().add_number(1, charge.quota.max?.units()?).add_number(2, unit(charge.quota.window)?);
    let descriptor = Message::default()
        .add_message(1, &entry("policy", charge.key.policy))
        .add_message(1, &entry("counter", charge.key.counter))
        .add_message(1, &entry("identity", &identity(charge.key.callers)));
    Some(descriptor.add_message(2, &limit).add_message(3, &Message::default().add_number(1, hits)))
}

fn unit(window: Window) -> Option<u64> {
    UNITS.iter().find(|(seconds, _)| *seconds == window.seconds()).map(|(_, unit)| *unit)
}

/// The entry `identity`. A session's id is a credential, so only its digest leaves Envoy.
fn identity(callers: Callers<'_>) -> String {
    match callers {
        Callers::Grant(grant) => grant.to_owned(),
        Callers::Session(grant, session) => {
            format!("{grant} session {}", lower::encode_string(&Digest::of(session).first_bytes::<16>()))
        }
        Callers::All | Callers::Overflow { .. } => ALL_CALLERS.to_owned(),
    }
}

impl RateLimitResult {
    /// Reads a `RateLimitResponse`. Its overall code decides, as in Envoy's own filter.
    #[must_use]
    pub fn read(response: &[u8]) -> Self {
        Self::parse(response).unwrap_or(Self::Failed)
    }

    fn parse(response: &[u8]) -> Option<Self> {
        let (mut overall, mut statuses) = (Code::Unknown, Vec::new());
        for field in read_fields(response)? {
            match field {
                Field { number: 1, value: Wire::Varint(code) } => overall = Code::from_number(code),
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
    fn from_number(number: u64) -> Self {
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
        for field in read_fields(bytes)? {
            match field {
                Field { number: 1, value: Wire::Varint(code) } => status.code = Code::from_number(code),
                Field { number: 2, .. } => status.has_limit = true,
                Field { number: 3, value: Wire::Varint(remaining) } => status.remaining = remaining,
                Field { number: 4, value: Wire::Bytes(duration) } => status.wait = seconds(read_fields(duration)?),
                _ => {}
            }
        }
        Some(status)
    }

    /// What the limit has left. The encoding leaves a zero out, so it is known only if the response names the limit.
    fn left(&self) -> Option<u32> {
        u32::try_from(self.remaining).ok().filter(|_| self.has_limit)
    }
}

/// The seconds of a `google.protobuf.Duration`, rounded up; `None` if it is zero, or no window is that long.
fn seconds(duration: Vec<Field<'_>>) -> Option<u64> {
    let (mut seconds, mut has_part) = (0_u64, false);
    for field in duration {
        match field {
            Field { number: 1, value: Wire::Varint(number) } => seconds = number,
            Field { number: 2, value: Wire::Varint(nanos) } => has_part = nanos > 0,
            _ => {}
        }
    }
    Some(seconds.saturating_add(u64::from(has_part)))
        .filter(|seconds| (1..=Window::MAX_SECONDS.into()).contains(seconds))
}

#[cfg(test)]
mod tests;
