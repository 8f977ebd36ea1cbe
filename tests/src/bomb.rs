//! Components that are small and take a compiler long.

use crate::guest;

/// The content of the fixture `passes` with a function more, which nobody calls: so many nested loops, and in the
/// innermost so many variables that change. A compiler that keeps track of each variable in each loop has their product
/// to think of.
pub fn bomb(loops: usize, variables: u32) -> Vec<u8> {
    let mut body = Vec::new();
    // One group of locals, of type `i32`.
    body.push(1);
    leb128(&mut body, variables);
    body.push(0x7f);
    for _ in 0..loops {
        body.extend([0x03, 0x40]);
    }
    for variable in 0..variables {
        body.push(0x20);
        leb128(&mut body, variable);
        // Plus one.
        body.extend([0x41, 0x01, 0x6a, 0x21]);
        leb128(&mut body, variable);
    }
    for _ in 0..loops {
        // Again, if zero is not zero.
        body.extend([0x41, 0x00, 0x0d, 0x00, 0x0b]);
    }
    body.push(0x0b);

    let mut code = vec![1];
    leb128(&mut code, body.len() as u32);
    code.extend(body);
    let mut module = b"\0asm\x01\0\0\0".to_vec();
    section(&mut module, 1, &[1, 0x60, 0, 0]);
    section(&mut module, 3, &[1, 0]);
    section(&mut module, 10, &code);
    let mut component = std::fs::read(guest("passes")).unwrap();
    section(&mut component, 1, &module);
    component
}

/// Appends a section to a component or a core module.
pub fn section(to: &mut Vec<u8>, id: u8, content: &[u8]) {
    to.push(id);
    leb128(to, content.len() as u32);
    to.extend(content);
}

fn leb128(to: &mut Vec<u8>, mut number: u32) {
    while number > 0x7f {
        to.push(number as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}
