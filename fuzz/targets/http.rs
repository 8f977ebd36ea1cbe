//! Whatever a peer sends in whichever pieces, its connection ends, its answers are answers, and nothing of it stays.
//!
//! A piece ends where the input has a byte 0xff, which no request needs: then a second passes. Time is paused, so waits
//! take none.
#![no_main]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use orbital_config::secrets::Masker;
use orbital_host::fuzzing::{attend, held, secrets, settings};
use orbital_listener::Acceptor;
use orbital_webhook::waiter::{Disposition, Waiter};
use orbital_webhook::{Authenticator, Webhook};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const SETTINGS: &str = r#"
[webhook]
keys = [{ header = "x-id" }, { json = "/id" }, { query = "id" }, { path = 2 }]
challenges = [{ path = "/challenge", query = "token" }]
max_body = "4KiB"
max_bodies = "8KiB"
max_headers = 20
max_head = "8KiB"
max_rate_per_peer = 20
idle_timeout = "60s"
"#;

/// How many pieces are sent at most.
const PIECES: usize = 32;

/// More than all limits of time together.
const LONG: Duration = Duration::from_secs(600);

fuzz_target!(|data: &[u8]| {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime starts").block_on(converse(data));
});

async fn converse(data: &[u8]) {
    let (settings, _) = settings(SETTINGS, Path::new("/nowhere")).expect("the settings are good");
    let Ok(authenticator) = Authenticator::new(&settings.live.webhook.auth, &secrets([])) else {
        panic!("no webhook without secrets")
    };
    let waiter = Waiter::new(settings.fixed.waiter.clone(), Masker::default());
    let acceptor = Acceptor::new(1, 0, settings.live.webhook.limits, None);
    let webhook = Webhook::new(settings.webhook(), authenticator, waiter.clone());

    let (mut peer, ours) = tokio::io::duplex(1024);
    let app = webhook.app();
    let serving = tokio::spawn({
        let acceptor = acceptor.clone();
        async move { attend(&acceptor, ours, app).await }
    });
    let mut answers = Vec::new();
    let talk = async {
        let (mut read, mut write) = tokio::io::split(&mut peer);
        let send = async {
            for piece in data.splitn(PIECES, |byte| *byte == 0xff) {
                // Closed while we talk: it need not listen to all.
                if write.write_all(piece).await.is_err() {
                    break;
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        };
        // Ours stays open: whoever says nothing any more has to be closed too.
        let receive = read.read_to_end(&mut answers);
        tokio::join!(send, receive).1
    };
    let ended = tokio::time::timeout(LONG, talk).await.expect("the connection ends");
    ended.expect("what is answered can be read");
    tokio::time::timeout(LONG, serving).await.expect("the task ends").expect("it does not panic");
    // Streams of HTTP/2 are tasks of their own, which learn of the end.
    let gone = async {
        while Arc::strong_count(&webhook) > 1 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(LONG, gone).await.expect("nothing of the connection goes on");

    let is_http_1 = answers.starts_with(b"HTTP/1.");
    // A frame of settings comes first.
    let is_http_2 = answers.get(3) == Some(&4);
    assert!(answers.is_empty() || is_http_1 || is_http_2, "{:?}", answers.escape_ascii().to_string());
    assert_eq!(held(&webhook), 0);
    assert_eq!(waiter.count().of(Disposition::Matched), 0);
}
