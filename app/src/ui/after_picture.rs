use std::time::Duration;

use leptos::prelude::*;

/// False until the picture that is being built stands on the screen, then true. What nobody sees
/// at once is built after it, so that what everybody waits for is there a frame sooner.
///
/// In a document that is not shown there are no pictures, and it stays false until it is.
pub fn after_picture() -> ReadSignal<bool> {
    let (stands, set_stands) = signal(false);
    // The callback runs before its picture is made; what it puts off runs after.
    request_animation_frame(move || {
        set_timeout(
            move || {
                let _ = set_stands.try_set(true);
            },
            Duration::ZERO,
        );
    });
    stands
}
