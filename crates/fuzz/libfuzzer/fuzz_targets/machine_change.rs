#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| keyarc_fuzz::machine_change(data));
