//! Counts and limits the memory of an instance of a run.

use orbital_model::Budget;
use wasmtime::ResourceLimiter;

use crate::meter::Meter;

/// Counts the memory of one instance, for its run, its component and the host.
pub(super) struct MemoryBudget {
    meter: Meter,
    used: usize,
}

/// The size of one element of a table, in bytes.
const TABLE_ELEMENT: usize = size_of::<usize>();

impl MemoryBudget {
    pub(super) fn new(meter: Meter) -> Self {
        Self { meter, used: 0 }
    }

    fn grow(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        // A guest cannot exceed the maximum that it declares itself. Growing fails, and the guest is informed.
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let more = desired.saturating_sub(current);
        self.meter.charge(Budget::Memory, more)?;
        let quota = self.meter.quota();
        quota.charge_memory(self.meter.limits(), more as u64).map_err(|breach| self.meter.breach(breach))?;
        self.used += more;
        Ok(true)
    }
}

impl Drop for MemoryBudget {
    fn drop(&mut self) {
        self.meter.quota().release_memory(self.used as u64);
    }
}

impl ResourceLimiter for MemoryBudget {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        self.grow(current, desired, maximum)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let bytes = |elements: usize| elements.saturating_mul(TABLE_ELEMENT);
        self.grow(bytes(current), bytes(desired), maximum.map(bytes))
    }
}
