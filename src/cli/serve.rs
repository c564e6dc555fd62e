//! `pointchaud serve`: the map page and the API.

use std::io::Write as _;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use clap::Args;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::shared::{StoreArguments, catalogues, jurisdiction_id};
use crate::cli::{generate, labelled_pairs};
use crate::config::{EXPORT_ROWS_MAX, Limits};
use crate::demo::{Plan, REPORTS_PER_YEAR};
use crate::domain::JurisdictionId;
use crate::error::{Error, ErrorKind, Refusal, Result};
use crate::http::{AppState, Licences, PageSettings, PublicConfig, WriteAccess, router, serve};
use crate::media::PhotoStore;
use crate::message;
use crate::store::Reader;
use crate::usecase::App;
use crate::usecase::watch::BackgroundWatch;

/// Time-out for reaching the host of the default basemap.
const PROBE_MAX: Duration = Duration::from_millis(1500);

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    store: StoreArguments,
    /// Address and port to listen on; port 0 takes a free one.
    #[arg(long, env = "POINTCHAUD_LISTEN", default_value = "127.0.0.1:8311")]
    listen: SocketAddr,
    /// Jurisdiction that answers where a request names none (default: the store's only city, or
    /// the first that was added).
    #[arg(long, env = "POINTCHAUD_DEFAULT")]
    default: Option<String>,
    /// Fill an empty store with the generated demo city.
    #[arg(long, env = "POINTCHAUD_DEMO")]
    demo: bool,
    /// Number of reports of the demo city.
    #[arg(long, default_value_t = REPORTS_PER_YEAR)]
    demo_reports: u64,
    /// Key that may do everything (Authorization: Bearer KEY), beside those of 'pointchaud key'.
    /// Without any key, reports can be changed only from this machine, while the service listens
    /// on the loopback address and has no public URL.
    #[arg(long, env = "POINTCHAUD_CREW_KEY", hide_env_values = true)]
    crew_key: Option<String>,
    /// File whose first line is such a key.
    #[arg(
        long,
        value_name = "FILE",
        env = "POINTCHAUD_CREW_KEY_FILE",
        conflicts_with = "crew_key"
    )]
    crew_key_file: Option<PathBuf>,
    /// Accept new reports and photos only with a key, of any role.
    #[arg(long, env = "POINTCHAUD_FILING_NEEDS_KEY")]
    filing_needs_key: bool,
    /// Duplicate model to use instead of the built-in one (TOML, as written by `train`).
    #[arg(long, env = "POINTCHAUD_MODEL")]
    model: Option<PathBuf>,
    /// Where photos are stored: a folder, or s3://BUCKET[/PREFIX] with the AWS_… environment
    /// variables (default: a folder beside the store).
    #[arg(long, env = "POINTCHAUD_MEDIA")]
    media: Option<String>,
    /// Public URL of this service, for example behind a proxy (default: from each request).
    #[arg(long, env = "POINTCHAUD_PUBLIC_URL")]
    public_url: Option<String>,
    /// API keys accepted for Open311 filing, separated by commas (default: any key).
    #[arg(long, env = "POINTCHAUD_OPEN311_KEYS", hide_env_values = true, value_delimiter = ',')]
    open311_keys: Vec<String>,
    /// Name this server `production` in the Open311 discovery document (default: `test` while only
    /// this machine can reach it, `production` otherwise).
    #[arg(long, env = "POINTCHAUD_PRODUCTION")]
    production: bool,
    /// Contact named in the Open311 discovery document.
    #[arg(long, env = "POINTCHAUD_CONTACT")]
    contact: Option<String>,
    /// Most reports in an export without the crew key (/api/v1/export.…); with the key there is no
    /// limit.
    #[arg(
        long,
        value_name = "REPORTS",
        env = "POINTCHAUD_EXPORT_ROWS_MAX",
        default_value_t = EXPORT_ROWS_MAX
    )]
    export_rows_max: usize,
    /// Address of the licence of the data, for OGC API – Features: of all cities (https://…) or of
    /// one (CITY=https://…). May be given several times.
    #[arg(long, env = "POINTCHAUD_LICENCE", value_delimiter = ' ')]
    licence: Vec<String>,
    /// TileJSON of a vector basemap in the OpenMapTiles schema; `none` for a plain background;
    /// `auto` for OpenFreeMap where this machine can reach it.
    #[arg(long, env = "POINTCHAUD_BASEMAP", default_value = "auto")]
    basemap: String,
}

/// Serves until interrupted.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let store = arguments.store.path()?;
    let basemap_probe = probe_basemap(&arguments.basemap);
    if arguments.demo {
        fill(&store, arguments.demo_reports)?;
    }
    let model = labelled_pairs::model(arguments.model.as_deref())?;
    let limits = Limits { export_rows_max: arguments.export_rows_max, ..Limits::default() };
    let default = arguments.default.as_deref().map(|id| default_city(&store, id)).transpose()?;
    let app = App::open(&store, catalogues()?, limits.clone())?;
    if let Some(id) = default {
        app.set_default(id);
    }
    let access = match arguments.crew_key()? {
        Some(key) => WriteAccess::Key(key),
        None if arguments.listen.ip().is_loopback() && arguments.public_url.is_none() => {
            WriteAccess::Local
        }
        None => WriteAccess::Nobody,
    };
    let basemap = basemap(&arguments.basemap, basemap_probe);
    let watch = BackgroundWatch::new();
    watch.start(app.clone())?;
    let public_config = PublicConfig {
        public_url: arguments.public_url.clone(),
        open311_keys: arguments.open311_keys.clone(),
        filing_needs_key: arguments.filing_needs_key,
        is_production: arguments.production || access != WriteAccess::Local,
        contact: arguments.contact.clone(),
        licences: Licences::parse(&arguments.licence)?,
        photo_store: PhotoStore::open(&media(arguments.media.as_deref(), &store))?,
    };
    let site = AppState::new(
        app.clone(),
        access,
        PageSettings { basemap },
        watch.clone(),
        model,
        public_config,
    );
    let runtime = tokio::runtime::Runtime::new().map_err(Error::internal)?;
    let served = runtime.block_on(async {
        let listener = TcpListener::bind(arguments.listen).await.map_err(|cause| {
            let address = arguments.listen;
            let message =
                message!("Impossible d’écouter sur {address}.", "Cannot listen on {address}.");
            Error { cause: Some(cause.into()), ..Error::new(ErrorKind::Unavailable, message) }
        })?;
        let address = listener.local_addr().map_err(Error::internal)?;
        println!("pointchaud: http://{address}/");
        let _ = std::io::stdout().flush();
        serve(listener, router(site), &limits, stopped()).await;
        Ok(())
    });
    watch.stop();
    app.stop();
    served.map(|()| ExitCode::SUCCESS)
}

/// Bytes that a crew key has at least: fewer can be guessed.
const KEY_BYTES_MIN: usize = 16;

impl Arguments {
    /// The crew key of `--crew-key` or `--crew-key-file`.
    ///
    /// # Errors
    /// The file cannot be read; the key is too short.
    fn crew_key(&self) -> Result<Option<String>> {
        let Some(path) = &self.crew_key_file else {
            return self.crew_key.as_deref().map(|key| checked_key("--crew-key", key)).transpose();
        };
        let text = std::fs::read_to_string(path).map_err(|error| {
            let message = message!("ne peut pas être lu : {error}", "cannot be read: {error}");
            Error::from(Refusal::new("--crew-key-file", path.display(), message))
        })?;
        let key = text.lines().next().unwrap_or_default().trim();
        checked_key("--crew-key-file", key).map(Some)
    }
}

/// Refuses a crew key that is empty or can be guessed. The key itself is not in the refusal.
fn checked_key(field: &str, key: &str) -> Result<String> {
    if key.trim().len() >= KEY_BYTES_MIN {
        return Ok(key.to_owned());
    }
    let message = message!(
        "a moins de {KEY_BYTES_MIN} caractères ; « openssl rand -hex 32 » en donne une bonne",
        "has fewer than {KEY_BYTES_MIN} characters; 'openssl rand -hex 32' prints a good one"
    );
    Err(Refusal::new(field, "…", message).into())
}

/// Where photos are stored: `named`, else a folder beside the store.
pub fn media(named: Option<&str>, store: &Path) -> String {
    let beside = || store.with_extension("media").to_string_lossy().into_owned();
    named.map_or_else(beside, str::to_owned)
}

/// Host of the default basemap.
const OPEN_FREE_MAP: &str = "tiles.openfreemap.org";

/// Starts connecting to the host of the default basemap if `--basemap auto` asks for it. Opening
/// the store takes place meanwhile, so that the address is printed without waiting for the network.
fn probe_basemap(wanted: &str) -> Option<Receiver<bool>> {
    if wanted != "auto" {
        return None;
    }
    let (send, receive) = mpsc::channel();
    // Name resolution has no time-out: a thread that hangs is abandoned.
    thread::spawn(move || {
        let address = (OPEN_FREE_MAP, 443).to_socket_addrs().ok().and_then(|mut a| a.next());
        let reached = address.is_some_and(|to| TcpStream::connect_timeout(&to, PROBE_MAX).is_ok());
        let _ = send.send(reached);
    });
    Some(receive)
}

/// The basemap announced to the page. The default one is announced only where its host answers, so
/// that a closed network shows a plain map without failed requests.
fn basemap(wanted: &str, answers: Option<Receiver<bool>>) -> Option<String> {
    match (wanted, answers) {
        ("" | "none", _) => None,
        (_, Some(answers)) => {
            let reached = answers.recv_timeout(PROBE_MAX).unwrap_or(false);
            reached.then(|| format!("https://{OPEN_FREE_MAP}/planet"))
        }
        (url, None) => Some(url.to_owned()),
    }
}

/// Resolves at Ctrl-C or SIGTERM.
async fn stopped() {
    let terminate = async {
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => terminate.recv().await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate => {}
    }
}

/// Checks the default jurisdiction. In a store without a city it may be imported later.
fn default_city(store: &Path, id: &str) -> Result<JurisdictionId> {
    let id = jurisdiction_id("--default", id)?;
    let known = Reader::open(store)?.jurisdictions()?;
    if known.is_empty() || known.iter().any(|(known, _)| known.id == id) {
        return Ok(id);
    }
    let known: Vec<&str> = known.iter().map(|(known, _)| known.id.as_str()).collect();
    let known = known.join(", ");
    let message = message!(
        "n’est pas dans le dépôt, dont les villes sont : {known}",
        "is not in the store, whose cities are: {known}"
    );
    Err(Refusal::new("--default", id, message).into())
}

/// Generates the demo city unless the store already has reports of any city.
fn fill(store: &Path, reports: u64) -> Result<()> {
    if Reader::open(store)?.jurisdictions()?.iter().any(|(_, revision)| *revision > 0) {
        return Ok(());
    }
    eprintln!("filling the store with the demo city ({reports} reports)…");
    let plan = Plan { reports, seed: 311, until: jiff::Timestamp::now().as_second() };
    generate::to_store(plan, store, &AtomicBool::new(false)).map(|_| ())
}
