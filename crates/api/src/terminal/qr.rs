//! The picture of a precreated order's QR code.
//!
//! The address is no secret and needs none: who sees the picture can pay the order and no more.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use domain::ids::OrderNumber;
use fast_qr::{ECL, QRBuilder, QRCode};
use http::{StatusCode, header};

use crate::limits::{QR_KEPT_S, QR_MODULE_PIXELS, QR_QUIET_MODULES, QR_TEXT_BYTES_MAX};
use crate::shared::Shared;

/// `GET /upay/qr/{sn}.png`.
pub(super) async fn picture(
    State(shared): State<Arc<Shared>>,
    Path(picture): Path<String>,
) -> Response {
    let not_found = || (StatusCode::NOT_FOUND, "not found\n").into_response();
    let Some(sn) = picture.strip_suffix(".png") else { return not_found() };
    let found = shared.platform.store.order_by_number(&OrderNumber::new(sn)).await;
    let order = match found {
        Ok(Some(order)) => order.value,
        Ok(None) => return not_found(),
        Err(error) => {
            tracing::error!(%error, "the order of a picture could not be read");
            return (StatusCode::SERVICE_UNAVAILABLE, "busy\n").into_response();
        }
    };
    let text = order.attempt().and_then(|attempt| attempt.qr_code.as_deref());
    let Some(picture) = text.filter(|_| order.sale().is_some()).and_then(draw) else {
        return not_found();
    };
    let kept = format!("private, max-age={QR_KEPT_S}");
    let head = [
        (header::CONTENT_TYPE, "image/png"),
        (header::CACHE_CONTROL, kept.as_str()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (head, picture).into_response()
}

/// The text as a picture in black and white; `None` when it is too long.
fn draw(text: &str) -> Option<Vec<u8>> {
    if text.len() > QR_TEXT_BYTES_MAX {
        return None;
    }
    let code = QRBuilder::new(text).ecl(ECL::M).build().ok()?;
    let modules = code.size + 2 * QR_QUIET_MODULES;
    let mut rows = Vec::new();
    for y in 0..modules {
        let row = row(&code, y, modules);
        for _ in 0..QR_MODULE_PIXELS {
            rows.extend_from_slice(&row);
        }
    }
    let side = u32::try_from(modules * QR_MODULE_PIXELS).ok()?;
    let mut picture = Vec::new();
    let mut encoder = png::Encoder::new(&mut picture, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(&rows).ok()?;
    writer.finish().ok()?;
    Some(picture)
}

/// One line of pixels, eight in a byte: a module is eight pixels, so that each is one byte.
fn row(code: &QRCode, y: usize, modules: usize) -> Vec<u8> {
    const { assert!(QR_MODULE_PIXELS == 8, "a module is one byte of a line") };
    let dark = |x: usize| {
        let (x, y) = (x.checked_sub(QR_QUIET_MODULES), y.checked_sub(QR_QUIET_MODULES));
        let place = x.zip(y).filter(|(x, y)| *x < code.size && *y < code.size);
        place.is_some_and(|(x, y)| code[y][x].value())
    };
    (0..modules).map(|x| if dark(x) { 0x00 } else { 0xff }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_a_quiet_zone_and_a_finder() {
        let picture = draw("https://wallet.example/pay/7890260105000017").unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(picture)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        let modules = info.line_size;
        assert_eq!(info.width as usize, modules * 8);
        let module = |x: usize, y: usize| pixels[y * 8 * modules + x];
        assert!((0..modules).all(|at| module(at, 0) == 0xff && module(0, at) == 0xff));
        let finder: Vec<u8> = (4..11).map(|x| module(x, 5)).collect();
        assert_eq!(finder, [0, 0xff, 0xff, 0xff, 0xff, 0xff, 0]);
        assert_eq!(draw(&"x".repeat(QR_TEXT_BYTES_MAX + 1)), None);
    }
}
