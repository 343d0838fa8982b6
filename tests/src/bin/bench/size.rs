//! How much is measured.

/// Records and repetitions.
pub(crate) struct Size {
    /// Starts of each program.
    pub(crate) starts: usize,
    /// Runs of each program.
    pub(crate) runs: usize,
    /// Records of a run.
    pub(crate) records: u64,
    /// Records of the run with latency.
    pub(crate) late_records: u64,
    /// Records of the two runs between which memory must not grow.
    pub(crate) memory: [u64; 2],
    /// Computers whose details come late.
    pub(crate) computers: u64,
    /// Devices, each with a detail or with programs.
    pub(crate) devices: u64,
    /// Instances of a component.
    pub(crate) instances: u32,
}

impl Size {
    pub(crate) fn full() -> Self {
        Self {
            starts: 20,
            runs: 5,
            records: 100_000,
            late_records: 100_000,
            memory: [10_000, 1_000_000],
            computers: 500,
            devices: 10_000,
            instances: 1_000,
        }
    }

    pub(crate) fn quick() -> Self {
        Self {
            starts: 5,
            runs: 3,
            records: 20_000,
            late_records: 10_000,
            memory: [10_000, 100_000],
            computers: 200,
            devices: 1_000,
            instances: 200,
        }
    }
}

/// `100,000` for 100000.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
