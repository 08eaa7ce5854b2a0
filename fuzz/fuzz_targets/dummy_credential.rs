#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gss_fuzz::dummy::credential(data));
