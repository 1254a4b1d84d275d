/// How a password may become a key: the numbers of the suites, and their words.
pub(crate) fn suites() -> Vec<(String, String)> {
    vec![
        (
            "1".to_owned(),
            t!("PBKDF2-SHA-256, 1,000,000 rounds").to_owned(),
        ),
        ("2".to_owned(), t!("Argon2id, 64 MiB, 3 passes").to_owned()),
    ]
}
