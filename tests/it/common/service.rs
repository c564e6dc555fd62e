//! The service as a process of its own, and in the process of the test.

use std::io::{BufRead, BufReader};
use std::ops::Deref;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::Timestamp;
use pointchaud::config::Limits;
use pointchaud::domain::Clock;
use pointchaud::http::{
    AppState, Licences, Listening, PageSettings, PublicConfig, WriteAccess, router, serve,
};
use pointchaud::ingest::{builtin_catalogue, builtin_model};
use pointchaud::media::PhotoStore;
use pointchaud::usecase::watch::BackgroundWatch;
use pointchaud::usecase::{App, Catalogues};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::{Client, Folder, NOW, done, eventually, program};

/// Gives a folder without a store one that has Québec, with its built-in catalogue, as only city.
fn add_quebec(folder: &Folder) {
    if !folder.file("city.db").exists() {
        done(folder, &["city", "add", "ville.quebec.qc.ca"]);
    }
}

/// The program, serving the store of a folder.
pub struct Service {
    pub child: Child,
    client: Client,
}

impl Service {
    pub fn start(folder: &Folder, arguments: &[&str]) -> Self {
        Self::start_with(folder, arguments, &[])
    }

    /// Starts it with a crew key, which the client sends with every request.
    pub fn start_with_key(folder: &Folder) -> Self {
        const KEY: &str = "0123456789abcdef0123456789abcdef";
        let mut service = Self::start(folder, &["--crew-key", KEY]);
        service.client.key = Some(KEY);
        service
    }

    /// Starts it with variables of the environment.
    pub fn start_with(folder: &Folder, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        add_quebec(folder);
        Self::start_as_is(folder, arguments, variables)
    }

    /// Starts it on the store as it is: a store that is new has no city.
    pub fn start_as_is(folder: &Folder, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let child = program(folder)
            .envs(variables.iter().copied())
            .args(["serve", "--listen", "127.0.0.1:0", "--basemap", "none"])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self::of(child)
    }

    /// The service that a process runs, from the moment at which it is ready. The process says its
    /// address in the first line of its output.
    pub fn of(mut child: Child) -> Self {
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().rsplit("http://").next().unwrap().trim_end_matches('/');
        let address = address.parse().unwrap_or_else(|_| panic!("no address in '{line}'"));
        let service = Self { child, client: Client { address, key: None } };
        eventually("the service is ready", || service.get("/readyz").status == 200);
        service
    }

    /// Kills the process at once (SIGKILL).
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Deref for Service {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A clock that stands still until the test moves it.
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// The present, in seconds of Unix time.
    pub fn second(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }

    pub fn advance(&self, time: Duration) {
        self.0.fetch_add(time.as_secs().try_into().unwrap(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.second()).unwrap()
    }
}

/// The service in the process of the test. Its clock begins at [`NOW`], and nothing examines its
/// cities for hotspots and alerts until the test does.
pub struct LocalService {
    pub app: Arc<App>,
    pub clock: Arc<ManualClock>,
    watch: Arc<BackgroundWatch>,
    client: Client,
    stop: Option<oneshot::Sender<()>>,
    server: Option<JoinHandle<()>>,
}

impl LocalService {
    /// Serves the store of a folder.
    pub fn start(folder: &Folder) -> Self {
        Self::start_limited(folder, Limits::default())
    }

    /// Serves the store of a folder under other limits than the usual ones.
    pub fn start_limited(folder: &Folder, limits: Limits) -> Self {
        Self::start_listening(folder, Listening { limits, ..Listening::default() })
    }

    /// Serves the store of a folder with these limits, trusted proxies and certificate.
    pub fn start_listening(folder: &Folder, listening: Listening) -> Self {
        let limits = listening.limits.clone();
        add_quebec(folder);
        let clock = Arc::new(ManualClock(NOW.parse::<Timestamp>().unwrap().as_second().into()));
        let catalogue = |services| builtin_catalogue(services).unwrap();
        let catalogues = Catalogues { groups: catalogue(false), quebec: catalogue(true) };
        let store = folder.file("city.db");
        let app = App::open_with_clock(&store, catalogues, limits, clock.clone()).unwrap();
        let watch = BackgroundWatch::new();
        let media = folder.file("city.media");
        let public_config = PublicConfig {
            public_url: None,
            open311_keys: Vec::new(),
            filing_needs_key: false,
            is_production: false,
            contact: None,
            licences: Licences::default(),
            photo_store: PhotoStore::open(media.to_str().unwrap()).unwrap(),
        };
        let page = PageSettings { basemap: None };
        let model = builtin_model().unwrap();
        let state = AppState::new(
            app.clone(),
            WriteAccess::Local,
            page,
            watch.clone(),
            model,
            public_config,
        );
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let server = std::thread::spawn(move || {
            let stopped = async { stopped.await.unwrap_or(()) };
            runtime.block_on(serve(listener, router(state), listening, stopped));
        });
        let client = Client { address, key: None };
        let (stop, server) = (Some(stop), Some(server));
        let service = Self { app, clock, watch, client, stop, server };
        eventually("the service is ready", || service.app.is_ready());
        service
    }

    /// Examines the default city for hotspots and alerts, as the background watch does.
    pub fn examine(&self) {
        let city = self.app.city(None).unwrap();
        self.watch.city(&self.app, &city).unwrap().examine(&self.app, &city).unwrap();
    }
}

impl Deref for LocalService {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Drop for LocalService {
    fn drop(&mut self) {
        self.app.stop();
        let _ = self.stop.take().map(|stop| stop.send(()));
        let ended = self.server.take().map(JoinHandle::join);
        assert!(std::thread::panicking() || matches!(ended, Some(Ok(()))), "the server panicked");
    }
}
