//! The `[container]` table: in which image commands run, and by which engine.

use super::command_keys::{absolute, environment};
use super::document::{Item, Node, Table};
use super::error::Problems;
use super::section::Section;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Where the commands of a study run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Container {
    /// What starts the container.
    pub engine: Engine,
    /// Its file system; only [`Engine::None`] needs none.
    pub image: Option<Image>,
    /// Host directories and files that are seen inside, beside those that a task needs anyway.
    pub binds: Vec<Bind>,
    /// Environment variables of everything that runs inside.
    pub env: Vec<(String, String)>,
    /// Lines for bash, before the first program of a task.
    pub prologue: Option<String>,
    /// Further arguments of the engine, before the image.
    pub options: Vec<String>,
    /// Where the image is read from.
    pub stage: Staging,
}

/// A program that starts containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// Whichever is there and can read the image.
    Auto,
    /// Apptainer.
    Apptainer,
    /// Singularity, its predecessor.
    Singularity,
    /// Charliecloud's `ch-run`.
    Charliecloud,
    /// Podman.
    Podman,
    /// Shifter.
    Shifter,
    /// No container: prologue and environment only, on the node itself.
    None,
}

impl Engine {
    const WORDS: [(&str, Engine); 7] = [
        ("auto", Engine::Auto),
        ("apptainer", Engine::Apptainer),
        ("singularity", Engine::Singularity),
        ("charliecloud", Engine::Charliecloud),
        ("podman", Engine::Podman),
        ("shifter", Engine::Shifter),
        ("none", Engine::None),
    ];

    /// The word in the study file.
    pub fn name(self) -> &'static str {
        Self::WORDS.iter().find(|(_, engine)| *engine == self).map_or("", |(word, _)| word)
    }
}

/// An image as the study names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Image {
    /// A file or directory, absolute. Only a node knows whether it is there.
    Path(PathBuf),
    /// A name that the engine resolves, such as `docker://eicweb/eic_xl:24.11.1-stable`.
    Name(String),
}

impl std::fmt::Display for Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Image::Path(path) => path.display().fmt(f),
            Image::Name(name) => f.write_str(name),
        }
    }
}

/// A host path and where it is seen inside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bind {
    /// On the node.
    pub source: PathBuf,
    /// Inside.
    pub target: PathBuf,
    /// Whether the inside cannot write there.
    pub read_only: bool,
}

impl Bind {
    /// `SOURCE[:TARGET][:ro|:rw]`, both absolute; without a target the same path.
    ///
    /// # Errors
    /// What is wrong, to follow the text.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut parts: Vec<&str> = text.split(':').collect();
        let mode = parts.pop_if(|last| matches!(*last, "ro" | "rw"));
        let (source, target) = match parts[..] {
            [source] => (source, source),
            [source, target] => (source, target),
            _ => return Err("is not SOURCE, SOURCE:TARGET or SOURCE:TARGET:ro".to_owned()),
        };
        for path in [source, target] {
            if !path.starts_with('/') {
                return Err(format!("has the path {path:?}, which is not absolute"));
            }
            if path.contains(',') {
                return Err("has a comma, which engines take for the end of a path".to_owned());
            }
        }
        Ok(Self { source: source.into(), target: target.into(), read_only: mode == Some("ro") })
    }
}

/// Where an image is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Staging {
    /// A copy on the node's own disk, made once per node.
    Node,
    /// Where it lies.
    None,
}

/// Whether a study file says that commands run in an image.
pub(super) fn is_used(document: &Table) -> bool {
    let Some(Node { item: Item::Table(table), .. }) = document.get("container") else {
        return false;
    };
    !matches!(table.get("engine"), Some(Node { item: Item::Text(word), .. }) if word == Engine::None.name())
}

/// The container of a study file; `Some(None)` without one. `runs` is whether there is a command that
/// could run in it, `folder` the study file's.
pub(super) fn container(
    document: &Table,
    folder: &Path,
    runs: bool,
    problems: &Problems,
) -> Option<Option<Container>> {
    if !document.contains_key("container") {
        return Some(None);
    }
    let section = Section::of(document, "container", problems);
    section.only(&["engine", "image", "binds", "env", "prologue", "options", "stage"]);
    if !runs {
        let text = "[container] is for a command; this study has none";
        problems.add(&section.place, text);
        return None;
    }
    let engine =
        if section.has("engine") { section.word("engine", &Engine::WORDS) } else { Some(Engine::Auto) };
    let image = image(&section, folder, engine);
    let binds = binds(&section, folder);
    let env = environment(&section);
    let prologue = if section.has("prologue") { section.text("prologue").map(Some) } else { Some(None) };
    let options = if section.has("options") { section.texts("options") } else { Some(vec![]) };
    let words = [("node", Staging::Node), ("none", Staging::None)];
    let stage = if section.has("stage") { section.word("stage", &words) } else { Some(Staging::None) };
    let (image, stage) = (image?, stage?);
    if stage == Staging::Node && matches!(image, Some(Image::Name(_))) {
        section.problem("stage", "cannot be \"node\" for an image that its engine fetches; give a file");
        return None;
    }
    Some(Some(Container {
        engine: engine?,
        image,
        binds: binds?,
        env: env?,
        prologue: prologue?.map(str::to_owned),
        options: options?,
        stage,
    }))
}

fn image(section: &Section<'_>, folder: &Path, engine: Option<Engine>) -> Option<Option<Image>> {
    if !section.has("image") && engine == Some(Engine::None) {
        return Some(None);
    }
    let example = "\"/cvmfs/singularity.opensciencegrid.org/eicweb/eic_xl:24.11.1-stable\"";
    let text = section.need("image", section.text("image"), example)?;
    // A colon may be in a file's name, but not before its first slash.
    let is_name = text.split('/').next().is_some_and(|head| head.contains(':'));
    let image = if is_name {
        Image::Name(text.to_owned())
    } else {
        Image::Path(absolute(section, "image", &folder.join(text))?)
    };
    Some(Some(image))
}

/// The study file's folder, where its programs are, and then what the file asks for.
fn binds(section: &Section<'_>, folder: &Path) -> Option<Vec<Bind>> {
    // A study file of the working directory has the folder "".
    let folder = absolute(section, "binds", &folder.join("."))?;
    // Bound to itself, the root of the node would hide the image.
    let own = (folder != Path::new("/")).then(|| Bind {
        source: folder.clone(),
        target: folder,
        read_only: true,
    });
    if !section.has("binds") {
        return Some(own.into_iter().collect());
    }
    let bind = |text: &String| {
        let told = |wrong| section.problem("binds", format!("has {text:?}, which {wrong}"));
        Bind::parse(text).map_err(told).ok()
    };
    let written: Option<Vec<Bind>> = section.texts("binds")?.iter().map(bind).collect();
    Some(own.into_iter().chain(written?).collect())
}
