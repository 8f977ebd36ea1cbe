//! Secrets that are shown as they are: in a path, or in `Authorization`.

use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

/// Some secrets, any of which will do. Digests are compared, and all of them: it takes the same time however
/// much of a guess is right, and however long it is.
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
