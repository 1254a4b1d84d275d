//! The session cookie. Browsers on TLS get `__Host-keyarc`; plain HTTP exists on this machine
//! only, where that prefix is not possible, under a name of its own.

use http::{HeaderMap, HeaderValue, header};
use keyarc_auth::SessionToken;

const SECURE_NAME: &str = "__Host-keyarc";
const LOOPBACK_NAME: &str = "keyarc-session";

/// Which cookie the server uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionCookie {
    /// `__Host-keyarc`, with `Secure`.
    Secure,
    /// `keyarc-session`, without `Secure`, for plain HTTP on loopback.
    Loopback,
}

impl SessionCookie {
    fn name(self) -> &'static str {
        match self {
            Self::Secure => SECURE_NAME,
            Self::Loopback => LOOPBACK_NAME,
        }
    }

    /// The token that the browser sent. When it sent several, none is taken: a page of another
    /// port or subdomain may have planted one.
    pub fn read(self, headers: &HeaderMap) -> Option<&str> {
        let mut found = headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(name, _)| *name == self.name())
            .map(|(_, value)| value);
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }

    /// `Set-Cookie` that begins a session of so many seconds.
    pub fn begin(self, token: &SessionToken, seconds: u64) -> Option<HeaderValue> {
        self.header(token.to_text().as_str(), seconds)
    }

    /// `Set-Cookie` that makes the browser forget the session.
    pub fn end(self) -> Option<HeaderValue> {
        self.header("", 0)
    }

    fn header(self, value: &str, seconds: u64) -> Option<HeaderValue> {
        let secure = match self {
            Self::Secure => "; Secure",
            Self::Loopback => "",
        };
        let name = self.name();
        let text =
            format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
        let mut header = HeaderValue::try_from(text).ok()?;
        header.set_sensitive(true);
        Some(header)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(cookie: SessionCookie, lines: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::COOKIE, line.parse().expect("a header value"));
        }
        cookie.read(&headers).map(ToOwned::to_owned)
    }

    #[test]
    fn the_own_cookie_is_found_among_others() {
        let found = read(
            SessionCookie::Secure,
            &["theme=dark; __Host-keyarc=abc", "x=y"],
        );
        assert_eq!(found.as_deref(), Some("abc"));
        assert_eq!(read(SessionCookie::Secure, &["keyarc-session=abc"]), None);
        assert_eq!(read(SessionCookie::Loopback, &["x__Host-keyarc=abc"]), None);
    }

    #[test]
    fn of_two_session_cookies_neither_is_believed() {
        assert_eq!(
            read(
                SessionCookie::Loopback,
                &["keyarc-session=a; keyarc-session=b"]
            ),
            None
        );
        assert_eq!(
            read(
                SessionCookie::Loopback,
                &["keyarc-session=a", "keyarc-session=b"]
            ),
            None
        );
    }

    #[test]
    fn scripts_and_other_sites_never_get_it() {
        let token = SessionToken::make([7; 32]);
        let header = SessionCookie::Secure.begin(&token, 60).expect("a header");
        let text = header.to_str().expect("text");
        assert!(text.starts_with("__Host-keyarc=kas1_"));
        assert!(
            text.ends_with("; Path=/; Max-Age=60; HttpOnly; SameSite=Strict; Secure"),
            "{text}"
        );
        assert!(header.is_sensitive());
        let end = SessionCookie::Loopback.end().expect("a header");
        assert_eq!(
            end,
            "keyarc-session=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict"
        );
    }
}
