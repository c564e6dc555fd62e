//! The head of a request, as an extractor or a handler has it.

use std::net::IpAddr;

use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, Uri, Version};

use crate::http::request::client_address::{ClientAddress, Passage};

/// The target and the headers of a request, and how it reached the service.
#[derive(Debug, Clone, Copy)]
pub struct RequestHead<'a> {
    /// The target.
    pub uri: &'a Uri,
    /// The version of HTTP.
    pub version: Version,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// What the listener and the layers say of it.
    pub extensions: &'a Extensions,
}

impl RequestHead<'_> {
    /// The network address of the client, if it is known.
    pub fn address(&self) -> Option<IpAddr> {
        self.extensions.get::<ClientAddress>().map(|client| client.0)
    }

    /// How the request reached the service, where that is not plain HTTP from its client.
    pub fn passage(&self) -> Option<&Passage> {
        self.extensions.get::<Passage>()
    }
}

impl<'a> From<&'a Parts> for RequestHead<'a> {
    fn from(parts: &'a Parts) -> Self {
        let Parts { uri, version, headers, extensions, .. } = parts;
        Self { uri, version: *version, headers, extensions }
    }
}

impl<'a> From<&'a Request> for RequestHead<'a> {
    fn from(request: &'a Request) -> Self {
        let (uri, headers, extensions) = (request.uri(), request.headers(), request.extensions());
        Self { uri, version: request.version(), headers, extensions }
    }
}
