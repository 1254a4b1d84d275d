//! AWS, Doppler, Infisical, Terraform, YAML.

use super::{
    super::{Format, aws, detect, doppler, infisical, tfvars, yaml},
    megabyte, spoil, told,
};

const AWS: &str = include_str!("../../../fixtures/import/aws-credentials");
const DOPPLER: &str = include_str!("../../../fixtures/import/doppler.json");
const INFISICAL: &str = include_str!("../../../fixtures/import/infisical.json");
const INFISICAL_CSV: &str = include_str!("../../../fixtures/import/infisical.csv");
const TFVARS: &str = include_str!("../../../fixtures/import/terraform.tfvars");

#[test]
fn aws_profiles_are_read() {
    let reading = aws::read_aws(AWS).expect("profiles");
    assert_eq!(
        told(&reading),
        [
            "2 - ApiKey /AWS default value=\"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\" \
             Access key ID:Text=\"AKIAIOSFODNN7EXAMPLE\" Region:Text=\"us-west-2\"",
            "7 - ApiKey /AWS ci value=\"je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY\" \
             Access key ID:Text=\"ASIAI44QH8DHBEXAMPLE\" Session token:Secret=\"replaced==\" \
             s3:Lines=\"max_concurrent_requests = 20\\nmax_queue_size = 1000\" \
             Region:Text=\"eu-central-1\"",
            "15 - Note /AWS admin text=\"\" role_arn:Text=\"arn:aws:iam::123456789012:role/admin\" \
             source_profile:Text=\"default\"",
            "23 ! sets something again; this later value was taken",
            "24 ! has no “=” between a name and a value",
            "19 ! is a profile with nothing in it",
        ]
    );
    assert_eq!(reading.found[0].draft.provider.as_deref(), Some("aws"));
    assert_eq!(detect(AWS.as_bytes(), Some("credentials")), Format::Aws);
    assert_eq!(
        told(&aws::read_aws("a=1\n[x]\ny=2\n").expect("one")).len(),
        2
    );
    for none in ["", "a=1\n", "[]\na=1", "# [x]"] {
        assert!(aws::read_aws(none).is_err(), "{none:?}");
    }
    spoil(AWS, aws::read_aws);
}

#[test]
fn doppler_is_read_with_where_its_secrets_belong() {
    let reading = doppler::read_doppler(DOPPLER).expect("secrets");
    assert_eq!(
        told(&reading),
        [
            "4 PORT ApiKey shop-backend/PORT value=\"8080\" #prd_eu in production",
            "5 STRIPE_KEY ApiKey shop-backend/STRIPE_KEY \
             value=\"sk_live_EXAMPLE0123456789abcd\" #prd_eu in production",
            "6 TLS_KEY ApiKey shop-backend/TLS_KEY \
             value=\"-----BEGIN KEY-----\\nMIIC\\n-----END KEY-----\\n\" #prd_eu in production",
            "7 ! has a value that is no text",
        ]
    );
    let nested = r#"{"secrets": {"A": {"raw": "${B}", "computed": "b", "note": "why"}, "C": {}}}"#;
    assert_eq!(
        told(&doppler::read_doppler(nested).expect("secrets")),
        [
            "1 A ApiKey /A value=\"b\" notes=\"why\"",
            "2 ! has a value that is no text"
        ]
    );
    assert_eq!(detect(DOPPLER.as_bytes(), None), Format::Doppler);
    for none in ["", "{}", "[]", "1", "{\"a\":", r#"{"secrets": {}}"#] {
        let reading = doppler::read_doppler(none);
        assert!(
            reading.map_or(true, |reading| reading.found.is_empty()),
            "{none}"
        );
    }
    spoil(DOPPLER, doppler::read_doppler);
}

#[test]
fn infisical_is_read() {
    let reading = infisical::read_infisical(INFISICAL).expect("secrets");
    assert_eq!(
        told(&reading),
        [
            "1 STRIPE_KEY ApiKey billing/stripe/STRIPE_KEY \
             value=\"sk_live_EXAMPLE0123456789abcd\" owner:Text=\"ada\" notes=\"rotate in May\" \
             #Billing",
            "2 PORT ApiKey /PORT value=\"8080\" #personal",
            "3 ! lacks a name or a value",
        ]
    );
    let raw = r#"{"secrets": [{"secretKey": "A", "secretValue": "b", "environment": "prod"}]}"#;
    let reading = infisical::read_infisical(raw).expect("secrets");
    assert_eq!(told(&reading), ["1 A ApiKey /A value=\"b\" in production"]);
    let reading = infisical::read_infisical_csv(INFISICAL_CSV).expect("secrets");
    assert_eq!(
        told(&reading),
        [
            "2 PORT ApiKey /PORT value=\"8080\"",
            "3 GREETING ApiKey /GREETING value=\"hello, \\\"you\\\"\"",
            "4 ! has 1 value where 2 belong. A quote in it may be missing or too many",
        ]
    );
    assert_eq!(detect(INFISICAL.as_bytes(), None), Format::Infisical);
    assert_eq!(detect(raw.as_bytes(), None), Format::Infisical);
    assert_eq!(
        detect(INFISICAL_CSV.as_bytes(), Some("x.csv")),
        Format::InfisicalCsv
    );
    for none in ["", "[]", "{}", "[", "Key,Value"] {
        assert!(infisical::read_infisical(none).is_err(), "{none}");
    }
    spoil(INFISICAL, infisical::read_infisical);
    spoil(INFISICAL_CSV, infisical::read_infisical_csv);
}

#[test]
fn variables_of_terraform_are_read() {
    let reading = tfvars::read_tfvars(TFVARS).expect("variables");
    assert_eq!(
        told(&reading),
        [
            "2 db_password ApiKey /db_password value=\"p\\\"w\\\\ ü ${kept} %%{x}\"",
            "3 replicas ApiKey /replicas value=\"3\"",
            "4 zones ApiKey /zones value=\"[\\\"a\\\", \\\"b ] # no end\\\", /* ] */ \\\"c\\\"]\"",
            "5 enabled ApiKey /enabled value=\"true\"",
            "6 ratio ApiKey /ratio value=\"1.50\"",
            "10 tags ApiKey /tags \
             value=\"{\\n  owner = \\\"ada\\\"\\n  nested = { deep = [1, 2] }\\n}\"",
            "14 private_key ApiKey /private_key \
             value=\"-----BEGIN KEY-----\\n  indented\\n-----END KEY-----\\n\"",
            "19 plain ApiKey /plain value=\"  kept as it is\\n\"",
            "25 last ApiKey /last value=\"x\"",
            "7 ! has no value",
            "22 ! has a value that is no text in quotes, number, list or map",
            "23 ! does not begin with a name",
            "24 ! has no “=” after its name",
        ]
    );
    assert_eq!(
        detect(TFVARS.as_bytes(), Some("prod.auto.tfvars")),
        Format::Tfvars
    );
    let json = r#"{"a": "x", "b": 1.5, "c": {"d": [true]}, "e": null, "f": 123456789012345678901}"#;
    assert_eq!(
        told(&tfvars::read_tfvars(json).expect("variables")),
        [
            "1 a ApiKey /a value=\"x\"",
            "2 b ApiKey /b value=\"1.5\"",
            "3 c ApiKey /c value=\"{\\\"d\\\":[true]}\"",
            "4 ! has no value",
            "5 ! is a number with more digits than can be kept. Put it into quotes",
        ]
    );
    assert_eq!(
        detect(json.as_bytes(), Some("x.tfvars.json")),
        Format::Tfvars
    );
    spoil(TFVARS, tfvars::read_tfvars);
}

#[test]
fn what_terraform_would_refuse_is_told_by_its_line() {
    for (text, reason) in [
        ("a = \"x", "has a quote that is not closed on its line"),
        ("a = \"\\q\"", "has an escape that HCL does not know"),
        ("a = \"\\ud800\"", "has an escape that HCL does not know"),
        ("a = \"x\" b = 2", "has something after its value"),
        (
            "a = [1, 2\nb = 3",
            "begins a list or a map that does not end; what follows was left out",
        ),
        ("a = [1}\n", "closes a list or a map that was not opened"),
        (
            "a = <<X\nb = 3\n",
            "begins a text that does not end; what follows was left out",
        ),
        ("a = <<\nx\n", "begins a text without a name for its end"),
        ("a = 1 == 1", "has something after its value"),
        ("a =", "has no value"),
        ("a == 1", "has no “=” after its name"),
        ("resource \"x\" {\n", "has no “=” after its name"),
    ] {
        let reading = tfvars::read_tfvars(text).expect("lines");
        assert_eq!(told(&reading)[0], format!("1 ! {reason}"), "{text}");
    }
    let deep = format!("a = {}", "[".repeat(1_000_000));
    let reading = tfvars::read_tfvars(&deep).expect("a line");
    assert_eq!(told(&reading), ["1 ! nests too deeply"]);
}

#[test]
fn yaml_is_read_as_json_is() {
    let text = "STRIPE_KEY: 'sk_live_EXAMPLE'\nPORT: 0808\ndb:\n  PASSWORD: |-\n    a\n    b\n";
    let reading = yaml::read_yaml(text).expect("values");
    assert_eq!(
        told(&reading),
        [
            "1 STRIPE_KEY ApiKey /STRIPE_KEY value=\"sk_live_EXAMPLE\"",
            "2 PORT ApiKey /PORT value=\"0808\"",
            "3 PASSWORD ApiKey db/PASSWORD value=\"a\\nb\"",
        ]
    );
    assert_eq!(detect(text.as_bytes(), Some("secrets.yaml")), Format::Yaml);
    spoil(text, yaml::read_yaml);
}

#[test]
fn the_time_is_linear_in_the_size() {
    megabyte("a = <<X\n", tfvars::read_tfvars);
    megabyte("a = [\n", tfvars::read_tfvars);
    megabyte("a = \"\\\"\n", tfvars::read_tfvars);
    megabyte("/*", tfvars::read_tfvars);
    megabyte("[a]\nb=c\n", aws::read_aws);
    megabyte("b=c\n", aws::read_aws);
    megabyte("a: {b: [c]}\n", yaml::read_yaml);
    megabyte("- \"", yaml::read_yaml);
    megabyte("? ", yaml::read_yaml);
    megabyte("&a ", yaml::read_yaml);
    megabyte("a: |\n  b\n", yaml::read_yaml);
    megabyte("# c\n", yaml::read_yaml);
}
