//! Pictures, as the browser decodes them.

use js_sys::{Array, Uint8Array};
use wasm_bindgen::JsCast as _;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, DedicatedWorkerGlobalScope, ImageBitmap, OffscreenCanvas,
    OffscreenCanvasRenderingContext2d,
};
use zeroize::Zeroizing;

/// The width, the height and the brightness of each pixel of a picture, row by row; made smaller
/// where a side is longer than `side_max` pixels. `None` when the browser cannot decode it.
pub(crate) async fn brightness_of(
    file: &[u8],
    side_max: usize,
) -> Option<(usize, usize, Zeroizing<Vec<u8>>)> {
    let parts = Array::of1(&Uint8Array::from(file));
    let blob = Blob::new_with_u8_array_sequence(&parts).ok()?;
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    let decoded = scope.create_image_bitmap_with_blob(&blob).ok()?;
    let bitmap: ImageBitmap = JsFuture::from(decoded).await.ok()?.dyn_into().ok()?;
    let (wide, high) = (bitmap.width(), bitmap.height());
    let longest = wide.max(high);
    let side_max = u32::try_from(side_max).ok()?;
    if longest == 0 {
        return None;
    }
    let scaled = |side: u32| {
        let side = u64::from(side) * u64::from(longest.min(side_max)) / u64::from(longest);
        u32::try_from(side).unwrap_or(side_max).max(1)
    };
    let (width, height) = (scaled(wide), scaled(high));
    let canvas = OffscreenCanvas::new(width, height).ok()?;
    let context: OffscreenCanvasRenderingContext2d =
        canvas.get_context("2d").ok()??.dyn_into().ok()?;
    // What is see-through is white: codes are drawn dark on nothing, too.
    context.set_fill_style_str("white");
    let (across, down) = (f64::from(width), f64::from(height));
    context.fill_rect(0.0, 0.0, across, down);
    let drawn = context.draw_image_with_image_bitmap_and_dw_and_dh(&bitmap, 0.0, 0.0, across, down);
    bitmap.close();
    drawn.ok()?;
    let pixels = context.get_image_data(0.0, 0.0, across, down).ok()?;
    let pixels = Zeroizing::new(pixels.data().0);
    let luma = pixels.chunks_exact(4).map(|pixel| {
        // ITU-R BT.601, in 1/256.
        let [red, green, blue] = [pixel[0], pixel[1], pixel[2]].map(u32::from);
        ((77 * red + 150 * green + 29 * blue) >> 8) as u8
    });
    Some((
        width as usize,
        height as usize,
        Zeroizing::new(luma.collect()),
    ))
}
