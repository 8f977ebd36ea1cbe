//! Says too much.

use std::io::Write as _;

use orbital_sdk::bindings::orbital::test::log::{Field, Level, log};
use orbital_sdk::prelude::*;

#[case(manual)]
fn lines(t: &Test) -> Result {
    loop {
        t.info("on and on");
    }
}

#[case(manual)]
fn one_line(t: &Test) -> Result {
    t.info("x".repeat(16 << 20));
    Ok(())
}

#[case(manual)]
fn stdout_without_breaks(_: &Test) -> Result {
    loop {
        print!("on and on");
        std::io::stdout().flush()?;
    }
}

#[case(manual)]
fn stderr_without_breaks(_: &Test) -> Result {
    loop {
        eprint!("on and on");
    }
}

#[case(manual)]
fn empty_lines(_: &Test) -> Result {
    loop {
        println!();
    }
}

#[case(manual)]
fn reasons(t: &Test) -> Result {
    loop {
        t.fail("and another thing");
    }
}

#[case(manual)]
fn one_reason(t: &Test) -> Result {
    t.fail("x".repeat(16 << 20));
    Ok(())
}

#[case(manual)]
fn returned_reason(_: &Test) -> Result {
    bail!("{}", "x".repeat(1 << 20))
}

/// Fields that say nothing take room all the same.
#[case(manual)]
fn empty_fields(_: &Test) -> Result {
    let nothing = || Field { name: String::new(), value: String::new() };
    let fields: Vec<Field> = (0..200_000).map(|_| nothing()).collect();
    loop {
        log(Level::Info, "", &fields);
    }
}

/// Much that cannot be made smaller, in a run that passes.
#[case(manual)]
fn noise(t: &Test) -> Result {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut letter = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b'!' + (state % 90) as u8)
    };
    for _ in 0..150 {
        t.info((0..1000).map(|_| letter()).collect::<String>());
    }
    Ok(())
}

suite!(
    noise,
    lines,
    one_line,
    stdout_without_breaks,
    stderr_without_breaks,
    empty_lines,
    reasons,
    one_reason,
    returned_reason,
    empty_fields,
);
