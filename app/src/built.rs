//! The files of the build that pages load.

/// A file, as a page names it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asset {
    /// Its path on this server.
    pub path: String,
    /// What a browser must find in it (Subresource Integrity), for example `sha256-…`. `None`
    /// while the file is rebuilt under a running server.
    pub integrity: Option<String>,
}

/// All of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Built {
    /// The style sheet of every page.
    pub style: Asset,
    /// The script that starts the WebAssembly.
    pub script: Asset,
    /// The WebAssembly.
    pub wasm: Asset,
    /// The script that fetches further parts of the WebAssembly, which the first one imports.
    /// `None` where nothing is split off.
    pub parts: Option<Asset>,
    /// The path of the vault worker's script.
    pub worker: String,
}
