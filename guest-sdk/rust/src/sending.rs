//! Requests to the system under test.

use crate::bindings::orbital::test::events as contract;
use crate::{Event, Receipt, Request, SendError, Test, host};

/// Requests go to targets: endpoints that the operator has named in the host's configuration, so that a
/// test runs unchanged in every environment and sees no secret. Redirects are not followed.
impl Test {
    /// Sends an event and waits for the answer.
    ///
    /// # Errors
    ///
    /// If there is no answer. An answer of any status is a receipt; see [`Receipt::success`].
    pub fn send_event(&self, event: Event) -> Result<Receipt, SendError> {
        receipt(host::events::send_event(&event.into()))
    }

    /// Sends events at the same time, up to a bound that the host sets, and waits for all answers. They are
    /// in the order of the events. All keys are expected before the first event is sent.
    pub fn send_events(&self, events: impl IntoIterator<Item = Event>) -> Vec<Result<Receipt, SendError>> {
        let events: Vec<_> = events.into_iter().map(contract::Event::from).collect();
        host::events::send_events(&events).into_iter().map(receipt).collect()
    }

    /// Sends any other request and waits for the answer.
    ///
    /// # Errors
    ///
    /// As [`send_event`](Self::send_event).
    pub fn request(&self, request: Request) -> Result<Receipt, SendError> {
        receipt(host::events::request(&request.into()))
    }
}

fn receipt(answer: Result<contract::Receipt, contract::SendError>) -> Result<Receipt, SendError> {
    Ok(answer?.into())
}
