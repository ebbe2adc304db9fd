//! Pilots in a batch job.

use super::folder;
use super::job::Job;
use super::queue::{Queue, job};
use super::support::PROGRAM;

#[test]
fn the_shipped_script_runs_jobs_until_there_are_none() {
    let Some(folder) = folder() else { return };
    let place = folder.path();
    let queue = Queue::patient(&place.join("queue"), "127.0.0.1:0", "10min");
    let log = place.join("log");
    queue.submit(&vec![job(&log, 0.1); 6]);
    let (url, dir) = (&queue.url, place.join("pilot").display().to_string());
    let more = ["--server", url, "--queue", "Q", "--usual", "1min", "--dir", &dir];
    let batch = Job::submit_pilot(place, &[("PATIENCE", "2s")], &more);
    assert_eq!(batch.end(), ("COMPLETED".into(), "0:0".into()), "{}", batch.log());
    assert!(batch.log().contains("ended in order (code 82"), "{}", batch.log());
    assert!(queue.ends(6).values().all(|end| end["status"] == "finished"));
}

#[test]
fn the_server_knows_the_batch_job_of_every_job_by_its_number() {
    for launch in ["srun --mpi=pmix", "mpirun"] {
        let Some(folder) = folder() else { return };
        let place = folder.path();
        let queue = Queue::patient(&place.join("queue"), "127.0.0.1:0", "10min");
        let log = place.join("log");
        queue.submit(&[job(&log, 0.1), job(&log, 0.1), job(&log, 0.1)]);
        let (url, pilot) = (&queue.url, place.join("pilot"));
        // Jobs that do not say how long they take must fit into what is left of ten minutes.
        let more = format!("--queue Q --jobs 3 --usual 1min --dir {}", pilot.display());
        let line = format!("{launch} {PROGRAM} pilot --server {url} {more}");
        let batch = Job::submit_line(place, &line);
        assert_eq!(batch.end(), ("COMPLETED".into(), "0:0".into()), "{launch}\n{}", batch.log());
        assert!(batch.id().bytes().all(|byte| byte.is_ascii_digit()), "{}", batch.id());
        // It knows when it has to be over.
        let log = batch.log();
        assert!(log.contains("2 ranks, ") && log.contains(" s to go"), "{log}");
        for (job, end) in queue.ends(3) {
            assert_eq!(end["status"], "finished");
            assert_eq!(end["report"]["batch_id"], batch.id(), "job {job}: {end}");
        }
    }
}
