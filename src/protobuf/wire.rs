//! Messages as bytes; <https://protobuf.dev/programming-guides/encoding/>.

/// A field of a message.
pub struct Field<'a> {
    /// Its number.
    pub number: u64,
    /// What it holds.
    pub value: Wire<'a>,
}

/// What a field holds, by its wire type.
pub enum Wire<'a> {
    /// A number, a flag or one of a few words.
    Varint(u64),
    /// Eight bytes.
    Fixed64(u64),
    /// Four bytes.
    Fixed32(u32),
    /// A text, or a message.
    Bytes(&'a [u8]),
}

/// The fields of a message, in order; `None` if the bytes are not a message.
#[must_use]
pub fn read_fields(mut bytes: &[u8]) -> Option<Vec<Field<'_>>> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let tag = read_varint(&mut bytes)?;
        let value = match tag & 7 {
            0 => Wire::Varint(read_varint(&mut bytes)?),
            1 => {
                let (eight, rest) = bytes.split_first_chunk::<8>()?;
                bytes = rest;
                Wire::Fixed64(u64::from_le_bytes(*eight))
            }
            2 => {
                let length = usize::try_from(read_varint(&mut bytes)?).ok()?;
                let (content, rest) = bytes.split_at_checked(length)?;
                bytes = rest;
                Wire::Bytes(content)
            }
            5 => {
                let (four, rest) = bytes.split_first_chunk::<4>()?;
                bytes = rest;
                Wire::Fixed32(u32::from_le_bytes(*four))
            }
            _ => return None,
        };
        fields.push(Field { number: tag >> 3, value });
    }
    Some(fields)
}

fn read_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value: u64 = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7F).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// A message in the making. A field that is nothing is left out, as protobuf has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message(Vec<u8>);

impl Message {
    /// Adds a number.
    #[must_use]
    pub fn add_number(self, field: u8, number: u64) -> Self {
        if number == 0 { self } else { self.add_explicit_number(field, number) }
    }

    /// Adds a number, also 0: in a `oneof`, that it is there says something.
    #[must_use]
    pub fn add_explicit_number(mut self, field: u8, number: u64) -> Self {
        self.0.push(field << 3);
        self.write_varint(number);
        self
    }

    /// Adds a text.
    #[must_use]
    pub fn add_string(self, field: u8, text: &str) -> Self {
        if text.is_empty() { self } else { self.add_bytes(field, text.as_bytes()) }
    }

    /// Adds a message, also an empty one: that it is there says something.
    #[must_use]
    pub fn add_message(self, field: u8, message: &Self) -> Self {
        self.add_bytes(field, &message.0)
    }

    /// The bytes.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.0
    }

    /// Adds bytes, also none.
    #[must_use]
    pub fn add_bytes(mut self, field: u8, bytes: &[u8]) -> Self {
        self.0.push(field << 3 | 2);
        self.write_varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }

    fn write_varint(&mut self, mut number: u64) {
        loop {
            let [low, ..] = number.to_le_bytes();
            number >>= 7;
            if number == 0 {
                return self.0.push(low & 0x7F);
            }
            self.0.push(low | 0x80);
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Field, Message, Wire, read_fields};

    #[test]
    fn what_is_written_is_read() {
        let inner = Message::default().add_string(1, "a");
        let bytes = Message::default()
            .add_number(1, 300)
            .add_string(2, "")
            .add_message(3, &inner)
            .add_message(4, &Message::default());
        let bytes = bytes.add_number(5, u64::MAX).finish();
        assert_eq!(bytes[..3], [8, 0b1010_1100, 0b10], "the example of the encoding's guide");
        let shown = read_fields(&bytes).unwrap().into_iter().map(|Field { number, value }| match value {
            Wire::Varint(value) => format!("{number}: {value}"),
            Wire::Bytes(value) => format!("{number}: {value:?}"),
            Wire::Fixed32(_) | Wire::Fixed64(_) => panic!("none was written"),
        });
        let expected = ["1: 300", "3: [10, 1, 97]", "4: []", "5: 18446744073709551615"];
        assert_eq!(shown.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn fields_of_fixed_size_are_passed_over() {
        assert!(matches!(
            read_fields(&[13, 1, 0, 0, 0]).as_deref(),
            Some([Field { number: 1, value: Wire::Fixed32(1) }])
        ));
        assert!(read_fields(&[13, 1, 0, 0]).is_none(), "cut off");
    }
}
