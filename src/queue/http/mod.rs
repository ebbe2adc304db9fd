//! The server: sockets, bodies, the background tick. What requests mean stands in `pilot` and `own`.

mod args;
mod own;
mod pilot;

use super::store::{Store, StoreError};
use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use std::io::Read;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};

/// The longest body, before and after decompression.
const BODY_LIMIT: usize = 64 << 20;
/// How often ended jobs are settled and silent ones looked for.
const TICK: Duration = Duration::from_millis(250);

/// How to serve.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where all state is kept.
    pub dir: PathBuf,
    /// Where to listen; port 0 = any.
    pub listen: SocketAddr,
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
         (127.0.0.1:PORT)"
    )]
    Open(SocketAddr),
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
    settled: Notify,
    /// Becomes true when the server is about to end: long polls answer at once then.
    ending: watch::Receiver<bool>,
}

impl Shared {
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
}

/// Why a request is not done.
enum Refusal {
    /// The envelope says so, HTTP says 200.
    No(String),
    /// There is no such method: 403.
    Forbidden(String),
    /// 500.
    Broken(String),
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Refused(why) => Refusal::No(why),
            error => Refusal::Broken(error.to_string()),
        }
    }
}

/// A request of the v1 API, body read.
struct Call {
    method: Method,
    module: String,
    name: String,
    query: String,
    body: Bytes,
}

impl Call {
    /// The arguments of a call that must be POST: a JSON object.
    fn posted(&self) -> Result<Map<String, Value>, Refusal> {
        self.must_be(&Method::POST)?;
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(map)) => Ok(map),
            Ok(other) => {
                let got = args::type_of(&other);
                Err(Refusal::No(format!("Argument error: the body must be a JSON object, got {got}.")))
            }
            Err(error) => Err(Refusal::No(format!("Argument error: the body is not JSON: {error}"))),
        }
    }

    fn must_be(&self, method: &Method) -> Result<(), Refusal> {
        if self.method == method {
            return Ok(());
        }
        let (name, got) = (&self.name, &self.method);
        Err(Refusal::No(format!("Method error: {name} must be called with {method}, got {got}.")))
    }
}

/// Serves until TERM or INT. `ready` gets the URL as soon as requests are answered.
///
/// # Errors
/// The server cannot start.
pub fn serve(options: &Options, ready: impl FnOnce(&str)) -> Result<(), ServeError> {
    if !options.listen.ip().is_loopback() {
        return Err(ServeError::Open(options.listen));
    }
    let store = Store::open(&options.dir)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|e| ServeError::System("threads".into(), e))?;
    runtime.block_on(run(options, store, ready))
}

async fn run(options: &Options, store: Store, ready: impl FnOnce(&str)) -> Result<(), ServeError> {
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
    let shared = Arc::new(Shared { store: Mutex::new(store), settled: Notify::new(), ending });
    let ticking = tokio::spawn(tick(Arc::clone(&shared), options.clone()));
    let app = Router::new().fallback(answer).with_state(shared);
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
            Ok(_) => shared.settled.notify_waiters(),
            Err(Refusal::No(why) | Refusal::Forbidden(why) | Refusal::Broken(why)) => {
                tracing::error!("jobs are not settled, will try again: {why}");
            }
        }
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let text = |status: StatusCode, text: String| {
        (status, [(header::CONTENT_TYPE, "text/plain")], text).into_response()
    };
    match dispatch(&shared, request).await {
        Ok(envelope) => text(StatusCode::OK, envelope.to_string()),
        Err(Refusal::No(why)) => text(StatusCode::OK, envelope(false, &why, Value::Null).to_string()),
        Err(Refusal::Forbidden(why)) => text(StatusCode::FORBIDDEN, format!("ERROR : {why}")),
        Err(Refusal::Broken(why)) => text(StatusCode::INTERNAL_SERVER_ERROR, format!("ERROR : {why}")),
    }
}

async fn dispatch(shared: &Arc<Shared>, request: Request) -> Result<Value, Refusal> {
    let (head, body) = request.into_parts();
    let path = head.uri.path();
    let parts = path.strip_prefix("/api/v1/").and_then(|rest| rest.split_once('/'));
    let Some((module, name)) = parts else {
        return Err(Refusal::Forbidden(format!("{path} is forbidden")));
    };
    let body = to_bytes(body, BODY_LIMIT).await.map_err(|e| Refusal::Broken(format!("body: {e}")))?;
    let call = Call {
        method: head.method.clone(),
        module: module.to_owned(),
        name: name.to_owned(),
        query: head.uri.query().unwrap_or("").to_owned(),
        body: unpacked(&head.headers, body)?,
    };
    match (call.module.as_str(), call.name.as_str()) {
        ("system", "is_alive") => call.must_be(&Method::GET).map(|()| envelope(true, "", Value::Null)),
        ("pilot", _) => pilot::answer(shared, &call).await,
        ("queue", _) => own::answer(shared, &call).await,
        _ => Err(unknown(&call)),
    }
}

fn unknown(call: &Call) -> Refusal {
    Refusal::Forbidden(format!("method {} of module {} is forbidden", call.name, call.module))
}

fn unpacked(headers: &HeaderMap, body: Bytes) -> Result<Bytes, Refusal> {
    let gzipped = headers.get(header::CONTENT_ENCODING).is_some_and(|v| v.as_bytes() == b"gzip");
    if !gzipped {
        return Ok(body);
    }
    let mut plain = Vec::new();
    let limit = BODY_LIMIT as u64 + 1;
    flate2::read::MultiGzDecoder::new(&body[..])
        .take(limit)
        .read_to_end(&mut plain)
        .map_err(|e| Refusal::Broken(format!("body is not gzip: {e}")))?;
    if plain.len() > BODY_LIMIT {
        return Err(Refusal::Broken(format!("body is longer than {BODY_LIMIT} bytes")));
    }
    Ok(plain.into())
}

fn envelope(success: bool, message: &str, data: Value) -> Value {
    json!({"success": success, "message": message, "data": data})
}

/// Milliseconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
