//! `pointchaud serve`: the map page and the API.

use std::io::Write as _;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use clap::{Args, ValueEnum};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::limit_options::LimitOptions;
use crate::cli::shared::{PrivateKeyArguments, StoreArguments, catalogues, jurisdiction_id};
use crate::cli::{generate, labelled_pairs};
use crate::demo::{Plan, REPORTS_PER_YEAR};
use crate::domain::JurisdictionId;
use crate::error::{Error, ErrorKind, Refusal, Result};
use crate::http::{
    AppState, Licences, Listening, PageSettings, PublicConfig, TlsFiles, TrustedProxies,
    WriteAccess, router, serve, watch_photos,
};
use crate::media::PhotoStore;
use crate::message;
use crate::store::Reader;
use crate::usecase::App;
use crate::usecase::watch::{BackgroundWatch, PhotoRemover};

/// Time-out for reaching the host of the default basemap.
const PROBE_MAX: Duration = Duration::from_millis(1500);

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    store: StoreArguments,
    #[command(flatten)]
    private_keys: PrivateKeyArguments,
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
    /// Address or network (10.0.0.0/8) of a reverse proxy whose headers Forwarded, X-Forwarded-…
    /// and X-Real-IP are believed. May be given several times.
    #[arg(
        long,
        value_name = "ADDRESS|CIDR",
        env = "POINTCHAUD_TRUSTED_PROXY",
        value_delimiter = ' '
    )]
    trusted_proxy: Vec<String>,
    /// Certificate chain for HTTPS as a PEM file; needs --tls-key. It is read again when it
    /// changes.
    #[arg(long, value_name = "FILE", env = "POINTCHAUD_TLS_CERT", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Private key of the certificate as a PEM file.
    #[arg(long, value_name = "FILE", env = "POINTCHAUD_TLS_KEY", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Limit how many requests a client may send in a minute (see --rate-…).
    #[arg(long, env = "POINTCHAUD_RATES", value_enum, default_value = "on")]
    rates: Switch,
    /// Address of the licence of the data, for OGC API – Features: of all cities (https://…) or of
    /// one (CITY=https://…). May be given several times.
    #[arg(long, env = "POINTCHAUD_LICENCE", value_delimiter = ' ')]
    licence: Vec<String>,
    /// TileJSON of a vector basemap in the OpenMapTiles schema; `none` for a plain background;
    /// `auto` for OpenFreeMap where this machine can reach it.
    #[arg(long, env = "POINTCHAUD_BASEMAP", default_value = "auto")]
    basemap: String,
    #[command(flatten)]
    limits: LimitOptions,
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Switch {
    On,
    Off,
}

/// The limits and how the service listens.
fn listening(arguments: &Arguments) -> Result<Listening> {
    let mut limits = arguments.limits.limits()?;
    if arguments.rates == Switch::Off {
        limits = limits.without_rates();
    }
    let files = arguments.tls_cert.clone().zip(arguments.tls_key.clone());
    let tls = files.map(|(certificate, key)| TlsFiles { certificate, key }.load());
    let proxies = TrustedProxies::parse(&arguments.trusted_proxy)?;
    Ok(Listening { limits, proxies, tls: tls.transpose()?.map(Arc::new) })
}

/// Who may change reports. Without a key it is this machine alone, and nobody where the service is
/// made for others: behind a proxy, with TLS, with a public address or on the network.
fn access(arguments: &Arguments, listening: &Listening) -> Result<WriteAccess> {
    let is_for_others = !arguments.listen.ip().is_loopback()
        || arguments.public_url.is_some()
        || !listening.proxies.is_empty()
        || listening.tls.is_some();
    Ok(match arguments.crew_key()? {
        Some(key) => WriteAccess::Key(key),
        None if is_for_others => WriteAccess::Nobody,
        None => WriteAccess::Local,
    })
}

/// Serves until interrupted.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let store = arguments.store.path()?;
    let basemap_probe = probe_basemap(&arguments.basemap);
    if arguments.demo {
        fill(&store, arguments.demo_reports)?;
    }
    let model = labelled_pairs::model(arguments.model.as_deref())?;
    let listening = listening(arguments)?;
    let access = access(arguments, &listening)?;
    let default = arguments.default.as_deref().map(|id| default_city(&store, id)).transpose()?;
    let keys = arguments.private_keys.of(&store);
    let app = App::open_with_keys(&store, catalogues()?, listening.limits.clone(), keys)?;
    if let Some(id) = default {
        app.set_default(id);
    }
    let basemap = basemap(&arguments.basemap, basemap_probe);
    let watch = BackgroundWatch::new();
    let public_config = PublicConfig {
        public_url: arguments.public_url.clone(),
        open311_keys: checked_open311_keys(&arguments.open311_keys)?,
        filing_needs_key: arguments.filing_needs_key,
        is_production: arguments.production || access != WriteAccess::Local,
        contact: arguments.contact.clone(),
        licences: Licences::parse(&arguments.licence)?,
        photo_store: PhotoStore::open(&media(arguments.media.as_deref(), &store))?,
    };
    let photos = public_config.photo_store.clone();
    watch.retention.set_remover(photo_remover(photos.clone()));
    watch.start(app.clone())?;
    let site = AppState::new(
        app.clone(),
        access,
        PageSettings { basemap },
        watch.clone(),
        model,
        public_config,
    );
    if arguments.filing_needs_key && !site.access.needs_keys() && arguments.open311_keys.is_empty()
    {
        tracing::warn!(
            "--filing-needs-key: there is no key yet, so nobody can file a report; see \
             'pointchaud key create'"
        );
    }
    let runtime = tokio::runtime::Runtime::new().map_err(Error::internal)?;
    let served = runtime.block_on(async {
        let listener = TcpListener::bind(arguments.listen).await.map_err(|cause| {
            let address = arguments.listen;
            let message =
                message!("Impossible d’écouter sur {address}.", "Cannot listen on {address}.");
            Error { cause: Some(cause.into()), ..Error::new(ErrorKind::Unavailable, message) }
        })?;
        let address = listener.local_addr().map_err(Error::internal)?;
        let scheme = if listening.tls.is_some() { "https" } else { "http" };
        println!("pointchaud: {scheme}://{address}/");
        let _ = std::io::stdout().flush();
        tokio::spawn(watch_photos(app.clone(), photos));
        serve(listener, router(site), listening, stopped()).await;
        Ok(())
    });
    watch.stop();
    app.stop();
    served.map(|()| ExitCode::SUCCESS)
}

/// Bytes that a key of an application has at least. It only lets reports be filed.
const OPEN311_KEY_BYTES_MIN: usize = 8;
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

/// Refuses keys of applications of which one is empty or can be guessed.
fn checked_open311_keys(keys: &[String]) -> Result<Vec<String>> {
    match keys.iter().find(|key| key.trim().len() < OPEN311_KEY_BYTES_MIN) {
        None => Ok(keys.to_vec()),
        Some(_) => {
            let message = message!(
                "a une clé de moins de {OPEN311_KEY_BYTES_MIN} caractères",
                "has a key of fewer than {OPEN311_KEY_BYTES_MIN} characters"
            );
            Err(Refusal::new("--open311-keys", "…", message).into())
        }
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

/// Removes photos on the thread that calls it, which is not one of the server's.
fn photo_remover(photos: PhotoStore) -> PhotoRemover {
    Box::new(move |name| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.map_err(Error::internal)?.block_on(photos.erase(name))
    })
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
