//! Lines in the host's log.

pub use crate::bindings::oomnitza::connector::log::Level;

/// Writes a line.
pub fn write(level: Level, message: &str) {
    #[cfg(target_arch = "wasm32")]
    crate::bindings::oomnitza::connector::log::write(level, message);
    #[cfg(not(target_arch = "wasm32"))]
    crate::testing::with_host(|host| host.log(level, message));
}

/// A line for the connector's author.
#[macro_export]
macro_rules! debug { ($($text:tt)*) => { $crate::log::write($crate::log::Level::Debug, &::std::format!($($text)*)) }; }
/// A line for the admin who looks.
#[macro_export]
macro_rules! info { ($($text:tt)*) => { $crate::log::write($crate::log::Level::Info, &::std::format!($($text)*)) }; }
/// Something the admin should know.
#[macro_export]
macro_rules! warning { ($($text:tt)*) => { $crate::log::write($crate::log::Level::Warning, &::std::format!($($text)*)) }; }
/// Something the admin should mend.
#[macro_export]
macro_rules! error { ($($text:tt)*) => { $crate::log::write($crate::log::Level::Error, &::std::format!($($text)*)) }; }
