//! Who may call: tokens in a file, and what their bearers ask for.
//!
//! A line of the file is one token: `ROLE VO TOKEN`, with ROLE `production` (pilots, and everything else) or
//! `user` (submits, lists, kills). Empty lines and those that begin with `#` are nothing. The file is read anew
//! when it has changed; while it cannot be read, nobody gets in.

use sha2::{Digest, Sha256};
use std::fs::{File, Metadata};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The least characters of a token: what is shorter can be guessed.
const SHORTEST: usize = 16;

/// What a caller may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Showed no token.
    Nobody,
    /// Submits, lists, kills, retries.
    User,
    /// Is a pilot, and may do what users may.
    Production,
}

/// Why a caller who shows a token does not get in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denied {
    /// The token or its origin is wrong.
    Wrong(String),
    /// The file of tokens cannot be used.
    File(String),
}

/// A token, of which only the sum is kept: comparing sums tells nobody anything about a token.
#[derive(Debug, Clone)]
struct Token {
    sum: [u8; 32],
    vo: String,
    role: Role,
}

impl Token {
    /// What the bearer asks for with `VO`, `VO:role` or `VO.role`, if this token gives it.
    fn role(&self, origin: &str) -> Option<Role> {
        let rest = origin.strip_prefix(&self.vo)?;
        let asked = match rest.strip_prefix([':', '.']) {
            None if rest.is_empty() => Role::User,
            None => return None,
            Some(word) => role(word)?,
        };
        (asked <= self.role).then_some(asked)
    }
}

fn role(word: &str) -> Option<Role> {
    match word {
        "production" => Some(Role::Production),
        "user" => Some(Role::User),
        _ => None,
    }
}

/// What tells one state of a file from another.
type Stamp = (u64, u64, i64, i64, i64, i64);

fn stamp(meta: &Metadata) -> Stamp {
    (meta.ino(), meta.size(), meta.mtime(), meta.mtime_nsec(), meta.ctime(), meta.ctime_nsec())
}

/// The tokens of a file.
#[derive(Debug)]
pub struct Tokens {
    file: PathBuf,
    known: Mutex<(Stamp, Vec<Token>)>,
}

impl Tokens {
    /// Reads the file.
    ///
    /// # Errors
    /// Others may read it, or a line of it is wrong.
    pub fn open(file: &Path) -> Result<Self, String> {
        Ok(Self { file: file.to_owned(), known: Mutex::new(read(file)?) })
    }

    /// The role of a request with these headers.
    ///
    /// # Errors
    /// It shows a token that does not do.
    pub fn role(&self, authorization: Option<&str>, origin: Option<&str>) -> Result<Role, Denied> {
        let Some(authorization) = authorization else { return Ok(Role::Nobody) };
        let wrong = |why: &str| Denied::Wrong(why.to_owned());
        let bearer = authorization.strip_prefix("Bearer ").map(str::trim);
        let bearer =
            bearer.ok_or_else(|| wrong("the token must be told as Authorization: Bearer TOKEN"))?;
        let origin = origin.ok_or_else(|| wrong("a token needs Origin: VO:role"))?;
        let sum: [u8; 32] = Sha256::digest(bearer).into();
        // One more than are needed are looked at: how long it takes tells nothing.
        let mut found = None;
        for token in &self.current()? {
            if is_same(&token.sum, &sum) {
                found = Some(token.clone());
            }
        }
        let token = found.ok_or_else(|| wrong("the token is not known"))?;
        token.role(origin).ok_or_else(|| Denied::Wrong(format!("the token is not one of {origin}")))
    }

    fn current(&self) -> Result<Vec<Token>, Denied> {
        let now = std::fs::metadata(&self.file).map(|meta| stamp(&meta));
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if now.is_ok_and(|now| now == known.0) {
            return Ok(known.1.clone());
        }
        *known = read(&self.file).map_err(Denied::File)?;
        Ok(known.1.clone())
    }
}

/// Whether sums are the same, in a time that does not depend on where they differ.
fn is_same(one: &[u8; 32], other: &[u8; 32]) -> bool {
    one.iter().zip(other).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

fn read(file: &Path) -> Result<(Stamp, Vec<Token>), String> {
    let wrong = |why: String| format!("token file {}: {why}", file.display());
    let system = |e: std::io::Error| wrong(e.to_string());
    let mut open = File::open(file).map_err(system)?;
    let meta = open.metadata().map_err(system)?;
    let mode = meta.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(wrong(format!("its mode is {mode:o}, so that others may use it: chmod 600")));
    }
    let mut text = String::new();
    open.read_to_string(&mut text).map_err(system)?;
    Ok((stamp(&meta), parse(&text).map_err(wrong)?))
}

fn parse(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens: Vec<Token> = vec![];
    for (at, line) in text.lines().enumerate() {
        let wrong = |why: &str| Err(format!("line {}: {why}", at + 1));
        let words: Vec<&str> = line.split_whitespace().collect();
        let (word, vo, token) = match words[..] {
            [] => continue,
            [first, ..] if first.starts_with('#') => continue,
            [role, vo, token] => (role, vo, token),
            // The line is not shown: it may hold a secret.
            _ => return wrong("must be ROLE VO TOKEN, three words"),
        };
        let Some(role) = role(word) else { return wrong("the role must be production or user") };
        if vo.contains([':', '.']) {
            return wrong("a VO has no colon and no point in it");
        }
        if token.len() < SHORTEST || !token.bytes().all(|b| b.is_ascii_graphic()) {
            return wrong("a token has at least 16 characters, visible ASCII");
        }
        let sum: [u8; 32] = Sha256::digest(token).into();
        if tokens.iter().any(|known| known.sum == sum) {
            return wrong("the token stands on an earlier line");
        }
        tokens.push(Token { sum, vo: vo.to_owned(), role });
    }
    if tokens.is_empty() {
        return Err("no line has a token".to_owned());
    }
    Ok(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    const PILOT: &str = "Bearer pilot-0123456789abcdef";
    const USER: &str = "Bearer user-0123456789abcdef";

    fn write(file: &Path, text: &str, mode: u32) {
        fs::write(file, text).unwrap();
        fs::set_permissions(file, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_role_is_what_the_token_gives_and_the_origin_asks_for() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("tokens");
        let lines = "# ours\n\nproduction eic pilot-0123456789abcdef\nuser eic user-0123456789abcdef\n";
        write(&file, lines, 0o600);
        let tokens = Tokens::open(&file).unwrap();
        let role = |token, origin| tokens.role(Some(token), Some(origin)).ok();
        for (token, origin, want) in [
            (PILOT, "eic:production", Some(Role::Production)),
            (PILOT, "eic.production", Some(Role::Production)),
            (PILOT, "eic", Some(Role::User)),
            (PILOT, "eic:user", Some(Role::User)),
            (USER, "eic", Some(Role::User)),
            (USER, "eic:production", None),
            (PILOT, "eic:admin", None),
            (PILOT, "eicproduction", None),
            (PILOT, "atlas:production", None),
            ("Bearer pilot-0123456789abcdeg", "eic:production", None),
            ("Bearer ", "eic", None),
            ("Basic pilot-0123456789abcdef", "eic", None),
        ] {
            assert_eq!(role(token, origin), want, "{token} {origin}");
        }
        assert_eq!(tokens.role(None, Some("eic")), Ok(Role::Nobody));
        assert!(matches!(tokens.role(Some(PILOT), None), Err(Denied::Wrong(_))));
    }

    #[test]
    fn the_file_counts_as_it_is_now_and_a_bad_one_lets_nobody_in() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("tokens");
        write(&file, "production eic pilot-0123456789abcdef\n", 0o600);
        let tokens = Tokens::open(&file).unwrap();
        let role = || tokens.role(Some(PILOT), Some("eic:production"));
        assert_eq!(role(), Ok(Role::Production));
        write(&file, "production eic another-123456789abcdef\n", 0o600);
        assert!(matches!(role(), Err(Denied::Wrong(_))), "it was taken back");
        write(&file, "production eic pilot-0123456789abcdef\n", 0o600);
        assert_eq!(role(), Ok(Role::Production));
        fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(role(), Err(Denied::File(why)) if why.contains("chmod 600")));
        fs::remove_file(&file).unwrap();
        assert!(matches!(role(), Err(Denied::File(_))));
    }

    #[test]
    fn lines_that_are_no_tokens_are_refused_and_not_shown() {
        let good = "user eic user-0123456789abcdef";
        for (text, why) in [
            ("", "no line has a token"),
            ("user eic", "line 1: must be ROLE VO TOKEN"),
            ("user eic user-0123456789abcdef x", "line 1: must be"),
            ("\nadmin eic user-0123456789abcdef", "line 2: the role"),
            ("user eic:a user-0123456789abcdef", "line 1: a VO"),
            ("user eic short-secret", "line 1: a token has"),
            (&format!("{good}\n{good}"), "line 2: the token stands"),
        ] {
            let said = parse(text).unwrap_err();
            assert!(said.starts_with(why), "{said}");
            assert!(!said.contains("0123456789") && !said.contains("short-secret"), "{said}");
        }
    }
}
