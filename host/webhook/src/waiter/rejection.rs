//! Reasons for which the webhook rejects a request.

use orbital_model::variants::variants;

/// Why a request was rejected before a key was looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::VariantArray, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Rejection {
    /// The body is larger than allowed.
    TooLarge,
    /// The head or the body ended before it was complete.
    BrokenOff,
    /// The head or the body was not received in time.
    TooSlow,
    /// Too many bytes of other bodies were being received at that moment, or all connections were in use.
    NoRoom,
    /// The head is not a valid request head.
    BadHead,
    /// The head is larger than allowed, or has too many headers.
    HeadTooLarge,
    /// The method is not allowed for deliveries.
    BadMethod,
    /// No authentication profile applies to the path.
    NoProfile,
    /// The request has no proof of its sender.
    NoProof,
    /// The request has a wrong proof.
    WrongProof,
    /// The request has a proof that is too old, or from the future.
    StaleProof,
    /// The path names no component, although each component has its own path.
    NoComponent,
}

impl Rejection {
    /// All reasons.
    pub const ALL: [Self; 12] = variants();

    /// Returns the name in metrics.
    pub fn name(self) -> &'static str {
        self.into()
    }
}
