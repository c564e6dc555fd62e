//! What handlers share.

use std::sync::{Arc, OnceLock};

use crate::http::openapi::document::Document;
use crate::http::ops::metrics::Metrics;
use crate::http::tiles::cache::TileCache;
use crate::media::PhotoStore;
use crate::query::DuplicateModel;
use crate::usecase::App;
use crate::usecase::watch::BackgroundWatch;

/// Who may change reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// Everybody who reaches the service: it listens to this machine only.
    Local,
    /// Whoever shows this key as a bearer token.
    Key(String),
    /// Nobody: it listens to the network and no key was set.
    Nobody,
}

/// Settings that the public meets.
pub struct PublicConfig {
    /// Address of the service as its readers know it; `None` where it is what they ask for.
    pub public_url: Option<String>,
    /// Keys with which applications may file by Open311; without any, every key is accepted.
    pub open311_keys: Vec<String>,
    /// Whom to write to, for Open311's discovery.
    pub contact: Option<String>,
    /// Where photos are kept.
    pub photo_store: PhotoStore,
}

/// Settings of the map page.
#[derive(Debug, Clone, Default)]
pub struct PageSettings {
    /// TileJSON of a vector basemap in the OpenMapTiles schema; none for a plain background.
    pub basemap: Option<String>,
}

/// What handlers share.
pub struct AppState {
    /// The application.
    pub app: Arc<App>,
    /// Who may change reports.
    pub access: Access,
    /// Settings of the map page.
    pub page: PageSettings,
    /// The background watch for hotspots and alerts.
    pub watch: Arc<BackgroundWatch>,
    /// The model that finds duplicates.
    pub model: Arc<DuplicateModel>,
    /// Settings that the public meets.
    pub public_config: PublicConfig,
    /// Counters of the answers.
    pub(super) metrics: Metrics,
    /// Tiles made lately.
    pub(super) tiles: TileCache,
    /// The description of all operations, once the router is made.
    document: OnceLock<Document>,
}

impl AppState {
    /// The state of a service over an application.
    pub fn new(
        app: Arc<App>,
        access: Access,
        page: PageSettings,
        watch: Arc<BackgroundWatch>,
        model: DuplicateModel,
        public_config: PublicConfig,
    ) -> Arc<Self> {
        Arc::new(Self {
            app,
            access,
            page,
            watch,
            model: Arc::new(model),
            public_config,
            metrics: Metrics::default(),
            tiles: TileCache::default(),
            document: OnceLock::new(),
        })
    }

    /// The description of all operations; of none before the router is made.
    pub fn document(&self) -> &Document {
        self.document.get_or_init(|| Document::new(Vec::new()))
    }

    /// Keeps the description of all operations.
    pub fn set_document(&self, document: Document) {
        // A second router over the same state has the same operations.
        let _ = self.document.set(document);
    }
}
