//! Requests: which part they are for, who asks, what they carry; and how answers look.

use super::{Shared, args, classic, own, pilot};
use crate::queue::store::StoreError;
use crate::queue::tokens::{Denied, Role};
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use std::io::Read;
use std::sync::Arc;

/// The longest body, before and after decompression.
const BODY_LIMIT: usize = 64 << 20;

/// Why a request is not done.
#[derive(Debug)]
pub enum Refusal {
    /// The envelope says so, HTTP says 200.
    No(String),
    /// There is no such method, or the caller may not: 403.
    Forbidden(String),
    /// 500.
    Broken(String),
}

impl Refusal {
    /// What is told.
    pub fn why(&self) -> &str {
        match self {
            Refusal::No(why) | Refusal::Forbidden(why) | Refusal::Broken(why) => why,
        }
    }

    /// Its HTTP status.
    pub fn status(&self) -> StatusCode {
        match self {
            Refusal::No(_) => StatusCode::OK,
            Refusal::Forbidden(_) => StatusCode::FORBIDDEN,
            Refusal::Broken(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Refused(why) => Refusal::No(why),
            error => Refusal::Broken(error.to_string()),
        }
    }
}

/// A request, body read.
pub struct Call {
    /// What it may do.
    pub role: Role,
    pub method: Method,
    /// Part of the v1 API.
    pub module: String,
    pub name: String,
    pub query: String,
    headers: HeaderMap,
    pub body: Bytes,
}

impl Call {
    /// The arguments of a call that must be POST: a JSON object.
    pub fn posted(&self) -> Result<Map<String, Value>, Refusal> {
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

    pub fn must_be(&self, method: &Method) -> Result<(), Refusal> {
        if self.method == method {
            return Ok(());
        }
        let (name, got) = (&self.name, &self.method);
        Err(Refusal::No(format!("Method error: {name} must be called with {method}, got {got}.")))
    }

    /// Refuses a caller with a lesser role, in the words of v1.
    pub fn must_have(&self, role: Role) -> Result<(), Refusal> {
        match self.role {
            own if own >= role => Ok(()),
            Role::Nobody => Err(Refusal::No("SSL secure connection is required".to_owned())),
            _ => Err(Refusal::No("production or pilot role required".to_owned())),
        }
    }

    /// Whether a header has exactly this value.
    pub fn says(&self, name: HeaderName, value: &str) -> bool {
        self.headers.get(name).is_some_and(|found| found.as_bytes() == value.as_bytes())
    }
}

/// Answers a request. What is told is a text, even where it is JSON.
pub async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (status, text) = match dispatch(&shared, request).await {
        Ok(text) => (StatusCode::OK, text),
        Err(refusal @ Refusal::No(_)) => {
            (refusal.status(), envelope(false, refusal.why(), Value::Null).to_string())
        }
        Err(refusal) => (refusal.status(), format!("ERROR : {}", refusal.why())),
    };
    (status, [(header::CONTENT_TYPE, "text/plain")], text).into_response()
}

async fn dispatch(shared: &Arc<Shared>, request: Request) -> Result<String, Refusal> {
    let (head, body) = request.into_parts();
    let path = head.uri.path();
    // Whoever asks only whether somebody is here need not say who they are.
    let role = match path {
        "/api/v1/system/is_alive" | "/server/panda/isAlive" => Role::Nobody,
        _ => role(shared, &head.headers)?,
    };
    let body = to_bytes(body, BODY_LIMIT).await.map_err(|e| Refusal::Broken(format!("body: {e}")))?;
    let call = |module: &str, name: &str| -> Result<Call, Refusal> {
        Ok(Call {
            role,
            method: head.method.clone(),
            module: module.to_owned(),
            name: name.to_owned(),
            query: head.uri.query().unwrap_or("").to_owned(),
            body: unpacked(&head.headers, body.clone())?,
            headers: head.headers.clone(),
        })
    };
    if let Some(name) = path.strip_prefix("/server/panda/") {
        return classic::answer(shared, &call("panda", name)?).await;
    }
    let parts = path.strip_prefix("/api/v1/").and_then(|rest| rest.split_once('/'));
    let Some((module, name)) = parts else {
        return Err(Refusal::Forbidden(format!("{path} is forbidden")));
    };
    let call = call(module, name)?;
    let answer = match (module, name) {
        ("system", "is_alive") => call.must_be(&Method::GET).map(|()| envelope(true, "", Value::Null)),
        ("pilot", _) => pilot::answer(shared, &call).await,
        ("queue", _) => own::answer(shared, &call).await,
        _ => Err(unknown(&call)),
    };
    answer.map(|envelope| envelope.to_string())
}

/// What the caller may do: everything where there are no tokens.
/// What the sender of these headers may do.
pub fn role(shared: &Arc<Shared>, headers: &HeaderMap) -> Result<Role, Refusal> {
    let Some(tokens) = &shared.tokens else { return Ok(Role::Production) };
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    tokens.role(text(header::AUTHORIZATION), text(header::ORIGIN)).map_err(|denied| match denied {
        Denied::Wrong(why) => Refusal::Forbidden(why),
        Denied::File(why) => {
            // Whoever asks need not know where it lies.
            tracing::error!("nobody gets in: {why}");
            Refusal::Broken("the server's tokens cannot be read".to_owned())
        }
    })
}

/// There is no such method.
pub fn unknown(call: &Call) -> Refusal {
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

/// An answer of v1.
pub fn envelope(success: bool, message: &str, data: Value) -> Value {
    json!({"success": success, "message": message, "data": data})
}
