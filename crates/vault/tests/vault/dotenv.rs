//! The `.env` reader and writer.

use keyarc_vault::import::{parse, render};
use proptest::prelude::*;

use crate::common::{cases, took};

fn read(text: &str) -> Vec<(String, String)> {
    let parsed = parse(text);
    assert_eq!(parsed.errors, [], "{text}");
    parsed
        .assignments
        .iter()
        .map(|assignment| (assignment.name.clone(), assignment.value.clone()))
        .collect()
}

fn value(text: &str) -> String {
    let [(name, value)] = <[_; 1]>::try_from(read(text)).unwrap();
    assert_eq!(name, "A");
    value
}

fn refused(text: &str) -> Vec<(u32, &'static str)> {
    parse(text)
        .errors
        .iter()
        .map(|error| (error.line, error.reason))
        .collect()
}

#[test]
fn unquoted_values() {
    for (text, expected) in [
        ("A=b", "b"),
        ("A = b ", "b"),
        ("  A=b", "b"),
        ("export A=b", "b"),
        ("export\tA=b", "b"),
        ("A: b", "b"),
        ("A:", ""),
        ("A=", ""),
        ("A=   ", ""),
        ("A=b # comment", "b"),
        ("A=b\t# comment", "b"),
        ("A=b#not a comment", "b#not a comment"),
        ("A=#ff8800", "#ff8800"),
        ("A= # nothing but a comment", ""),
        ("A=b c d", "b c d"),
        ("A=it's", "it's"),
        ("A=b=c==", "b=c=="),
        (
            "A=postgres://app:p#w@db/app?x=y",
            "postgres://app:p#w@db/app?x=y",
        ),
        ("A=${B}-$C", "${B}-$C"),
        ("A=\\n stays", "\\n stays"),
        ("A=ключ 🔑", "ключ 🔑"),
        ("A=b\r\n", "b"),
        ("\u{feff}A=b", "b"),
    ] {
        assert_eq!(value(text), expected, "{text:?}");
    }
}

#[test]
fn quoted_values() {
    for (text, expected) in [
        (r#"A="b""#, "b"),
        (r#"A="""#, ""),
        (r#"A="b # c" # d"#, "b # c"),
        (r#"A=" b ""#, " b "),
        (r#"A="b\nc\td\r\"e\"\\f\$g""#, "b\nc\td\r\"e\"\\f$g"),
        (r#"A="\x\u0041""#, r"\x\u0041"),
        (r#"A="it's ${B}""#, "it's ${B}"),
        (r"A='b\n$c'", r"b\n$c"),
        (r#"A='say "b"'"#, r#"say "b""#),
        (r#"A=`it's "b"`"#, r#"it's "b""#),
        ("A=\"b\nc\n\"", "b\nc\n"),
        ("A=\"b\r\nc\"\r\n", "b\nc"),
        ("A='b\nc'", "b\nc"),
        ("A: \"b\"", "b"),
    ] {
        assert_eq!(value(text), expected, "{text:?}");
    }
}

#[test]
fn several_lines_with_comments_between() {
    let text =
        "# first\n\nA=1\r\n   # second\nexport B='2'\n\n\nC=\"x\ny\"\nA=3\nempty=\nd.o-t_9=4";
    let pairs = read(text);
    let names: Vec<_> = pairs.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["A", "B", "C", "A", "empty", "d.o-t_9"]);
    let lines: Vec<_> = parse(text).assignments.iter().map(|a| a.line).collect();
    assert_eq!(lines, [3, 5, 8, 10, 11, 12]);
    assert_eq!(read(""), []);
    assert_eq!(read("\n\r\n  \n#"), []);
}

#[test]
fn a_pem_block_is_one_value() {
    let pem = "-----BEGIN PRIVATE KEY-----\nMIIEvAIBADANBg==\nabc=\n-----END PRIVATE KEY-----";
    assert_eq!(value(&format!("A=\"{pem}\"")), pem);
    assert_eq!(value(&format!("A=\"{}\"", pem.replace('\n', "\\n"))), pem);
    assert_eq!(value(&format!("A=\"{}\"", pem.replace('\n', "\r\n"))), pem);
}

#[test]
fn a_line_that_cannot_be_read_is_named_and_the_rest_is_read() {
    let text = "GOOD=1\nno separator here\n=value\n1DIGIT=x\nSP ACE=x\nÜ=x\nOPEN=\"never closed\n\
                TAIL=\"x\" y\nCOLON:x\nexport\nCONTROL=a\u{7}b\n[section]\nLAST='ok'";
    let parsed = parse(text);
    let good: Vec<_> = parsed
        .assignments
        .iter()
        .map(|a| (a.line, a.name.as_str()))
        .collect();
    assert_eq!(good, [(1, "GOOD"), (13, "LAST")]);
    let lines: Vec<_> = parsed.errors.iter().map(|error| error.line).collect();
    assert_eq!(lines, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    for error in &parsed.errors {
        for content in ["separator here", "never closed", "DIGIT", "ACE", "section"] {
            assert!(!error.reason.contains(content), "{}", error.reason);
        }
    }
}

#[test]
fn a_quote_that_is_not_closed_costs_its_line_only() {
    assert_eq!(
        refused("A=\"open\nB=2\nC=3"),
        [(1, "has a quote that is not closed")]
    );
    assert_eq!(parse("A=\"open\nB=2\nC=3").assignments.len(), 2);
    // The quote of a later line closes it, and what follows shows that something is wrong.
    let text = "A=\"open\nB=2\nC=\"three\"\n";
    assert_eq!(parse(text).errors[0].line, 1);
    let rest: Vec<_> = parse(text)
        .assignments
        .iter()
        .map(|a| a.name.clone())
        .collect();
    assert_eq!(rest, ["B", "C"]);
    assert_eq!(
        refused("A=\"ends in a backslash\\"),
        [(1, "has a quote that is not closed")]
    );
}

#[test]
fn old_line_ends_and_control_characters_are_refused() {
    assert_eq!(refused("A=1\rB=2").len(), 1);
    assert_eq!(refused("A=\"x\u{0}\"").len(), 1);
    assert_eq!(value("A=\"x\ty\""), "x\ty");
}

#[test]
fn what_is_no_env_file_ends_soon() {
    let parsed = parse(&"garbage\n".repeat(100_000));
    assert_eq!((parsed.assignments.len(), parsed.errors.len()), (0, 1_001));
}

#[test]
fn reading_takes_linear_time() {
    let size = 1 << 20;
    for line in [
        "A=\"x\n",
        "A='x\n",
        "A=`x\n",
        "A=\"\\\"\n",
        "A=\"\\\n",
        "A=\"'`\n",
        "\"",
        "A=\"x\" y\n",
        "# # # \n",
        "A=b # c # d\n",
        "A",
        "=",
        ":",
        "export ",
        " ",
    ] {
        let text = line.repeat(size / line.len());
        assert!(took(|| drop(parse(&text))).as_secs() < 10, "{line:?}");
    }
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn what_is_written_is_read_back(
        pairs in prop::collection::vec(("[A-Za-z_][A-Za-z0-9_.-]{0,10}", "(?s)[^\u{0}-\u{8}\u{b}\u{c}\u{e}-\u{1f}\u{7f}-\u{9f}]{0,40}"), 0..8)
    ) {
        let text = render(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        prop_assert_eq!(read(&text), pairs);
    }

    #[test]
    fn quoting_troublemakers_are_read_back(
        value in "[a\"'`\\\\$# \n\r\t={}]{0,20}",
    ) {
        let text = render([("A", value.as_str())]);
        prop_assert_eq!(read(&text), [("A".to_owned(), value)]);
    }

    #[test]
    fn no_text_makes_it_panic_and_every_line_is_accounted_for(
        text in "([A-B]|=|:|\"|'|`|#|\\\\| |\n|\r\n|é|export ){0,60}",
    ) {
        let parsed = parse(&text);
        let lines = text.lines().count() as u32;
        let named = parsed.assignments.iter().map(|a| a.line);
        prop_assert!(named.chain(parsed.errors.iter().map(|e| e.line)).all(|at| (1..=lines).contains(&at)));
    }
}
