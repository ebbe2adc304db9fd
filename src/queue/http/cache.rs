//! What pilots fetch about their queue before they ask for jobs. It is no secret: they show no token.

use super::Shared;
use crate::queue::description;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// Answers `/cache/schedconfig/{queue}.all.json`.
pub async fn schedconfig(State(shared): State<Arc<Shared>>, Path(file): Path<String>) -> Response {
    let missing = || (StatusCode::NOT_FOUND, format!("ERROR : there is no {file}")).into_response();
    let Some(queue) = file.strip_suffix(".all.json").map(str::to_owned) else { return missing() };
    let dir = shared.dir.clone();
    let told = tokio::task::spawn_blocking(move || description::told(&dir, &queue)).await;
    match told.map_err(|e| e.to_string()).flatten() {
        Ok(Some(told)) => {
            ([(header::CONTENT_TYPE, "application/json")], told.to_string()).into_response()
        }
        Ok(None) => missing(),
        Err(why) => {
            tracing::error!("{why}");
            let text = format!("ERROR : {} cannot be read", description::FILE);
            (StatusCode::INTERNAL_SERVER_ERROR, text).into_response()
        }
    }
}
