//! Whoever has no secret delivers nothing; whoever has, delivers what the signature covers and nothing else.
#![no_main]

use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::SystemTime;

use arbitrary::Arbitrary;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, StatusCode, Uri};
use libfuzzer_sys::{Corpus, fuzz_target};
use orbital_config::secrets::{Masker, Secrets};
use orbital_host::fuzzing::{answer, secrets, settings};
use orbital_host::settings::Settings;
use orbital_webhook::waiter::{Disposition, Waiter};
use orbital_webhook::{Authenticator, Webhook};
use ring::hmac;

const SETTINGS: &str = r#"
[secrets]
path = { env = "PATH_SECRET" }
token = { env = "TOKEN" }
standard = { env = "STANDARD" }

[webhook]
keys = [{ header = "x-id" }, { json = "/id" }, { query = "id" }, { path = 2 }]
auth = [
    { path = "/path/{secret}/*", by = "path", secrets = ["${secret.path}"] },
    { path = "/bearer", by = "bearer", secrets = ["${secret.token}"] },
    { path = "/basic/*", by = "basic", user = "user", secrets = ["${secret.token}"] },
    { path = "/segment/*", by = "segment", secrets = ["${secret.token}"] },
    { path = "/github/*", by = "github", secrets = ["${secret.token}"] },
    { path = "/standard/*", by = "standard-webhooks", secrets = ["${secret.standard}"] },
]
"#;

const PATH: &str = "0123456789abcdef-path";
const TOKEN: &str = "0123456789abcdef-token";
const STANDARD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

static KNOWN: LazyLock<(Settings, Secrets)> = LazyLock::new(|| {
    let (settings, _) = settings(SETTINGS, Path::new("/nowhere")).expect("the settings are good");
    (settings, secrets([("path", PATH), ("token", TOKEN), ("standard", STANDARD)]))
});

/// A request; one that is signed, if it is to be, over `body` alone.
#[derive(Arbitrary, Debug)]
struct Input<'a> {
    scheme: Scheme,
    is_signed: bool,
    path: &'a str,
    proof: &'a [u8],
    id: &'a [u8],
    before: &'a [u8],
    body: &'a [u8],
    behind: &'a [u8],
}

#[derive(Arbitrary, Debug, Clone, Copy, PartialEq)]
enum Scheme {
    Path,
    Bearer,
    Basic,
    Segment,
    GitHub,
    Standard,
    Unknown,
}

fuzz_target!(|input: Input<'_>| -> Corpus {
    let sent = [input.before, input.body, input.behind].concat();
    let Some(request) = request(&input, &sent) else { return Corpus::Reject };
    let contains =
        |bytes: &[u8], secret: &str| bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
    let shown = [input.path.as_bytes(), input.proof, input.id].concat();
    // The secrets stand in this program, so the fuzzer may find them.
    if [PATH, TOKEN, STANDARD].iter().any(|secret| contains(&shown, secret)) {
        return Corpus::Reject;
    }
    let (settings, secrets) = &*KNOWN;
    let Ok(authenticator) = Authenticator::new(&settings.live.webhook.auth, secrets) else {
        panic!("the secrets are good")
    };
    let waiter = Waiter::new(settings.fixed.waiter.clone(), Masker::default());
    let webhook = Webhook::new(settings.webhook(), authenticator, waiter.clone());
    let status = run(&webhook, request);

    let received = waiter.received(2, |_| true);
    let [received] = received.as_slice() else {
        panic!("one request came, and {} are known", received.len())
    };
    let taken = received.disposition != Disposition::Rejected;
    assert_eq!(taken, status == StatusCode::OK);
    if !taken {
        assert!(matches!(status, StatusCode::UNAUTHORIZED | StatusCode::NOT_FOUND), "{status}");
        return Corpus::Keep;
    }
    assert!(input.is_signed, "nobody signed what was delivered");
    assert!(!received.path.contains(PATH), "{}", received.path);
    assert!(!received.headers.iter().any(|(_, value)| value.contains(TOKEN)));
    if matches!(input.scheme, Scheme::Segment | Scheme::GitHub | Scheme::Standard) {
        assert_eq!(received.size, input.body.len(), "what is not signed was delivered");
    }
    if input.body.len() < 256 && input.before.is_empty() && input.behind.is_empty() {
        assert_eq!(received.body, String::from_utf8_lossy(input.body));
    }
    Corpus::Keep
});

fn run(webhook: &Arc<Webhook>, request: Request<Bytes>) -> StatusCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.expect("a runtime starts").block_on(answer(webhook, request))
}

fn request(input: &Input<'_>, sent: &[u8]) -> Option<Request<Bytes>> {
    let Input { scheme, is_signed, path, proof, id, body, .. } = *input;
    let place = match scheme {
        Scheme::Path if is_signed => &format!("/path/{PATH}/"),
        Scheme::Path => "/path/",
        Scheme::Bearer => "/bearer?",
        Scheme::Basic => "/basic/",
        Scheme::Segment => "/segment/",
        Scheme::GitHub => "/github/",
        Scheme::Standard => "/standard/",
        Scheme::Unknown => "/",
    };
    let uri: Uri = format!("{place}{path}").parse().ok()?;
    let mut request = Request::new(Bytes::copy_from_slice(sent));
    (*request.method_mut(), *request.uri_mut()) = (Method::POST, uri);
    let mut set = |name: &'static str, value: &[u8]| {
        let value = HeaderValue::from_bytes(value).ok()?;
        request.headers_mut().insert(HeaderName::from_static(name), value);
        Some(())
    };
    let hex = |algorithm| {
        let tag = hmac::sign(&hmac::Key::new(algorithm, TOKEN.as_bytes()), body);
        tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    set("x-id", id)?;
    match (scheme, is_signed) {
        (Scheme::Path | Scheme::Unknown, _) => {}
        (Scheme::Bearer, true) => set("authorization", format!("Bearer {TOKEN}").as_bytes())?,
        (Scheme::Basic, true) => {
            set("authorization", format!("basic {}", BASE64.encode(format!("user:{TOKEN}"))).as_bytes())?;
        }
        (Scheme::Bearer, false) => set("authorization", &[b"Bearer ", proof].concat())?,
        (Scheme::Basic, false) => set("authorization", &[b"Basic ", proof].concat())?,
        (Scheme::Segment, true) => set("x-signature", hex(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY).as_bytes())?,
        (Scheme::Segment, false) => set("x-signature", proof)?,
        (Scheme::GitHub, true) => {
            set("x-hub-signature-256", format!("sha256={}", hex(hmac::HMAC_SHA256)).as_bytes())?;
        }
        (Scheme::GitHub, false) => set("x-hub-signature-256", &[b"sha256=", proof].concat())?,
        (Scheme::Standard, is_signed) => {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs().to_string();
            set("webhook-id", id)?;
            set("webhook-timestamp", now.as_bytes())?;
            let mut signatures = proof.to_vec();
            if is_signed {
                let key = BASE64.decode(STANDARD.strip_prefix("whsec_")?).ok()?;
                let whole = [id, b".", now.as_bytes(), b".", body].concat();
                let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), &whole);
                // Behind what the fuzzer made: one of several will do.
                signatures.extend(format!(" v1,{}", BASE64.encode(tag)).as_bytes());
            }
            set("webhook-signature", &signatures)?;
        }
    }
    Some(request)
}
