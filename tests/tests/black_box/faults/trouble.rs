//! Kinds of trouble.

use futures_util::future::BoxFuture;
use orbital_tests::{HostBuilder, System};

use super::scene::Scene;

/// Something that is done to a host.
type Act = Box<dyn for<'a> Fn(&'a mut Scene) -> BoxFuture<'a, ()>>;

/// A kind of trouble that a host can have.
pub(super) struct Trouble {
    prepare: Box<dyn Fn(HostBuilder) -> HostBuilder>,
    /// The name by which the host knows a system that moves.
    name: Option<&'static str>,
    is_far_away: bool,
    pub(super) course: Course,
}

/// How a kind of trouble goes.
pub(super) enum Course {
    /// It strikes again and again.
    Repeated(Act),
    /// It begins and ends.
    Lasting { begin: Act, end: Act },
}

impl Trouble {
    /// Trouble that strikes again and again.
    pub(super) fn repeated(strike: impl for<'a> Fn(&'a mut Scene) -> BoxFuture<'a, ()> + 'static) -> Self {
        Self::of(Course::Repeated(Box::new(strike)))
    }

    /// Trouble that lasts from `begin` to `end`.
    pub(super) fn lasting(
        begin: impl for<'a> Fn(&'a mut Scene) -> BoxFuture<'a, ()> + 'static,
        end: impl for<'a> Fn(&'a mut Scene) -> BoxFuture<'a, ()> + 'static,
    ) -> Self {
        Self::of(Course::Lasting { begin: Box::new(begin), end: Box::new(end) })
    }

    /// Needs a host that is started in another way.
    pub(super) fn prepared(mut self, prepare: impl Fn(HostBuilder) -> HostBuilder + 'static) -> Self {
        self.prepare = Box::new(prepare);
        self
    }

    /// Needs a system that moves from [`System::FORMER`] to [`System::CURRENT`], and that the host knows by a name.
    pub(super) fn of_a_move(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }

    /// Needs a system whose requests take a while to come.
    pub(super) fn of_a_far_system(mut self) -> Self {
        self.is_far_away = true;
        self
    }

    /// Starts the system, as this trouble needs it, and returns it with a host for it.
    pub(super) async fn prepare(&self, host: HostBuilder) -> (System, HostBuilder) {
        let (system, target) = match self.name {
            None => {
                let system = match self.is_far_away {
                    true => System::start_far_away().await,
                    false => System::start().await,
                };
                let target = system.target();
                (system, target)
            }
            Some(name) => {
                let system = System::start_moved().await;
                let url = format!("http://{name}:{}", system.port());
                (system, format!("[targets.api]\nurl = {url:?}\nconnection_max_age = \"2s\""))
            }
        };
        (system, (self.prepare)(host.sections(&target)))
    }

    fn of(course: Course) -> Self {
        Self { prepare: Box::new(|host| host), name: None, is_far_away: false, course }
    }
}
