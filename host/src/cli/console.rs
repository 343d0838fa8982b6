//! The console of Windows: it takes the sequences that move its cursor only where a program says that it writes such.

#![expect(unsafe_code, reason = "Windows is asked by functions in C")]

use windows_sys::Win32::System::Console::{
    ENABLE_VIRTUAL_TERMINAL_PROCESSING, GetConsoleMode, GetStdHandle, STD_ERROR_HANDLE, SetConsoleMode,
};

/// Whether standard error is a console that takes them from now on.
pub(super) fn takes_sequences() -> bool {
    let mut mode = 0;
    // SAFETY: the handle is this process's own for as long as it runs, none where it is not a console, and the mode lives here.
    unsafe {
        let console = GetStdHandle(STD_ERROR_HANDLE);
        GetConsoleMode(console, &raw mut mode) != 0
            && SetConsoleMode(console, mode | ENABLE_VIRTUAL_TERMINAL_PROCESSING) != 0
    }
}
