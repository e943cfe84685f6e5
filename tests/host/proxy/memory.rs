//! Bytes in and out of an instance. What a call hands out goes into memory that the instance's own allocator gave.

use wasmtime::{AsContextMut as _, Caller, Error, Result};

use super::{Pairs, host_state::HostState};

/// An instance in the middle of a call.
pub(super) struct Guest<'c, 'w>(pub(super) &'c mut Caller<'w, HostState>);

impl Guest<'_, '_> {
    pub(super) fn world(&mut self) -> &mut HostState {
        self.0.data_mut()
    }

    pub(super) fn read(&mut self, at: u32, size: u32) -> Result<Vec<u8>> {
        let memory = self.0.data().memory.ok_or_else(|| Error::msg("no memory yet"))?;
        let at = at as usize;
        let range = at..at.saturating_add(size as usize);
        Ok(memory.data(&self.0).get(range).ok_or_else(|| Error::msg("a pointer outside the memory"))?.to_vec())
    }

    pub(super) fn write(&mut self, at: u32, bytes: &[u8]) -> Result<()> {
        let memory = self.0.data().memory.ok_or_else(|| Error::msg("no memory yet"))?;
        Ok(memory.write(&mut self.0, at as usize, bytes)?)
    }

    /// Hands out bytes. As Envoy does it, nothing is allocated for none, and the pointer is null.
    pub(super) fn hand_out(&mut self, bytes: &[u8], pointer_at: u32, size_at: u32) -> Result<()> {
        let size = u32::try_from(bytes.len())?;
        let pointer = if bytes.is_empty() { 0 } else { self.allocate(size)? };
        self.write(pointer, bytes)?;
        self.write(pointer_at, &pointer.to_le_bytes())?;
        self.write(size_at, &size.to_le_bytes())
    }

    fn allocate(&mut self, size: u32) -> Result<u32> {
        let allocate = self.0.data().allocate.clone().ok_or_else(|| Error::msg("no allocator yet"))?;
        allocate.call(self.0.as_context_mut(), size)
    }
}

/// Pairs as the ABI writes them.
pub(super) fn serialise(pairs: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    if pairs.is_empty() {
        return Vec::new();
    }
    let number = |number: usize| u32::try_from(number).expect("tests are small").to_le_bytes();
    let mut bytes = number(pairs.len()).to_vec();
    for (name, value) in pairs {
        bytes.extend(number(name.len()));
        bytes.extend(number(value.len()));
    }
    for text in pairs.iter().flat_map(|(name, value)| [name, value]) {
        bytes.extend(text);
        bytes.push(0);
    }
    bytes
}

/// What [`serialise`] wrote; panics upon anything else.
pub(super) fn deserialise(bytes: &[u8]) -> Pairs {
    let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes")) as usize;
    let count = if bytes.is_empty() { 0 } else { number(0) };
    let mut at = 4 + 8 * count;
    let mut text = |size: usize| {
        let text = bytes[at..at + size].to_vec();
        assert_eq!(bytes[at + size], 0, "NUL ends a text");
        at += size + 1;
        text
    };
    (0..count).map(|pair| (text(number(4 + 8 * pair)), text(number(8 + 8 * pair)))).collect()
}
