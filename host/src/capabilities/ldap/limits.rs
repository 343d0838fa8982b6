//! What a connector may ask of a directory and a directory may answer, with units and reasons. Tests use small ones.

use std::time::Duration;

/// What a connector may ask of a directory, and a directory may answer.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of one message from the server. An entry with a photograph has some hundred thousand.
    pub message_bytes: usize,
    /// Levels of one message. LDAP itself needs seven; a parser that recurses falls over at some thousands.
    pub message_depth: usize,
    /// Elements of one message, on all levels. An element of two bytes takes fifty when it is parsed; a group of 90,000
    /// members fits.
    pub message_elements: usize,
    /// Entries of one page, asked for or handed over. Active Directory gives no more (MaxPageSize).
    pub page_entries: u32,
    /// Bytes of names and values after which a page is handed over as it is. Half of what a page of records may have,
    /// since text grows when it is written as JSON.
    pub page_bytes: usize,
    /// Messages of one page that are no entries of it: references, and what still comes of a search that was abandoned.
    pub page_others: u32,
    /// Pages in a row that hold no entries and promise more. Active Directory sends some when a filter is slow.
    pub empty_pages: u32,
    /// How often one search begins again because the directory has forgotten where it was. One that keeps forgetting never gets to an end.
    pub restarts: u32,
    /// Entries of one run; as many as it may have records.
    pub entries: u64,
    /// How long one answer may take, a page or a bind: Active Directory itself gives up after 120 s (MaxQueryDuration).
    pub answer: Duration,
    /// Bytes of a filter.
    pub filter_bytes: usize,
    /// Levels of a filter. The parser recurses.
    pub filter_depth: usize,
    /// Attributes of one search.
    pub attributes: usize,
    /// Bytes of one attribute's name.
    pub attribute_bytes: usize,
    /// Bytes of a distinguished name to start at.
    pub base_bytes: usize,
    /// Bytes of a URL.
    pub url_bytes: usize,
    /// Connections of one run.
    pub connections: u64,
    /// Searches of one run; one a group, for some thousands of groups.
    pub searches: u64,
    /// Connections and results that are open at once.
    pub resources: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes: 4 << 20,
            message_depth: 32,
            message_elements: 100_000,
            page_entries: 1_000,
            page_bytes: 4 << 20,
            page_others: 10_000,
            empty_pages: 1_000,
            restarts: 3,
            entries: 50_000_000,
            answer: Duration::from_secs(120),
            filter_bytes: 8 << 10,
            filter_depth: 32,
            attributes: 500,
            attribute_bytes: 256,
            base_bytes: 8 << 10,
            url_bytes: 8 << 10,
            connections: 100,
            searches: 100_000,
            resources: 16,
        }
    }
}
