//! The part of the interface that a queue of `paretorank queue serve` has and PanDA has not: submission and
//! what its users ask.

use super::answer;
use super::client::Client;
use super::error::PandaError;
use serde_json::Value;

impl Client {
    /// What a method of the module `queue` knows.
    ///
    /// # Errors
    /// See [`PandaError`]: what the server does not do is `Invalid`, since it would not do it later either.
    pub fn queue_knows(&self, method: &str, query: &[(&str, String)]) -> Result<Value, PandaError> {
        let path = format!("/api/v1/queue/{method}");
        answer::own(&self.url(&path), &self.get(&path, query)?)
    }

    /// Has a method of the module `queue` do something.
    ///
    /// # Errors
    /// See [`Client::queue_knows`].
    pub fn queue_does(&self, method: &str, arguments: &Value) -> Result<Value, PandaError> {
        let path = format!("/api/v1/queue/{method}");
        answer::own(&self.url(&path), &self.post(&path, arguments)?)
    }
}
