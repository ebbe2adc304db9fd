//! Where commands run.

use super::page::Page;
use crate::config::container::{Bind, Container, Staging};

/// The `[container]` table.
pub fn container(page: &mut Page, c: &Container) {
    page.title("container");
    page.row("engine", c.engine.name());
    page.row("image", c.image.as_ref().map_or("none".into(), ToString::to_string));
    page.row("stage", if c.stage == Staging::Node { "once per node" } else { "none" });
    for Bind { source, target, read_only } in &c.binds {
        let place = if source == target { String::new() } else { format!(" at {}", target.display()) };
        let mode = if *read_only { ", read-only" } else { "" };
        page.row("bind", format!("{}{place}{mode}", source.display()));
    }
    for (name, value) in &c.env {
        page.row("env", format!("{name}={value}"));
    }
    for line in c.prologue.iter().flat_map(|text| text.lines()) {
        page.row("prologue", line);
    }
    if !c.options.is_empty() {
        page.row("options", c.options.join(" "));
    }
}
