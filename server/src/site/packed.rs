//! Documents with their compressed copies.

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io::{self, Write as _},
};

use axum::{
    body::{Body, Bytes},
    response::{IntoResponse as _, Response},
};
use flate2::{Compression, write::GzEncoder};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::negotiate::{accepts, matches_etag};

/// A document that is the same for many requests, compressed once and well.
#[derive(Debug)]
pub(super) struct Packed {
    plain: Bytes,
    brotli: Option<Bytes>,
    gzip: Option<Bytes>,
    hash: u64,
}

impl Packed {
    pub(super) fn new(text: String) -> Self {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let plain = Bytes::from(text);
        Self {
            brotli: brotli(&plain).ok(),
            gzip: gzip(&plain, Compression::best()).ok(),
            hash: hasher.finish(),
            plain,
        }
    }

    /// The best copy that the request takes, or 304 when it has it.
    pub(super) fn respond(&self, request: &HeaderMap) -> Response {
        let (body, encoding) = match (&self.brotli, &self.gzip) {
            (Some(brotli), _) if accepts(request, "br") => (brotli, Some("br")),
            (_, Some(gzip)) if accepts(request, "gzip") => (gzip, Some("gzip")),
            _ => (&self.plain, None),
        };
        let etag = format!("\"{:x}{}\"", self.hash, encoding.unwrap_or_default());
        let mut response = match matches_etag(request, &etag) {
            true => StatusCode::NOT_MODIFIED.into_response(),
            false => Response::new(Body::from(body.clone())),
        };
        if let Ok(etag) = HeaderValue::try_from(etag) {
            response.headers_mut().insert(header::ETAG, etag);
        }
        mark(response.headers_mut(), encoding);
        response
    }
}

/// Compresses a document that is made for one request, when the request takes that.
pub(super) fn pack_once(text: Bytes, request: &HeaderMap) -> Response {
    let packed = match accepts(request, "gzip") {
        true => gzip(&text, Compression::fast()).ok(),
        false => None,
    };
    let encoding = packed.is_some().then_some("gzip");
    let mut response = Response::new(Body::from(packed.unwrap_or(text)));
    mark(response.headers_mut(), encoding);
    response
}

fn mark(headers: &mut HeaderMap, encoding: Option<&'static str>) {
    headers.append(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
}

fn brotli(mut plain: &[u8]) -> io::Result<Bytes> {
    let mut out = Vec::new();
    let params = brotli::enc::BrotliEncoderParams {
        quality: 9,
        ..Default::default()
    };
    brotli::BrotliCompress(&mut plain, &mut out, &params)?;
    Ok(out.into())
}

fn gzip(plain: &[u8], level: Compression) -> io::Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 3), level);
    encoder.write_all(plain)?;
    Ok(encoder.finish()?.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(pairs: &[(http::HeaderName, &str)]) -> HeaderMap {
        let value = |text: &&str| text.parse().expect("a header value");
        pairs
            .iter()
            .map(|(name, text)| (name.clone(), value(text)))
            .collect()
    }

    #[test]
    fn each_copy_has_its_own_etag_and_304_repeats_it() {
        let packed = Packed::new("<p>hello</p>".repeat(50));
        let br = packed.respond(&asking(&[(header::ACCEPT_ENCODING, "gzip, br")]));
        let plain = packed.respond(&asking(&[]));
        assert_eq!(br.headers()[header::CONTENT_ENCODING], "br");
        assert!(!plain.headers().contains_key(header::CONTENT_ENCODING));
        assert_ne!(br.headers()[header::ETAG], plain.headers()[header::ETAG]);

        let etag = plain.headers()[header::ETAG]
            .to_str()
            .expect("text")
            .to_owned();
        let again = packed.respond(&asking(&[(header::IF_NONE_MATCH, &etag)]));
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    }
}
