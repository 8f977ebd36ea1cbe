//! Ten cases that send an event, and wait for its delivery.

use orbital_sdk::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Serialize)]
struct Address<'a> {
    street: &'a str,
    city: &'a str,
    country: &'a str,
}

#[derive(Serialize)]
struct Signup<'a> {
    id: &'a str,
    r#type: &'a str,
    email: &'a str,
    name: &'a str,
    plan: &'a str,
    seats: u32,
    referrer: &'a str,
    address: Address<'a>,
    tags: [&'a str; 3],
}

#[derive(Deserialize)]
struct Processed {
    processed: bool,
}

fn round_trip(t: &Test) -> Result {
    let id = t.new_id();
    let signup = Signup {
        id: &id,
        r#type: "signup",
        email: "ada@example.com",
        name: "Ada Lovelace",
        plan: "gold",
        seats: 12,
        referrer: "https://www.example.com/pricing?campaign=autumn",
        address: Address { street: "12 St James's Square", city: "London", country: "GB" },
        tags: ["trial", "newsletter", "beta"],
    };
    t.send_event(Event::to("api").key(&id).json(&signup))?;
    let delivery: Processed = t.wait_for(&id)?.json()?;
    check!(t, delivery.processed);
    Ok(())
}

macro_rules! cases {
    ($($name:ident)+) => {
        $(
            #[case(every = "1s", timeout = "10s")]
            fn $name(t: &Test) -> Result {
                round_trip(t)
            }
        )+
        suite!($($name),+);
    };
}

cases!(c0 c1 c2 c3 c4 c5 c6 c7 c8 c9);
