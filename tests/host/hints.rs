//! The section of the module that says which way its branches go; <https://github.com/WebAssembly/branch-hinting>.

use std::fs;

use crate::proxy::module::{MODULE, place};

const NAME: &[u8] = b"metadata.code.branch_hint";
const CUSTOM: u8 = 0;
const CODE: u8 = 10;
/// The instructions that may have a hint.
const IF: u8 = 0x04;
const BR_IF: u8 = 0x0d;

/// What is left to read.
struct Bytes<'b>(&'b [u8]);

impl<'b> Bytes<'b> {
    fn take(&mut self, count: usize) -> &'b [u8] {
        let (front, rest) = self.0.split_at(count);
        self.0 = rest;
        front
    }

    fn byte(&mut self) -> u8 {
        self.take(1)[0]
    }

    /// A number in LEB128.
    fn number(&mut self) -> usize {
        let byte = self.byte();
        let low = usize::from(byte & 0x7f);
        if byte < 0x80 { low } else { self.number() << 7 | low }
    }

    fn sized(&mut self) -> &'b [u8] {
        let size = self.number();
        self.take(size)
    }
}

#[test]
fn the_module_says_before_its_code_which_way_branches_go() {
    let module = fs::read(place()).expect("the built module");
    let (mut rest, mut hints, mut bodies) = (Bytes(&module[8..]), None, Vec::new());
    while !rest.0.is_empty() {
        let (kind, content) = (rest.byte(), rest.sized());
        let mut content = Bytes(content);
        match kind {
            CUSTOM if content.sized() == NAME => {
                assert!(bodies.is_empty(), "hosts read hints only before the code");
                hints = Some(content);
            }
            CODE => bodies = (0..content.number()).map(|_| content.sized()).collect(),
            _ => {}
        }
    }
    let mut hints = hints.expect("hints: is there an `npm` to shrink the module with?");
    let imported = MODULE.imports().len();
    let (mut count, mut last_function) = (0, 0);
    for _ in 0..hints.number() {
        let function = hints.number();
        assert!(function > last_function, "functions are in order");
        last_function = function;
        let mut last_place = 0;
        for _ in 0..hints.number() {
            let place = hints.number();
            let instruction = bodies[function - imported][place];
            assert!(instruction == IF || instruction == BR_IF, "{instruction:#x} at {place} of function {function}");
            assert!(place > last_place, "places are in order");
            last_place = place;
            assert!(matches!(hints.sized(), [0 | 1]), "likely or not");
            count += 1;
        }
    }
    assert!(hints.0.is_empty(), "nothing is behind the hints");
    assert!(count > 1000, "what usual requests run has branches: {count}");
}
