//! Secrets that requests contain in plain text: in a path, or in `Authorization`.

use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

/// A set of secrets, any of which is sufficient. All digests are compared, so the time does not depend on how much of a
/// guess is right, nor on its length.
pub(super) struct Tokens(Vec<[u8; 32]>);

impl Tokens {
    pub(super) fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        Self(secrets.into_iter().map(|secret| Sha256::digest(secret.as_bytes()).into()).collect())
    }

    pub(super) fn has(&self, shown: &[u8]) -> bool {
        let shown: [u8; 32] = Sha256::digest(shown).into();
        let any = self.0.iter().fold(Choice::from(0), |any, digest| any | digest.ct_eq(&shown));
        any.into()
    }
}
