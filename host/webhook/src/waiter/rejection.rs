//! Why the webhook refused a request.

/// Why a request was refused, before anybody looked for a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// Its body is larger than allowed.
    TooLarge,
    /// Its head or its body broke off.
    BrokenOff,
    /// Its head or its body did not come in time.
    TooSlow,
    /// Too many bytes of other bodies were coming in at that moment, or all connections were in use.
    NoRoom,
    /// Its head is no head of a request.
    BadHead,
    /// Its head is larger than allowed, or has too many headers.
    HeadTooLarge,
    /// Its method is not one of deliveries.
    BadMethod,
    /// No profile is for its path.
    NoProfile,
    /// It shows no proof of who sends it.
    NoProof,
    /// It shows a wrong one.
    WrongProof,
    /// It shows one that is too old, or from the future.
    StaleProof,
    /// Its path names no component, though each has a path of its own.
    NoComponent,
}

impl Rejection {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::TooLarge,
        Self::BrokenOff,
        Self::TooSlow,
        Self::NoRoom,
        Self::BadHead,
        Self::HeadTooLarge,
        Self::BadMethod,
        Self::NoProfile,
        Self::NoProof,
        Self::WrongProof,
        Self::StaleProof,
        Self::NoComponent,
    ];

    /// As metrics say it.
    pub fn name(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::BrokenOff => "broken_off",
            Self::TooSlow => "too_slow",
            Self::NoRoom => "no_room",
            Self::BadHead => "bad_head",
            Self::HeadTooLarge => "head_too_large",
            Self::BadMethod => "bad_method",
            Self::NoProfile => "no_profile",
            Self::NoProof => "no_proof",
            Self::WrongProof => "wrong_proof",
            Self::StaleProof => "stale_proof",
            Self::NoComponent => "no_component",
        }
    }
}
