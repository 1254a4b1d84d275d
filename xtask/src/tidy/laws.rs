//! The laws of the dependency graph. They keep zero knowledge visible in it: what the server is
//! made of cannot name a plaintext type.

use super::{Violation, graph::Graph};

/// What each package of the workspace may build on within the workspace. A `?` asks for the
/// dependency to be optional: a feature that only the server switches on.
const SHAPE: [(&str, &[&str]); 23] = [
    ("keyarc-catalogue", &[]),
    ("keyarc-reference", &[]),
    ("keyarc-signature", &[]),
    ("keyarc-wire", &[]),
    ("keyarc-strength", &[]),
    ("keyarc-auth", &["keyarc-signature"]),
    ("keyarc-crypto", &["keyarc-signature"]),
    ("keyarc-vault", &["keyarc-crypto", "keyarc-wire"]),
    (
        "keyarc-client",
        &[
            "keyarc-auth",
            "keyarc-crypto",
            "keyarc-signature",
            "keyarc-vault",
            "keyarc-wire",
        ],
    ),
    (
        "keyarc-lookup",
        &["keyarc-reference", "keyarc-vault", "keyarc-wire"],
    ),
    (
        "keyarc-js",
        &[
            "keyarc-client",
            "keyarc-crypto",
            "keyarc-lookup",
            "keyarc-reference",
            "keyarc-vault",
            "keyarc-wire",
        ],
    ),
    (
        "keyarc-cli",
        &[
            "keyarc-client",
            "keyarc-crypto",
            "keyarc-lookup",
            "keyarc-reference",
            "keyarc-vault",
            "keyarc-wire",
        ],
    ),
    ("keyarc-openapi", &["keyarc-wire"]),
    ("keyarc-store", &["keyarc-wire"]),
    (
        "keyarc-service",
        &[
            "keyarc-auth",
            "keyarc-signature",
            "keyarc-store",
            "keyarc-wire",
        ],
    ),
    (
        "keyarc-app",
        &[
            "keyarc-catalogue",
            "keyarc-client",
            "?keyarc-service",
            "keyarc-vault",
            "keyarc-wire",
        ],
    ),
    (
        "keyarc-frontend",
        &[
            "keyarc-app",
            "keyarc-client",
            "keyarc-crypto",
            "keyarc-vault",
            "keyarc-wire",
        ],
    ),
    (
        "keyarc-server",
        &[
            "keyarc-app",
            "keyarc-auth",
            "keyarc-service",
            "keyarc-store",
            "keyarc-wire",
        ],
    ),
    (
        "keyarc-testkit",
        &[
            "keyarc-auth",
            "keyarc-client",
            "keyarc-crypto",
            "keyarc-server",
            "keyarc-service",
            "keyarc-signature",
            "keyarc-store",
            "keyarc-vault",
            "keyarc-wire",
        ],
    ),
    (
        "keyarc-bench",
        &[
            "keyarc-auth",
            "keyarc-client",
            "keyarc-crypto",
            "keyarc-service",
            "keyarc-signature",
            "keyarc-store",
            "keyarc-testkit",
            "keyarc-vault",
            "keyarc-wire",
        ],
    ),
    (
        "keyarc-release",
        &["keyarc-app", "keyarc-signature", "keyarc-testkit"],
    ),
    ("xtask", &["keyarc-catalogue"]),
    (
        "keyarc-fuzz",
        &[
            "keyarc-client",
            "keyarc-crypto",
            "keyarc-reference",
            "keyarc-release",
            "keyarc-signature",
            "keyarc-vault",
            "keyarc-wire",
        ],
    ),
];

/// From the first, no way may lead to the second, however long and whatever features are on.
const NO_WAY: [(&str, &str, &str); 4] = [
    (
        "keyarc-service",
        "keyarc-crypto",
        "the server's own code names only sealed types",
    ),
    (
        "keyarc-service",
        "keyarc-vault",
        "the server's own code names only sealed types",
    ),
    (
        "keyarc-store",
        "keyarc-crypto",
        "the server's own code names only sealed types",
    ),
    (
        "keyarc-store",
        "keyarc-vault",
        "the server's own code names only sealed types",
    ),
];

/// What the server's binary does not contain, with the features it is built with: nothing that
/// could name a plaintext or a key. (Through features that it leaves off, the app's browser half
/// reaches them, so that `NO_WAY` cannot say this.)
const NEVER_IN_THE_SERVER: [&str; 3] = ["keyarc-client", "keyarc-crypto", "keyarc-vault"];

/// Packages that do no I/O and take time and randomness as arguments.
pub(super) const PURE: [&str; 5] = [
    "keyarc-auth",
    "keyarc-crypto",
    "keyarc-signature",
    "keyarc-vault",
    "keyarc-wire",
];

/// Packages that do I/O, or read the clock or the system's randomness.
const IMPURE: [&str; 16] = [
    "async-std",
    "chrono",
    "getrandom",
    "gloo-net",
    "hyper",
    "leptos",
    "mio",
    "rand",
    "reqwest",
    "rustls",
    "smol",
    "socket2",
    "sqlx",
    "tokio",
    "ureq",
    "web-sys",
];

/// All that the wire types may build on. A `?` asks for the dependency to be optional: the
/// description of the API is made with it, and no program.
const WIRE: [&str; 5] = ["base64", "hex", "?schemars", "serde", "thiserror"];

/// Dependencies that only some packages may name, and why.
const RESERVED: [(&[&str], &[&str], &str); 3] = [
    (
        &[
            "diesel",
            "libsqlite3-sys",
            "rusqlite",
            "sea-orm",
            "sqlx",
            "tokio-postgres",
        ],
        &["keyarc-bench", "keyarc-store"],
        "only keyarc-store contains SQL (and keyarc-bench, to compare with it)",
    ),
    (
        &[
            "leptos",
            "leptos_axum",
            "leptos_meta",
            "leptos_router",
            "reactive_stores",
            "leptos-use",
        ],
        &["keyarc-app", "keyarc-frontend", "keyarc-server"],
        "Leptos stays in app, frontend and server",
    ),
    (
        &["axum", "leptos_axum", "tower-http"],
        &["?keyarc-app", "keyarc-bench", "keyarc-server"],
        "axum stays in the server (and behind the app's `ssr`)",
    ),
];

/// Every broken law.
pub fn check(graph: &Graph) -> Vec<Violation> {
    let mut found = Vec::new();
    shape(graph, &mut found);
    no_way(graph, &mut found);
    server_links(graph, &mut found);
    pure(graph, &mut found);
    wire(graph, &mut found);
    reserved(graph, &mut found);
    found
}

fn broken(place: &str, law: String) -> Violation {
    Violation {
        place: place.to_owned(),
        law,
    }
}

fn shape(graph: &Graph, found: &mut Vec<Violation>) {
    for (name, package) in &graph.packages {
        let Some((_, allowed)) = SHAPE.iter().find(|(known, _)| known == name) else {
            let law = "is not in the shape of the workspace; give it a place in tidy/laws.rs";
            found.push(broken(name, law.to_owned()));
            continue;
        };
        for (needed, optional) in &package.needs {
            if !graph.packages.contains_key(needed) {
                continue;
            }
            if allowed.contains(&needed.as_str()) {
                continue;
            }
            let may_be_optional = allowed.iter().any(|a| a.strip_prefix('?') == Some(needed));
            match (may_be_optional, optional) {
                (true, true) => {}
                (true, false) => found.push(broken(name, format!("{needed} must be optional"))),
                (false, _) => found.push(broken(name, format!("may not depend on {needed}"))),
            }
        }
    }
}

fn no_way(graph: &Graph, found: &mut Vec<Violation>) {
    for (from, to, why) in NO_WAY {
        if let Some(way) = graph.way(from, to) {
            found.push(broken(
                from,
                format!("reaches {to} ({}): {why}", way.join(" → ")),
            ));
        }
    }
}

fn server_links(graph: &Graph, found: &mut Vec<Violation>) {
    for name in NEVER_IN_THE_SERVER {
        if graph.server_links.contains(name) {
            let law = format!("links {name}: the server can name no plaintext and no key");
            found.push(broken("keyarc-server", law));
        }
    }
    if graph.server_links.contains("schemars") {
        let law = "links schemars: the description of the API is made beside the programs";
        found.push(broken("keyarc-server", law.to_owned()));
    }
}

fn pure(graph: &Graph, found: &mut Vec<Violation>) {
    for from in PURE {
        for to in IMPURE {
            // Another member may turn on a feature of what both need, which here is off.
            let links = graph.pure_links.get(from);
            if links.is_some_and(|links| !links.contains(to)) {
                continue;
            }
            if let Some(way) = graph.way(from, to) {
                let way = way.join(" → ");
                found.push(broken(
                    from,
                    format!("reaches {to} ({way}): it does no I/O"),
                ));
            }
        }
    }
}

fn wire(graph: &Graph, found: &mut Vec<Violation>) {
    let Some(package) = graph.packages.get("keyarc-wire") else {
        return;
    };
    let is_allowed = |needed: &str, optional: bool| {
        WIRE.iter().any(|allowed| match allowed.strip_prefix('?') {
            Some(if_optional) => if_optional == needed && optional,
            None => *allowed == needed,
        })
    };
    for (needed, optional) in &package.needs {
        if !is_allowed(needed, *optional) {
            let law = format!("has no use for {needed}: it has no logic");
            found.push(broken("keyarc-wire", law));
        }
    }
}

fn reserved(graph: &Graph, found: &mut Vec<Violation>) {
    for (name, package) in &graph.packages {
        for (reserved, owners, why) in RESERVED {
            for needed in reserved {
                let optional = package.needs.get(*needed).copied();
                let by_tests = package.tests_need.contains(*needed);
                if optional.is_none() && !by_tests {
                    continue;
                }
                let owner = owners.iter().any(|owner| match owner.strip_prefix('?') {
                    Some(if_optional) => if_optional == name && optional == Some(true),
                    None => owner == name,
                });
                if !owner {
                    found.push(broken(name, format!("may not depend on {needed}: {why}")));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laws_broken(packages: &[(&str, &[&str])]) -> Vec<String> {
        check(&Graph::made(packages))
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    fn only(packages: &[(&str, &[&str])], expected: &str) {
        let broken = laws_broken(packages);
        assert!(
            broken.iter().any(|law| law.contains(expected)),
            "{broken:?} lacks {expected:?}"
        );
    }

    #[test]
    fn a_lawful_graph_breaks_none() {
        let lawful: &[(&str, &[&str])] = &[
            ("keyarc-wire", &["serde", "#proptest"]),
            ("keyarc-crypto", &["keyarc-signature", "aes-gcm"]),
            ("keyarc-signature", &["ed25519-dalek"]),
            ("keyarc-store", &["keyarc-wire", "sqlx"]),
            (
                "keyarc-service",
                &["keyarc-store", "keyarc-wire", "#keyarc-crypto"],
            ),
            (
                "keyarc-app",
                &["?keyarc-service", "?axum", "?leptos_axum", "leptos"],
            ),
        ];
        assert_eq!(laws_broken(lawful), [""; 0]);
    }

    #[test]
    fn the_server_may_not_reach_plaintext_even_through_others() {
        only(
            &[
                ("keyarc-service", &["keyarc-store"]),
                ("keyarc-store", &["keyarc-wire"]),
                ("keyarc-wire", &["?keyarc-vault"]),
                ("keyarc-vault", &["keyarc-crypto"]),
                ("keyarc-crypto", &[]),
            ],
            "keyarc-service: reaches keyarc-crypto (keyarc-service → keyarc-store → keyarc-wire",
        );
    }

    #[test]
    fn the_server_links_nothing_that_names_a_key() {
        let mut graph = Graph::made(&[]);
        graph.server_links = ["keyarc-service", "keyarc-crypto"]
            .map(str::to_owned)
            .into();
        let broken: Vec<String> = check(&graph).iter().map(ToString::to_string).collect();
        assert_eq!(
            broken,
            ["keyarc-server: links keyarc-crypto: the server can name no plaintext and no key"]
        );
        graph.server_links = ["schemars".to_owned()].into();
        assert_eq!(check(&graph).len(), 1);
    }

    #[test]
    fn dependencies_point_downward() {
        only(
            &[("keyarc-vault", &["keyarc-client"]), ("keyarc-client", &[])],
            "may not depend on keyarc-client",
        );
    }

    #[test]
    fn the_server_half_of_the_app_must_be_optional() {
        only(
            &[("keyarc-app", &["keyarc-service"]), ("keyarc-service", &[])],
            "keyarc-service must be optional",
        );
        only(&[("keyarc-app", &["axum"])], "may not depend on axum");
    }

    #[test]
    fn a_new_package_needs_a_place() {
        only(&[("keyarc-new", &[])], "is not in the shape");
    }

    #[test]
    fn pure_packages_do_no_io_even_through_others() {
        let mut graph = Graph::made(&[("keyarc-crypto", &["innocent"])]);
        graph
            .resolved
            .insert("innocent".to_owned(), ["getrandom".to_owned()].into());
        let broken = check(&graph);
        assert!(
            broken
                .iter()
                .any(|v| v.law.starts_with("reaches getrandom")),
            "{broken:?}"
        );
    }

    #[test]
    fn the_wire_types_have_no_logic() {
        only(&[("keyarc-wire", &["regex"])], "has no use for regex");
        let with_schemas = |schemars| laws_broken(&[("keyarc-wire", &[schemars])]);
        assert_eq!(with_schemas("?schemars"), [""; 0]);
        assert_eq!(with_schemas("schemars").len(), 1);
    }

    #[test]
    fn sql_and_leptos_stay_where_they_belong_even_in_tests() {
        only(&[("keyarc-service", &["#sqlx"])], "may not depend on sqlx");
        only(
            &[("keyarc-client", &["leptos"])],
            "may not depend on leptos",
        );
    }
}
