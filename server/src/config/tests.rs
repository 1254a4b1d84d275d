use super::*;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn read<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Config, ConfigError> {
    Config::from_variables(&Variables::from_pairs(pairs))
}

fn refused<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<&'static str> {
    let error = read(pairs).expect_err("refused");
    error
        .problems
        .iter()
        .map(|problem| problem.variable)
        .collect()
}

#[test]
fn nothing_set_means_safe_defaults() {
    let config = read([]).expect("defaults are valid");
    assert_eq!(config.environment, Environment::Development);
    assert_eq!(config.bind.to_string(), "127.0.0.1:3000");
    assert_eq!(config.log_format, LogFormat::Text);
    assert_eq!(config.rates.login.get(), 5);
    assert!(config.trusted_proxies.is_empty());
    let origins: Vec<String> = config.origins(3000).iter().map(Origin::to_string).collect();
    assert_eq!(
        origins,
        [
            "http://127.0.0.1:3000",
            "http://localhost:3000",
            "http://[::1]:3000"
        ]
    );
}

#[test]
fn every_mistake_is_reported_at_once_and_without_its_value() {
    let site = tempfile::tempdir().expect("a folder");
    let error = read([
        ("KEYARC_ENV", "production"),
        ("BIND", "canary"),
        ("PUBLIC_ORIGIN", "https://canary.example/"),
        ("DATABASE_URL", "mysql://canary"),
        ("JWT_SECRET", "canary"),
        ("JWT_SECRET_PREVIOUS", "canary"),
        ("TRUSTED_PROXIES", "10.0.0.0/8,canary"),
        ("LOG_FORMAT", "canary"),
        ("LOG_LEVEL", "canary"),
        ("RATE_LIMIT_PER_MINUTE", "0"),
        ("RATE_LIMIT_LOGIN_PER_MINUTE", "-1"),
        ("SESSION_DAYS", "3"),
        ("SESSION_IDLE_DAYS", "4"),
        (
            "SITE_ROOT",
            site.path().join("canary").to_str().expect("text"),
        ),
        ("MAX_CONNECTIONS", "1"),
        ("ATTACHMENTS_MB_PER_ACCOUNT", "1 GB"),
    ])
    .expect_err("refused");
    let named: Vec<_> = error
        .problems
        .iter()
        .map(|problem| problem.variable)
        .collect();
    assert_eq!(
        named,
        [
            "BIND",
            "PUBLIC_ORIGIN",
            "DATABASE_URL",
            "JWT_SECRET",
            "JWT_SECRET_PREVIOUS",
            "TRUSTED_PROXIES",
            "LOG_FORMAT",
            "LOG_LEVEL",
            "RATE_LIMIT_PER_MINUTE",
            "RATE_LIMIT_LOGIN_PER_MINUTE",
            "SESSION_IDLE_DAYS",
            "ATTACHMENTS_MB_PER_ACCOUNT",
            "SITE_ROOT",
            "MAX_CONNECTIONS",
        ]
    );
    let text = error.to_string();
    assert!(
        text.starts_with("The configuration has 14 mistakes:\n  BIND must be"),
        "{text}"
    );
    assert!(!text.contains("canary"), "{text}");
}

#[test]
fn production_makes_nothing_up() {
    let site = tempfile::tempdir().expect("a folder");
    let site = site.path().to_str().expect("text");
    assert_eq!(
        refused([("KEYARC_ENV", "production"), ("SITE_ROOT", site)]),
        ["PUBLIC_ORIGIN", "JWT_SECRET"]
    );
    let config = read([
        ("KEYARC_ENV", "production"),
        ("SITE_ROOT", site),
        ("PUBLIC_ORIGIN", "https://keyarc.example"),
        ("JWT_SECRET", SECRET),
    ])
    .expect("complete");
    assert_eq!(config.log_format, LogFormat::Json);
    assert!(config.is_https());
    assert_eq!(config.origins(1).len(), 1);
}

#[test]
fn plain_http_is_for_this_machine_only() {
    assert_eq!(
        refused([("PUBLIC_ORIGIN", "http://keyarc.example")]),
        ["PUBLIC_ORIGIN"]
    );
    assert!(read([("PUBLIC_ORIGIN", "http://localhost:3000")]).is_ok());
}

#[test]
fn the_file_of_development_cannot_declare_production() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(".env");
    std::fs::write(&path, "KEYARC_ENV=production\n").expect("written");
    let variables = Variables::default().with_file(&path).expect("readable");
    let error = Config::from_variables(&variables).expect_err("refused");
    assert_eq!(error.problems[0].variable, "KEYARC_ENV");
    assert_eq!(error.problems.len(), 1);
}

#[test]
fn debug_output_holds_no_secret() {
    let config = read([
        ("JWT_SECRET", "canary-canary-canary-canary-canary"),
        ("DATABASE_URL", "postgres://keyarc:canary@db/keyarc"),
    ])
    .expect("valid");
    assert!(!format!("{config:?}").contains("canary"));
}

#[test]
fn single_addresses_count_as_networks() {
    let config = read([("TRUSTED_PROXIES", "10.0.0.0/8, ::1,192.0.2.7")]).expect("valid");
    assert_eq!(config.trusted_proxies.len(), 3);
}
