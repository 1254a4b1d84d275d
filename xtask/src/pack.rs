//! Small modules of the WebAssembly, in one file.
//!
//! The splitter gives whatever several parts of the site share a module of its own. There are some
//! three hundred, most of them smaller than the request for one; together they compress to a third.
//! So they stand in one file, one after the other, which is fetched with the first that is needed.

use std::{fs, path::Path};

use anyhow::{Context as _, ensure};

use crate::files;

/// The file.
const FILE: &str = "small_parts.bin";
/// Modules of fewer bytes than these go into it.
const SMALL: usize = 4096;

/// Gives out a module, and fetches the file for the first. A failure is not kept: whoever needs a
/// module next tries again.
const GIVES_OUT: &str = r#"
let smallParts;
function smallPart(from, to) {
    if (smallParts === undefined) {
        const all = fetch(new URL("./small_parts.bin", import.meta.url)).then((file) => file.arrayBuffer());
        all.catch(() => {
            if (smallParts === all) smallParts = undefined;
        });
        smallParts = all;
    }
    return smallParts.then((all) => new Uint8Array(all, from, to - from));
}
"#;

/// Puts what the parts share and what is small into one file, in the place of files of their own,
/// and gives the script that takes it from there.
pub fn small_parts(pkg: &Path, script: &str) -> anyhow::Result<String> {
    let mut all = Vec::new();
    let mut script = script.to_owned();
    for file in files::below(pkg)? {
        let name = file.strip_prefix(pkg)?.to_string_lossy().into_owned();
        if !name.starts_with("chunk_") || !name.ends_with(".wasm") {
            continue;
        }
        let module = fs::read(&file).with_context(|| format!("reading {}", file.display()))?;
        if module.len() >= SMALL {
            continue;
        }
        script = packed(&script, &name, all.len(), all.len() + module.len())?;
        all.extend(module);
        fs::remove_file(&file)?;
    }
    if all.is_empty() {
        return Ok(script);
    }
    fs::write(pkg.join(FILE), all).with_context(|| format!("writing {FILE}"))?;
    Ok(script + GIVES_OUT)
}

/// Has a module taken from the file instead of being fetched.
fn packed(script: &str, name: &str, from: usize, to: usize) -> anyhow::Result<String> {
    let fetched = format!(
        "const src = fetch(new URL(\"./{name}\", import.meta.url));\n    \
         return async (imports) => (WebAssembly.instantiateStreaming(src, imports));"
    );
    let given = format!(
        "const src = smallPart({from}, {to});\n    \
         return async (imports) => (WebAssembly.instantiate(await src, imports));"
    );
    ensure!(
        script.matches(&fetched).count() == 1,
        "{name} is not fetched in the way that is known"
    );
    Ok(script.replace(&fetched, &given))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fetches(name: &str) -> String {
        format!(
            "const __{name} = makeLoad(() => {{\n    const src = fetch(new URL(\"./{name}.wasm\", import.meta.url));\n    return async (imports) => (WebAssembly.instantiateStreaming(src, imports));\n}}\n, []);\n"
        )
    }

    #[test]
    fn small_modules_come_from_one_file_and_others_stay() {
        let folder = tempfile::tempdir().expect("a folder");
        let write =
            |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).expect("written");
        write("chunk_1.wasm", b"one");
        write("chunk_2.wasm", &[2; SMALL]);
        write("chunk_30.wasm", b"thirty");
        write("split_page.wasm", b"page");
        let names = ["chunk_1", "chunk_2", "chunk_30", "split_page"];
        let script: String = names.map(fetches).concat();
        let packed = small_parts(folder.path(), &script).expect("packs");
        let all = fs::read(folder.path().join(FILE)).expect("is there");
        assert_eq!(all, b"onethirty");
        assert!(packed.contains("smallPart(0, 3)") && packed.contains("smallPart(3, 9)"));
        assert!(packed.contains("\"./chunk_2.wasm\"") && packed.contains("\"./split_page.wasm\""));
        assert!(
            !packed.contains("\"./chunk_1.wasm\"") && !folder.path().join("chunk_1.wasm").exists()
        );
        assert!(packed.contains(FILE));
    }

    #[test]
    fn a_script_of_another_shape_is_an_error_and_one_without_small_modules_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let script = fetches("split_page");
        assert_eq!(small_parts(folder.path(), &script).expect("stays"), script);
        fs::write(folder.path().join("chunk_1.wasm"), b"one").expect("written");
        assert!(small_parts(folder.path(), &script).is_err());
        assert!(folder.path().join("chunk_1.wasm").exists());
    }
}
