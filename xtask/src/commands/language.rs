use crate::{language, say, workspace::Workspace};

/// Brings the catalogues in step with the sources, or begins a new one: `fr Français`.
pub fn run(workspace: &Workspace, arguments: &[String]) -> anyhow::Result<bool> {
    let new = match arguments {
        [] => None,
        [tag, name] => Some((tag.as_str(), name.as_str())),
        _ => anyhow::bail!(
            "`cargo x language` takes nothing, or a tag and the name that the language has in itself: fr Français"
        ),
    };
    for (file, waiting) in language::update(workspace, new)? {
        match waiting {
            0 => say::line(&format!("{file}: every text is translated")),
            1 => say::line(&format!("{file}: 1 text waits for its translation")),
            waiting => say::line(&format!(
                "{file}: {waiting} texts wait for their translation"
            )),
        }
    }
    Ok(true)
}
