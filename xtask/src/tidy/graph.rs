//! Who depends on whom, from `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

use super::laws::PURE;
use crate::{process, workspace::Workspace};

/// One package of the workspace and what its manifest names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Package {
    /// Needed to build it: package name, and whether a feature must ask for it.
    pub needs: BTreeMap<String, bool>,
    /// Needed by its tests only.
    pub tests_need: BTreeSet<String>,
}

/// The dependency graph.
#[derive(Debug, Default)]
pub struct Graph {
    /// The workspace's packages by name.
    pub packages: BTreeMap<String, Package>,
    /// What each package, of the workspace or not, needs directly as resolved; without what
    /// only tests and build scripts need. Foreign packages are told as `name version`, because
    /// two versions of one have needs of their own.
    pub resolved: BTreeMap<String, BTreeSet<String>>,
    /// Names of what is linked into the server's binary, with the features it is built with.
    pub server_links: BTreeSet<String>,
    /// The same for the packages that are to do no I/O, each by itself.
    pub pure_links: BTreeMap<String, BTreeSet<String>>,
}

impl Graph {
    /// Asks Cargo.
    pub fn read(workspace: &Workspace) -> anyhow::Result<Self> {
        let metadata = MetadataCommand::new()
            .manifest_path(workspace.root.join("Cargo.toml"))
            .other_options(["--locked".to_owned()])
            .exec()
            .context("reading the dependency graph")?;
        let mut graph = Self::of(&metadata)?;
        graph.server_links = Self::linked(workspace, "keyarc-server")?;
        for package in PURE {
            let links = Self::linked(workspace, package)?;
            graph.pure_links.insert(package.to_owned(), links);
        }
        Ok(graph)
    }

    /// What Cargo links into a package, features resolved for it alone: in a workspace's
    /// metadata they are those of all its members together.
    fn linked(workspace: &Workspace, package: &str) -> anyhow::Result<BTreeSet<String>> {
        let tree = process::output(process::cargo(workspace)?.args([
            "tree",
            "--locked",
            "--package",
            package,
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ]))?;
        Ok(tree
            .lines()
            .filter_map(|line| line.split_whitespace().next())
            .map(str::to_owned)
            .collect())
    }

    fn of(metadata: &Metadata) -> anyhow::Result<Self> {
        let mut graph = Self::default();
        for package in metadata.workspace_packages() {
            let own = graph.packages.entry(package.name.to_string()).or_default();
            for needed in &package.dependencies {
                match needed.kind {
                    DependencyKind::Development => {
                        own.tests_need.insert(needed.name.clone());
                    }
                    _ => {
                        own.needs.insert(needed.name.clone(), needed.optional);
                    }
                }
            }
        }
        let names: BTreeMap<_, _> = metadata
            .packages
            .iter()
            .map(|package| {
                let name = match package.source {
                    Some(_) => format!("{} {}", package.name, package.version),
                    None => package.name.to_string(),
                };
                (&package.id, name)
            })
            .collect();
        let resolve = metadata
            .resolve
            .as_ref()
            .context("cargo metadata resolves")?;
        for node in &resolve.nodes {
            let name = names.get(&node.id).context("every node is a package")?;
            let needs = graph.resolved.entry(name.clone()).or_default();
            for needed in &node.deps {
                let built_in = needed
                    .dep_kinds
                    .iter()
                    .any(|k| k.kind == DependencyKind::Normal);
                if built_in {
                    needs.extend(names.get(&needed.pkg).cloned());
                }
            }
        }
        Ok(graph)
    }

    /// A way from one package to another through what is needed to build it, if there is one.
    /// Optional dependencies of workspace packages count: a feature could switch them on.
    pub fn way(&self, from: &str, to: &str) -> Option<Vec<String>> {
        let mut came_from: BTreeMap<String, String> = BTreeMap::new();
        let mut waiting = vec![from.to_owned()];
        while let Some(name) = waiting.pop() {
            for next in self.needs(&name) {
                if next == from || came_from.contains_key(&next) {
                    continue;
                }
                came_from.insert(next.clone(), name.clone());
                if name_of(&next) == to {
                    let mut way = vec![next];
                    while let Some(before) = way.last().and_then(|last| came_from.get(last)) {
                        way.push(before.clone());
                    }
                    way.reverse();
                    return Some(way);
                }
                waiting.push(next);
            }
        }
        None
    }

    fn needs(&self, name: &str) -> BTreeSet<String> {
        let mut all = self.resolved.get(name).cloned().unwrap_or_default();
        if let Some(package) = self.packages.get(name) {
            // What is optional and off is not resolved, and known by its name alone.
            let resolved: BTreeSet<_> = all.iter().map(|found| name_of(found).to_owned()).collect();
            all.extend(
                package
                    .needs
                    .keys()
                    .filter(|n| !resolved.contains(*n))
                    .cloned(),
            );
        }
        all
    }
}

fn name_of(label: &str) -> &str {
    label.split_once(' ').map_or(label, |(name, _)| name)
}

#[cfg(test)]
impl Graph {
    /// A graph in which each package needs those named; `?` marks an optional one, `#` one that
    /// only tests need.
    pub fn made(packages: &[(&str, &[&str])]) -> Self {
        let mut graph = Self::default();
        for (name, needs) in packages {
            let package = graph.packages.entry((*name).to_owned()).or_default();
            for need in *needs {
                match (need.strip_prefix('?'), need.strip_prefix('#')) {
                    (Some(optional), _) => drop(package.needs.insert(optional.to_owned(), true)),
                    (_, Some(test)) => drop(package.tests_need.insert(test.to_owned())),
                    _ => drop(package.needs.insert((*need).to_owned(), false)),
                }
            }
        }
        graph
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_is_found_through_others_and_not_backwards() {
        let mut graph = Graph::made(&[("a", &["b"]), ("b", &["?c", "#d"])]);
        graph
            .resolved
            .insert("c".to_owned(), ["e".to_owned()].into());
        let way = graph.way("a", "e").expect("a needs e");
        assert_eq!(way, ["a", "b", "c", "e"]);
        assert_eq!(graph.way("e", "a"), None);
        assert_eq!(graph.way("a", "d"), None);
    }

    #[test]
    fn two_versions_of_a_package_are_two_packages() {
        let mut graph = Graph::made(&[("a", &["x"]), ("b", &["x"])]);
        graph
            .resolved
            .insert("a".to_owned(), ["x 1.0.0".to_owned()].into());
        graph
            .resolved
            .insert("b".to_owned(), ["x 2.0.0".to_owned()].into());
        graph
            .resolved
            .insert("x 1.0.0".to_owned(), ["io 1.0.0".to_owned()].into());
        assert!(graph.way("a", "io").is_some());
        assert_eq!(graph.way("b", "io"), None);
    }
}
