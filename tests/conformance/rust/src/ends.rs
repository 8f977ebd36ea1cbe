//! The ways in which a case can end.

use orbital_sdk::prelude::*;

#[case(manual, timeout = "5s")]
pub(crate) fn passes(_: &Test) -> Result {
    Ok(())
}

#[case(manual, timeout = "5s")]
pub(crate) fn fails(t: &Test) -> Result {
    t.fail("first");
    t.fail("second");
    Ok(())
}

#[case(manual, timeout = "5s")]
pub(crate) fn returns_error(_: &Test) -> Result {
    bail!("no invoice")
}

#[case(manual, timeout = "5s")]
pub(crate) fn differs(t: &Test) -> Result {
    check_eq!(t, basket(2), basket(3));
    Ok(())
}

fn basket(last: u32) -> Value {
    json!({ "id": "7", "items": [{ "sku": "a", "n": 1 }, { "sku": "b", "n": last }] })
}

#[case(manual, timeout = "5s")]
pub(crate) fn uncaught(t: &Test) -> Result {
    t.info(third(&[1, 2]).to_string());
    Ok(())
}

/// The third of what has only two.
fn third(numbers: &[u32]) -> u32 {
    numbers[2]
}
