//! Copies the photos of a mirrored pointchaud server. A photo's name is the digest of its bytes, so
//! it is the same on both servers, and a report has the same digest on both.

use crate::cli::follow::server::MirroredServer;
use crate::error::Result;
use crate::media::{Photo, PhotoStore, is_key};

/// Scheme and host of a URL.
fn origin(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    url[host..].find('/').map_or(url, |path| &url[..host + path])
}

/// Copies the photos kept by the mirrored server and rewrites their URLs; other URLs stay.
pub fn bring(server: &MirroredServer<'_>, photo_store: &PhotoStore, media: &mut [String]) {
    let folder = format!("{}/media/", origin(&server.options.url));
    for url in media {
        let Some(name) = url.strip_prefix(&folder).filter(|name| is_key(name)) else { continue };
        let name = name.to_owned();
        let brought = match server.runtime.block_on(photo_store.has(&name)) {
            true => Ok(()),
            false => server.photo(url).and_then(|bytes| {
                keep(server, photo_store, bytes, &name).map_err(|error| error.to_string())
            }),
        };
        match brought {
            Ok(()) => *url = format!("/media/{name}"),
            Err(reason) => eprintln!("{url}: {reason}"),
        }
    }
}

fn keep(
    server: &MirroredServer<'_>,
    photo_store: &PhotoStore,
    bytes: Vec<u8>,
    name: &str,
) -> Result<()> {
    let photo = Photo::from_stored(bytes, name)?;
    server.runtime.block_on(photo_store.put(photo)).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins() {
        for (url, expected) in [
            ("https://311.example.org/open311/v2", "https://311.example.org"),
            ("http://127.0.0.1:8311/open311/v2/", "http://127.0.0.1:8311"),
            ("http://host", "http://host"),
            ("host/open311", "host"),
        ] {
            assert_eq!(origin(url), expected);
        }
    }
}
