//! What jobs run and others keep: executables by address, packed sources by hash.
//!
//! Rank 0 fetches each once, for all jobs and all nodes: every node sees the pilot's directory. It comes to lie in a
//! folder named by a SHA-256 (of a source's bytes; of a program's name and bytes), which is filled beside its place and renamed when it is whole: a pilot
//! that is killed leaves nothing that could be taken for one, and two pilots in one directory agree.

use super::unpack::unpack;
use crate::panda::Client;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use ureq::Agent;

/// Longest executable, in bytes.
const LONGEST_PROGRAM: u64 = 1 << 30;
/// Longest packed source, in bytes: that of our own queue.
const LONGEST_SOURCE: u64 = 64 << 20;
/// Time for one.
const TIME: Duration = Duration::from_secs(600);
/// Seconds between tries where the next one may succeed: a server that is started anew is waited for.
const PAUSES_S: [f64; 4] = [0.5, 1.0, 2.0, 4.0];
/// What somebody began to write so long ago was left by a pilot that is no more.
const STALE: Duration = Duration::from_secs(24 * 3600);

/// Why something is not there, and whether the next try may succeed.
struct Trouble {
    why: String,
    may_pass: bool,
}

/// The cache of a pilot's directory.
pub(super) struct Cache {
    client: Arc<Client>,
    agent: Agent,
    directory: PathBuf,
    /// By address or hash: where it lies, or why it cannot be had.
    known: BTreeMap<String, Result<PathBuf, String>>,
}

impl Cache {
    pub(super) fn new(client: Arc<Client>, directory: &Path) -> Self {
        let config = Agent::config_builder().timeout_global(Some(TIME)).build();
        let (agent, directory) = (config.new_agent(), directory.to_owned());
        Self { client, agent, directory, known: BTreeMap::new() }
    }

    /// From now on what could not be had is tried again: a thousand jobs that want it at a time cost one try.
    pub(super) fn forget_troubles(&mut self) {
        self.known.retain(|_, found| found.is_ok());
    }

    /// The executable at an address.
    ///
    /// # Errors
    /// It cannot be had, in words.
    pub(super) fn program(&mut self, url: &str) -> Result<PathBuf, String> {
        self.known(url, |this| {
            let told = |why: String| format!("cannot fetch {url}: {why}");
            let bytes = patiently(|| this.download(url)).map_err(told)?;
            let name = url.rsplit('/').next().unwrap_or_default();
            let is_plain = |c: &char| c.is_ascii_alphanumeric() || "._-".contains(*c);
            let name: String = name.chars().filter(is_plain).collect();
            let name = if name.trim_matches('.').is_empty() { "run" } else { &name };
            let sum = hex(&[name.as_bytes(), b"/", &bytes]);
            let folder = this.keep("transformations", &sum, &mut |folder| {
                write_program(&folder.join(name), &bytes).map_err(|e| e.to_string())
            })?;
            Ok(folder.join(name))
        })
    }

    /// The folder of a packed source of the server, by the SHA-256 of the archive.
    ///
    /// # Errors
    /// It cannot be had, is another one, or cannot be unpacked, in words.
    pub(super) fn source(&mut self, sum: &str) -> Result<PathBuf, String> {
        self.known(sum, |this| {
            let place = this.directory.join("sources").join(sum);
            if place.is_dir() {
                return Ok(place);
            }
            let told = |why: String| format!("cannot fetch the source {sum}: {why}");
            let path = format!("/cache/source/{sum}");
            let fetch = || {
                let trouble =
                    |e: crate::panda::PandaError| Trouble { may_pass: e.may_pass(), why: e.to_string() };
                this.client.bytes(&path, LONGEST_SOURCE).map_err(trouble)
            };
            let bytes = patiently(fetch).map_err(told)?;
            let is = hex(&[&bytes]);
            if is != sum {
                return Err(told(format!("the server gave something else, with the SHA-256 {is}")));
            }
            this.keep("sources", sum, &mut |folder| unpack(&bytes, folder))
        })
    }

    fn known(
        &mut self,
        name: &str,
        find: impl FnOnce(&Self) -> Result<PathBuf, String>,
    ) -> Result<PathBuf, String> {
        match self.known.get(name) {
            Some(Ok(path)) if path.exists() => return Ok(path.clone()),
            Some(Err(why)) => return Err(why.clone()),
            _ => {}
        }
        let found = find(self);
        self.known.insert(name.to_owned(), found.clone());
        found
    }

    fn download(&self, url: &str) -> Result<Vec<u8>, Trouble> {
        let answer = self.agent.get(url).call();
        let read =
            answer.and_then(|mut a| a.body_mut().with_config().limit(LONGEST_PROGRAM).read_to_vec());
        read.map_err(|e| {
            let may_pass = match &e {
                ureq::Error::StatusCode(status) => matches!(status, 408 | 429 | 500..=599),
                ureq::Error::BadUri(_) | ureq::Error::BodyExceedsLimit(_) => false,
                _ => true,
            };
            Trouble { why: e.to_string(), may_pass }
        })
    }

    /// The folder of what has this hash, filled if it is not there yet.
    fn keep(
        &self,
        kind: &str,
        sum: &str,
        fill: &mut dyn FnMut(&Path) -> Result<(), String>,
    ) -> Result<PathBuf, String> {
        let above = self.directory.join(kind);
        let place = above.join(sum);
        if place.is_dir() {
            return Ok(place);
        }
        let beside = above.join(format!(".{sum}.{}", uuid::Uuid::new_v4()));
        let told = |why: String| format!("cannot make {}: {why}", place.display());
        clear_stale(&above);
        fs::create_dir_all(&beside).map_err(|e| told(e.to_string()))?;
        let filled = fill(&beside).and_then(|()| match fs::rename(&beside, &place) {
            // Another pilot was faster.
            Err(_) if place.is_dir() => fs::remove_dir_all(&beside).map_err(|e| e.to_string()),
            renamed => renamed.map_err(|e| e.to_string()),
        });
        filled.map(|()| place.clone()).map_err(|why| {
            // Should it stay, it is cleared away when it is stale.
            let _ = fs::remove_dir_all(&beside);
            told(why)
        })
    }
}

/// Removes what a killed pilot began to write.
fn clear_stale(above: &Path) {
    let is_stale = |entry: &fs::DirEntry| {
        let since =
            entry.metadata().and_then(|meta| meta.modified()).ok().and_then(|at| at.elapsed().ok());
        entry.file_name().as_encoded_bytes().starts_with(b".")
            && since.is_some_and(|since| since > STALE)
    };
    for entry in fs::read_dir(above).into_iter().flatten().flatten().filter(is_stale) {
        if let Err(e) = fs::remove_dir_all(entry.path()) {
            tracing::warn!("cannot remove {}: {e}", entry.path().display());
        }
    }
}

fn patiently<T>(mut fetch: impl FnMut() -> Result<T, Trouble>) -> Result<T, String> {
    for pause_s in PAUSES_S {
        match fetch() {
            Err(Trouble { may_pass: true, .. }) => std::thread::sleep(Duration::from_secs_f64(pause_s)),
            done => return done.map_err(|trouble| trouble.why),
        }
    }
    fetch().map_err(|trouble| trouble.why)
}

fn write_program(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(bytes)?;
    file.set_permissions(Permissions::from_mode(0o755))?;
    file.sync_all()
}

/// The SHA-256 of texts one after the other.
fn hex(parts: &[&[u8]]) -> String {
    let mut sum = Sha256::new();
    parts.iter().for_each(|part| sum.update(part));
    sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
