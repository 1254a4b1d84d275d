//! Names for people out of names for programs.

use crate::{
    NAME_MAX, Recognition,
    recognise::{Provider, provider},
};

/// Prefixes by which build tools mark what may reach a browser; they say nothing about the key.
const BUILD_PREFIXES: [&str; 6] = [
    "NEXT_PUBLIC_",
    "NUXT_PUBLIC_",
    "EXPO_PUBLIC_",
    "REACT_APP_",
    "VITE_",
    "PUBLIC_",
];

/// `OPENAI_API_KEY` of OpenAI → `OpenAI API key`. Without a provider, the variable's own name.
pub(super) fn item_name(variable: &str, recognition: Option<&Recognition>) -> String {
    let known = recognition
        .and_then(|recognition| Some((recognition, provider(&recognition.provider)?)))
        .filter(|(_, provider)| !provider.generic);
    let Some((recognition, provider)) = known else {
        return variable.to_owned();
    };
    let upper = variable.to_ascii_uppercase();
    let bare = BUILD_PREFIXES
        .iter()
        .find_map(|prefix| upper.strip_prefix(prefix))
        .unwrap_or(&upper);
    let words: Vec<&str> = bare
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let rest = without_provider(&words, provider);
    let name = if rest.is_empty() {
        recognition.label.clone()
    } else {
        let rest: Vec<String> = rest.iter().map(|word| humane(word, provider)).collect();
        format!("{} {}", provider.name, rest.join(" "))
    };
    if name.chars().count() > NAME_MAX {
        variable.to_owned()
    } else {
        name
    }
}

/// The words less those that only repeat the provider: `GH` of GitHub goes, `S3` of AWS stays.
fn without_provider<'a>(words: &[&'a str], provider: &Provider) -> Vec<&'a str> {
    let named: String = provider
        .name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_ascii_uppercase();
    let repeats = |word: &str| {
        let mut letters = named.chars();
        let short = word.chars().all(|c| letters.any(|letter| letter == c));
        short || word.starts_with(&named)
    };
    for name in &provider.words {
        let parts: Vec<&str> = name.split('_').collect();
        let at = words
            .windows(parts.len())
            .position(|window| window == parts.as_slice());
        if let Some(at) = at
            && repeats(&parts.concat())
        {
            return [&words[..at], &words[at + parts.len()..]].concat();
        }
    }
    words.to_vec()
}

fn humane(word: &str, provider: &Provider) -> String {
    const ACRONYMS: [&str; 34] = [
        "AI", "API", "CDN", "CI", "DB", "DNS", "DSN", "EU", "GPG", "HTTP", "HTTPS", "IAM", "ID",
        "IP", "JWT", "KMS", "LLM", "OIDC", "PAT", "PEM", "PGP", "RSA", "S3", "SDK", "SES", "SID",
        "SMTP", "SQL", "SSH", "SSL", "TLS", "URI", "URL", "US",
    ];
    if ACRONYMS.contains(&word) {
        return word.to_owned();
    }
    let lower = word.to_ascii_lowercase();
    if word == "OAUTH" {
        return "OAuth".to_owned();
    }
    // A product of the provider is a name: Gemini, Jira.
    if provider.words.iter().any(|name| name == word) {
        let (first, rest) = lower.split_at(1);
        return first.to_ascii_uppercase() + rest;
    }
    lower
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recognise_named;

    #[test]
    fn names_read_well() {
        let secret = "0123456789abcdef0123456789abcdef";
        for (variable, name) in [
            ("OPENAI_API_KEY", "OpenAI API key"),
            ("GH_TOKEN", "GitHub token"),
            ("HUGGING_FACE_HUB_TOKEN", "Hugging Face hub token"),
            ("AWS_SECRET_ACCESS_KEY", "AWS secret access key"),
            ("S3_SECRET_KEY", "AWS S3 secret key"),
            ("GEMINI_API_KEY", "Google Gemini API key"),
            ("NEXT_PUBLIC_SUPABASE_ANON_KEY", "Supabase anon key"),
            ("NEW_RELIC_LICENSE_KEY", "New Relic license key"),
            ("GITHUB_OAUTH_CLIENT_SECRET", "GitHub OAuth client secret"),
        ] {
            let recognition = recognise_named(variable, secret);
            assert_eq!(item_name(variable, recognition.as_ref()), name);
        }
        let url = recognise_named("DATABASE_URL", "postgres://app:pw@db/app");
        assert_eq!(
            item_name("DATABASE_URL", url.as_ref()),
            "Postgres database URL"
        );
        let bare = recognise_named("STRIPE", "sk_live_0123456789abcdef");
        assert_eq!(item_name("STRIPE", bare.as_ref()), "Stripe live secret key");
    }

    #[test]
    fn what_is_not_recognised_keeps_its_name() {
        assert_eq!(
            item_name("PORT", recognise_named("PORT", "3000").as_ref()),
            "PORT"
        );
        let random = recognise_named("SESSION", "xK9mPq2RtY7wZb4NcV8L");
        assert_eq!(
            random.as_ref().map(|found| found.provider.as_str()),
            Some("secret")
        );
        assert_eq!(item_name("SESSION", random.as_ref()), "SESSION");
    }
}
