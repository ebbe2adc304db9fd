//! Who a pilot or a user is: a token with the role of a pilot, or a proxy certificate.

use super::error::PandaError;
use rustix::fs::{Mode, OFlags};
use std::fmt;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Longest token or key file that is read, in bytes.
const LONGEST: u64 = 1 << 20;

/// How a pilot proves who it is. Nothing secret is in here: files are read when they are needed, because
/// others renew them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// Not at all: a server that trusts its host.
    None,
    /// By an OIDC token.
    Token {
        /// File with the token.
        file: PathBuf,
        /// `VO:role` or `VO.role`; the role must be production.
        origin: String,
        /// File with a key that the server gives new tokens for.
        key: Option<PathBuf>,
    },
    /// By an X.509 proxy.
    Proxy {
        /// File with certificates and key, PEM.
        file: PathBuf,
        /// Directory with the certificates of authorities.
        authorities: Option<PathBuf>,
    },
}

impl Auth {
    /// By the variables that pilots are told by: `PANDA_AUTH_TOKEN`, `PANDA_AUTH_ORIGIN`, `PANDA_AUTH_DIR` and
    /// `PANDA_AUTH_TOKEN_KEY` (or `OIDC_…`), else `X509_USER_PROXY` and `X509_CERT_DIR`, else not at all.
    ///
    /// # Errors
    /// A token that is not there, or an origin without the role of a pilot.
    pub fn from_environment(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, PandaError> {
        match Self::of_user(lookup)? {
            Auth::Token { file, origin, key } => Self::token(file, origin, key),
            auth => Ok(auth),
        }
    }

    /// The same for somebody who is no pilot: in any role.
    ///
    /// # Errors
    /// A token that is not there, or has no origin.
    pub fn of_user(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, PandaError> {
        let set = |name: &str| lookup(name).filter(|value| !value.trim().is_empty());
        let either = |name: &str| {
            set(&format!("PANDA_AUTH_{name}")).or_else(|| set(&format!("OIDC_AUTH_{name}")))
        };
        if let Some(token) = either("TOKEN") {
            let origin = either("ORIGIN").ok_or_else(|| {
                PandaError::Credentials(
                    "a token is set (PANDA_AUTH_TOKEN), but no origin: set PANDA_AUTH_ORIGIN=VO:production, or \
                     another role that it has"
                        .into(),
                )
            })?;
            let folders = [either("DIR"), Some(".".into()), set("HOME")].map(|f| f.map(PathBuf::from));
            let file = found(&token, &folders)?;
            let key = either("TOKEN_KEY").map(|key| found(&key, &folders)).transpose()?;
            return Ok(Auth::Token { file, origin, key });
        }
        let file = set("X509_USER_PROXY").map(PathBuf::from);
        Ok(file.map_or(Auth::None, |file| Auth::Proxy {
            file,
            authorities: set("X509_CERT_DIR").map(PathBuf::from),
        }))
    }

    /// A token with its origin, of a pilot.
    ///
    /// # Errors
    /// The origin does not ask for the role production, without which no server gives jobs.
    pub fn token(file: PathBuf, origin: String, key: Option<PathBuf>) -> Result<Self, PandaError> {
        let role = origin.split_once([':', '.']).map(|(_, role)| role);
        if role != Some("production") {
            return Err(PandaError::Credentials(format!(
                "the origin {origin:?} does not ask for the role production, without which no server gives \
                 jobs: write VO:production, for example eic:production"
            )));
        }
        Ok(Auth::Token { file, origin, key })
    }

    /// Headers of a request, the token as it stands in its file now.
    ///
    /// # Errors
    /// The file cannot be read, or holds no token.
    pub(super) fn headers(&self) -> Result<Vec<(&'static str, Secret)>, PandaError> {
        let Auth::Token { file, origin, .. } = self else { return Ok(vec![]) };
        let token = read(file)?;
        Ok(vec![
            ("Authorization", Secret(format!("Bearer {}", token.0))),
            ("Origin", Secret(origin.clone())),
        ])
    }

    /// The key for new tokens, and the file into which they belong.
    ///
    /// # Errors
    /// The key cannot be read.
    pub(super) fn renewal(&self) -> Result<Option<(Secret, &Path)>, PandaError> {
        let Auth::Token { file, key: Some(key), .. } = self else { return Ok(None) };
        Ok(Some((read(key)?, file)))
    }
}

/// A text that is not shown.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Secret(pub(super) String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// The first of these folders that has the file; an absolute path is what it is.
fn found(name: &str, folders: &[Option<PathBuf>]) -> Result<PathBuf, PandaError> {
    let paths = folders.iter().flatten().map(|folder| folder.join(name));
    let tried: Vec<PathBuf> = paths.collect();
    tried.iter().find(|path| path.is_file()).cloned().ok_or_else(|| {
        let tried: Vec<String> = tried.iter().map(|path| path.display().to_string()).collect();
        PandaError::Credentials(format!("the token file {name} is in none of: {}", tried.join(", ")))
    })
}

/// A secret in a file.
fn read(file: &Path) -> Result<Secret, PandaError> {
    let wrong = |why: &dyn fmt::Display| {
        PandaError::Credentials(format!("the token file {} cannot be used: {why}", file.display()))
    };
    let length = fs::metadata(file).map_err(|e| wrong(&e))?.len();
    if length > LONGEST {
        return Err(wrong(&format!("it has {length} bytes")));
    }
    let text = fs::read_to_string(file).map_err(|e| wrong(&e))?;
    let token = text.trim();
    // Anything else could not stand in a header.
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(wrong(&"it is not one word of visible ASCII characters"));
    }
    Ok(Secret(token.to_owned()))
}

/// Replaces a token: beside it, for its owner only, then in its place.
pub(super) fn replace(file: &Path, token: &str) -> Result<(), PandaError> {
    let beside = file.with_extension(format!("new-{}", std::process::id()));
    let written = (|| {
        let flags = OFlags::CREATE | OFlags::TRUNC | OFlags::WRONLY | OFlags::CLOEXEC;
        let fd = rustix::fs::open(&beside, flags, Mode::RUSR | Mode::WUSR)?;
        let mut out = fs::File::from(fd);
        out.write_all(token.as_bytes())?;
        out.sync_all()?;
        fs::rename(&beside, file)
    })();
    written.map_err(|e: std::io::Error| {
        PandaError::Credentials(format!("the new token cannot be written to {}: {e}", file.display()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn lookup<'a>(set: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
        |name| set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    }

    #[test]
    fn variables_of_pilots_are_understood_in_both_spellings() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("token"), "abc\n").unwrap();
        let folder = dir.path().to_str().unwrap();
        for kind in ["PANDA", "OIDC"] {
            let names = ["TOKEN", "ORIGIN", "DIR"].map(|name| format!("{kind}_AUTH_{name}"));
            let set = [(&*names[0], "token"), (&*names[1], "eic.production"), (&*names[2], folder)];
            let auth = Auth::from_environment(&lookup(&set)).unwrap();
            let file = dir.path().join("token");
            assert_eq!(auth, Auth::Token { file, origin: "eic.production".into(), key: None });
            let headers = auth.headers().unwrap();
            assert_eq!(headers[0], ("Authorization", Secret("Bearer abc".into())));
            assert_eq!(headers[1], ("Origin", Secret("eic.production".into())));
            assert!(!format!("{headers:?}").contains("abc"), "a secret is not shown");
        }
        assert_eq!(Auth::from_environment(&lookup(&[])).unwrap(), Auth::None);
        let proxy = Auth::from_environment(&lookup(&[("X509_USER_PROXY", "/tmp/p")])).unwrap();
        assert_eq!(proxy, Auth::Proxy { file: "/tmp/p".into(), authorities: None });
    }

    #[test]
    fn what_no_server_would_take_is_refused_here() {
        let wrong = |set: &[(&str, &str)]| Auth::from_environment(&lookup(set)).unwrap_err().to_string();
        assert!(wrong(&[("PANDA_AUTH_TOKEN", "t")]).contains("set PANDA_AUTH_ORIGIN"));
        let origin = [("PANDA_AUTH_TOKEN", "/no/such/token"), ("PANDA_AUTH_ORIGIN", "eic:production")];
        assert!(wrong(&origin).contains("/no/such/token"));
        for origin in ["eic", "eic:user", "eic.", ":prod"] {
            let said = Auth::token("t".into(), origin.into(), None).unwrap_err().to_string();
            assert!(said.contains("VO:production"), "{said}");
        }
    }

    #[test]
    fn a_user_asks_for_any_role_and_a_pilot_for_production() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("token");
        fs::write(&file, "abc").unwrap();
        for (origin, pilots) in [("eic", false), ("eic:user", false), ("eic:production", true)] {
            let set = [("PANDA_AUTH_TOKEN", file.to_str().unwrap()), ("PANDA_AUTH_ORIGIN", origin)];
            let user = Auth::of_user(&lookup(&set)).unwrap();
            assert_eq!(user, Auth::Token { file: file.clone(), origin: origin.into(), key: None });
            assert_eq!(Auth::from_environment(&lookup(&set)).is_ok(), pilots, "{origin}");
        }
    }

    #[test]
    fn a_token_is_read_anew_and_must_be_one_word() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("token");
        fs::write(&file, "first").unwrap();
        let auth = Auth::token(file.clone(), "eic:production".into(), None).unwrap();
        let bearer = || auth.headers().map(|headers| headers[0].1.0.clone());
        assert_eq!(bearer().unwrap(), "Bearer first");
        replace(&file, "second").unwrap();
        assert_eq!(bearer().unwrap(), "Bearer second");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        for text in ["", " \n", "two words", "a\nb"] {
            fs::write(&file, text).unwrap();
            assert!(bearer().unwrap_err().to_string().contains("one word"), "{text:?}");
        }
    }
}
