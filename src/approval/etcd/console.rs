//! What a console asks etcd: the approvals, what approvers read of some, and a decision.

use std::sync::Arc;

use crate::approval::{ApprovalDetails, Fingerprint};

use super::{
    entry::StoredApproval,
    keys::Keys,
    messages::{RangeResponse, Rpc, Txn, TxnResponse, range, replace},
};

/// What a console asks etcd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// All approvals.
    List,
    /// The details of these.
    Details(Vec<Fingerprint>),
    /// To replace an approval by the one that is decided, if nothing has changed it since it was read.
    Decide(Box<StoredApproval>),
}

/// The details of an approval that were asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
    fingerprint: Fingerprint,
    /// Empty if etcd has none.
    bytes: Vec<u8>,
}

/// What etcd answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueryResult {
    /// The approvals, in no order; some may have expired.
    Listed(Vec<StoredApproval>),
    /// The details, in the order of the question.
    Details(Vec<Details>),
    /// The decision is written.
    Decided(Box<StoredApproval>),
    /// The approval has changed: it is decided, used, or gone.
    Changed,
}

/// The largest number of details that are read at once: etcd takes 128 operations in a transaction.
pub const MAX_DETAILS: usize = 64;

impl Query {
    /// The question.
    #[must_use]
    pub fn rpc(&self, prefix: &Arc<str>) -> Rpc {
        let keys = Keys(Arc::clone(prefix));
        match self {
            Self::List => keys.list(),
            Self::Details(wanted) => {
                let read = |txn: Txn, fingerprint: &Fingerprint| txn.read(&range(&keys.details(*fingerprint)));
                wanted.iter().fold(Txn::default(), read).finish()
            }
            Self::Decide(decided) => {
                let approval = keys.approval(decided.fingerprint());
                let put = replace(&approval, &decided.to_bytes());
                Txn::default().require(&approval, decided.revision).put(&put).finish()
            }
        }
    }

    /// Reads the answer; `None` if there is no usable one.
    #[must_use]
    pub fn read(self, response: Option<&[u8]>) -> Option<QueryResult> {
        let response = response?;
        match self {
            Self::List => StoredApproval::read_all(&RangeResponse::read(response)?).map(QueryResult::Listed),
            Self::Details(wanted) => {
                let txn = TxnResponse::read(response)?;
                let of_one = |(fingerprint, range): (Fingerprint, RangeResponse<'_>)| Details {
                    fingerprint,
                    bytes: range.kvs.first().map_or_else(Vec::new, |kv| kv.value.to_vec()),
                };
                Some(QueryResult::Details(wanted.into_iter().zip(txn.ranges).map(of_one).collect()))
            }
            Self::Decide(decided) => {
                let is_written = TxnResponse::read(response)?.succeeded;
                Some(if is_written { QueryResult::Decided(decided) } else { QueryResult::Changed })
            }
        }
    }
}

impl Details {
    /// Whether these are the details of this approval.
    #[must_use]
    pub fn is_of(&self, entry: &StoredApproval) -> bool {
        self.fingerprint == entry.fingerprint()
    }

    /// What an approver reads about the approval that these are of, and who decided; `None` if it cannot be read.
    #[must_use]
    pub fn read<'d>(&'d self, entry: &'d StoredApproval) -> Option<ApprovalDetails<'d>> {
        let details = ApprovalDetails::read(&self.bytes, entry.fingerprint())?;
        Some(ApprovalDetails { approver: &entry.approver, note: &entry.note, ..details })
    }
}
