//! Texts that people read here and that are said elsewhere, in English: by the crates that know
//! nothing of languages, and by the server, whose interface is the same for everybody. They stand
//! here so that the catalogues have them; [`super::known`] finds them. `{1}` and `{2}` stand for
//! numbers.

use super::known;

/// What the server says, in a sentence. A broken rule stands behind what it is about.
pub fn of_server(sentence: &str) -> String {
    let whole = known(sentence);
    if whole != sentence {
        return whole;
    }
    let about = |begin: &str| sentence.strip_prefix(begin)?.strip_suffix('.');
    let field = about("The field ").and_then(|rest| rest.split_once(' '));
    match (field, about("The request ")) {
        (Some((field, rule)), _) => t!("The field {field} {rule}.", field, rule = known(rule)),
        (None, Some(rule)) => t!("The request {rule}.", rule = known(rule)),
        (None, None) => whole,
    }
}

/// Whether a rule speaks of several things, and so must what stands before it.
pub fn is_of_several(rule: &str) -> bool {
    ["are ", "need ", "name "]
        .iter()
        .any(|verb| rule.starts_with(verb))
}

/// See above. Nothing reads the list itself but its test.
#[cfg(test)]
const TEXTS: &[&str] = &[
    // What a person enters: crates/vault/src/draft.rs.
    mark!("needs a secret"),
    mark!("needs a certificate"),
    mark!("needs a key"),
    mark!("needs a name"),
    mark!("is that of another token"),
    mark!("cannot be another one"),
    mark!("is one of more than {1}"),
    mark!("lies outside the years 1970 to 9999"),
    mark!("is deeper than {1} folders"),
    mark!("are more than {1}"),
    mark!("is not a provider's id"),
    mark!("is the name of another field"),
    mark!("holds a line break"),
    mark!("is a number of days from {1} to {2}"),
    mark!("need names of letters, digits, “_”, “.” and “-”, not starting with a digit"),
    mark!("name one variable twice"),
    mark!("is larger than {1} KB"),
    mark!("is longer than {1} characters"),
    mark!("holds a control character"),
    mark!("holds a character that turns the direction of text"),
    // Attached files: crates/vault/src/attachment.
    mark!("have names that are too long together"),
    mark!("is not a media type"),
    mark!("is larger than {1} MB"),
    mark!("name one file twice"),
    // Setup keys: crates/vault/src/totp.rs.
    mark!("is missing"),
    mark!("is neither letters and digits of Base32 nor an otpauth:// address"),
    mark!("is for codes that count, not for codes that change with the time"),
    mark!("names a hash, length or time that is not known"),
    // Folders, tags and saved views: crates/vault/src/arrange.rs and views.rs.
    mark!("cannot be moved into itself"),
    mark!("need a name"),
    mark!("is too long to be kept"),
    mark!("is that of another view"),
    mark!("are {1} already"),
    // Tests of keys: crates/vault/src/check/definition.rs and address.rs.
    mark!("is a header’s name, as in x-api-key"),
    mark!("is a parameter’s name, as in api_key"),
    mark!("holds no colon and only plain letters, digits and signs"),
    mark!("are more than 8"),
    mark!("are lines like “accept: application/json”"),
    mark!("is a number from 200 to 599, or two"),
    mark!("is one line of at most 200 characters"),
    mark!("holds only plain letters, digits and signs, at most 200"),
    mark!("is longer than 2,000 characters"),
    mark!("begins with https://"),
    mark!("holds a character that has to be percent-encoded"),
    mark!("ends before the “#”, which no server is sent"),
    mark!("has no user name and no password in it"),
    mark!("names its host in small letters, as in https://api.example.com/v1/me"),
    mark!("begins with https://, unless it is localhost"),
    // Certificates and keys: crates/vault/src/certificate/mod.rs.
    mark!("This is larger than an item can hold. Nothing was read."),
    mark!(
        "No certificate and no key was found in it. PEM, DER, PKCS#12 and OpenSSH files can be read."
    ),
    mark!("It holds more than 200 certificates and keys. Keep one chain in an item."),
    mark!("A block between BEGIN and END is cut off. Copy it from the first dash to the last."),
    mark!("A block between BEGIN and END is damaged: it is not Base64."),
    mark!("There is a private key and no certificate. Add the certificate that belongs to it."),
    mark!("Certificate {1} is damaged, or is no X.{2} certificate."),
    mark!("The private key is damaged, or of a form that nobody uses."),
    mark!(
        "The private key is encrypted in an old way that cannot be read. Decrypt it with: openssl pkey -in key.pem -out new.pem"
    ),
    mark!("It is protected by a password. Enter the password to open it."),
    mark!("The password does not open it. If you are sure of the password, the file is damaged."),
    mark!(
        "The PKCS#12 file is damaged or unusual. Convert it with: openssl pkcs12 -in file.p12 -out file.pem -noenc"
    ),
    mark!(
        "It is encrypted in a way that cannot be read. Convert it with: openssl pkcs12 -in file.p12 -out file.pem -noenc -legacy"
    ),
    mark!("Opening it would take longer than a browser should work. Nothing was read."),
    mark!("This is a certificate request. Add the certificate that was issued for it."),
    mark!(
        "This is a PKCS#7 bundle. Convert it with: openssl pkcs7 -print_certs -in file.p7b -out file.pem"
    ),
    mark!("It holds certificates and an SSH key. Keep each in an item of its own."),
    mark!("It holds more than one SSH key. Keep each in an item of its own."),
    mark!(
        "This is a key of PuTTY. In PuTTYgen choose Conversions, Export OpenSSH key, and add that."
    ),
    mark!("The SSH key is damaged: copy all of its lines."),
    mark!("SSH knows no keys of this algorithm."),
    mark!("This is a public key alone. Add the certificate, or the private key."),
    // What is said of keys and signatures: crates/vault/src/certificate and ssh.
    mark!("ECDSA, a curve of its own"),
    mark!("A key that cannot be read"),
    mark!("RSA with SHA-256"),
    mark!("RSA with SHA-384"),
    mark!("RSA with SHA-512"),
    mark!("RSA with SHA-1"),
    mark!("RSA with MD5"),
    mark!("ECDSA with SHA-256"),
    mark!("ECDSA with SHA-384"),
    mark!("ECDSA with SHA-512"),
    mark!("ECDSA with SHA-1"),
    mark!("Ed25519 in a security key"),
    mark!("ECDSA P-256 in a security key"),
    mark!("an address of no known form"),
    mark!("a name that cannot be read"),
    mark!("a name of another sort"),
    // QR codes: crates/vault/src/qr.rs.
    mark!("There is no QR code in the picture, or it is too small or cut off."),
    mark!("The QR code in the picture cannot be read. A sharper, straighter picture may do."),
    mark!("The QR code is not one for an authenticator app."),
    mark!(
        "The QR code is an export of an authenticator app. Set the codes up at each service instead, one by one."
    ),
    // Generators: crates/vault/src/generate.
    mark!("Choose at least one sort of character."),
    mark!("The length is out of bounds."),
    mark!("What stands between the words is too long, or holds a control character."),
    mark!("Choose Ed25519 or RSA for SSH."),
    mark!("The comment is one line of at most 200 characters."),
    mark!("This browser cannot make keys of this algorithm. Choose another."),
    // What an item shows instead of a secret, and what an unknown secret is: write.rs, recognise/mod.rs.
    mark!("1 variable"),
    mark!("{1} variables"),
    mark!("random secret"),
    // A file of which nothing can be read: crates/vault/src/import/found.rs and archive/read.rs.
    mark!("is larger than {1} MB, or would be once it is unpacked"),
    mark!("is no archive of KeyArc"),
    mark!("was written by a newer version of KeyArc. Update this one first"),
    mark!("asks for a key derivation that no version of KeyArc makes: it was changed"),
    mark!(
        "needs more memory to be opened than this device has. Close other programs, or open it on another device"
    ),
    mark!("is not whole: its end is missing. Copy it again from where it was kept"),
    mark!("goes on after its end: something was put behind it"),
    mark!("was changed: its parts are not in their order"),
    mark!("was changed: a part of it is of another archive"),
    mark!("was changed, or damaged where it was kept"),
    mark!("does not hold what its end says. Make another one"),
    // Why it cannot be read, behind “The file cannot be read:”: crates/vault/src/import.
    mark!(
        "it is no text in UTF-8, nor in UTF-16 with a byte order mark. Save it as UTF-8 and try again"
    ),
    mark!("it has more parts than an import takes"),
    mark!("it ends in the midst: it was cut off. Export it again"),
    mark!("it is no JSON, or nests too deeply"),
    mark!("it holds neither names nor a list"),
    mark!("it holds no names with values"),
    mark!("it holds no list of secrets"),
    mark!("it has no list of items"),
    mark!("it is no export of KeyArc"),
    mark!("a newer version of KeyArc wrote it. Update this one first"),
    mark!(
        "only the Bitwarden account it came from can decrypt it. Export it there once more, as .json, or as .json (encrypted) with “password protected” chosen"
    ),
    mark!("what it encrypts is no text"),
    mark!("opening it would take more time or memory than any file of Bitwarden does"),
    mark!("it lacks a part of an encrypted file, or was changed or cut off"),
    mark!("its key derivation is newer than this version of KeyArc"),
    mark!("this device has too little memory to open it"),
    mark!("its first line does not hold the titles of this product. Choose another format"),
    mark!("there is no row in it"),
    mark!("its rows have more values than a table has columns"),
    mark!("it has no profile, a name in square brackets"),
    mark!("it holds no block that begins with -----BEGIN"),
    mark!("it is no kubeconfig, whose kind is Config"),
    mark!("it is no YAML, or was cut off"),
    mark!("it nests too deeply"),
    mark!(
        "it refers from one place to another (an alias of YAML), which is not read. Export it again"
    ),
    mark!("it holds several documents. Put each into a file of its own"),
    mark!("it is no ZIP archive, or was changed or cut off"),
    mark!("it is a ZIP archive of a sort that is not read. Export it again"),
    mark!("it would unpack to far more than such a file holds"),
    mark!("it is a ZIP archive, but none that 1Password exports"),
    mark!("what is packed in it was changed or cut off"),
    mark!("it is no KeePass database, or was changed or cut off"),
    mark!(
        "it is of a version of KeePass that is not read. Open it in KeePass 2 or KeePassXC, save it in the format KDBX 4, and try again"
    ),
    mark!(
        "opening it would take more time or memory than is spent here: in KeePass, lower the transformation rounds or the memory of the database, save it, and try again"
    ),
    mark!(
        "opening it takes more memory than this device has to spare. Close other windows and try again"
    ),
    mark!("its key file is none of KeePass's, or was changed"),
    mark!("it is no XML of KeePass, or was changed or cut off"),
    mark!("it defines a document type or entities of its own"),
    mark!("it holds encrypted values without their key"),
    // A line or an entry that cannot be read, behind “Line 3” or “Entry 3”: crates/vault/src/import.
    mark!(
        "comes after {1} entries, the most that one import takes. It and what follows are left out"
    ),
    mark!("cannot be read, like many before it; the rest was left out"),
    mark!("is one of more such entries than are listed"),
    mark!("too many lines cannot be read; the rest was left out"),
    mark!("has no name before “=”"),
    mark!("has text after the closing quote, or a quote that is not closed"),
    mark!("has no “=” between a name and a value"),
    mark!(
        "has a name that begins with a digit, is too long, or holds other characters than letters, digits, “_”, “.” and “-”"
    ),
    mark!("has a control character in its value"),
    mark!("has a quote that is not closed"),
    mark!("has {1} value where {2} belong. A quote in it may be missing or too many"),
    mark!("has {1} values where {2} belong. A quote in it may be missing or too many"),
    mark!("stands before the first profile"),
    mark!("sets something again; this later value was taken"),
    mark!("is one of more settings than an item has fields"),
    mark!("is a profile with nothing in it"),
    mark!("is no object"),
    mark!("is an object with nothing in it"),
    mark!("is no object with names and values"),
    mark!("is a number with more digits than can be kept. Put it into quotes in the file"),
    mark!("has a value that is no text"),
    mark!("lacks a name or a value"),
    mark!("lies in the trash there"),
    mark!("lies in the recycle bin there and was left out"),
    mark!("and the next lie in the recycle bin there: {1} entries left out"),
    mark!("is an attachment alone, which is not imported"),
    mark!("has an attachment, which is not imported"),
    mark!("has {1} attachments, which are not imported"),
    mark!("has a time between rotations that is none"),
    mark!("has a field of a type that this version does not know"),
    mark!("has a test that this version does not know"),
    mark!("is of a kind that this version does not know"),
    mark!("has a day that is none"),
    mark!("is a user without credentials"),
    mark!("is a cluster with nothing in it"),
    mark!("is a block that does not end as it begins"),
    mark!("is a block that is larger than any key"),
    mark!("is a block with other characters than Base64"),
    mark!("has text after the last block, which was left out"),
    mark!("has no value"),
    mark!("begins a text that does not end; what follows was left out"),
    mark!("begins a list or a map that does not end; what follows was left out"),
    mark!("is a number with more digits than can be kept. Put it into quotes"),
    mark!("does not begin with a name"),
    mark!("has no “=” after its name"),
    mark!("has something after its value"),
    mark!("has a value that is no text in quotes, number, list or map"),
    mark!("has a quote that is not closed on its line"),
    mark!("has an escape that HCL does not know"),
    mark!("begins a text without a name for its end"),
    mark!("closes a list or a map that was not opened"),
    mark!("nests too deeply"),
    mark!(
        "is something that only a newer version of KeyArc knows. Update this one, and restore the archive again"
    ),
    // What an import refuses: crates/vault/src/import/plan.rs.
    mark!("name a row that the preview does not have"),
    mark!(
        "are together larger than the {1} MB that one import writes. Choose a part of them now and the rest after it"
    ),
    mark!(
        "have {1} earlier versions together, more than the {2} that one import writes. Choose a part of them now and the rest after it, or leave earlier versions out"
    ),
    mark!("takes variables only"),
    mark!("comes without one of its earlier versions, which cannot be saved"),
    // What the worker says of the browser: frontend/src/worker.
    mark!("There is no test that waits for this. Begin it again."),
    mark!("This way to derive keys is not known."),
    mark!("This file is being downloaded already."),
    mark!("Another tab goes on with this upload."),
    mark!(
        "The browser has no room for the file, or does not have it any more. Nothing was changed. Make room on this device, and choose the file again."
    ),
    mark!("The archive is not the one that was read before. Nothing was changed. Choose it again."),
    mark!(
        "The browser has no room for the file. Nothing was exported. Make room on this device, or leave attached files out."
    ),
    mark!(
        "What the server sent is not one of the attached files, or not all of it. Nothing was exported. Leave attached files out, or restore a backup of the server."
    ),
    mark!("The address of this page is not known."),
    mark!(
        "Items were changed elsewhere again and again while they were read. Nothing was exported. Try again in a moment."
    ),
    mark!(
        "This device has not enough memory to make a key of the password. Nothing was exported. Close other programs, or choose the setup code."
    ),
    mark!(
        "This browser has not enough memory to derive the key, or the password is longer than 1,024 bytes."
    ),
    mark!(
        "This browser's random numbers repeat themselves. Nothing was saved; use another browser."
    ),
    mark!(
        "This browser does not let KeyArc keep anything on this device. Allow storage for this site, or log in with the setup code each time."
    ),
    mark!(
        "The password could not be rated: its word lists did not load. Check the connection and try again."
    ),
    mark!("The browser cannot read the file as a picture. Use PNG, JPEG or WebP."),
    mark!("The page gave a command that the vault worker does not know. Reload it."),
    mark!(
        "The item is gone, or the server has dropped what was sent: it keeps that for a day. Nothing was attached. Attach the file anew."
    ),
    mark!("The new keys were given up."),
    mark!("Nothing was changed. Begin again, with another kit."),
    // Why an archive could not be made: crates/crypto/src/error.rs and crates/vault/src/archive/write.rs.
    mark!("the password is empty or too long"),
    mark!("the key derivation parameters are out of bounds"),
    mark!("the source of randomness repeats itself"),
    mark!("too long to seal in one piece"),
    mark!("more than an archive holds"),
    // What the client refuses by itself: crates/client/src/session.
    mark!("What is open here is not what the server shows."),
    mark!("Lock the vault and unlock it, and look at what it shows."),
    mark!("The server did not accept the change."),
    mark!("Nothing was changed. Try again."),
    mark!("The keys are being changed."),
    mark!("Do it again afterwards."),
    mark!("Somebody keeps writing to the vault."),
    mark!("Nothing was changed. End the other sessions and try again."),
    mark!("{1} items cannot be opened and would be lost."),
    mark!("Nothing was changed. Update KeyArc, or delete them, then try again."),
    mark!("The items were changed elsewhere."),
    mark!("Look at them and try again."),
    // What the server answers: server/src/error.rs and middleware, and app/src/rpc.
    mark!("Correct it and send the request again. Nothing was changed."),
    mark!("Too many requests in a short time."),
    mark!("Wait a moment, then try again."),
    mark!("Nothing was changed. Try again in a few seconds."),
    mark!("There is nothing here, or nothing that you may see."),
    mark!("Check the address."),
    mark!("Something went wrong on our side."),
    mark!("Try again. If it happens again, give the operator the request id."),
    mark!("There is no session, or it has ended."),
    mark!("Log in again."),
    mark!("The log-in was not accepted."),
    mark!("Check the master password and the setup code, then try again."),
    mark!("The account has a second factor."),
    mark!("Send its code with the token to go on."),
    mark!("The code was not accepted."),
    mark!("Wait for the next code of the app, or use a recovery code."),
    mark!("The passkey was not accepted."),
    mark!("Try again, or use another way."),
    mark!("Somebody else wrote to the vault first."),
    mark!("Fetch the changes and write again. Nothing was changed."),
    mark!("Somebody else changed this first."),
    mark!("Fetch the changes, then decide which version to keep. Nothing was changed."),
    mark!("The account's keys were changed meanwhile."),
    mark!("Fetch the account and begin anew. Nothing was changed."),
    mark!("The handle of this setup code is taken."),
    mark!("Make a new setup code and sign up again."),
    mark!("The database cannot be reached at the moment."),
    mark!("The server's storage is full. Reading still works."),
    mark!("Nothing was changed. Tell the operator, and try again later."),
    mark!("The room for files of this account, {1} MB, is used up."),
    mark!(
        "Delete items with files for good, which makes room a day later, or ask the operator for more. Nothing was changed."
    ),
    mark!("The file is larger than {1} MB."),
    mark!("Attach a smaller one. Nothing was changed."),
    mark!("The request came from another site."),
    mark!("Open KeyArc at its own address. Operators: check PUBLIC_ORIGIN."),
    mark!("The server is busy with other large uploads."),
    mark!("The server cannot be reached."),
    mark!("Check the connection and try again."),
    mark!("The request could not be read."),
    mark!("Reload the page and try again."),
    mark!("The request failed."),
    mark!("Try again; if it goes on, tell the operator."),
    // The rules behind “The field …” and “The request”: crates/service/src and server/src/body.rs.
    mark!("must not be empty"),
    mark!("must have at most {1} bytes"),
    mark!("must not contain control characters"),
    mark!("must be an e-mail address"),
    mark!("must be turned off first"),
    mark!("must be what this account was given"),
    mark!("must be a new passkey"),
    mark!("must be among at most {1}"),
    mark!("must have a name: addresses have no passkeys"),
    mark!("must name attachments that were uploaded as a whole"),
    mark!("ended early"),
    mark!("arrived too slowly"),
    // Where a session is: crates/service/src/network.rs.
    mark!("this machine"),
    mark!("a private network"),
];

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    /// All that is said in the sources below a folder, in one line.
    fn read(folder: &Path, said: &mut String) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                read(&path, said);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let source = fs::read_to_string(&path).expect("a source");
                for line in source.lines().map(str::trim_start) {
                    match line.strip_suffix('\\') {
                        Some(goes_on) => said.push_str(goes_on),
                        None => {
                            said.push_str(line);
                            said.push('\n');
                        }
                    }
                }
            }
        }
    }

    /// What stands between the places of a text.
    fn fragments(text: &str) -> impl Iterator<Item = &str> {
        text.split('{')
            .map(|part| part.split_once('}').map_or(part, |(_, rest)| rest))
    }

    #[test]
    fn every_text_is_said_elsewhere() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut said = String::new();
        for folder in ["server/src", "frontend/src", "app/src/rpc"] {
            read(&root.join(folder), &mut said);
        }
        for entry in fs::read_dir(root.join("crates")).expect("the crates") {
            let sources = entry.expect("a crate").path().join("src");
            if sources.is_dir() {
                read(&sources, &mut said);
            }
        }
        for text in TEXTS {
            let lost = fragments(text).find(|fragment| !said.contains(*fragment));
            assert_eq!(lost, None, "of “{text}”");
        }
    }

    #[test]
    fn texts_with_places_are_found_by_their_words() {
        for text in TEXTS.iter().filter(|text| text.contains('{')) {
            let digits = fragments(text).any(|rest| rest.contains(|c: char| c.is_ascii_digit()));
            assert!(!digits, "all numbers are places: {text}");
        }
    }

    #[test]
    fn what_the_server_says_stays_without_a_catalogue() {
        for sentence in [
            "The field writes[3].overview must be a KAE1 envelope.",
            "The request arrived too slowly.",
            "The request failed.",
            "Something went wrong on our side.",
            "",
        ] {
            assert_eq!(of_server(sentence), sentence);
        }
    }

    #[test]
    fn rules_of_several_things_are_told_from_others() {
        for (rule, several) in [
            ("are more than 30", true),
            ("name one variable twice", true),
            ("need a name", true),
            ("needs a name", false),
            ("names a hash, length or time that is not known", false),
            ("is larger than 900 KB", false),
        ] {
            assert_eq!(is_of_several(rule), several, "{rule}");
        }
    }
}
