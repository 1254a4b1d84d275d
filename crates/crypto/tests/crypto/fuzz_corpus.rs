//! Replays the fuzzer's corpus, so that what it once found stays covered without a fuzzer.

use std::path::PathBuf;

use crate::fuzz_checks;

type Check = fn(&[u8]);

#[test]
fn the_corpus_of_every_target_passes() {
    let targets: [(&str, Check); 5] = [
        ("envelope", fuzz_checks::envelope),
        ("aad", fuzz_checks::aad),
        ("setup_code", fuzz_checks::setup_code),
        ("kit", fuzz_checks::kit),
        ("link", fuzz_checks::link),
    ];
    let corpus = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for (target, check) in targets {
        let mut files = 0;
        for entry in std::fs::read_dir(corpus.join(target)).unwrap() {
            check(&std::fs::read(entry.unwrap().path()).unwrap());
            files += 1;
        }
        assert!(files >= 5, "{target} has lost its corpus");
    }
}
