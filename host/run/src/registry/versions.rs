//! Versions of components while they run: optimised in the background, and retired when they are replaced.

use std::sync::Arc;
use std::time::{Duration, Instant};

use orbital_guest::{Compiler, Source};

use crate::component::Component;

/// Compiles a component again with optimisations while it is already running.
pub(super) fn optimise(compiler: &Compiler, component: &Arc<Component>, source: Source) {
    let (compiler, component) = (compiler.clone(), Arc::downgrade(component));
    tokio::spawn(async move {
        let started = Instant::now();
        let optimised = compiler.optimise(&source).await;
        // The component may have been removed by now.
        let Some(component) = component.upgrade() else { return };
        let name = &component.name;
        match optimised {
            Ok(suite) => {
                component.run_with(suite);
                tracing::info!(component = %name, took = ?started.elapsed(), "optimised");
            }
            Err(error) => {
                tracing::warn!(component = %name, "continues with quickly compiled code: {error}");
            }
        }
    });
}

/// Retires a version: runs in flight finish on the version they started with, within the grace time.
pub(super) fn retire(component: &Component, grace: Duration) {
    component.series.close();
    // Only runs in flight keep the version itself alive.
    let retired = component.retired.clone();
    tokio::spawn(async move {
        tokio::time::sleep(grace).await;
        retired.cancel();
    });
}
