//! A plugin that calls back into the process while it is being loaded: from a constructor, which runs inside of
//! `dlopen`, and from its `open`. The process exports what is called, `gss_test_callback`.

use common::{Line, ON_OPEN};
use std::ffi::{c_char, c_void};

gss_plugin::export_mechanism!(common::Faulty);

unsafe extern "C" {
    fn dlsym(handle: *mut c_void, symbol: *const c_char) -> *mut c_void;
}

#[used]
#[unsafe(link_section = ".init_array")]
static CONSTRUCTOR: extern "C" fn() = constructor;

extern "C" fn constructor() {
    // Cannot be set yet: a constructor runs once.
    let _ = ON_OPEN.set(open);
    call_back(0);
}

/// `callback=NUMBER` says which of the test's callbacks it is.
fn open(line: &Line<'_>) {
    if let Ok(Some(number)) = line.parse("callback") {
        call_back(number);
    }
}

fn call_back(number: u32) {
    // SAFETY: a null handle, RTLD_DEFAULT, looks through what is loaded already.
    let symbol = unsafe { dlsym(std::ptr::null_mut(), c"gss_test_callback".as_ptr()) };
    if !symbol.is_null() {
        // SAFETY: the test exports the symbol as a function of this type.
        let callback = unsafe { std::mem::transmute::<*mut c_void, extern "C" fn(u32)>(symbol) };
        callback(number);
    }
}
