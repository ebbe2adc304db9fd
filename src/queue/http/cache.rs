//! What pilots fetch about their queue before they ask for jobs. It is no secret: they show no token.

use super::Shared;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// Answers `/cache/schedconfig/{queue}.all.json`.
pub async fn schedconfig(State(shared): State<Arc<Shared>>, Path(file): Path<String>) -> Response {
    let missing = || (StatusCode::NOT_FOUND, format!("ERROR : there is no {file}")).into_response();
    let Some(queue) = file.strip_suffix(".all.json").map(str::to_owned) else { return missing() };
    match shared.described(&queue).await {
        Ok(Some(description)) => {
            let told = description.told(&queue).to_string();
            ([(header::CONTENT_TYPE, "application/json")], told).into_response()
        }
        Ok(None) => missing(),
        Err(refusal) => {
            (StatusCode::INTERNAL_SERVER_ERROR, format!("ERROR : {}", refusal.why())).into_response()
        }
    }
}
