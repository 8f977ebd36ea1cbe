//! Sending requests to the system under test.

use crate::bindings::orbital::test::events as contract;
use crate::{Event, Receipt, Request, SendError, Test, host};

/// Sending requests. They go to targets: endpoints in the host's configuration, with URL and secrets. A test knows
/// only the name, so the same test runs in every environment. Redirects are not followed.
impl Test {
    /// Sends an event and waits for the response.
    ///
    /// # Errors
    ///
    /// If there is no response. A response with an error status is not an error; see [`Receipt::success`].
    pub fn send_event(&self, event: Event) -> Result<Receipt, SendError> {
        receipt(host::events::send_event(&event.into()))
    }

    /// Sends events concurrently and waits for all responses, which are in the order of the events. The host limits
    /// how many are sent at once. All keys are expected before the first event is sent.
    pub fn send_events(&self, events: impl IntoIterator<Item = Event>) -> Vec<Result<Receipt, SendError>> {
        let events: Vec<_> = events.into_iter().map(contract::Event::from).collect();
        host::events::send_events(&events).into_iter().map(receipt).collect()
    }

    /// Sends a request that is not an event, and waits for the response.
    ///
    /// # Errors
    ///
    /// If there is no response. A response with an error status is not an error; see [`Receipt::success`].
    pub fn request(&self, request: Request) -> Result<Receipt, SendError> {
        receipt(host::events::request(&request.into()))
    }
}

fn receipt(answer: Result<contract::Receipt, contract::SendError>) -> Result<Receipt, SendError> {
    Ok(answer?.into())
}
