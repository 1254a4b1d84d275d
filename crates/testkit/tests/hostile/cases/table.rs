//! The attacks by number, as `docs/malicious-server.md` tells them.

use serde::Serialize;

use crate::report;

/// One attack.
#[derive(Debug, Serialize)]
struct Case {
    number: u8,
    attack: &'static str,
    /// Where it, or one like it, was published; empty when it is nobody's in particular.
    published: &'static str,
    /// What comes of it.
    verdict: &'static str,
    /// Tests of this program, all of which have to hold.
    native: &'static [&'static str],
    /// Words of the titles of stories in `end2end/stories`, each with its file.
    browser: &'static [(&'static str, &'static str)],
}

const MANAGERS: &str = "Scarlata et al., ePrint 2026/058";
const MEGA: &str = "Backendal, Haller, Paterson: MEGA, ePrint 2022/959";
const CLOUD: &str = "Hofmann, Truong: cloud storage, ePrint 2024/1616";
const FRANKING: &str = "Dodis et al., Fast Message Franking, CRYPTO 2018";
const PARTITION: &str =
    "Len, Grubbs, Ristenpart, Partitioning Oracle Attacks, USENIX Security 2021";
const SUNDR: &str = "Li et al., SUNDR, OSDI 2004";
const LYING: &str = "lying-server.spec.ts";
const KEYS: &str = "lying-server-keys.spec.ts";
const HISTORY: &str = "lying-server-history.spec.ts";
const LINK: &str = "lying-server-link.spec.ts";
const VERSIONS: &str = "history.spec.ts";
const ATTACHMENTS: &str = "attachments.spec.ts";
const EXPORT: &str = "export.spec.ts";
const ARCHIVE_FILES: &str = "archive-files.spec.ts";

const fn case(
    number: u8,
    attack: &'static str,
    published: &'static str,
    verdict: &'static str,
    native: &'static [&'static str],
    browser: &'static [(&'static str, &'static str)],
) -> Case {
    Case {
        number,
        attack,
        published,
        verdict,
        native,
        browser,
    }
}

#[rustfmt::skip]
const TABLE: &[Case] = &[
    case(1, "a cheaper key derivation is offered", MANAGERS, "ignored; refused where the answer's shape is closed",
        &["derivation::a_cheaper_derivation_is_not_taken"], &[(KEYS, "offers a cheaper key derivation")]),
    case(2, "an endless key derivation is offered", MANAGERS, "ignored; refused where the answer's shape is closed",
        &["derivation::an_endless_derivation_is_not_begun"], &[(KEYS, "offers an endless key derivation")]),
    case(3, "the key derivation is declared unnecessary", MANAGERS, "ignored; refused where the answer's shape is closed",
        &["derivation::the_derivation_cannot_be_skipped"], &[(KEYS, "offers no key derivation at all")]),
    case(4, "the keys of before a change of password or suite come back", "", "refused",
        &["derivation::a_suite_of_before_does_not_come_back"], &[(HISTORY, "gives the keys of before a change of password back"), (HISTORY, "gives the keys of before a change of key derivation back")]),
    case(5, "a salt of the server's choice", "", "ignored",
        &["derivation::a_salt_from_the_server_is_ignored"], &[(KEYS, "offers a salt of its own")]),
    case(6, "a log-in is passed on to another server, or repeated", "", "refused by the honest server: origin and nonce are signed",
        &["derivation::a_log_in_cannot_be_relayed_or_repeated"], &[(KEYS, "repeats an old challenge lets nobody in"), (KEYS, "passes a log-in on to another server")]),
    case(7, "keys are missing, so that the client makes new ones", "", "refused; nothing is made, nothing is sent",
        &["keys::a_missing_key_is_never_replaced"], &[(KEYS, "keeps the wrapped keys back gets no new ones")]),
    case(8, "every bit of an envelope is flipped", MEGA, "refused, each with the same error",
        &["keys::every_bit_of_an_envelope_counts_alike"], &[(LYING, "flips any bit of a sealed secret"), (LYING, "alters an item")]),
    case(9, "another algorithm, a short tag, no ciphertext", MANAGERS, "refused before decrypting",
        &["keys::another_algorithm_is_refused_before_decrypting"], &[(KEYS, "gives a key of another form")]),
    case(10, "a ciphertext that opens under two keys", FRANKING, "refused under both",
        &["keys::a_ciphertext_for_two_keys_opens_under_none"], &[(KEYS, "gives a ciphertext for two keys")]),
    case(11, "a wrap that opens under many guessed keys", PARTITION, "refused; a right guess and a wrong one look alike",
        &["keys::a_wrap_for_many_guessed_keys_tells_nothing"], &[(KEYS, "wraps for guessed passwords cannot tell a right guess from a wrong one")]),
    case(12, "randomness that repeats", "", "1,000,000 salts differ in each run; a stuck generator seals and sends nothing",
        &["keys::no_salt_comes_twice_and_a_stuck_generator_seals_nothing"], &[(KEYS, "a generator that is stuck seals nothing"), (KEYS, "no salt of hundreds of envelopes comes twice")]),
    case(13, "trailing bytes, duplicates, giant lengths, deep nesting", "", "refused in bounded memory",
        &["items::what_is_malformed_is_refused_in_bounded_memory"], &[(LYING, "answers with what is no answer")]),
    case(14, "details in the overview's place, and the other way round", MANAGERS, "refused",
        &["items::one_part_does_not_stand_for_the_other"], &[(LYING, "puts one thing in the place of another is refused")]),
    case(15, "items, vaults and accounts change places", MANAGERS, "refused",
        &["items::nothing_moves_between_items_vaults_and_accounts"], &[(LYING, "gives another item's secret is refused"), (LYING, "lets accounts and vaults change places")]),
    case(16, "kind, time or folder of an item is edited", CLOUD, "there is nothing to edit: they are inside; numbers outside are ignored or refused",
        &["items::what_is_shown_of_an_item_cannot_be_edited"], &[(LYING, "edits what stands beside an item")]),
    case(17, "a note passes for a log-in, one type for another", MANAGERS, "refused",
        &["items::one_kind_does_not_pass_for_another"], &[(LYING, "gives another item's secret is refused"), (LYING, "puts one thing in the place of another is refused")]),
    case(18, "items are left out, added, repeated, reordered", MANAGERS, "the vault is closed; order and repetition mean nothing",
        &["history::a_set_that_was_not_signed_closes_the_vault"], &[(LYING, "leaves an item out"), (LYING, "adds an item"), (LYING, "keeps back what was signed"), (LYING, "repeats and reorders items")]),
    case(19, "an older version of one item", MANAGERS, "the vault is closed",
        &["history::an_older_item_is_noticed"], &[(HISTORY, "shows an older version of one item")]),
    case(20, "an older state of the whole vault", "", "alarm; it can be read and is not written to, unless a person says that it is a restored backup",
        &["history::an_older_vault_can_be_read_and_is_not_written_to", "history::only_a_person_goes_on_from_an_older_vault"],
        &[(HISTORY, "puts an old backup in place can be read and is not written to"), ("restored-backup.spec.ts", "until somebody who knows of it goes on from it")]),
    case(21, "two devices are shown two histories", SUNDR, "alarm as soon as one meets the other's; no client can know before",
        &["history::two_histories_are_told_apart_when_they_meet"], &[(HISTORY, "shows two devices two histories")]),
    case(22, "a deleted item comes back, or a live one is called deleted", "", "the vault is closed",
        &["history::what_was_deleted_does_not_come_back"], &[(HISTORY, "brings a deleted item back"), (LYING, "turns an item into a deleted one")]),
    case(23, "an address in an item makes the client ask it", MANAGERS, "no such request exists",
        &["items::addresses_in_items_are_never_asked"], &[(LYING, "an address in an item is asked by nobody")]),
    case(24, "an older state for a device without a memory", "", "with the recovery kit: alarm, and keys older than the kit's are refused. Without it **not defended**: it is shown, and the words \"freshness unverified\" with it",
        &["history::the_kit_says_what_is_too_old_for_a_device_without_a_memory", "history::a_device_without_a_memory_says_so"],
        &[("recovery.spec.ts", "an old state that the kit knows to be old is told at once"), (HISTORY, "a new device that is shown an old state says that it cannot know")]),
    case(36, "points of small order as public keys", "", "refused",
        &["keys::weak_points_are_no_keys"], &[(KEYS, "gives points of small order for public keys")]),
    case(37, "a signature of one structure under another", "", "refused",
        &["keys::a_signature_stands_for_nothing_else"], &[(KEYS, "puts one signature under another structure"), (LYING, "alters what was signed")]),
    case(38, "an older server, features that are off", CLOUD, "refused, or the same as ever; nothing is written without a manifest",
        &["items::an_older_server_gets_no_older_client"], &[(LYING, "says it is older gets no older client")]),
    case(39, "10,000 malformed blobs, to learn from the reaction", MEGA, "one error, one request each, nothing reported",
        &["items::ten_thousand_blobs_get_one_answer"], &[(LYING, "sends hundreds of malformed secrets")]),
    case(40, "a change of password, a recovery or a change of all keys is lost, repeated or cut off at each step", "", "wholly old or wholly new, always readable, and said truly",
        &["rekey::an_interrupted_change_leaves_the_old_keys_or_the_new", "rekey::an_interrupted_recovery_leaves_the_old_password_or_the_new", "rekey::an_interrupted_change_of_all_keys_leaves_the_old_or_the_new"],
        &[("password.spec.ts", "an answer that is lost is looked up"), ("recovery.spec.ts", "a new password whose answer is lost is in force"), ("compromised.spec.ts", "a page that is closed after the swap has arrived opens with the new password alone")]),
    case(45, "codes of a device link are guessed, or the server that knows them stands in the middle", "", "a code is worth nothing after five guesses; in the middle the two screens show different words, and nothing is sent",
        &["link::guessed_codes_join_nobody", "link::a_server_that_knows_the_code_cannot_show_the_same_words"], &[(LINK, "a code of a link is worth nothing after five guesses"), (LINK, "a server in the middle of a link cannot show the same words"), ("device-link.spec.ts", "words that differ end it, and nothing was sent")]),
    case(46, "markup, control and right-to-left characters in what the server says", "", "none reaches an item or the account's name, and pages show text as text. **Not defended**: changed code. The program comes from the server, and whoever controls it can deliver another",
        &["items::words_of_the_server_reach_no_item"], &[("hostile-names.spec.ts", "names with markup and odd characters are only text"), (LYING, "dresses up its words")]),
    case(47, "earlier versions of an item are swapped, relabelled, made up or left out", "", "what is not itself does not open and cannot be restored; what is missing is shown as missing. Which of the oldest are kept, and when something was starred, is the server's word",
        &["versions::a_version_stands_for_nothing_else", "versions::what_is_left_out_is_seen_to_be_missing", "archive::an_archive_takes_no_version_that_is_not_itself"],
        &[(VERSIONS, "a server that swaps and leaves out versions")]),
    case(48, "chunks of an attached file are swapped, cut, left out, or another file's", CLOUD, "nothing of the file is given out, nor put into an archive, which is then not made. That it is kept back altogether cannot be prevented, and is said",
        &["attachments::a_file_is_all_its_chunks_or_nothing"], &[(ATTACHMENTS, "a file that is not the one"), (ARCHIVE_FILES, "files stay out of an archive")]),
    case(43, "an encrypted archive is cut, reordered or old", "", "refused as a whole when anything of it was touched. That it is an older one no file can tell: its date and version are shown before it is restored",
        &["archive::an_archive_that_was_touched_gives_nothing_out"], &[(EXPORT, "an archive goes out of one account")]),
    case(44, "a machine's token is shown another copy, an older one or a forged one", "", "refused, and nothing is given out: not another token's copy, not one older than the token, not one that others signed. Nor is what one token reads sealed for another. **Not defended**: a state of its copy between the making of the token and now, unless the machine keeps a copy, and with it what it has seen; and a server that goes on calling a token good that was revoked on another device gets new values sealed for it, until all keys are changed",
        &["machine::a_token_opens_its_own_copy_as_it_was_signed_or_nothing", "machine::a_machine_that_keeps_a_copy_does_not_go_back_behind_it", "machine::what_one_token_reads_is_not_sealed_for_another"], &[]),
    case(49, "what a machine hands in is altered, put to another token, item or version, shown again, or comes of a token that reads", "", "not taken: a change opens for its token, item and version alone, and serves once, since the item has another version then; the note says which tokens write. A holder refuses what was altered, too. **Not defended**: a change that is kept back, from the owner or from its holder, and one that its holder replaced before anybody took it",
        &["machine_writes::a_change_is_taken_as_it_was_handed_in_or_not_at_all", "machine_writes::whoever_has_a_token_that_reads_cannot_write_with_a_servers_help", "machine_writes::a_holder_sees_what_it_handed_in_or_nothing"], &[]),
    // What there is nothing to try on yet.
    case(25, "another public key when something is shared", MANAGERS, "not there yet: sharing", &[], &[]),
    case(26, "a public key changes after it was verified", MANAGERS, "not there yet: sharing", &[], &[]),
    case(27, "a vault key that is merely encrypted to the user", MANAGERS, "not there yet: sharing. No key is accepted that way", &[], &[]),
    case(28, "an organisation that nobody joined", MANAGERS, "not there yet: teams", &[], &[]),
    case(29, "an organisation's key is replaced", MANAGERS, "not there yet: teams", &[], &[]),
    case(30, "enrolment into key escrow by a policy", MANAGERS, "not there yet: teams. A client has nothing that gives a key away", &[], &[]),
    case(31, "a recovery key is slipped in while keys change", MANAGERS, "not there yet: teams", &[], &[]),
    case(32, "a consent dialog in the server's words", MANAGERS, "not there yet: teams", &[], &[]),
    case(33, "an administrator too many", MANAGERS, "not there yet: teams", &[], &[]),
    case(34, "a forged chain of membership", "", "not there yet: teams", &[], &[]),
    case(35, "a removal is hidden", "", "not there yet: teams", &[], &[]),
    case(41, "a share link is opened by a scanner, or its content swapped", MANAGERS, "not there yet: share links", &[], &[]),
    case(42, "items that an attacker shares, to measure others by", "Fábrega et al., password managers, USENIX Security 2024", "not there yet: sharing", &[], &[]),
];

#[test]
fn every_case_is_in_the_table_once() {
    let mut numbers: Vec<u8> = TABLE.iter().map(|case| case.number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=49).collect::<Vec<u8>>());
    for case in TABLE {
        let is_tried = !case.native.is_empty();
        assert_ne!(
            is_tried,
            case.verdict.starts_with("not there yet"),
            "{case:?}"
        );
    }
    let json = serde_json::to_string(TABLE).expect("JSON");
    report::table(&json);
}
