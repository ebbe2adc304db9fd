//! Jobs go out to pilots.

use super::rows::note;
use super::{Store, StoreError};
use crate::queue::job::State;
use rusqlite::params;
use serde_json::{Map, Value, json};

/// Which jobs a pilot takes.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Queue.
    pub queue: String,
    /// At most so many.
    pub count: i64,
    /// prod_source_label as given.
    pub label: Option<String>,
    /// MB; none or 0 = any.
    pub memory: i64,
    /// MB; none or 0 = any.
    pub disk: i64,
    /// Seconds.
    pub remaining: Option<i64>,
    /// Only this task.
    pub task: Option<i64>,
    /// Only this resource type.
    pub resource_type: Option<String>,
}

impl Store {
    /// Hands jobs out: highest priority first, then lowest id.
    ///
    /// # Errors
    /// The database fails.
    pub fn acquire(&mut self, want: &Wanted, now: i64) -> Result<Vec<Value>, StoreError> {
        let labels = json!(labels(want.label.as_deref())).to_string();
        let tx = self.db.transaction()?;
        let found: Vec<(i64, i64, String)> = tx
            .prepare_cached(
                "SELECT id, attempt, definition FROM jobs WHERE queue = ?1 AND state = 'activated'
                 AND (?2 = 0 OR ram <= ?2) AND (?3 = 0 OR disk <= ?3)
                 AND (?4 IS NULL OR walltime IS NULL OR walltime <= ?4)
                 AND (?5 IS NULL OR task = ?5) AND (?6 IS NULL OR resource_type = ?6)
                 AND label IN (SELECT value FROM json_each(?7))
                 ORDER BY priority DESC, id LIMIT ?8",
            )?
            .query_map(
                params![
                    want.queue,
                    want.memory,
                    want.disk,
                    want.remaining,
                    want.task,
                    want.resource_type,
                    labels,
                    want.count
                ],
                |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)),
            )?
            .collect::<Result<_, _>>()?;
        let mut jobs = Vec::with_capacity(found.len());
        for (id, attempt, definition) in found {
            let mut map: Map<String, Value> =
                serde_json::from_str(&definition).map_err(|_| StoreError::Corrupt(id, "definition"))?;
            map.insert("PandaID".into(), id.into());
            map.insert("attemptNr".into(), attempt.into());
            map.insert("nSent".into(), attempt.into());
            tx.prepare_cached("UPDATE jobs SET state = 'sent', touched = ?2 WHERE id = ?1")?
                .execute(params![id, now])?;
            note(&tx, id, attempt, State::Sent, now)?;
            jobs.push(Value::Object(map));
        }
        tx.commit()?;
        Ok(jobs)
    }
}

/// The labels that a pilot asking with this one gets.
fn labels(asked: Option<&str>) -> Vec<&str> {
    let production = ["managed", "test", "prod_test", "install"];
    let user = ["user", "panda", "install"];
    match asked {
        None | Some("managed") => production.to_vec(),
        Some("user") => user.to_vec(),
        Some("unified") => [&production[..], &user[..2]].concat(),
        Some(other) => vec![other],
    }
}
