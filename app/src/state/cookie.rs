use leptos::prelude::*;

/// A year, in seconds.
pub(super) const A_YEAR: u32 = 31_536_000;

/// Keeps a choice in a cookie, so that the server renders its next page by it. With an age of 0
/// the cookie goes.
pub(super) fn keep_cookie(name: &str, value: &str, max_age_seconds: u32) {
    let secure = if window().location().protocol().is_ok_and(|p| p == "https:") {
        "; Secure"
    } else {
        ""
    };
    let cookie = format!("{name}={value}; Path=/; Max-Age={max_age_seconds}; SameSite=Lax{secure}");
    let _ = js_sys::Reflect::set(&document(), &"cookie".into(), &cookie.into());
}
