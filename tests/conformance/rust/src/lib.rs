//! The behaviours that every SDK has in common, one case each.

mod ends;
mod events;
mod loads;
mod waits;
mod words;

use orbital_sdk::suite;

suite!(
    ends::passes,
    ends::fails,
    ends::returns_error,
    ends::differs,
    ends::uncaught,
    events::smoke,
    events::fan_out,
    events::exactly_once,
    events::server_made_id,
    events::planned_replies,
    events::big_body,
    events::encodings,
    events::unknown_target,
    waits::wait_timeout,
    waits::waits_for_ever,
    words::logs,
    words::non_utf8,
    words::invalid_text,
    words::invalid_end,
    words::random,
    words::metrics,
    words::config,
    words::context,
    loads::loops,
    loads::churns
);
