//! Who gets in where tokens are asked for, and who does not.

use super::server::{Request, Server, program, queue, secret};
use serde_json::Value;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

const PILOT: &str = "Bearer pilot-0123456789abcdef";
const USER: &str = "Bearer user-0123456789abcdef";

const FILE: &str =
    "# who may\nproduction test pilot-0123456789abcdef\nuser test user-0123456789abcdef\n";

type Headers = [(&'static str, &'static str)];

fn scene() -> (Server, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    secret(&dir.path().join("tokens"), FILE);
    let tokens = dir.path().join("tokens");
    let server = Server::start(dir.path(), "127.0.0.1:0", &["--tokens", tokens.to_str().unwrap()]);
    (server, dir)
}

/// Token and origin, and how each sort of call is answered: pilots', users', those open to all.
#[test]
fn roles_decide() {
    const ROLE: &str = "production or pilot role required";
    const TLS: &str = "SSL secure connection is required";
    let (server, _dir) = scene();
    let cases: [(&Headers, u16, &str, bool); 9] = [
        (&[], 200, TLS, false),
        (&[("Origin", "test:production")], 200, TLS, false),
        (&[("Authorization", PILOT), ("Origin", "test:production")], 200, "No jobs in PanDA", true),
        (&[("Authorization", PILOT), ("Origin", "test.production")], 200, "No jobs in PanDA", true),
        // The role must be asked for.
        (&[("Authorization", PILOT), ("Origin", "test")], 200, ROLE, true),
        (&[("Authorization", USER), ("Origin", "test")], 200, ROLE, true),
        (&[("Authorization", USER), ("Origin", "test:production")], 403, "ERROR : ", false),
        (&[("Authorization", PILOT), ("Origin", "other:production")], 403, "ERROR : ", false),
        (
            &[("Authorization", "Bearer nobody-0123456789abcdef"), ("Origin", "test")],
            403,
            "ERROR : ",
            false,
        ),
    ];
    for (headers, status, says, user) in cases {
        let say = |request: Request| server.say(&request.with(headers));
        let (got, text) = say(Request::post("/api/v1/pilot/acquire_jobs", "{\"site_name\": \"Q\"}"));
        assert_eq!(got, status, "{headers:?} {text}");
        match status {
            200 => {
                let answer: Value = serde_json::from_str(&text).unwrap();
                assert_eq!(
                    (&answer["success"], &answer["message"]),
                    (&false.into(), &says.into()),
                    "{headers:?}"
                );
            }
            _ => assert!(text.starts_with(says), "{text}"),
        }
        let (got, text) = say(Request::post("/server/panda/getJob", "siteName=Q"));
        let want = match (status, says) {
            (403, _) => None,
            (_, TLS | ROLE) => Some("StatusCode=60"),
            _ => Some("StatusCode=20"),
        };
        assert_eq!((got, want.map(|_| &*text)), (status, want), "{headers:?} {text}");
        let (got, text) = say(Request::get("/api/v1/queue/summary"));
        assert_eq!(got == 200 && text.contains("\"success\":true"), user, "{headers:?} {text}");
        let (got, text) = say(Request::post("/server/panda/getStatus", "ids=1"));
        assert_eq!(got == 200 && text.starts_with("StatusCode=0"), user, "{headers:?} {text}");
        let (got, alive) = say(Request::get("/api/v1/system/is_alive"));
        assert!(got == 200 && alive.contains("true"), "open to all, {headers:?}: {got} {alive}");
        assert!(!text.contains("0123456789"), "{text}");
    }
}

#[test]
fn commands_show_their_token_and_say_what_is_wrong_with_it() {
    let (server, dir) = scene();
    let file = dir.path().join("user");
    secret(&file, "user-0123456789abcdef");
    let file = file.to_str().unwrap();
    let run = |args: &[&str], env: &[(&str, &str)]| {
        let ended = queue(&server.url, args, env);
        (ended.status.code().unwrap(), String::from_utf8(ended.stderr).unwrap())
    };
    let own = [("PANDA_AUTH_TOKEN", file), ("PANDA_AUTH_ORIGIN", "test")];
    let all: [&[&str]; 5] = [
        &["submit", "--queue", "Q", "true"],
        &["list"],
        &["show", "1"],
        &["kill", "1"],
        &["retry", "1"],
    ];
    for args in all {
        assert_eq!(run(args, &own), (0, String::new()), "{args:?}");
        let (code, said) = run(args, &[]);
        assert!(code == 1 && said.contains("SSL secure connection is required"), "{code} {said}");
    }
    let (code, said) = run(&["list"], &[own[0], ("PANDA_AUTH_ORIGIN", "other")]);
    assert!(code == 1 && said.contains("the token is not one of other"), "{code} {said}");
    let (code, said) = run(&["list"], &own[..1]);
    assert!(code == 2 && said.contains("PANDA_AUTH_ORIGIN"), "{code} {said}");
    // The server reads its file anew: what is taken back does not hold any more, and a file that is wrong lets
    // nobody in until it is right again.
    let tokens = dir.path().join("tokens");
    secret(&tokens, "user test another-0123456789ab\n");
    let (code, said) = run(&["list"], &own);
    assert!(code == 1 && said.contains("the token is not known"), "{code} {said}");
    secret(&tokens, "nonsense\n");
    let (code, said) = run(&["list"], &own);
    assert!(code == 79 && said.contains("the server's tokens cannot be read"), "{code} {said}");
    secret(&tokens, FILE);
    assert_eq!(run(&["list"], &own).0, 0);
}

#[test]
fn the_file_decides_where_a_server_listens() {
    let dir = tempfile::tempdir().unwrap();
    let tokens = dir.path().join("tokens");
    let serve = |listen: &str, more: &[&str]| {
        let mut command = program();
        command
            .args(["queue", "serve"])
            .arg(dir.path().join("queue"))
            .args(["--listen", listen])
            .args(more);
        let ended = command.output().unwrap();
        (ended.status.code().unwrap(), String::from_utf8(ended.stderr).unwrap())
    };
    let given = ["--tokens", tokens.to_str().unwrap()];
    let (code, said) = serve("0.0.0.0:0", &[]);
    assert!(code == 2 && said.contains("--tokens FILE"), "{code} {said}");
    assert_eq!(serve("0.0.0.0:0", &given).0, 2, "there is no such file");
    secret(&tokens, FILE);
    fs::set_permissions(&tokens, Permissions::from_mode(0o644)).unwrap();
    let (code, said) = serve("0.0.0.0:0", &given);
    assert!(code == 2 && said.contains("chmod 600") && said.contains("644"), "{code} {said}");
    secret(&tokens, "production test\n");
    let (code, said) = serve("127.0.0.1:0", &given);
    assert!(code == 2 && said.contains("line 1: must be ROLE VO TOKEN"), "{code} {said}");
    secret(&tokens, FILE);
    let server = Server::start(&dir.path().join("queue"), "0.0.0.0:0", &given);
    assert_eq!(server.say(&Request::get("/api/v1/system/is_alive")).0, 200);
    // One server per directory.
    assert_eq!(serve("127.0.0.1:0", &[]).0, 74);
}
