//! Every limit of the pipeline, in one place, but for those that its command line sets (see [`crate::Attempts`]).

use std::time::Duration;

/// Larger bodies are refused with 413.
pub(crate) const BODY_BYTES: usize = 256 * 1024;

/// How much of a body that is too large is read all the same. A sender that still sends when the connection closes may
/// never see the answer.
pub(crate) const DRAINED_BYTES: u64 = 16 * 1024 * 1024;

/// Longer ids are refused: an id is remembered for long, so its size is part of the memory bound.
pub(crate) const ID_BYTES: usize = 256;

/// How many ids are remembered, to recognise a repeated event. With the longest ids that is some 50 MB.
pub(crate) const SEEN_IDS: usize = 100_000;

/// Events accepted and not yet delivered. One more is refused with 503, so that the sender slows down.
pub(crate) const QUEUED_EVENTS: usize = 10_000;

/// Requests to destinations in flight at once; neither a fault's delay nor the wait before a retry counts.
pub(crate) const CONCURRENT_DELIVERIES: usize = 256;

/// The wait before the second attempt; it doubles before each further one: 100, 200, 400, 800 ms.
pub(crate) const FIRST_RETRY_DELAY: Duration = Duration::from_millis(100);

/// How long the fault `stall` lets a sender wait that does not give up by itself.
pub(crate) const STALL: Duration = Duration::from_secs(60);

/// How long a stopping pipeline finishes requests and deliveries before it gives them up.
pub(crate) const STOP_GRACE: Duration = Duration::from_secs(10);
