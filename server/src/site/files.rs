//! Files of the built site: compressed copies where the build made them, names with a hash kept
//! for ever, others asked about with their ETag. Folders are never listed.

use std::{
    fs::Metadata,
    io,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use futures::{Stream, stream};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts};
use tokio::{fs::File, io::AsyncReadExt as _};

use super::{
    build::{BUILD_FILE, PKG, is_hash},
    negotiate::{accepts, matches_etag},
};
use crate::middleware::access_log::LoggedRoute;

/// Bytes read at a time.
const CHUNK: usize = 64 * 1024;
pub(super) const FOR_EVER: &str = "public, max-age=31536000, immutable";
const A_DAY: &str = "public, max-age=86400";
const ASK: &str = "public, max-age=0, must-revalidate";

/// The file that the request's path names; `None` when there is none.
pub(super) async fn serve(root: &Path, request: &Parts) -> Option<Response> {
    let name = safe_name(request.uri.path())?;
    let content_type = content_type(name)?;
    let headers = &request.headers;
    let (file, metadata, encoding) = open_best(root, name, headers).await?;

    let etag = etag(&metadata, encoding);
    let mut response = if matches_etag(headers, &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let body = match request.method {
            Method::HEAD => Body::empty(),
            _ => Body::from_stream(chunks(file)),
        };
        let mut response = Response::new(body);
        response
            .headers_mut()
            .insert(header::CONTENT_LENGTH, metadata.len().into());
        response
    };
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    out.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static(caching(name)),
    );
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(etag) = HeaderValue::try_from(etag) {
        out.insert(header::ETAG, etag);
    }
    if let Some(encoding) = encoding {
        out.insert(
            header::CONTENT_ENCODING,
            HeaderValue::from_static(encoding.name),
        );
    }
    response.extensions_mut().insert(LoggedRoute("(file)"));
    Some(response)
}

#[derive(Clone, Copy)]
struct Encoding {
    name: &'static str,
    suffix: &'static str,
}

const ENCODINGS: [Encoding; 2] = [
    Encoding {
        name: "br",
        suffix: "br",
    },
    Encoding {
        name: "gzip",
        suffix: "gz",
    },
];

/// The first copy that the client takes and that is there; the file itself last.
async fn open_best(
    root: &Path,
    name: &str,
    headers: &HeaderMap,
) -> Option<(File, Metadata, Option<Encoding>)> {
    let path = root.join(name);
    for encoding in ENCODINGS {
        if accepts(headers, encoding.name) {
            let copy = PathBuf::from(format!("{}.{}", path.display(), encoding.suffix));
            if let Some((file, metadata)) = open(&copy).await {
                return Some((file, metadata, Some(encoding)));
            }
        }
    }
    open(&path)
        .await
        .map(|(file, metadata)| (file, metadata, None))
}

async fn open(path: &Path) -> Option<(File, Metadata)> {
    let file = File::open(path).await.ok()?;
    let metadata = file.metadata().await.ok()?;
    metadata.is_file().then_some((file, metadata))
}

fn chunks(file: File) -> impl Stream<Item = io::Result<Vec<u8>>> {
    stream::try_unfold(file, |mut file| async move {
        let mut chunk = Vec::with_capacity(CHUNK);
        let read = (&mut file)
            .take(CHUNK as u64)
            .read_to_end(&mut chunk)
            .await?;
        Ok((read > 0).then_some((chunk, file)))
    })
}

/// A relative path of plain names. Names in the site are made by the build, so there is nothing
/// to decode, and nothing that could climb out or name a hidden file.
fn safe_name(path: &str) -> Option<&str> {
    let name = path.strip_prefix('/')?;
    let plain = |segment: &str| {
        !segment.is_empty()
            && !segment.starts_with('.')
            && segment
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"._-@".contains(&b))
    };
    name.split('/').all(plain).then_some(name)
}

/// Only types that the site is made of are served; the note of the build is not for anybody.
fn content_type(name: &str) -> Option<&'static str> {
    Some(match name.rsplit_once('.')?.1 {
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "bin" => "application/octet-stream",
        "css" => "text/css; charset=utf-8",
        "woff2" => "font/woff2",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "ico" => "image/x-icon",
        "webmanifest" => "application/manifest+json",
        "json" => "application/json",
        "po" => "text/x-gettext-translation; charset=utf-8",
        "xml" => "application/xml",
        "txt" if name != BUILD_FILE => "text/plain; charset=utf-8",
        _ => return None,
    })
}

/// How long a file may be kept without asking. A font never changes under its name: another
/// version of it gets another name. A picture may be a day old.
fn caching(name: &str) -> &'static str {
    let is_in = |folder: &str| name.starts_with(folder);
    if is_in_build(name) || is_in("fonts/") {
        FOR_EVER
    } else if is_in("images/") || is_in("icons/") || name == "favicon.svg" {
        A_DAY
    } else {
        ASK
    }
}

/// Whether a file is in a folder that is named by the hash of what is in it.
fn is_in_build(name: &str) -> bool {
    let mut parts = name.split('/');
    parts.next() == Some(PKG) && parts.next().is_some_and(is_hash) && parts.next().is_some()
}

/// Size and time of change tell versions apart; the encoding is a representation of its own.
fn etag(metadata: &Metadata, encoding: Option<Encoding>) -> String {
    let changed = metadata
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        .map_or(0, |since| since.as_nanos());
    let suffix = encoding.map_or("", |encoding| encoding.suffix);
    format!("\"{:x}-{changed:x}{suffix}\"", metadata.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_below_the_root_are_looked_up() {
        assert_eq!(safe_name("/pkg/keyarc.js"), Some("pkg/keyarc.js"));
        for bad in [
            "/",
            "//etc/passwd",
            "/../x",
            "/pkg/../x",
            "/pkg/%2e%2e/x",
            "/.env",
            "/pkg/.hidden",
            "/a\\b",
            "/pkg/",
            "no-slash",
        ] {
            assert_eq!(safe_name(bad), None, "{bad}");
        }
    }

    #[test]
    fn unknown_types_and_build_records_are_not_served() {
        assert!(content_type("pkg/keyarc.wasm").is_some());
        assert!(content_type("pkg/small_parts.bin").is_some());
        assert!(content_type("robots.txt").is_some());
        for bad in [
            "build.txt",
            "data.db",
            "README",
            "pkg/keyarc.js.br",
            "x.sqlite",
        ] {
            assert!(content_type(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn files_of_a_build_are_known_by_its_folder() {
        assert!(is_in_build("pkg/0123456789_-abcdefABCD/keyarc.js"));
        for other in [
            "pkg/keyarc.js",
            "pkg/0123456789_-abcdefABCD",
            "pkg/short/keyarc.js",
            "0123456789_-abcdefABCD/keyarc.js",
            "images/0123456789_-abcdefABCD/a.png",
        ] {
            assert!(!is_in_build(other), "{other}");
        }
        assert_eq!(caching("pkg/0123456789_-abcdefABCD/keyarc.js"), FOR_EVER);
        assert_eq!(caching("fonts/a.woff2"), FOR_EVER);
        assert_eq!(caching("images/a.webp"), A_DAY);
        assert_eq!(caching("strength/a.js"), ASK);
    }
}
