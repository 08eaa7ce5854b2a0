//! Every input that fuzzing has kept, through the functions that the fuzzer calls: see `fuzz/`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "the targets' own helpers")]
#![allow(dead_code, unreachable_pub, reason = "parts of the targets that only the fuzzer uses")]

#[path = "../../fuzz/src/dummy.rs"]
mod dummy;
#[path = "../../fuzz/src/harness.rs"]
mod harness;

#[test]
fn kept_inputs_hold_what_the_targets_assert() {
    assert_eq!(harness::replay("dummy_", dummy::TARGETS), Vec::<String>::new(), "see the panics above");
}
