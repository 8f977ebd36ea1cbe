//! Two cases of two teams.

use orbital_sdk::prelude::*;

#[case(every = "200ms", tags(team = "crm", tier = "1"))]
fn crm(_: &Test) -> Result {
    Ok(())
}

#[case(every = "200ms", tags(team = "shop", tier = "1"))]
fn shop(_: &Test) -> Result {
    Ok(())
}

suite!(crm, shop);
