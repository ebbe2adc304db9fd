//! Stages that say `reuse = true`: whether two trials can do the same there.

use super::pipeline::{Keep, Seeds, Stage};
use super::placeholders::placeholders;
use super::section::Section;

/// Whether the tasks of a stage can take over what others have done. Reports what prevents it.
pub fn fits(section: &Section<'_>, stage: &Stage, needs: &[&Stage]) -> bool {
    let mut wrong = vec![];
    if stage.seeds == Seeds::Trial {
        wrong.push(
            "needs seeds = \"common\": with seeds of its own no trial does what another one did".into(),
        );
    }
    if stage.keep != Keep::All {
        wrong.push("needs keep = \"all\": what was removed cannot be taken over".to_owned());
    }
    if stage.command.function.is_some() {
        wrong.push("is for commands: a Python function gets every parameter".to_owned());
    }
    if let Some(need) = needs.iter().find(|need| !need.reuse) {
        let name = &need.name;
        wrong.push(format!(
            "has no effect while stage {name:?}, whose outputs it reads, does not say it"
        ));
    }
    let texts = stage.command.programs().concat();
    if let Some(own) = texts.iter().flat_map(|text| placeholders(text)).find(|w| w.starts_with("trial."))
    {
        wrong.push(format!("cannot be with {{{own}}} in the command: every trial has another one"));
    }
    for text in &wrong {
        section.problem("reuse", text);
    }
    wrong.is_empty()
}
