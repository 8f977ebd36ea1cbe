//! The limit on the bytes of bodies that are received at the same time, over all connections. The heads of their HTTP/2
//! requests count too: a compressed head takes a few bytes to send and many to keep until its body has arrived.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::{Body, HttpBody as _};
use bytes::Bytes;
use http::StatusCode;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use orbital_listener::TurnedAway;

use crate::LiveWebhookSettings;
use crate::refusal::Refusal;
use crate::waiter::Rejection;

/// Counts the bytes that were received and are not delivered yet.
#[derive(Debug, Default)]
pub(super) struct BodyBudget(AtomicUsize);

/// Bytes of one body; they are released when this is dropped.
struct HeldBytes<'a> {
    body_budget: &'a BodyBudget,
    bytes: usize,
}

impl BodyBudget {
    /// Returns how many bytes are held.
    #[cfg(fuzzing)]
    pub(super) fn taken(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Reads a body and passes it to `take` while its bytes still count. `head` is the size of a head that counts too.
    ///
    /// # Errors
    /// If the body is too large, too slow or incomplete, or too many bytes are being received already.
    pub(super) async fn read<T>(
        &self,
        settings: &LiveWebhookSettings,
        head: usize,
        body: Body,
        take: impl FnOnce(Bytes) -> T,
    ) -> Result<T, Refusal> {
        // A body whose announced size is too large is rejected before it is sent.
        if body.size_hint().lower() > settings.max_body as u64 {
            return Err(too_large(settings.max_body));
        }
        let mut held = HeldBytes { body_budget: self, bytes: 0 };
        held.grow(head, settings.max_bodies)?;
        let body = match tokio::time::timeout(settings.body_timeout, collect(settings, body, &mut held)).await
        {
            Ok(body) => body?,
            Err(_) => {
                let detail = "the body did not come in time (`webhook.body_timeout`)";
                return Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, Rejection::TooSlow, detail));
            }
        };
        Ok(take(body))
    }
}

/// Reads a body into its own memory, no larger than the body: the chunks are parts of the connection's buffer, which is
/// much larger.
async fn collect(
    settings: &LiveWebhookSettings,
    body: Body,
    held: &mut HeldBytes<'_>,
) -> Result<Bytes, Refusal> {
    let mut body = pin!(Limited::new(body, settings.max_body));
    let mut whole = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = match frame {
            Ok(frame) => frame,
            Err(error) if error.is::<LengthLimitError>() => return Err(too_large(settings.max_body)),
            Err(error) => {
                let detail = format!("the body broke off: {error}");
                return Err(Refusal::new(StatusCode::BAD_REQUEST, Rejection::BrokenOff, detail));
            }
        };
        let Ok(data) = frame.into_data() else { continue };
        // Announcing a size costs the sender nothing, so only received bytes count.
        held.grow(data.len(), settings.max_bodies)?;
        whole.extend_from_slice(&data);
    }
    whole.shrink_to_fit();
    Ok(whole.into())
}

impl HeldBytes<'_> {
    fn grow(&mut self, more: usize, most: usize) -> Result<(), Refusal> {
        let grown = |taken: usize| taken.checked_add(more).filter(|taken| *taken <= most);
        match self.body_budget.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, grown) {
            Ok(_) => {
                self.bytes += more;
                Ok(())
            }
            Err(_) => {
                let detail = "too many bytes are coming in at once (`webhook.max_bodies`)";
                let refusal = Refusal::new(StatusCode::SERVICE_UNAVAILABLE, Rejection::NoRoom, detail);
                Err(refusal.soon().counted_as(TurnedAway::Bodies))
            }
        }
    }
}

impl Drop for HeldBytes<'_> {
    fn drop(&mut self) {
        self.body_budget.0.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

fn too_large(limit: usize) -> Refusal {
    let detail = format!("the body is larger than {limit} bytes (`webhook.max_body`)");
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, Rejection::TooLarge, detail)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use futures_util::{FutureExt as _, stream};
    use orbital_config::secrets::SecretsSettings;

    use super::*;
    use crate::WebhookSettings;

    #[tokio::test]
    async fn heads_of_requests_whose_bodies_do_not_come_count() {
        let read = |root: &orbital_config::Section<'_>| {
            let secrets = SecretsSettings::read(root, Path::new("."));
            root.section("webhook", |section| WebhookSettings::read(section, &secrets, Path::new(".")))
        };
        let text = "[webhook]\nmax_body = \"1KiB\"\nmax_bodies = \"100KiB\"";
        let settings = orbital_config::parse(text, read).unwrap().0.live;
        let budget = BodyBudget::default();
        let never = || Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
        let mut slow = Box::pin(budget.read(&settings, 60 << 10, never(), |_| ()));
        assert!(slow.as_mut().now_or_never().is_none());
        let refused = budget.read(&settings, 60 << 10, Body::empty(), |_| ()).await.unwrap_err();
        assert!(refused.detail.contains("`webhook.max_bodies`"), "{}", refused.detail);
        budget.read(&settings, 1 << 10, Body::from("small"), |_| ()).await.unwrap();
        drop(slow);
        budget.read(&settings, 60 << 10, Body::empty(), |_| ()).await.unwrap();
    }
}
