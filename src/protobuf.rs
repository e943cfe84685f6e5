//! Protobuf, as far as Envoy speaks it to filters.
//!
//! * [`structure`]: `google.protobuf.Struct`, in configurations and in what other filters know of a request
//! * [`wire`]: messages as bytes

pub mod structure;
pub mod wire;
