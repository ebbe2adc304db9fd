//! Tokens of pilots.

use super::front::Front;
use super::queue::{Queue, pilot};
use super::support::PROGRAM;
use super::support::process::Running;
use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

#[test]
fn a_token_is_renewed_at_the_start_where_there_is_a_key() {
    let dir = tempfile::tempdir().unwrap();
    let queue = Queue::start(&dir.path().join("queue"), "127.0.0.1:0");
    let front = Front::start(&queue, dir.path(), None);
    queue.submit(&[json!({"transformation": "true"})]);
    let (token, key) = (dir.path().join("token"), dir.path().join("key"));
    for file in [&token, &key] {
        fs::write(file, "old").unwrap();
        fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
    }
    let more = ["--workers", "1", "--jobs", "1"];
    let mut line = pilot(Command::new(PROGRAM), &front.url, &dir.path().join("pilot"), &more);
    line.env("PANDA_AUTH_TOKEN", &token).env("PANDA_AUTH_TOKEN_KEY", &key);
    Running::start(line.env("PANDA_AUTH_ORIGIN", "vo:production")).wait().expect(0);
    assert_eq!(fs::read_to_string(&token).unwrap(), "new");
    let mode = fs::metadata(&token).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "it is nobody else's");
}
