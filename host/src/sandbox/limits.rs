//! Every limit of the sandbox, with its unit and its reason. Tests use small ones.
//!
//! What a component may ask of the network is limited where the network is: `capabilities::http::Limits`, `capabilities::ldap::Limits`.

use std::time::Duration;

/// What a run may use.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Largest component file, bytes, where no section allows more. Ours are 200 KB.
    pub component_bytes: usize,
    /// Time on the clock of compiling a component. A Python takes 11 s on two cores, ours a third of a second.
    pub compile_wall: Duration,
    /// Processor time of compiling a component, of all threads together, in whole seconds (Unix). A Python takes 13 s.
    pub compile_cpu: Duration,
    /// Address space of the process that compiles, bytes, above what it ever has in memory (Linux). A Python takes 630 MB of it, and 380 MB of
    /// memory.
    pub compile_memory_bytes: u64,
    /// Machine code of one component, bytes. A Python is 36 MB, twice what it was compiled from.
    pub compiled_bytes: usize,
    /// Linear memory and tables of one store together, bytes.
    pub memory_bytes: usize,
    /// Elements of one table.
    pub table_elements: usize,
    /// Tables of one store.
    pub tables: usize,
    /// Core instances of one store.
    pub instances: usize,
    /// Linear memories of one store. Largest uninterruptible slice of a guest: a `memory.copy` of one whole memory.
    pub memories: usize,
    /// Processor time of one call of an export.
    pub call_cpu: Duration,
    /// Processor time of one run.
    pub run_cpu: Duration,
    /// Time on the clock of one call of an export, waiting included.
    pub call_wall: Duration,
    /// Time on the clock of one run.
    pub run_wall: Duration,
    /// Bytes that one call of a host function may bring along from the guest.
    pub hostcall_bytes: usize,
    /// Size of a description, counted in characters of all its texts.
    pub description_bytes: usize,
    /// Pages and records.
    pub pages: Pages,
    /// Code of the ini file.
    pub scripts: Scripts,
}

/// What differs where code of the ini file runs.
#[derive(Debug, Clone)]
pub struct Scripts {
    /// Linear memory of one interpreter, bytes. It begins with 25 MiB; a page of 8 MiB as objects takes some 40 MiB.
    pub memory_bytes: usize,
    /// Processor time for one page. A page of 1,000 records takes 10 ms and seldom 1 s.
    pub call_cpu: Duration,
}

impl Limits {
    /// The limits of an interpreter.
    pub(super) fn for_scripts(&self) -> Self {
        Self {
            memory_bytes: self.scripts.memory_bytes,
            call_cpu: self.scripts.call_cpu,
            ..self.clone()
        }
    }
}

/// What a page of records may be.
#[derive(Debug, Clone)]
pub struct Pages {
    /// Bytes of one page.
    pub page_bytes: usize,
    /// Records in one page.
    pub page_records: usize,
    /// Bytes of one record.
    pub record_bytes: usize,
    /// Objects and lists inside one another in a record, the record itself included.
    pub record_depth: usize,
    /// Fields of one record, those of inner objects included. A workstation with 500 programs has 2,000; the bytes bound it in any case.
    pub record_fields: usize,
    /// Bytes of a cursor.
    pub cursor_bytes: usize,
    /// Misses in one page.
    pub misses: usize,
    /// Pages of one run.
    pub run_pages: u64,
    /// Records of one run.
    pub run_records: u64,
    /// Empty pages in a row after which a run makes no progress.
    pub empty_pages: u32,
    /// Equal pages in a row after which a run makes no progress.
    pub equal_pages: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            component_bytes: 16 << 20,
            compile_wall: Duration::from_secs(60),
            compile_cpu: Duration::from_secs(120),
            compile_memory_bytes: 2 << 30,
            compiled_bytes: 256 << 20,
            memory_bytes: 256 << 20,
            table_elements: 20_000,
            tables: 16,
            instances: 64,
            memories: 8,
            call_cpu: Duration::from_secs(30),
            run_cpu: Duration::from_secs(10 * 60),
            call_wall: Duration::from_secs(15 * 60),
            run_wall: Duration::from_secs(6 * 60 * 60),
            hostcall_bytes: 16 << 20,
            description_bytes: 256 << 10,
            pages: Pages::default(),
            scripts: Scripts::default(),
        }
    }
}

impl Default for Scripts {
    fn default() -> Self {
        Self {
            memory_bytes: 128 << 20,
            call_cpu: Duration::from_secs(10),
        }
    }
}

impl Default for Pages {
    fn default() -> Self {
        Self {
            page_bytes: 8 << 20,
            page_records: 1_000,
            record_bytes: 1 << 20,
            record_depth: 32,
            record_fields: 20_000,
            cursor_bytes: 64 << 10,
            misses: 1_000,
            run_pages: 1_000_000,
            run_records: 50_000_000,
            empty_pages: 1_000,
            equal_pages: 3,
        }
    }
}

/// How often the engine looks whether a guest's time is over. Short enough that a runaway guest does not hold up the others,
/// long enough to cost nothing.
pub const EPOCH_TICK: Duration = Duration::from_millis(10);

/// Stack of a guest, bytes: the engine's default, written down because the difference to [`FIBER_STACK_BYTES`] is what host
/// functions are left with, and overflowing that ends the process.
pub const WASM_STACK_BYTES: usize = 512 << 10;

/// Stack of a guest and the host functions it calls, bytes.
pub const FIBER_STACK_BYTES: usize = 2 << 20;

/// Threads that compile one component. glibc gives each 64 MiB of address space of its own: on a machine of many cores they would use up
/// `compile_memory_bytes` for nothing.
pub const COMPILE_THREADS: usize = 4;
