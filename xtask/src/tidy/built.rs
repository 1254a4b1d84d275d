//! Laws about what is shipped: the site and the server.

use std::{fs, path::Path};

use anyhow::{Context as _, bail};

use super::Violation;
use crate::{build, files, workspace::Workspace};

/// What the pages' Trusted Types refuse. A use that hides on a rare page would break only there.
/// `innerHTML` is not among them: Leptos always links it, to empty elements whose content was set
/// with it, and the sources are kept from setting any.
const REFUSED: [&str; 4] = ["outerHTML", "insertAdjacentHTML", "document.write", "eval("];

/// What every visit of the vault fetches first, and how many bytes of it at most, compressed. The
/// whole first load has 700 kB; a page that lands here instead of in a part of its own, and a
/// splitter that puts the constants of all parts here, is noticed at once and not by a benchmark.
const FIRST: (&str, u64) = ("keyarc.wasm.br", 670_000);

/// Every violation in the built site, which must be there.
pub fn check(workspace: &Workspace) -> anyhow::Result<Vec<Violation>> {
    let site = workspace.site();
    let scripts = scripts(&site)?;
    if scripts.is_empty() {
        bail!("there is no built script below {}", site.display());
    }
    let mut found = Vec::new();
    for script in scripts {
        let text =
            fs::read_to_string(&script).with_context(|| format!("reading {}", script.display()))?;
        let place = script.strip_prefix(&site)?.display().to_string();
        found.extend(of_script(&place, &text));
    }
    found.extend(paths_of_this_machine(workspace, &site)?);
    let all = files::below(&site)?;
    let first = all
        .iter()
        .find(|file| file.ends_with(FIRST.0))
        .with_context(|| format!("there is no {} in the site", FIRST.0))?;
    found.extend(of_size(fs::metadata(first)?.len()));
    Ok(found)
}

fn of_size(bytes: u64) -> Option<Violation> {
    let (name, most) = FIRST;
    (bytes > most).then(|| Violation {
        place: name.to_owned(),
        law: format!("has {bytes} bytes and may have {most}"),
    })
}

/// Files that name a folder of the machine they were built on.
fn paths_of_this_machine(workspace: &Workspace, site: &Path) -> anyhow::Result<Vec<Violation>> {
    let folders = [
        workspace.root.join("app"),
        workspace.root.join("crates"),
        workspace.target.clone(),
        build::cargo_home()?.join("registry"),
    ];
    let mut found = Vec::new();
    for file in files::below(site)?.into_iter().chain([workspace.server()]) {
        let bytes = fs::read(&file).with_context(|| format!("reading {}", file.display()))?;
        let text = String::from_utf8_lossy(&bytes);
        for folder in &folders {
            let name = folder.display().to_string();
            if text.contains(&name) {
                found.push(Violation {
                    place: file.display().to_string(),
                    law: format!("names {name}, a folder of the machine it was built on"),
                });
            }
        }
    }
    Ok(found)
}

fn scripts(site: &Path) -> anyhow::Result<Vec<std::path::PathBuf>> {
    let mut files = files::below(site)?;
    files.retain(|file| file.extension().is_some_and(|e| e == "js" || e == "mjs"));
    Ok(files)
}

fn of_script(place: &str, text: &str) -> Vec<Violation> {
    let used = REFUSED.iter().filter(|word| text.contains(**word));
    used.map(|word| Violation {
        place: place.to_owned(),
        law: format!("uses {word}, which Trusted Types refuse in the browser"),
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_fetched_first_stays_small() {
        assert_eq!(of_size(FIRST.1), None);
        assert!(of_size(FIRST.1 + 1).is_some());
    }

    #[test]
    fn a_script_that_writes_markup_is_found() {
        assert_eq!(of_script("a.js", "t.outerHTML=s").len(), 1);
        assert_eq!(of_script("a.js", "t.textContent=s"), []);
    }
}
