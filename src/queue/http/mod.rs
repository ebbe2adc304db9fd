//! The server: sockets and the background tick. What is asked stands in `request`, what it means in `pilot`
//! (v1), `classic`, `own`, and `cache`.

mod args;
mod cache;
mod classic;
mod own;
mod pilot;
mod request;
mod source;
mod tables;

use super::description::{self, Description};
use super::store::{Store, StoreError};
use super::tokens::Tokens;
use axum::Router;
use axum::routing::get;
use request::Refusal;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout_at};

/// How often ended jobs are settled and silent ones looked for.
const TICK: Duration = Duration::from_millis(250);

/// How to serve.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where all state is kept.
    pub dir: PathBuf,
    /// Where to listen; port 0 = any.
    pub listen: SocketAddr,
    /// File of tokens; none = nobody is asked who they are.
    pub tokens: Option<PathBuf>,
    /// A running job is lost after so long without an update.
    pub heartbeat: Duration,
    /// A sent job is lost after so long without an update.
    pub dispatch_timeout: Duration,
}

/// Why the server does not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address is open to others.
    #[error(
        "will not listen on {0}: nobody is asked who they are, so only addresses of this machine will do \
         (127.0.0.1:PORT); or give --tokens FILE"
    )]
    Open(SocketAddr),
    /// A file that tells how to serve is wrong.
    #[error("{0}")]
    File(String),
    /// The store cannot be had.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system refuses.
    #[error("{0}: {1}")]
    System(String, std::io::Error),
}

/// What requests share.
struct Shared {
    store: Mutex<Store>,
    dir: PathBuf,
    tokens: Option<Tokens>,
    /// Jobs are there to be handed out, or have ended.
    news: Notify,
    /// Becomes true when the server is about to end: long polls answer at once then.
    ending: watch::Receiver<bool>,
}

/// The longest wait for something to answer, in seconds.
const LONGEST_WAIT_S: i64 = 60;

impl Shared {
    /// What there is, as soon as there is something; or nothing when the wait is over, or the server ends.
    async fn awaited<T, F>(&self, wait_s: i64, look: impl Fn() -> F) -> Result<Vec<T>, Refusal>
    where
        F: Future<Output = Result<Vec<T>, Refusal>>,
    {
        let wait = Duration::from_secs(wait_s.clamp(0, LONGEST_WAIT_S).unsigned_abs());
        let until = Instant::now() + wait;
        let mut ending = self.ending.clone();
        loop {
            let mut news = std::pin::pin!(self.news.notified());
            // Listens before it looks: what comes in between wakes it.
            news.as_mut().enable();
            let found = look().await?;
            if !found.is_empty() || Instant::now() >= until || *ending.borrow() {
                return Ok(found);
            }
            let _ = timeout_at(until, async {
                tokio::select! { () = news => {}, _ = ending.changed() => {} }
            })
            .await;
        }
    }

    /// Works on the store on a thread that may block.
    async fn with<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&mut Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Refusal> {
        let shared = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || {
            // A panic in a transaction rolls it back: what the lock guards is whole.
            work(&mut shared.store.lock().unwrap_or_else(PoisonError::into_inner))
        });
        match done.await {
            Ok(result) => Ok(result?),
            Err(error) => Err(Refusal::Broken(error.to_string())),
        }
    }

    /// What stands about a queue in the file of queues now.
    async fn described(&self, queue: &str) -> Result<Option<Description>, Refusal> {
        let (dir, queue) = (self.dir.clone(), queue.to_owned());
        let found = tokio::task::spawn_blocking(move || description::find(&dir, &queue)).await;
        found.map_err(|e| Refusal::Broken(e.to_string()))?.map_err(|why| {
            // Where the file lies concerns nobody else.
            tracing::error!("{why}");
            Refusal::Broken(format!("{} cannot be read", description::FILE))
        })
    }
}

/// Serves until TERM or INT. `ready` gets the URL as soon as requests are answered.
///
/// # Errors
/// The server cannot start.
pub fn serve(options: &Options, ready: impl FnOnce(&str)) -> Result<(), ServeError> {
    if !options.listen.ip().is_loopback() && options.tokens.is_none() {
        return Err(ServeError::Open(options.listen));
    }
    let tokens = options.tokens.as_deref().map(Tokens::open).transpose().map_err(ServeError::File)?;
    let store = Store::open(&options.dir)?;
    description::read(&options.dir).map_err(ServeError::File)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|e| ServeError::System("threads".into(), e))?;
    runtime.block_on(run(options, store, tokens, ready))
}

async fn run(
    options: &Options,
    store: Store,
    tokens: Option<Tokens>,
    ready: impl FnOnce(&str),
) -> Result<(), ServeError> {
    use tokio::signal::unix::{SignalKind, signal};
    let failed = |what: &str| {
        let what = what.to_owned();
        move |error| ServeError::System(what, error)
    };
    let mut term = signal(SignalKind::terminate()).map_err(failed("TERM"))?;
    let mut int = signal(SignalKind::interrupt()).map_err(failed("INT"))?;
    let listener =
        TcpListener::bind(options.listen).await.map_err(failed(&options.listen.to_string()))?;
    let url = format!("http://{}", listener.local_addr().map_err(failed("address"))?);
    write_url(&options.dir, &url)?;
    let (end, ending) = watch::channel(false);
    let (store, dir) = (Mutex::new(store), options.dir.clone());
    let shared = Arc::new(Shared { store, dir, tokens, news: Notify::new(), ending });
    let ticking = tokio::spawn(tick(Arc::clone(&shared), options.clone()));
    let app = Router::new()
        .route("/cache/schedconfig/{file}", get(cache::schedconfig))
        .fallback(request::answer)
        .with_state(Arc::clone(&shared))
        .merge(source::router(&options.dir, shared)?);
    ready(&url);
    let stop = async move {
        tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
        // Nobody listens any more when the last long poll has gone.
        let _ = end.send(true);
    };
    let served = axum::serve(listener, app).with_graceful_shutdown(stop).await;
    ticking.abort();
    served.map_err(failed("server"))
}

/// Writes the URL beside the file and renames it into place.
fn write_url(dir: &Path, url: &str) -> Result<(), ServeError> {
    let (beside, place) = (dir.join("url.new"), dir.join("url"));
    std::fs::write(&beside, format!("{url}\n"))
        .and_then(|()| std::fs::rename(&beside, &place))
        .map_err(|e| ServeError::System(place.display().to_string(), e))
}

async fn tick(shared: Arc<Shared>, options: Options) {
    let millis = |d: Duration| i64::try_from(d.as_millis()).unwrap_or(i64::MAX);
    let (dispatch, heartbeat) = (millis(options.dispatch_timeout), millis(options.heartbeat));
    loop {
        tokio::time::sleep(TICK).await;
        match shared.with(move |store| store.tick(now(), dispatch, heartbeat)).await {
            Ok(0) => {}
            Ok(_) => shared.news.notify_waiters(),
            Err(refusal) => {
                let why = refusal.why();
                tracing::error!("jobs are not settled, will try again: {why}");
            }
        }
    }
}

/// Milliseconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
