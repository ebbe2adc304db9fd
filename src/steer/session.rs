//! A conversation in lines of JSON: one request, one answer.

use super::{Helm, SteerError, asked, front, receipts, standing};
use serde_json::{Value as Json, json};
use std::io::{self, BufRead, Write};
use std::sync::mpsc::{self, Receiver, TryRecvError};

/// Requests, for messages.
const REQUESTS: &str =
    "{\"ask\": 2}, {\"tell\": {…}}, {\"status\": {}}, {\"front\": {}}, {\"quit\": {}}";

/// Answers requests until there are no more, `quit`, or nobody reads the answers; then closes the
/// directory.
///
/// | request | answer |
/// |---|---|
/// | `{"ask": 2}` | `{"candidates": [{"trial", "origin", "parameters"}], "left"}`: none once all trials are asked for, or a rule has ended the study, which is then told as `"stopped"` |
/// | `{"tell": {…}}` or a list | `{"ok": [{"trial", "status"}]}`: see [`super::Told`] |
/// | `{"status": {}}` | `{"status": {…}}`, pending candidates among it |
/// | `{"front": {}}` | `{"front": [{"trial", "origin", "parameters", "objectives"}]}` |
/// | `{"quit": {}}` | `{"quit": {}}`, once the directory is closed |
///
/// What is wrong is answered by `{"error": "…"}`, and the session goes on. What was answered is on the
/// disk. While nobody asks, the next candidate is made: as a rule it is there when it is asked for.
///
/// # Errors
/// The directory cannot be written: the last answer says so.
pub fn session(
    mut helm: Helm,
    requests: impl BufRead + Send + 'static,
    mut answers: impl Write,
) -> Result<(), SteerError> {
    let mut quit = false;
    let mut write = |answer: &Json| -> io::Result<()> {
        writeln!(answers, "{answer}")?;
        answers.flush()
    };
    let lines = read_in_the_background(requests);
    loop {
        let line = match lines.try_recv() {
            Ok(line) => line,
            Err(TryRecvError::Disconnected) => break,
            Err(TryRecvError::Empty) if helm.prepare() => continue,
            Err(TryRecvError::Empty) => match lines.recv() {
                Ok(line) => line,
                Err(_) => break,
            },
        };
        if line.trim_ascii().is_empty() {
            continue;
        }
        let answer = match answer(&mut helm, &line) {
            Ok(Some(answer)) => answer,
            Ok(None) => {
                quit = true;
                break;
            }
            Err(SteerError::Store(error)) => {
                // The session is over whether or not anybody hears why.
                let _ = write(&json!({ "error": error.to_string() }));
                return Err(error.into());
            }
            Err(error) => json!({ "error": error.to_string() }),
        };
        if write(&answer).is_err() {
            break;
        }
    }
    helm.close()?;
    if quit {
        // Nobody reads any more: everything is done all the same.
        let _ = write(&json!({ "quit": {} }));
    }
    Ok(())
}

/// Lines as they come, until there are no more or nothing can be read. The thread ends with its input or with
/// the program.
fn read_in_the_background(requests: impl BufRead + Send + 'static) -> Receiver<Vec<u8>> {
    let (to, lines) = mpsc::channel();
    std::thread::spawn(move || {
        requests.split(b'\n').map_while(Result::ok).try_for_each(|line| to.send(line))
    });
    lines
}

/// The answer to a line; `None` to `quit`.
fn answer(helm: &mut Helm, line: &[u8]) -> Result<Option<Json>, SteerError> {
    let wrong = |text: String| Err(SteerError::Told(text));
    let request = match serde_json::from_slice::<Json>(line) {
        Ok(Json::Object(request)) if request.len() == 1 => request,
        Ok(_) => return wrong(format!("a request is an object with one key: {REQUESTS}")),
        Err(e) => {
            let text = format!("a request is JSON on one line, and this is none: {e}; JSON has no NaN");
            return wrong(format!("{text} and no infinity (tell such a trial as failed or infeasible)"));
        }
    };
    let Some((word, argument)) = request.into_iter().next() else {
        return wrong(format!("a request is an object with one key: {REQUESTS}"));
    };
    let nothing = match &argument {
        Json::Object(map) => map.is_empty(),
        other => other.is_null(),
    };
    Ok(match word.as_str() {
        "ask" => {
            let count = if nothing { Some(1) } else { argument.as_u64().filter(|n| *n > 0) };
            let Some(count) = count else {
                return wrong(format!("ask must be a number of candidates from 1 on, not {argument}"));
            };
            let proposed = helm.ask(count)?;
            Some(asked(helm.steering(), &proposed).into())
        }
        "tell" => Some(json!({ "ok": receipts(&helm.tell(&argument)?) })),
        "status" if nothing => Some(json!({ "status": standing(helm.steering()) })),
        "front" if nothing => Some(json!({ "front": front(helm.steering()) })),
        "quit" if nothing => None,
        "status" | "front" | "quit" => return wrong(format!("{word} takes {{}}, not {argument}")),
        _ => return wrong(format!("{word:?} is no request; those are {REQUESTS}")),
    })
}
