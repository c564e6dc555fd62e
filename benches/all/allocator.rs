//! The allocator of the program, with a count of the bytes in use.

use std::alloc::{GlobalAlloc, Layout};
use std::sync::atomic::{AtomicUsize, Ordering};

use mimalloc::MiMalloc;

static LIVE: AtomicUsize = AtomicUsize::new(0);

/// Bytes allocated and not yet freed, as requested by the callers.
pub fn live_bytes() -> usize {
    LIVE.load(Ordering::Relaxed)
}

/// Live bytes once they have stayed the same for a fifth of a second: threads of an earlier
/// measurement may still be freeing memory. Waits ten seconds at most.
pub fn settled_bytes() -> usize {
    let mut bytes = live_bytes();
    for _ in 0..50 {
        std::thread::sleep(std::time::Duration::from_millis(200));
        let now = live_bytes();
        if now == bytes {
            break;
        }
        bytes = now;
    }
    bytes
}

/// mimalloc behind a counter of live bytes.
pub struct Counting;

// SAFETY: every call is forwarded unchanged to an allocator that upholds the contract.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size(), Ordering::Relaxed);
        unsafe { MiMalloc.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { MiMalloc.dealloc(at, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size(), Ordering::Relaxed);
        unsafe { MiMalloc.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        LIVE.fetch_add(size, Ordering::Relaxed);
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { MiMalloc.realloc(at, layout, size) }
    }
}
