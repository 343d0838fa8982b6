//! A hash to tell records apart by.

/// FNV-1a, 64 bits (draft-eastlake-fnv). Equal keys have equal hashes; two different ones with the same hash only wait for one another.
pub(crate) fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
