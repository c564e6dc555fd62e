//! The state that all handlers share.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use axum::http::Uri;

use crate::error::{Refusal, Result};
use crate::http::access::{Access, WriteAccess};
use crate::http::around::rates::Rates;
use crate::http::openapi::document::Document;
use crate::http::ops::metrics::Metrics;
use crate::http::reply::response_budget::ResponseBudget;
use crate::http::reply::streamed::StreamRoom;
use crate::http::tiles::cache::TileCache;
use crate::media::{PhotoStore, UploadQuota};
use crate::message;
use crate::query::DuplicateModel;
use crate::usecase::App;
use crate::usecase::imports::Imports;
use crate::usecase::watch::BackgroundWatch;

/// The addresses of the licences of the cities' data.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Licences {
    of_all: Option<String>,
    of_cities: BTreeMap<String, String>,
}

impl Licences {
    /// Reads addresses, each either of all cities (`https://…`) or of one (`CITY=https://…`).
    ///
    /// # Errors
    /// A text is neither.
    pub fn parse(texts: &[String]) -> Result<Self> {
        let mut licences = Self::default();
        let is_url = |text: &str| {
            let uri = text.parse::<Uri>().ok();
            let scheme = uri.as_ref().and_then(Uri::scheme_str).unwrap_or_default();
            ["http", "https"].contains(&scheme) && !text.contains(['"', '<', '>'])
        };
        for text in texts {
            match text.split_once('=') {
                _ if is_url(text) => licences.of_all = Some(text.clone()),
                Some((city, url)) if !city.is_empty() && is_url(url) => {
                    licences.of_cities.insert(city.to_owned(), url.to_owned());
                }
                _ => {
                    let message = message!(
                        "doit être une adresse https://… ou VILLE=https://…",
                        "must be an address https://… or CITY=https://…"
                    );
                    return Err(Refusal::new("--licence", text, message).into());
                }
            }
        }
        Ok(licences)
    }

    /// The address of the licence of a city's data, if it is known.
    pub fn of(&self, city: &str) -> Option<&str> {
        self.of_cities.get(city).or(self.of_all.as_ref()).map(String::as_str)
    }
}

/// Settings that show in public answers.
pub struct PublicConfig {
    /// The public address of the service. `None` means the `Host` of each request.
    pub public_url: Option<String>,
    /// Keys of the applications that may create reports by Open311. If the list is empty, every key
    /// is accepted.
    pub open311_keys: Vec<String>,
    /// Does filing a report need a key?
    pub filing_needs_key: bool,
    /// Does Open311's discovery document say that this is no test server?
    pub is_production: bool,
    /// An e-mail address or a name, for Open311's discovery document and the OpenAPI document.
    pub contact: Option<String>,
    /// The licences of the cities' data.
    pub licences: Licences,
    /// The folder or bucket of the photos.
    pub photo_store: PhotoStore,
}

/// Settings of the map page.
#[derive(Debug, Clone, Default)]
pub struct PageSettings {
    /// URL of the TileJSON of a vector basemap in the OpenMapTiles schema; `None` for a plain
    /// background.
    pub basemap: Option<String>,
}

/// The state that all handlers share.
pub struct AppState {
    /// The use cases of the service.
    pub app: Arc<App>,
    /// The keys of the service, and who needs one.
    pub access: Access,
    /// Settings of the map page.
    pub page: PageSettings,
    /// The background watch, which repeats the standing hotspot search and the alert scan.
    pub watch: Arc<BackgroundWatch>,
    /// The logistic model that scores pairs of reports as duplicates.
    pub model: Arc<DuplicateModel>,
    /// Settings that show in public answers.
    pub public_config: PublicConfig,
    /// Files that are sent to be imported.
    pub imports: Arc<Imports>,
    /// How many photos each sender may send.
    pub uploads: UploadQuota,
    /// Counters for `/metrics`.
    pub(super) metrics: Metrics,
    /// Recently encoded vector tiles.
    pub(super) tiles: TileCache,
    /// The memory for responses that wait for their clients.
    pub(super) stream_room: StreamRoom,
    /// The memory for whole responses that wait for their clients.
    pub(super) response_budget: ResponseBudget,
    /// The OpenAPI document; set when the router is built.
    document: OnceLock<Document>,
    /// The rates of clients; set when the router is built.
    rates: OnceLock<Rates>,
}

impl AppState {
    /// The state of a service over an application.
    pub fn new(
        app: Arc<App>,
        access: WriteAccess,
        page: PageSettings,
        watch: Arc<BackgroundWatch>,
        model: DuplicateModel,
        public_config: PublicConfig,
    ) -> Arc<Self> {
        Arc::new(Self {
            response_budget: ResponseBudget::new(app.limits.responses_bytes_max),
            uploads: UploadQuota::new(app.limits.photos_per_hour),
            imports: Imports::new(app.clone()),
            access: Access::new(
                access,
                (app.keys().clone(), app.sessions().clone()),
                public_config.filing_needs_key,
                public_config.public_url.as_deref(),
            ),
            app,
            page,
            watch,
            model: Arc::new(model),
            public_config,
            metrics: Metrics::default(),
            tiles: TileCache::default(),
            stream_room: StreamRoom::default(),
            document: OnceLock::new(),
            rates: OnceLock::new(),
        })
    }

    /// The OpenAPI document; it is empty before the router is built.
    pub fn document(&self) -> &Document {
        self.document.get_or_init(|| Document::new(Vec::new()))
    }

    /// The rates of clients; `None` before the router is built.
    pub(super) fn rates(&self) -> Option<&Rates> {
        self.rates.get()
    }

    /// Sets the rates of clients, once.
    pub(super) fn set_rates(&self, rates: Rates) {
        let _ = self.rates.set(rates);
    }

    /// Sets the OpenAPI document, once.
    pub fn set_document(&self, document: Document) {
        // A second router over the same state has the same operations, so the first one stays.
        let _ = self.document.set(document);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_licence_is_of_all_cities_or_of_one() {
        let parse = |texts: &[&str]| {
            Licences::parse(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
        };
        let both = parse(&["https://a/?b=c", "boston.gov=https://d"]).unwrap();
        assert_eq!(both.of("boston.gov"), Some("https://d"));
        assert_eq!(both.of("nyc.gov"), Some("https://a/?b=c"));
        assert_eq!(parse(&["boston.gov=https://d"]).unwrap().of("nyc.gov"), None);
        for bad in ["", "CC-BY", "ftp://a", "=https://a", "boston.gov=", "https://a/\"b"] {
            assert!(parse(&[bad]).is_err(), "{bad}");
        }
    }
}
