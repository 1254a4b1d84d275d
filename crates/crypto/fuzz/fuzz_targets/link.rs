#![no_main]

#[path = "../../tests/crypto/counter_rng.rs"]
mod counter_rng;
#[path = "../../tests/crypto/fuzz_checks.rs"]
mod fuzz_checks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_checks::link(data));
