/// What can be said of a password, in the words of the module that rates it (zxcvbn 3).
const KNOWN: [&str; 27] = [
    mark!("Straight rows of keys are easy to guess."),
    mark!("Short keyboard patterns are easy to guess."),
    mark!("Repeats like \"aaa\" are easy to guess."),
    mark!("Repeats like \"abcabcabc\" are only slightly harder to guess than \"abc\"."),
    mark!("This is a top-10 common password."),
    mark!("This is a top-100 common password."),
    mark!("This is a very common password."),
    mark!("This is similar to a commonly used password."),
    mark!("Sequences like abc or 6543 are easy to guess."),
    mark!("Recent years are easy to guess."),
    mark!("A word by itself is easy to guess."),
    mark!("Dates are often easy to guess."),
    mark!("Names and surnames by themselves are easy to guess."),
    mark!("Common names and surnames are easy to guess."),
    mark!("Use a few words, avoid common phrases."),
    mark!("No need for symbols, digits, or uppercase letters."),
    mark!("Add another word or two. Uncommon words are better."),
    mark!("Capitalization doesn't help very much."),
    mark!("All-uppercase is almost as easy to guess as all-lowercase."),
    mark!("Reversed words aren't much harder to guess."),
    mark!("Predictable substitutions like '@' instead of 'a' don't help very much."),
    mark!("Use a longer keyboard pattern with more turns."),
    mark!("Avoid repeated words and characters."),
    mark!("Avoid sequences."),
    mark!("Avoid recent years."),
    mark!("Avoid years that are associated with you."),
    mark!("Avoid dates and years that are associated with you."),
];

/// What was said of a password, in the language of the page; as it is where that is not known.
pub(super) fn in_language(advice: String) -> String {
    let known = KNOWN.into_iter().find(|known| *known == advice);
    known.map_or(advice, |known| crate::language::text(known).to_owned())
}
