//! End to end in a real Envoy.
