//! Packed sources of jobs by the SHA-256 of their bytes: `GET`, `HEAD`, `PUT` and `POST` of
//! `/cache/source/{sha256}`.
//!
//! One lies in `sources/SHA256` of the queue's directory. It is written beside its place, synced and renamed:
//! a killed server has the whole of it, or nothing.

use super::{ServeError, Shared, request};
use crate::queue::tokens::Role;
use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Path as Segment, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Longest packed source, in bytes.
const LONGEST: usize = 64 << 20;

/// Where they are.
struct Sources {
    folder: PathBuf,
    /// Numbers for files that are being written.
    count: AtomicU64,
}

/// Serves the sources of a queue's directory, which this process must have for itself, to those who may submit.
///
/// # Errors
/// The folder cannot be made, or not be cleared of what a killed server had begun.
pub(super) fn router(dir: &Path, shared: Arc<Shared>) -> Result<Router, ServeError> {
    let folder = dir.join("sources");
    let failed = |e| ServeError::System(folder.display().to_string(), e);
    prepare(&folder).map_err(failed)?;
    let sources = Arc::new(Sources { folder, count: AtomicU64::new(0) });
    let of_one = get(give).head(has).put(take).post(take);
    let router = Router::new().route("/cache/source/{sha256}", of_one).with_state(sources);
    Ok(router.layer(from_fn_with_state(shared, guarded)))
}

/// Lets nobody through who may not submit.
async fn guarded(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    match request::role(&shared, request.headers()) {
        Ok(role) if role >= Role::User => next.run(request).await,
        Ok(_) => {
            Wrong(StatusCode::FORBIDDEN, "a token of the server is required".to_owned()).into_response()
        }
        Err(refusal) => Wrong(refusal.status(), refusal.why().to_owned()).into_response(),
    }
}

fn prepare(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

async fn has(State(sources): State<Arc<Sources>>, Segment(sum): Segment<String>) -> Response {
    blocking(move || {
        let path = sources.path(&sum)?;
        fs::metadata(&path).map(|_| Bytes::new()).map_err(|e| Wrong::reading(&path, &e))
    })
    .await
}

async fn give(State(sources): State<Arc<Sources>>, Segment(sum): Segment<String>) -> Response {
    blocking(move || sources.read(&sum)).await
}

async fn take(
    State(sources): State<Arc<Sources>>,
    Segment(sum): Segment<String>,
    headers: HeaderMap,
    request: Request,
) -> Response {
    let said = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if said.is_some_and(|length: usize| length > LONGEST) {
        return Wrong::too_long().into_response();
    }
    match to_bytes(request.into_body(), LONGEST).await {
        Ok(bytes) => blocking(move || sources.write(&sum, &bytes).map(|()| Bytes::new())).await,
        // The one or the other; a body that breaks off has nobody who listens.
        Err(_) => Wrong::too_long().into_response(),
    }
}

/// The answer of what works with files.
async fn blocking(work: impl FnOnce() -> Result<Bytes, Wrong> + Send + 'static) -> Response {
    let done = tokio::task::spawn_blocking(work).await;
    match done.unwrap_or_else(|e| Err(Wrong(StatusCode::INTERNAL_SERVER_ERROR, e.to_string()))) {
        Ok(bytes) => ([(header::CONTENT_TYPE, "application/gzip")], bytes).into_response(),
        Err(wrong) => wrong.into_response(),
    }
}

/// Why a request is not done, with its HTTP status.
struct Wrong(StatusCode, String);

impl Wrong {
    fn too_long() -> Self {
        let most = LONGEST >> 20;
        let why = format!("a packed source may have {most} MiB: leave data out of its folder");
        Self(StatusCode::PAYLOAD_TOO_LARGE, why)
    }

    fn reading(path: &Path, error: &io::Error) -> Self {
        if error.kind() == ErrorKind::NotFound {
            return Self(StatusCode::NOT_FOUND, "there is no such source: upload it first".to_owned());
        }
        Self::disk(path, error)
    }

    fn disk(path: &Path, error: &io::Error) -> Self {
        Self(StatusCode::INTERNAL_SERVER_ERROR, format!("{}: {error}", path.display()))
    }
}

impl IntoResponse for Wrong {
    fn into_response(self) -> Response {
        let Self(status, why) = self;
        (status, [(header::CONTENT_TYPE, "text/plain")], format!("ERROR : {why}")).into_response()
    }
}

impl Sources {
    fn path(&self, sum: &str) -> Result<PathBuf, Wrong> {
        let is_sum = sum.len() == 64 && sum.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let why = || format!("{sum:?} is no SHA-256: 64 digits of 0-9 and a-f");
        is_sum.then(|| self.folder.join(sum)).ok_or_else(|| Wrong(StatusCode::BAD_REQUEST, why()))
    }

    /// The bytes. What a disk has spoilt is removed, so that it can be uploaded again.
    fn read(&self, sum: &str) -> Result<Bytes, Wrong> {
        let path = self.path(sum)?;
        let bytes = fs::read(&path).map_err(|e| Wrong::reading(&path, &e))?;
        if hex(&bytes) == sum {
            return Ok(bytes.into());
        }
        fs::remove_file(&path).map_err(|e| Wrong::disk(&path, &e))?;
        let why = format!("{} was damaged on disk: upload it again", path.display());
        tracing::error!("{why}");
        Err(Wrong(StatusCode::NOT_FOUND, why))
    }

    fn write(&self, sum: &str, bytes: &[u8]) -> Result<(), Wrong> {
        let path = self.path(sum)?;
        let is = hex(bytes);
        if is != sum {
            let why = format!("the body's SHA-256 is {is}, and the address says {sum}");
            return Err(Wrong(StatusCode::BAD_REQUEST, why));
        }
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let beside = self.folder.join(format!(".{sum}.{number}"));
        let written = (|| {
            let mut file = File::create(&beside)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&beside, &path)?;
            File::open(&self.folder)?.sync_all()
        })();
        written.map_err(|e| {
            // What was never made need not be removed.
            let _ = fs::remove_file(&beside);
            Wrong::disk(&path, &e)
        })
    }
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
