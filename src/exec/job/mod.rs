//! Jobs of a queue on a rank: from what the queue says to a running process, and to files that are where
//! they belong.
//!
//! A job is one line for a shell: its program, then its arguments as the queue gave them. It works in
//! `jobs/PandaID/attempt-N` of the pilot's directory, under the same rules as payloads of a study.

mod files;
mod payload;

#[cfg(test)]
mod tests;

pub use payload::{JobEnd, JobPayload};

use super::container::Container;
use super::launch::{Inside, Launch};
use super::log::Log;
use super::steps::Steps;
use super::{directory, environment, program, render};
use crate::config::{self, Engine, Image, Site};
use crate::job::{Order, Trouble};
use payload::Parts;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// What jobs on this rank have in common.
#[derive(Debug)]
pub struct JobBench {
    site: Site,
    /// By image: it is found, and staged, once.
    containers: RefCell<BTreeMap<String, Rc<Container>>>,
}

/// What became of a job that was to be started.
#[derive(Debug)]
pub enum JobStarted {
    /// It runs.
    Runs(Box<JobPayload>),
    /// It has ended already.
    Ended(JobEnd),
}

/// Why a job could not be started.
type Refusal = (Trouble, String);

impl JobBench {
    /// The bench of a pilot's site.
    ///
    /// # Errors
    /// The site's directory is not there or cannot be written to, in words.
    pub fn new(site: Site) -> Result<Self, String> {
        let dir = site.directory.display();
        if !site.directory.is_dir() {
            return Err(format!(
                "the directory {dir} is not there: every node must have it, on a shared file system"
            ));
        }
        rustix::fs::access(&site.directory, rustix::fs::Access::WRITE_OK)
            .map_err(|e| format!("the directory {dir} cannot be written to: {e}"))?;
        Ok(Self { site, containers: RefCell::default() })
    }

    /// Whether a job can be started at once: its image may have to be staged on this node first.
    pub fn is_ready(&self, order: &Order) -> bool {
        self.container(order).is_none_or(|container| container.is_ready())
    }

    /// Prepares the job's directory and starts it there. What could not start has failed, class
    /// `infrastructure`.
    pub fn start(&self, order: &Order) -> JobStarted {
        self.try_start(order)
            .unwrap_or_else(|(trouble, reason)| JobStarted::Ended(payload::failed(reason, trouble)))
    }

    fn try_start(&self, order: &Order) -> Result<JobStarted, Refusal> {
        let of = |trouble| move |reason| (trouble, reason);
        let dir = order.id.folder(&self.site.directory);
        directory::make(&dir).map_err(of(Trouble::Disk))?;
        let text = |path: &Path| {
            let text = path.to_str().map(str::to_owned);
            let not = || (Trouble::Setup, format!("the path {} is not UTF-8", path.display()));
            text.ok_or_else(not)
        };
        for (name, path) in &order.inputs {
            files::link(&dir, name, path).map_err(of(Trouble::Input))?;
        }
        for output in &order.outputs {
            files::plain(&output.name).map_err(of(Trouble::Setup))?;
        }
        let told = told(order);
        let container = self.container(order);
        let named = self.program(order, container.is_some(), &told)?;
        let line = format!("{}{}\n", render::shell_line(&[named]).trim_end(), spaced(&order.arguments));
        let at = dir.join("command");
        std::fs::write(&at, line).map_err(|e| (Trouble::Disk, directory::failed("write", &at, &e)))?;
        let call = vec!["/bin/sh".to_owned(), text(&at)?];
        let inside = container.map(|container| Inside {
            container,
            files: dir.clone(),
            binds: self.binds(order),
            names: vec![order.program.clone()],
        });
        let log = |name: &str| {
            let path = dir.join(name);
            Log::create(&path, self.site.log_limit)
                .map_err(|e| (Trouble::Disk, directory::failed("write", &path, &e)))
        };
        let logs = [log("stdout")?, log("stderr")?];
        let launch = Launch { work: dir.clone(), told, inside };
        let trouble = if launch.inside.is_some() { Trouble::Image } else { Trouble::Setup };
        let programs = launch.calls(&[call]).map_err(of(Trouble::Disk))?;
        let steps =
            Steps::start(programs, &mut |argv| launch.spawn(argv, &logs)).map_err(of(trouble))?;
        let parts = Parts {
            order: order.clone(),
            outputs: self.site.outputs.join(order.id.job.to_string()),
            keep: self.site.keep,
            grace_s: self.site.grace_s,
            dir,
        };
        Ok(JobStarted::Runs(Box::new(JobPayload::new(parts, launch, logs, steps))))
    }

    /// The program as a shell on the node or in the container finds it.
    fn program(
        &self,
        order: &Order,
        contained: bool,
        told: &[(String, String)],
    ) -> Result<String, Refusal> {
        if let Some(source) = &order.source {
            if !source.is_dir() {
                let reason = format!("the source folder {} is not there", source.display());
                return Err((Trouble::Source, reason));
            }
            let own = source.join(&order.program);
            if own.is_file() {
                return Ok(own.to_string_lossy().into_owned());
            }
        }
        if contained {
            return Ok(order.program.clone());
        }
        let found = program::find(&order.program, told).map_err(|reason| (Trouble::Program, reason))?;
        Ok(found.to_string_lossy().into_owned())
    }

    fn binds(&self, order: &Order) -> Vec<PathBuf> {
        let mut binds = vec![self.site.directory.clone()];
        binds.extend(order.source.clone());
        let program = Path::new(&order.program);
        let own = (program.is_absolute() && program.is_file()).then(|| program.parent()).flatten();
        binds.extend(own.map(Path::to_owned));
        binds.extend(order.inputs.iter().filter_map(|(_, path)| Some(path.parent()?.to_owned())));
        binds.sort();
        binds.dedup();
        binds
    }

    fn container(&self, order: &Order) -> Option<Rc<Container>> {
        let name = order.image.as_ref()?;
        let make = || {
            let image = match name.starts_with('/') {
                true => Image::Path(name.into()),
                false => Image::Name(name.clone()),
            };
            let settings = config::Container { image: Some(image), ..self.site.container.clone() };
            Rc::new(Container::new(settings))
        };
        let mut containers = self.containers.borrow_mut();
        Some(Rc::clone(containers.entry(name.clone()).or_insert_with(make)))
            .filter(|_| self.site.container.engine != Engine::None)
    }
}

/// A blank before what is not empty.
fn spaced(arguments: &str) -> String {
    let arguments = arguments.trim();
    if arguments.is_empty() { String::new() } else { format!(" {arguments}") }
}

/// Environment variables of a job; the first few by the names that pilots use.
fn told(order: &Order) -> Vec<(String, String)> {
    let mut own = vec![
        ("PandaID".to_owned(), order.id.job.to_string()),
        ("PanDA_AttemptNr".to_owned(), order.id.attempt.to_string()),
        ("ATHENA_PROC_NUMBER".to_owned(), order.cores.to_string()),
    ];
    if let Some(source) = &order.source {
        own.push(("PARETORANK_SOURCE".to_owned(), source.to_string_lossy().into_owned()));
    }
    own.extend(order.env.iter().cloned());
    environment::told(order.cores, &own)
}
