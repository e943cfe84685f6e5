//! The messages of etcd's services, as far as approvals need them: `rpc.proto` and `kv.proto` of etcd 3.4 and later.

use crate::protobuf::wire::{Field, Message, Wire, read_fields};

/// A remote procedure call to etcd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rpc {
    /// Which procedure.
    pub method: Method,
    /// Its argument.
    pub message: Vec<u8>,
}

/// A procedure of etcd.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads keys.
    Range,
    /// Compares, then reads or writes.
    Txn,
    /// Makes a lease, with which keys go.
    LeaseGrant,
}

impl Method {
    /// The names of the gRPC service and of its method.
    #[must_use]
    pub fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Range => ("etcdserverpb.KV", "Range"),
            Self::Txn => ("etcdserverpb.KV", "Txn"),
            Self::LeaseGrant => ("etcdserverpb.Lease", "LeaseGrant"),
        }
    }
}

/// The longest response that is read, in bytes: a thousand approvals have room in it.
pub const MAX_RESPONSE_BYTES: usize = 1 << 20;

/// A key and its value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct KeyValue<'r> {
    pub(super) key: &'r [u8],
    pub(super) value: &'r [u8],
    /// The revision of the last write to the key; never 0.
    pub(super) revision: u64,
    pub(super) lease: u64,
}

/// Keys that were read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RangeResponse<'r> {
    pub(super) kvs: Vec<KeyValue<'r>>,
    /// Whether there are more than were asked for.
    pub(super) has_more: bool,
}

/// What a transaction did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct TxnResponse<'r> {
    /// Whether every comparison held.
    pub(super) succeeded: bool,
    /// What it read, in the order of the questions.
    pub(super) ranges: Vec<RangeResponse<'r>>,
}

/// `RangeRequest { key = 1 }`
pub(super) fn range(key: &str) -> Message {
    Message::default().add_string(1, key)
}

/// `RangeRequest { key = 1, keys_only = 8 }`
pub(super) fn revision(key: &str) -> Message {
    range(key).add_number(8, 1)
}

/// `RangeRequest { key = 1, range_end = 2, limit = 3 }`
pub(super) fn range_between(key: &str, end: &str, limit: u64) -> Message {
    range(key).add_string(2, end).add_number(3, limit)
}

/// `PutRequest { key = 1, value = 2, lease = 3 }`
pub(super) fn put(key: &str, value: &[u8], lease: u64) -> Message {
    Message::default().add_string(1, key).add_bytes(2, value).add_number(3, lease)
}

/// `PutRequest { key = 1, value = 2, ignore_lease = 6 }`: the key keeps its lease.
pub(super) fn replace(key: &str, value: &[u8]) -> Message {
    Message::default().add_string(1, key).add_bytes(2, value).add_number(6, 1)
}

/// `PutRequest { key = 1, ignore_value = 5, ignore_lease = 6 }`: only the key's revision changes.
pub(super) fn touch(key: &str) -> Message {
    Message::default().add_string(1, key).add_number(5, 1).add_number(6, 1)
}

/// `LeaseGrantRequest { TTL = 1 }`, in seconds
pub(super) fn lease_grant(ttl: u64) -> Rpc {
    Rpc { method: Method::LeaseGrant, message: Message::default().add_number(1, ttl).finish() }
}

/// `LeaseGrantResponse { ID = 2 }`; `None` if there is no lease.
pub(super) fn read_lease(response: &[u8]) -> Option<u64> {
    let lease = read_fields(response)?.into_iter().find_map(|field| match field {
        Field { number: 2, value: Wire::Varint(lease) } => Some(lease),
        _ => None,
    });
    lease.filter(|lease| *lease != 0)
}

/// `TxnRequest { compare = 1, success = 2, failure = 3 }`
#[derive(Default)]
pub(super) struct Txn(Message);

impl Txn {
    /// Requires that a key was last written at this revision; 0 if there must be no such key.
    ///
    /// `Compare { result = 1 EQUAL, target = 2 MOD, key = 3, mod_revision = 6 }`
    pub(super) fn require(self, key: &str, revision: u64) -> Self {
        let compare = Message::default().add_number(2, 2).add_string(3, key).add_explicit_number(6, revision);
        Self(self.0.add_message(1, &compare))
    }

    /// Then reads.
    pub(super) fn read(self, range: &Message) -> Self {
        self.then(1, range)
    }

    /// Then writes.
    pub(super) fn put(self, put: &Message) -> Self {
        self.then(2, put)
    }

    /// Then deletes a key: `DeleteRangeRequest { key = 1 }`.
    pub(super) fn delete(self, key: &str) -> Self {
        self.then(3, &range(key))
    }

    /// Otherwise reads.
    pub(super) fn otherwise_read(self, range: &Message) -> Self {
        Self(self.0.add_message(3, &Message::default().add_message(1, range)))
    }

    /// `RequestOp { request_range = 1, request_put = 2, request_delete_range = 3 }`
    fn then(self, operation: u8, request: &Message) -> Self {
        Self(self.0.add_message(2, &Message::default().add_message(operation, request)))
    }

    pub(super) fn finish(self) -> Rpc {
        Rpc { method: Method::Txn, message: self.0.finish() }
    }
}

impl<'r> TxnResponse<'r> {
    /// `TxnResponse { succeeded = 2, responses = 3 { response_range = 1 } }`; `None` if it is malformed.
    pub(super) fn read(response: &'r [u8]) -> Option<Self> {
        let mut read = Self::default();
        for field in read_fields(response)? {
            match field {
                Field { number: 2, value: Wire::Varint(succeeded) } => read.succeeded = succeeded != 0,
                Field { number: 3, value: Wire::Bytes(response) } => {
                    for field in read_fields(response)? {
                        if let Field { number: 1, value: Wire::Bytes(range) } = field {
                            read.ranges.push(RangeResponse::read(range)?);
                        }
                    }
                }
                _ => {}
            }
        }
        Some(read)
    }
}

impl<'r> RangeResponse<'r> {
    /// `RangeResponse { kvs = 2, more = 3 }`; `None` if it is malformed.
    pub(super) fn read(response: &'r [u8]) -> Option<Self> {
        let mut read = Self::default();
        for field in read_fields(response)? {
            match field {
                Field { number: 2, value: Wire::Bytes(kv) } => read.kvs.push(KeyValue::read(kv)?),
                Field { number: 3, value: Wire::Varint(more) } => read.has_more = more != 0,
                _ => {}
            }
        }
        Some(read)
    }
}

impl<'r> KeyValue<'r> {
    /// `KeyValue { key = 1, mod_revision = 3, value = 5, lease = 6 }`
    fn read(bytes: &'r [u8]) -> Option<Self> {
        let mut read = Self::default();
        for field in read_fields(bytes)? {
            match field {
                Field { number: 1, value: Wire::Bytes(key) } => read.key = key,
                Field { number: 3, value: Wire::Varint(revision) } => read.revision = revision,
                Field { number: 5, value: Wire::Bytes(value) } => read.value = value,
                Field { number: 6, value: Wire::Varint(lease) } => read.lease = lease,
                _ => {}
            }
        }
        Some(read)
    }
}
