//! A proxy certificate as a pilot's name, over real TLS.

use super::front::Front;
use super::queue::{Queue, pilot};
use super::support::PROGRAM;
use super::support::process::Running;
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// An authority, a host and a user with keys, made by OpenSSL.
struct Certificates {
    dir: tempfile::TempDir,
}

impl Certificates {
    fn new() -> Self {
        let this = Self { dir: tempfile::tempdir().unwrap() };
        let authorities = this.path("authorities");
        fs::create_dir(&authorities).unwrap();
        this.openssl(
            "req -x509 -new -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -days 2 -subj /CN=ca",
        );
        for (from, to) in [("out.key", "ca.key"), ("out.pem", "ca.pem")] {
            fs::rename(this.path(from), this.path(to)).unwrap();
        }
        fs::copy(this.path("ca.pem"), authorities.join("ca.pem")).unwrap();
        this.sign("host", "/CN=host", "ca", 2, "subjectAltName=IP:127.0.0.1");
        this.sign("user", "/O=eic/CN=user", "ca", 2, "keyUsage=critical,digitalSignature");
        this
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Runs OpenSSL in the folder; keys go to `out.key`, what else there is to `out.pem`.
    fn openssl(&self, line: &str) {
        let mut openssl = Command::new("openssl");
        openssl.args(line.split(' ')).args(["-out", "out.pem"]).current_dir(self.dir.path());
        if line.contains("-newkey") {
            openssl.args(["-keyout", "out.key"]);
        }
        let ran = openssl.output().unwrap();
        assert!(ran.status.success(), "{line}: {}", String::from_utf8_lossy(&ran.stderr));
    }

    /// A key and a certificate for it, by `issuer`, valid for so many days from now.
    fn sign(&self, name: &str, subject: &str, issuer: &str, days: i32, extension: &str) {
        let key = "req -new -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256";
        self.openssl(&format!("{key} -subj {subject}"));
        fs::rename(self.path("out.key"), self.path(&format!("{name}.key"))).unwrap();
        fs::rename(self.path("out.pem"), self.path("request")).unwrap();
        fs::write(self.path("extensions"), extension).unwrap();
        self.openssl(&format!(
            "x509 -req -in request -CA {issuer}.pem -CAkey {issuer}.key -CAcreateserial -days {days} \
             -extfile extensions"
        ));
        fs::rename(self.path("out.pem"), self.path(&format!("{name}.pem"))).unwrap();
    }

    /// A proxy as users make them, in one file: certificate, key, and the user's certificate.
    fn proxy(&self, name: &str, days: i32) -> PathBuf {
        let info =
            "proxyCertInfo=critical,language:id-ppl-inheritAll\nkeyUsage=critical,digitalSignature";
        self.sign(name, &format!("/O=eic/CN=user/CN={name}"), "user", days, info);
        let parts = [format!("{name}.pem"), format!("{name}.key"), "user.pem".to_owned()];
        let text: String =
            parts.iter().map(|part| fs::read_to_string(self.path(part)).unwrap()).collect();
        let beside = self.path("proxy.part");
        fs::write(&beside, text).unwrap();
        let at = self.path("proxy");
        fs::rename(beside, &at).unwrap();
        at
    }

    fn pilot(&self, front: &Front, dir: &Path, more: &[&str]) -> Running {
        let mut line =
            pilot(Command::new(PROGRAM), &front.url, dir, &[&["--workers", "1"], more].concat());
        line.env("X509_USER_PROXY", self.path("proxy")).env("X509_CERT_DIR", self.path("authorities"));
        Running::start(&mut line)
    }
}

#[test]
fn a_proxy_certificate_names_the_pilot_and_a_renewed_one_is_taken_up() {
    let dir = tempfile::tempdir().unwrap();
    let certificates = Certificates::new();
    certificates.proxy("4711", 1);
    let queue = Queue::patient(&dir.path().join("queue"), "127.0.0.1:0", "10min");
    let job = json!({"transformation": "true", "max_attempt": 1});
    queue.submit(std::slice::from_ref(&job));
    let front = Front::start(&queue, dir.path(), Some(certificates.dir.path()));
    let mut running = certificates.pilot(&front, &dir.path().join("pilot"), &["--jobs", "2"]);
    running.watch("the first job", || queue.states().get("finished") == Some(&1));
    certificates.proxy("4712", 1);
    queue.submit(&[job]);
    running.wait().expect(0);
    queue.wait_finished(2);
    let notes = front.notes();
    let peers = |job: i64| {
        let of = notes.iter().filter(move |note| note["job_id"] == job);
        of.map(|note| note["peer"].to_string()).collect::<Vec<_>>()
    };
    for (job, name) in [(1, "4711"), (2, "4712")] {
        let peers = peers(job);
        assert!(
            !peers.is_empty() && peers.iter().all(|p| p.contains("eic") && p.contains(name)),
            "{peers:?}"
        );
    }
}

#[test]
fn a_proxy_that_servers_do_not_take_is_told_in_one_clear_line() {
    let dir = tempfile::tempdir().unwrap();
    let certificates = Certificates::new();
    let proxy = certificates.proxy("4711", -1);
    let queue = Queue::start(&dir.path().join("queue"), "127.0.0.1:0");
    let front = Front::start(&queue, dir.path(), Some(certificates.dir.path()));
    let pilot = dir.path().join("pilot");
    let path = proxy.to_str().unwrap();
    let ended =
        certificates.pilot(&front, &pilot, &[]).wait().expect(79).says(&["expired", path, "renew"]);
    assert_eq!(ended.err.lines().count(), 1, "{ended}");
    assert!(!pilot.join("jobs").exists());

    // A server that is somebody else is not told anything.
    let other = Certificates::new();
    other.proxy("4711", 1);
    let ended = other.pilot(&front, &pilot, &[]).wait().expect(79).says(&["invalid peer certificate"]);
    assert_eq!(ended.err.lines().count(), 1, "{ended}");
    fs::write(other.path("proxy"), "nothing").unwrap();
    let ended =
        other.pilot(&front, &pilot, &[]).wait().expect(2).says(&["needs a certificate and a key"]);
    assert_eq!(ended.err.lines().count(), 1, "{ended}");
}
