//! Replays the fuzzer's corpus, so that what it once found stays covered without a fuzzer.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{collections::BTreeSet, fs, path::PathBuf};

use keyarc_fuzz::{TARGETS, TYPES};

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let files = fs::read_dir(folder.join(target)).unwrap();
    files
        .map(|file| fs::read(file.unwrap().path()).unwrap())
        .collect()
}

#[test]
fn the_corpus_of_every_target_passes() {
    for (target, check) in TARGETS {
        let corpus = corpus(target);
        corpus.iter().for_each(|input| check(input));
        assert!(corpus.len() >= 5, "{target} has lost its corpus");
    }
}

#[test]
fn every_type_of_json_is_read_once_and_what_is_not_of_its_type_is_refused() {
    let mut refused = 0;
    let mut read = BTreeSet::new();
    for input in corpus("json") {
        let Some((number, text)) = input.split_first() else {
            continue;
        };
        match TYPES.get(usize::from(*number)) {
            Some((name, is_one)) if is_one(text) => {
                read.insert(*name);
            }
            _ => refused += 1,
        }
    }
    let missing: Vec<_> = TYPES
        .iter()
        .filter(|(name, _)| !read.contains(name))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(refused >= 5, "{refused}");
}

#[test]
fn every_target_can_be_run() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("libfuzzer");
    let package = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    for (target, _) in TARGETS {
        let source = folder.join(format!("fuzz_targets/{target}.rs"));
        let source = fs::read_to_string(source).unwrap();
        assert!(source.contains(&format!("keyarc_fuzz::{target}(data)")));
        assert!(package.contains(&format!("name = \"{target}\"")));
    }
}
