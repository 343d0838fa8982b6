//! Memory, summed over a store. The engine's own limits count each memory for itself.

use wasmtime::ResourceLimiter;

use super::limits::Limits;

/// What one table element costs the host, bytes.
const TABLE_ELEMENT_BYTES: usize = 8;

/// Counts what a store uses and refuses what is too much.
#[derive(Debug)]
pub(super) struct Meter {
    used_bytes: usize,
    limit_bytes: usize,
    table_elements: usize,
    instances: usize,
    tables: usize,
    memories: usize,
    refused: bool,
}

impl Meter {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            used_bytes: 0,
            limit_bytes: limits.memory_bytes,
            table_elements: limits.table_elements,
            instances: limits.instances,
            tables: limits.tables,
            memories: limits.memories,
            refused: false,
        }
    }

    /// The limit, if the guest was ever refused memory.
    pub(super) fn refused(&self) -> Option<usize> {
        self.refused.then_some(self.limit_bytes)
    }

    fn grow(&mut self, by_bytes: usize) -> bool {
        match self.used_bytes.checked_add(by_bytes) {
            Some(used) if used <= self.limit_bytes => {
                self.used_bytes = used;
                true
            }
            _ => {
                self.refused = true;
                false
            }
        }
    }
}

impl ResourceLimiter for Meter {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(self.grow(desired.saturating_sub(current)))
    }

    fn table_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let elements = desired.saturating_sub(current);
        Ok(desired <= self.table_elements && self.grow(elements.saturating_mul(TABLE_ELEMENT_BYTES)))
    }

    fn instances(&self) -> usize {
        self.instances
    }

    fn tables(&self) -> usize {
        self.tables
    }

    fn memories(&self) -> usize {
        self.memories
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_are_summed_and_the_refusal_is_remembered() {
        let mut meter = Meter::new(&Limits {
            memory_bytes: 100,
            ..Limits::default()
        });
        assert!(meter.memory_growing(0, 60, None).unwrap());
        assert_eq!(meter.refused(), None);
        assert!(
            !meter.memory_growing(0, 60, None).unwrap(),
            "a second memory counts on top of the first"
        );
        assert_eq!(meter.refused(), Some(100));
    }

    #[test]
    fn a_table_of_four_billion_elements_is_refused() {
        let mut meter = Meter::new(&Limits::default());
        assert!(!meter.table_growing(0, u32::MAX as usize, None).unwrap());
    }
}
