//! What would be sent, shown instead.

/// Takes the records of a run that sends nothing.
pub trait Preview: Send {
    /// The fields of the records that will come, in order.
    fn start(&mut self, fields: &[&str]) -> std::io::Result<()>;

    /// One record, a JSON object.
    fn record(&mut self, record: &[u8]) -> std::io::Result<()>;
}
