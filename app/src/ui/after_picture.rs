use std::time::Duration;

use leptos::prelude::*;

/// Runs something once the picture that is being made stands on the screen, so that what somebody
/// waits for is there a frame sooner.
///
/// In a document that is not shown there are no pictures, and it waits until it is.
pub fn once_pictured(run: impl FnOnce() + 'static) {
    // The callback runs before its picture is made; what it puts off runs after.
    request_animation_frame(move || set_timeout(run, Duration::ZERO));
}

/// False until the picture that is being built stands on the screen, then true: what nobody sees
/// at once is built after it.
pub fn after_picture() -> ReadSignal<bool> {
    let (stands, set_stands) = signal(false);
    once_pictured(move || {
        let _ = set_stands.try_set(true);
    });
    stands
}
