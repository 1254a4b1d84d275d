//! What becomes of the files that the build tool leaves: one folder, named by the hash of all that
//! is in it, so that browsers keep every file for ever and one build never meets another's.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail, ensure};
use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use sha2::{Digest as _, Sha256};

use crate::{files, optimise, pack, process, workspace::Workspace};

/// The script that fetches the split-off parts of the WebAssembly, as the build tool calls it.
const PARTS: &str = "__wasm_split.______________________.js";
/// How that script fetches one.
const FETCH: (&str, &str) = ("fetch(new URL(\"./", "\", import.meta.url))");
/// Tells the server which folder is the newest build's.
const BUILD_FILE: &str = "build.txt";
/// For people who write TypeScript against the build, and for servers that preload.
const NOT_SERVED: [&str; 2] = [".d.ts", "__wasm_split_manifest.json"];
/// What gets smaller by it; fonts and pictures are compressed already.
const COMPRESSED: [&str; 9] = [
    "bin",
    "css",
    "js",
    "json",
    "po",
    "svg",
    "txt",
    "wasm",
    "webmanifest",
];

/// Writes a `.gz` and a `.br` beside each file named, as small as they get.
const COMPRESS: &str = "
const fs = require('fs'), zlib = require('zlib');
for (const file of process.argv.slice(1)) {
  const data = fs.readFileSync(file);
  fs.writeFileSync(file + '.gz', zlib.gzipSync(data, { level: 9 }));
  fs.writeFileSync(file + '.br', zlib.brotliCompressSync(data));
}";

/// Puts the files of the build into their folder, and compressed copies beside all of the site.
pub fn arrange(workspace: &Workspace) -> anyhow::Result<()> {
    let site = workspace.site();
    let pkg = site.join("pkg");
    for file in files::below(&pkg)? {
        let name = file.to_string_lossy();
        if NOT_SERVED.iter().any(|end| name.ends_with(end)) {
            fs::remove_file(&file)?;
        }
    }
    let mut modules = files::below(&pkg)?;
    modules.retain(|file| file.extension().is_some_and(|end| end == "wasm"));
    optimise::modules(workspace, &modules)?;
    write_parts(&pkg)?;
    let hash = hash_of(&pkg)?;
    let aside = site.join("pkg-of-this-build");
    fs::rename(&pkg, &aside)?;
    fs::create_dir(&pkg)?;
    fs::rename(&aside, pkg.join(&hash))?;
    fs::write(site.join(BUILD_FILE), format!("{hash}\n"))?;
    let mut all = files::below(&site)?;
    all.retain(|file| {
        let end = file.extension().and_then(|end| end.to_str());
        end.is_some_and(|end| COMPRESSED.contains(&end)) && !file.ends_with(BUILD_FILE)
    });
    compress(workspace, &all)
}

/// Writes compressed copies beside files.
pub fn compress(workspace: &Workspace, all: &[PathBuf]) -> anyhow::Result<()> {
    process::run_quietly(
        process::program(workspace, "node")?
            .args(["-e", COMPRESS])
            .args(all),
    )
}

/// Writes the script that fetches the parts, and the small ones of them into one file. The browser
/// checks each as it arrives (Subresource Integrity), as it does with the script.
fn write_parts(pkg: &Path) -> anyhow::Result<()> {
    let script = pkg.join(PARTS);
    let text =
        fs::read_to_string(&script).with_context(|| format!("reading {}", script.display()))?;
    let packed = pack::small_parts(pkg, &in_order(&text))?;
    let checked = with_integrity(&packed, |part| {
        let file = pkg.join(part);
        fs::read(&file).with_context(|| format!("reading {}", file.display()))
    })?;
    fs::write(&script, checked).with_context(|| format!("writing {}", script.display()))
}

/// The build tool names what the parts share in the order of a hash map, which is another one
/// each time. It means the same in any order; two builds are only alike in one.
fn in_order(script: &str) -> String {
    let line_in_order = |line: &str| {
        let shared = line.contains("= initSync(") || line.contains("Object.assign(sharedImports");
        let (before, rest) = line.split_once("{ ").filter(|_| shared)?;
        let (names, after) = rest.split_once('}')?;
        let mut names: Vec<&str> = names.split(',').map(str::trim).collect();
        names.retain(|name| !name.is_empty());
        names.sort_unstable();
        Some(format!("{before}{{ {} }}{after}", names.join(", ")))
    };
    let lines = script.lines().map(|line| {
        let sorted = line_in_order(line).unwrap_or_else(|| line.to_owned());
        sorted + "\n"
    });
    lines.collect()
}

fn with_integrity(
    script: &str,
    read: impl Fn(&str) -> anyhow::Result<Vec<u8>>,
) -> anyhow::Result<String> {
    let mut checked = String::new();
    let mut rest = script;
    while let Some((before, after)) = rest.split_once(FETCH.0) {
        let (part, after) = after
            .split_once(FETCH.1)
            .context("a part is fetched in a way that is not known")?;
        let hash = BASE64_STANDARD.encode(Sha256::digest(read(part)?));
        checked.push_str(before);
        // The second argument goes between the two closing parentheses.
        let (url, end) = FETCH.1.split_at(FETCH.1.len() - 1);
        checked.push_str(&format!(
            "{}{part}{url}, {{ integrity: \"sha256-{hash}\" }}{end}",
            FETCH.0
        ));
        rest = after;
    }
    checked.push_str(rest);
    ensure!(
        checked.matches("fetch(").count() == checked.matches("integrity:").count(),
        "a part would be fetched unchecked"
    );
    if !checked.contains("integrity:") {
        bail!("nothing was split off");
    }
    Ok(checked)
}

/// Names all files of a folder and what is in them: 128 bits, in characters for paths.
fn hash_of(folder: &Path) -> anyhow::Result<String> {
    let mut hash = Sha256::new();
    for file in files::below(folder)? {
        let name = file.strip_prefix(folder)?.to_string_lossy().into_owned();
        let content = fs::read(&file).with_context(|| format!("reading {}", file.display()))?;
        for part in [name.as_bytes(), &content] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
    }
    Ok(BASE64_URL_SAFE_NO_PAD.encode(&hash.finalize()[..16]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_fetched_with_its_hash() {
        let script = "const a = () => { const src = fetch(new URL(\"./a.wasm\", import.meta.url)); };\n\
                      const b = fetch(new URL(\"./b.wasm\", import.meta.url));\n";
        let checked = with_integrity(script, |part| Ok(part.as_bytes().to_vec())).expect("known");
        let hash = BASE64_STANDARD.encode(Sha256::digest("b.wasm"));
        assert!(checked.contains(&format!(
            "fetch(new URL(\"./b.wasm\", import.meta.url), {{ integrity: \"sha256-{hash}\" }});"
        )));
        assert_eq!(checked.matches("integrity").count(), 2);
    }

    #[test]
    fn what_the_parts_share_is_named_in_one_order() {
        let of = |names: &str| {
            format!(
                "        const {{ {names},  }} = initSync(undefined, undefined);\n        \
                 Object.assign(sharedImports.__wasm_split, {{ {names},  }});\n\
                 const __chunk_1 = makeLoad(() => {{ b, a }}, []);\n"
            )
        };
        let one = in_order(&of("memory, __indirect_function_table, __shared0"));
        assert_eq!(
            one,
            in_order(&of("__shared0, memory, __indirect_function_table"))
        );
        assert!(one.contains("const { __indirect_function_table, __shared0, memory } = initSync("));
        assert!(one.contains("makeLoad(() => { b, a }, [])"));
    }

    #[test]
    fn a_part_that_would_be_fetched_unchecked_is_an_error() {
        let read = |_: &str| Ok(Vec::new());
        assert!(with_integrity("fetch(\"./a.wasm\")", read).is_err());
        assert!(with_integrity("", read).is_err());
    }

    #[test]
    fn a_folder_is_named_by_all_that_is_in_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            fs::write(folder.path().join(name), text).expect("written");
            hash_of(folder.path()).expect("read")
        };
        let first = write("a.js", "1");
        let second = write("b.js", "");
        let third = write("a.js", "2");
        assert_eq!(first.len(), 22);
        assert!(first != second && second != third && first != third);
        fs::remove_file(folder.path().join("b.js")).expect("removed");
        assert_eq!(write("a.js", "1"), first);
    }
}
