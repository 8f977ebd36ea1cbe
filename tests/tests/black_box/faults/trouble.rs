//! Kinds of trouble.

use futures_util::future::BoxFuture;
use orbital_tests::HostBuilder;

use super::scene::Scene;

/// Something that is done to a host.
type Act = Box<dyn for<'a> Fn(&'a mut Scene) -> BoxFuture<'a, ()>>;

/// A kind of trouble that a host can have.
pub(super) struct Trouble {
    prepare: Box<dyn Fn(HostBuilder) -> HostBuilder>,
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

    /// The host, as this trouble needs it.
    pub(super) fn prepare(&self, host: HostBuilder) -> HostBuilder {
        (self.prepare)(host)
    }

    fn of(course: Course) -> Self {
        Self { prepare: Box::new(|host| host), course }
    }
}
