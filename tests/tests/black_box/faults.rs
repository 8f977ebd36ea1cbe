//! The host in each kind of trouble, next to a healthy system and next to a broken one: each verdict is compared with the
//! truth. Next to a healthy system, no run may blame it, and all cases pass once the trouble is over. Next to a broken
//! system, no run may pass, and the host must notice: each case goes down or becomes stale.
//!
//! A new kind of trouble is one more entry of the table.

mod disk;
mod scene;
mod trouble;

use std::time::Duration;

use disk::Disk;
use futures_util::FutureExt as _;
use orbital_tests::{System, WallClock};
use tempfile::TempDir;
use trouble::Trouble;

use crate::connections::Names;

/// Makes two tests of each entry. An entry that is none cannot be had on this machine.
macro_rules! table {
    ($($(#[$doc:meta])* $name:ident: $trouble:expr,)*) => {$(
        $(#[$doc])*
        mod $name {
            use super::*;

            #[tokio::test]
            async fn next_to_a_healthy_system() {
                if let Some(trouble) = Option::<Trouble>::from($trouble) {
                    scene::next_to_a_healthy_system(trouble).await;
                }
            }

            #[tokio::test]
            async fn next_to_a_broken_system() {
                if let Some(trouble) = Option::<Trouble>::from($trouble) {
                    scene::next_to_a_broken_system(trouble).await;
                }
            }
        }
    )*};
}

table! {
    /// For longer than the timeouts of two cases.
    suspended_for_less_than_a_second: Trouble::repeated(|scene| scene.suspend(Duration::from_millis(700)).boxed()),

    /// For as long as peers may have given up.
    suspended_for_more_than_a_second: Trouble::repeated(|scene| scene.suspend(Duration::from_millis(1200)).boxed()),

    /// It runs for a tenth of the time.
    starved_of_cpu: Trouble::repeated(|scene| scene.starve().boxed()),

    killed: Trouble::repeated(|scene| scene.kill_and_restart().boxed()),

    target_removed: Trouble::lasting(
        |scene| scene.configure(|text| text.replace("[targets.api]", "[targets.other]")).boxed(),
        |scene| scene.restore_configuration().boxed(),
    ),

    configuration_emptied: Trouble::lasting(
        |scene| scene.configure(|_| String::new()).boxed(),
        |scene| scene.restore_configuration().boxed(),
    ),

    configuration_invalid: Trouble::lasting(
        |scene| scene.break_configuration().boxed(),
        |scene| scene.restore_configuration().boxed(),
    ),

    components_renamed: Trouble::lasting(
        |scene| scene.take_components_away().boxed(),
        |scene| scene.bring_components_back().boxed(),
    ),

    /// Nobody reads the log, which is more than its pipe holds.
    log_unread: {
        let folder = TempDir::new().unwrap();
        let unread = ["sh", "-c", "mkfifo \"$LOG\" && exec \"$0\" \"$@\" 2<>\"$LOG\""];
        Trouble::lasting(
            |scene| scene.until_the_log_is_dropped().boxed(),
            |_| std::future::ready(()).boxed(),
        )
        .prepared(move |host| {
            let log = folder.path().join("log");
            host.through(&unread).env("LOG", log.to_str().unwrap()).env("RUST_LOG", "trace").while_loading()
        })
    },

    /// The disk of the history.
    disk_full: Disk::new().map(|disk| {
        let disk = std::sync::Arc::new(disk);
        let (full, free) = (disk.clone(), disk.clone());
        Trouble::lasting(
            move |scene| { full.fill(scene.host()); std::future::ready(()).boxed() },
            move |scene| { free.free(scene.host()); std::future::ready(()).boxed() },
        )
        .prepared(move |host| disk.give_to(host))
    }),

    /// Events go out over connections that are there, and no delivery can come in.
    files_exhausted: Trouble::lasting(
        |scene| { scene.limit_files(0); std::future::ready(()).boxed() },
        |scene| { scene.limit_files(1000); std::future::ready(()).boxed() },
    ),

    /// With a request in progress on each, so that none can be closed.
    connections_taken: Trouble::lasting(
        |scene| scene.take_connections(2, scene::STRANGER).boxed(),
        |scene| { scene.end_strangers(); std::future::ready(()).boxed() },
    )
    .prepared(|host| host.webhook("max_connections = 2\nbody_timeout = \"10m\"")),

    /// By strangers who begin requests that never end.
    connections_idle: Trouble::repeated(|scene| {
        async {
            scene.system().next_event().await;
            scene.send_half_requests(20).await;
        }
        .boxed()
    })
    .prepared(|host| host.webhook("max_connections = 8\nhead_timeout = \"10m\"")),

    /// By strangers who send nothing, and come faster than the system's requests.
    connections_taken_by_the_next_one: Trouble::lasting(
        |scene| {
            scene.flood_with_connections(Duration::from_millis(15));
            std::future::ready(()).boxed()
        },
        |scene| { scene.end_strangers(); std::future::ready(()).boxed() },
    )
    .of_a_far_system()
    .prepared(|host| host.webhook("max_connections = 8")),

    /// By requests in progress from the system's own address, such as that of a proxy.
    connections_of_the_peer_taken: Trouble::lasting(
        |scene| scene.take_connections(2, System::CURRENT).boxed(),
        |scene| { scene.end_strangers(); std::future::ready(()).boxed() },
    )
    .prepared(|host| host.webhook("max_connections_per_peer = 2\nbody_timeout = \"10m\"")),

    /// It is lower than the system delivers.
    rate_of_the_peer_exceeded: Trouble::lasting(
        |scene| {
            scene.configure(|text| text.replace("[webhook]", "[webhook]\nmax_rate_per_peer = 1")).boxed()
        },
        |scene| scene.restore_configuration().boxed(),
    ),

    /// By a stranger at another address.
    rate_of_a_stranger_exceeded: Trouble::lasting(
        |scene| scene.flood_with_requests().boxed(),
        |scene| { scene.end_strangers(); std::future::ready(()).boxed() },
    )
    .prepared(|host| host.webhook("max_rate_per_peer = 50")),

    room_for_bodies_taken: Trouble::lasting(
        |scene| scene.take_room_for_bodies(1024).boxed(),
        |scene| { scene.end_strangers(); std::future::ready(()).boxed() },
    )
    .prepared(|host| host.webhook("max_body = \"1KiB\"\nmax_bodies = \"1KiB\"\nbody_timeout = \"10m\"")),

    /// The name leads to the system, and no longer to an old instance, which stays healthy.
    target_moved: {
        let names = Names::new(System::FORMER);
        names.wrapper().await.map(|wrapper| {
            Trouble::lasting(
                move |_| { names.lead_to(System::CURRENT); std::future::ready(()).boxed() },
                |_| std::future::ready(()).boxed(),
            )
            .of_a_move("system.test")
            .prepared(move |host| host.through(&wrapper.iter().map(String::as_str).collect::<Vec<_>>()))
        })
    },

    /// By 40 days, and back.
    clock_jumps: WallClock::new().map(|clock| {
        let ahead = 40.0 * 24.0 * 3600.0;
        let clock = std::sync::Arc::new(clock);
        let (begin, end) = (clock.clone(), clock.clone());
        Trouble::lasting(
            move |_| { begin.set(ahead); std::future::ready(()).boxed() },
            move |_| { end.set(0.0); std::future::ready(()).boxed() },
        )
        .prepared(move |host| host.clock(&clock))
    }),
}
