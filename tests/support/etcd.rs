//! etcd's messages by their definitions (`rpc.proto`, `kv.proto`), and a model of what etcd does with them, as far as approvals
//! need it.

use std::collections::BTreeMap;

use prost::{Message, Oneof};

/// `mvccpb.KeyValue`
#[derive(Clone, PartialEq, Message)]
pub(crate) struct KeyValue {
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) key: Vec<u8>,
    #[prost(int64, tag = "2")]
    pub(crate) create_revision: i64,
    #[prost(int64, tag = "3")]
    pub(crate) mod_revision: i64,
    #[prost(int64, tag = "4")]
    pub(crate) version: i64,
    #[prost(bytes = "vec", tag = "5")]
    pub(crate) value: Vec<u8>,
    #[prost(int64, tag = "6")]
    pub(crate) lease: i64,
}

/// `etcdserverpb.ResponseHeader`
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Header {
    #[prost(uint64, tag = "1")]
    pub(crate) cluster_id: u64,
    #[prost(int64, tag = "3")]
    pub(crate) revision: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct RangeRequest {
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) key: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) range_end: Vec<u8>,
    #[prost(int64, tag = "3")]
    pub(crate) limit: i64,
    #[prost(bool, tag = "8")]
    pub(crate) keys_only: bool,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct RangeResponse {
    #[prost(message, optional, tag = "1")]
    pub(crate) header: Option<Header>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) kvs: Vec<KeyValue>,
    #[prost(bool, tag = "3")]
    pub(crate) more: bool,
    #[prost(int64, tag = "4")]
    pub(crate) count: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct PutRequest {
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) key: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) value: Vec<u8>,
    #[prost(int64, tag = "3")]
    pub(crate) lease: i64,
    #[prost(bool, tag = "5")]
    pub(crate) ignore_value: bool,
    #[prost(bool, tag = "6")]
    pub(crate) ignore_lease: bool,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct DeleteRangeRequest {
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) key: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) range_end: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Written {
    #[prost(message, optional, tag = "1")]
    pub(crate) header: Option<Header>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct RequestOp {
    #[prost(oneof = "Request", tags = "1, 2, 3")]
    pub(crate) request: Option<Request>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(crate) enum Request {
    #[prost(message, tag = "1")]
    Range(RangeRequest),
    #[prost(message, tag = "2")]
    Put(PutRequest),
    #[prost(message, tag = "3")]
    DeleteRange(DeleteRangeRequest),
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ResponseOp {
    #[prost(oneof = "Response", tags = "1, 2, 3")]
    pub(crate) response: Option<Response>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(crate) enum Response {
    #[prost(message, tag = "1")]
    Range(RangeResponse),
    #[prost(message, tag = "2")]
    Put(Written),
    #[prost(message, tag = "3")]
    DeleteRange(Written),
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Compare {
    #[prost(int32, tag = "1")]
    pub(crate) result: i32,
    #[prost(int32, tag = "2")]
    pub(crate) target: i32,
    #[prost(bytes = "vec", tag = "3")]
    pub(crate) key: Vec<u8>,
    #[prost(oneof = "TargetUnion", tags = "6")]
    pub(crate) target_union: Option<TargetUnion>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(crate) enum TargetUnion {
    #[prost(int64, tag = "6")]
    ModRevision(i64),
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct TxnRequest {
    #[prost(message, repeated, tag = "1")]
    pub(crate) compare: Vec<Compare>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) success: Vec<RequestOp>,
    #[prost(message, repeated, tag = "3")]
    pub(crate) failure: Vec<RequestOp>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct TxnResponse {
    #[prost(message, optional, tag = "1")]
    pub(crate) header: Option<Header>,
    #[prost(bool, tag = "2")]
    pub(crate) succeeded: bool,
    #[prost(message, repeated, tag = "3")]
    pub(crate) responses: Vec<ResponseOp>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct LeaseGrantRequest {
    #[prost(int64, tag = "1")]
    pub(crate) ttl: i64,
    #[prost(int64, tag = "2")]
    pub(crate) id: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct LeaseGrantResponse {
    #[prost(message, optional, tag = "1")]
    pub(crate) header: Option<Header>,
    #[prost(int64, tag = "2")]
    pub(crate) id: i64,
    #[prost(int64, tag = "3")]
    pub(crate) ttl: i64,
    #[prost(string, tag = "4")]
    pub(crate) error: String,
}

/// A model of etcd. It starts as a new etcd does: at revision 1.
#[derive(Clone, Debug)]
pub(crate) struct Etcd {
    revision: i64,
    keys: BTreeMap<Vec<u8>, KeyValue>,
    /// The TTL of each lease that is not over, in seconds.
    leases: BTreeMap<i64, i64>,
    last_lease: i64,
}

/// `Compare.CompareTarget.MOD`
const MOD: i32 = 2;

impl Default for Etcd {
    fn default() -> Self {
        Self { revision: 1, keys: BTreeMap::new(), leases: BTreeMap::new(), last_lease: 0x7000 }
    }
}

impl Etcd {
    /// Answers a call of a method of a service.
    ///
    /// # Panics
    /// If no etcd takes the message.
    ///
    /// # Errors
    /// The gRPC status of etcd's refusal.
    pub(crate) fn answer(&mut self, (service, method): (&str, &str), message: &[u8]) -> Result<Vec<u8>, u32> {
        match (service, method) {
            ("etcdserverpb.KV", "Range") => {
                let request: RangeRequest = decode(message);
                Ok(self.range(&request).encode_to_vec())
            }
            ("etcdserverpb.KV", "Txn") => self.transact(&decode(message)).map(|response| response.encode_to_vec()),
            ("etcdserverpb.Lease", "LeaseGrant") => {
                let request: LeaseGrantRequest = decode(message);
                assert_eq!(request.id, 0, "etcd chooses the id");
                assert!((1..=9_000_000_000).contains(&request.ttl), "{request:?}");
                self.last_lease += 1;
                self.leases.insert(self.last_lease, request.ttl);
                let (header, id, ttl) = (self.header(), self.last_lease, request.ttl);
                Ok(LeaseGrantResponse { header, id, ttl, error: String::new() }.encode_to_vec())
            }
            other => panic!("{other:?} is not called"),
        }
    }

    /// The keys and their values.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &KeyValue> {
        self.keys.values()
    }

    /// The TTL of each lease, in seconds.
    pub(crate) fn leases(&self) -> &BTreeMap<i64, i64> {
        &self.leases
    }

    /// Writes a value in the place of another one.
    pub(crate) fn overwrite(&mut self, key: &[u8], value: &[u8]) {
        self.revision += 1;
        let stored = self.keys.get_mut(key).expect("a key");
        (stored.value, stored.mod_revision) = (value.to_vec(), self.revision);
    }

    /// Ends all leases: their keys go.
    pub(crate) fn end_leases(&mut self) {
        self.leases.clear();
        self.keys.retain(|_, kv| kv.lease == 0);
    }

    fn header(&self) -> Option<Header> {
        Some(Header { cluster_id: 0xE7CD, revision: self.revision })
    }

    fn range(&self, request: &RangeRequest) -> RangeResponse {
        let is_asked = |key: &[u8]| match &*request.range_end {
            [] => key == request.key,
            end => key >= &*request.key && key < end,
        };
        let mut kvs: Vec<KeyValue> = self.keys.values().filter(|kv| is_asked(&kv.key)).cloned().collect();
        let count = kvs.len();
        if request.limit > 0 {
            kvs.truncate(usize::try_from(request.limit).expect("a limit"));
        }
        if request.keys_only {
            kvs.iter_mut().for_each(|kv| kv.value.clear());
        }
        let more = kvs.len() < count;
        RangeResponse { header: self.header(), kvs, more, count: i64::try_from(count).expect("few") }
    }

    fn transact(&mut self, request: &TxnRequest) -> Result<TxnResponse, u32> {
        assert!(request.success.len().max(request.failure.len()) <= 128, "etcd takes no more operations");
        let holds = |compare: &Compare| {
            assert_eq!((compare.result, compare.target), (0, MOD), "only revisions are compared, for equality");
            let Some(TargetUnion::ModRevision(wanted)) = compare.target_union else { panic!("{compare:?}") };
            self.keys.get(&compare.key).map_or(0, |kv| kv.mod_revision) == wanted
        };
        let succeeded = request.compare.iter().all(holds);
        let operations = if succeeded { &request.success } else { &request.failure };
        // As etcd does: everything is checked before anything is written.
        for operation in operations {
            if let Some(Request::Put(put)) = &operation.request {
                let exists = self.keys.contains_key(&put.key);
                let keeps = put.ignore_lease || put.ignore_value;
                if keeps && !exists || put.lease != 0 && !self.leases.contains_key(&put.lease) {
                    return Err(if keeps { 3 } else { 5 });
                }
            }
        }
        let writes = |operation: &RequestOp| !matches!(operation.request, Some(Request::Range(_)));
        self.revision += i64::from(operations.iter().any(writes));
        let responses = operations.iter().map(|operation| ResponseOp { response: Some(self.operate(operation)) });
        let responses = responses.collect();
        Ok(TxnResponse { header: self.header(), succeeded, responses })
    }

    fn operate(&mut self, operation: &RequestOp) -> Response {
        match operation.request.as_ref().expect("an operation") {
            Request::Range(range) => Response::Range(self.range(range)),
            Request::Put(put) => {
                let known = self.keys.get(&put.key).cloned();
                let before = known.clone().unwrap_or_default();
                let stored = KeyValue {
                    key: put.key.clone(),
                    create_revision: known.map_or(self.revision, |kv| kv.create_revision),
                    mod_revision: self.revision,
                    version: before.version + 1,
                    value: if put.ignore_value { before.value } else { put.value.clone() },
                    lease: if put.ignore_lease { before.lease } else { put.lease },
                };
                self.keys.insert(put.key.clone(), stored);
                Response::Put(Written { header: self.header() })
            }
            Request::DeleteRange(delete) => {
                assert!(delete.range_end.is_empty(), "one key is deleted");
                self.keys.remove(&delete.key);
                Response::DeleteRange(Written { header: self.header() })
            }
        }
    }
}

/// Reads a message that has no field but those of its definition here.
fn decode<M: Message + Default>(message: &[u8]) -> M {
    let read = M::decode(message).expect("a message");
    assert_eq!(read.encode_to_vec(), message, "nothing is left out, and nothing is said that is nothing");
    read
}
