//! Standard Webhooks: `webhook-id`, `webhook-timestamp` and `webhook-signature`, with symmetric (`v1`) and
//! asymmetric (`v1a`) signatures over `id.timestamp.body`.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::HeaderMap;
use ring::hmac;
use ring::signature::{ED25519, UnparsedPublicKey};
use subtle::ConstantTimeEq as _;

use crate::auth::signed::Keys;
use crate::waiter::Rejection;

/// The header with the delivery's id, which the signature covers.
pub(super) const ID: &str = "webhook-id";

/// The maximum number of signatures of a header that are checked. Each costs as much as there are keys.
const SIGNATURES: usize = 16;

/// The number of bytes that a symmetric secret may have, according to the standard.
const SECRET: std::ops::RangeInclusive<usize> = 24..=64;

/// Keys of both kinds, any of which is sufficient.
pub(super) struct Standard {
    symmetric: Keys,
    asymmetric: Vec<UnparsedPublicKey<Vec<u8>>>,
    tolerance: Duration,
}

/// The claims in a request's headers, with a valid form and age.
pub(super) struct Claim<'a> {
    id: &'a [u8],
    timestamp: &'a [u8],
    signatures: &'a str,
}

impl Standard {
    /// Creates a verifier from secrets (`whsec_…`) and public keys (`whpk_…`).
    ///
    /// # Errors
    /// The reason why a key is invalid, without showing the key.
    pub(super) fn new(
        keys: impl IntoIterator<Item = String>,
        tolerance: Duration,
    ) -> Result<Self, &'static str> {
        let (mut symmetric, mut asymmetric) = (Vec::new(), Vec::new());
        for key in keys {
            let decode =
                |text: &str| BASE64.decode(text).map_err(|_| "what follows its prefix is not base64");
            if let Some(secret) = key.strip_prefix("whsec_") {
                let secret = decode(secret)?;
                if !SECRET.contains(&secret.len()) {
                    return Err("a secret of Standard Webhooks has 24 to 64 bytes");
                }
                symmetric.push(secret);
            } else if let Some(public) = key.strip_prefix("whpk_") {
                let public = decode(public)?;
                if public.len() != 32 {
                    return Err("a public key of ed25519 has 32 bytes");
                }
                asymmetric.push(UnparsedPublicKey::new(&ED25519, public));
            } else {
                return Err("it begins neither with `whsec_` nor with `whpk_`");
            }
        }
        Ok(Self { symmetric: Keys::new(hmac::HMAC_SHA256, symmetric), asymmetric, tolerance })
    }

    /// Reads the claims from the headers.
    ///
    /// # Errors
    /// If headers are missing or invalid, or the timestamp is outside the tolerance.
    pub(super) fn claim<'a>(&self, headers: &'a HeaderMap) -> Result<Claim<'a>, (Rejection, String)> {
        let header = |name: &str| {
            let value = headers.get(name).filter(|value| !value.is_empty());
            value.ok_or_else(|| (Rejection::NoProof, format!("the header `{name}` is missing")))
        };
        let (id, timestamp) = (header(ID)?.as_bytes(), header("webhook-timestamp")?.as_bytes());
        let wrong = |what: &str| (Rejection::WrongProof, what.to_owned());
        // The signature is over `id.timestamp.body`: with a `.` in the id it would also be valid for another delivery.
        if id.contains(&b'.') {
            return Err(wrong("`webhook-id` has a `.`, which Standard Webhooks does not allow"));
        }
        let signatures = header("webhook-signature")?;
        let signatures = signatures.to_str().map_err(|_| wrong("`webhook-signature` is not text"))?;
        let seconds = str::from_utf8(timestamp).ok().and_then(|text| text.parse::<u64>().ok());
        let seconds = seconds.ok_or_else(|| wrong("`webhook-timestamp` is not a number of seconds"))?;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        if now.abs_diff(seconds) > self.tolerance.as_secs() {
            let tolerance = humantime::format_duration(self.tolerance);
            let detail = format!("`webhook-timestamp` is more than {tolerance} off (`tolerance`)");
            return Err((Rejection::StaleProof, detail));
        }
        Ok(Claim { id, timestamp, signatures })
    }

    /// Returns whether one of the signatures is valid for one of the keys. Each kind is checked only against its own
    /// keys.
    pub(super) fn proves(&self, claim: &Claim<'_>, body: &[u8]) -> bool {
        let Claim { id, timestamp, signatures } = claim;
        let parts = [*id, b".", timestamp, b".", body];
        let (mut symmetric, mut asymmetric) = (Vec::new(), Vec::new());
        for signature in signatures.split(' ').take(SIGNATURES) {
            let Some((version, signature)) = signature.split_once(',') else { continue };
            match (version, BASE64.decode(signature)) {
                ("v1", Ok(signature)) => symmetric.push(signature),
                ("v1a", Ok(signature)) => asymmetric.push(signature),
                _ => {}
            }
        }
        if !symmetric.is_empty() {
            for tag in self.symmetric.sign(&parts) {
                if symmetric.iter().any(|signature| bool::from(tag.as_ref().ct_eq(signature))) {
                    return true;
                }
            }
        }
        if asymmetric.is_empty() || self.asymmetric.is_empty() {
            return false;
        }
        // Unlike an HMAC, such a signature cannot be computed part by part.
        let whole = parts.concat();
        let mut pairs = self.asymmetric.iter().flat_map(|key| asymmetric.iter().map(move |one| (key, one)));
        pairs.any(|(key, signature)| key.verify(&whole, signature).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use ring::signature::{Ed25519KeyPair, KeyPair as _};

    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn now() -> u64 {
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
    }

    fn headers(timestamp: u64, signature: &str) -> HeaderMap {
        let header = |value: String| HeaderValue::try_from(value).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(ID, header("msg_1".to_owned()));
        headers.insert("webhook-timestamp", header(timestamp.to_string()));
        headers.insert("webhook-signature", header(signature.to_owned()));
        headers
    }

    fn standard(keys: &[&str]) -> Standard {
        Standard::new(keys.iter().map(|&key| key.to_owned()), Duration::from_secs(300)).unwrap()
    }

    /// The example of the standard's libraries.
    #[test]
    fn the_known_signature_is_proved() {
        let claim = Claim {
            id: b"msg_p5jXN8AQM9LWM0D4loKWxJek",
            timestamp: b"1614265330",
            signatures: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        };
        let standard = standard(&[SECRET]);
        assert!(standard.proves(&claim, br#"{"test": 2432232314}"#));
        assert!(!standard.proves(&claim, br#"{"test": 2432232315}"#));
        assert!(!standard.proves(&Claim { id: b"other", ..claim }, br#"{"test": 2432232314}"#));
    }

    #[test]
    fn any_of_several_signatures_and_keys_will_do_but_each_kind_for_itself() {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
        let public = format!("whpk_{}", BASE64.encode(pair.public_key()));
        let timestamp = now();
        let signature = BASE64.encode(pair.sign(format!("msg_1.{timestamp}.body").as_bytes()));
        let proves = |keys: &[&str], text: &str| {
            let (standard, headers) = (standard(keys), headers(timestamp, text));
            standard.proves(&standard.claim(&headers).unwrap(), b"body")
        };
        assert!(proves(&[&public], &format!("v1a,{signature}")));
        assert!(proves(&[SECRET, &public], &format!("v1,AAAA v2,x junk v1a,{signature}")));
        assert!(!proves(&[&public], &format!("v1,{signature}")), "of another kind");
        assert!(!proves(&[SECRET], &format!("v1a,{signature}")), "of another key");
        assert!(!proves(&[&public], &format!("{}v1a,{signature}", "v1,AAAA ".repeat(16))), "too many");
    }

    #[test]
    fn a_claim_is_for_now() {
        let standard = standard(&[SECRET]);
        let rejection = |headers: &HeaderMap| standard.claim(headers).err().map(|(rejection, _)| rejection);
        for near in [now(), now() - 290, now() + 290] {
            assert_eq!(rejection(&headers(near, "v1,x")), None);
        }
        for far in [0, now() - 310, now() + 310, u64::MAX] {
            assert_eq!(rejection(&headers(far, "v1,x")), Some(Rejection::StaleProof));
        }
        assert_eq!(rejection(&HeaderMap::new()), Some(Rejection::NoProof));
    }

    #[test]
    fn what_is_no_key_is_refused_and_not_shown() {
        for bad in ["", "secret", "whsec_!", "whsec_AAAA", "whpk_AAAA", "whsk_AAAA"] {
            let error = Standard::new([bad.to_owned()], Duration::from_secs(1)).err();
            assert!(error.is_some(), "{bad}");
        }
    }
}
