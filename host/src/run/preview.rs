//! What would be sent, shown instead.

/// Takes the requests of a run that sends nothing.
pub trait Preview: Send {
    /// The fields of the records that will come, in order, and whether they are people.
    fn start(&mut self, fields: &[&str], is_people: bool) -> std::io::Result<()>;

    /// One request: its path with its query, its body, and the records in it, JSON objects all of them.
    fn request(&mut self, path: &str, body: &[u8], records: &[&[u8]]) -> std::io::Result<()>;
}
