//! What goes at time, memory and the host's patience.

use std::hint::black_box;

use oomnitza_sdk::clock;
use oomnitza_sdk::prelude::*;

/// Never ends, and calls nobody.
pub(crate) fn spin() -> ! {
    loop {
        black_box(0);
    }
}

/// Never ends, and is hardly ever at work itself.
pub(crate) fn call_the_host() -> ! {
    loop {
        black_box(clock::now());
    }
}

/// Waits for ever.
pub(crate) fn sleep() -> ! {
    loop {
        clock::sleep(u64::MAX);
    }
}

/// Fills as much memory as it can, over and over: each time one instruction.
pub(crate) fn fill() -> ! {
    let mut memory = vec![0u8; 16 << 20];
    loop {
        memory.fill(black_box(1));
        black_box(&memory);
    }
}

/// Works for about as many milliseconds.
pub(crate) fn work(milliseconds: u64) {
    let started = clock::now();
    while clock::now().saturating_sub(started) < milliseconds {
        for number in 0..10_000 {
            black_box(number);
        }
    }
}

/// Takes memory until there is none.
pub(crate) fn hoard() -> ! {
    let mut hoard: Vec<Vec<u8>> = Vec::new();
    loop {
        hoard.push(black_box(vec![1; 1 << 20]));
    }
}

/// Calls itself until there is no stack, and the host at the bottom if `calls`.
pub(crate) fn recurse(depth: u64, calls: bool) -> u64 {
    let frame = black_box([depth; 64]);
    if calls {
        debug!("{depth}");
    }
    if black_box(depth) == u64::MAX {
        return 0;
    }
    recurse(black_box(depth + 1), calls).wrapping_add(frame.iter().sum())
}

/// Ends without a word.
pub(crate) fn abort() -> ! {
    #[cfg(target_arch = "wasm32")]
    std::arch::wasm32::unreachable();
    #[cfg(not(target_arch = "wasm32"))]
    std::process::abort()
}
