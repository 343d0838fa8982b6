//! Time.

/// Milliseconds since 1970-01-01T00:00:00Z.
pub fn now() -> u64 {
    #[cfg(target_arch = "wasm32")]
    return crate::bindings::oomnitza::connector::clock::now();
    #[cfg(not(target_arch = "wasm32"))]
    crate::testing::with_host(|host| host.now())
}

/// Waits so many milliseconds, and says how long it waited: the host waits no longer than 15 minutes a call.
pub fn sleep(milliseconds: u64) -> u64 {
    #[cfg(target_arch = "wasm32")]
    return crate::bindings::oomnitza::connector::clock::sleep(milliseconds);
    #[cfg(not(target_arch = "wasm32"))]
    crate::testing::with_host(|host| host.sleep(milliseconds))
}
