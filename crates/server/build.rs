//! Compiles the console in, as its own build left it in `console/dist`: each file, and what of it was compressed
//! beforehand (`NAME.br`, `NAME.gz`). Without it the server says how to build it.

#![allow(clippy::print_stdout, reason = "that is how it speaks to cargo")]

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let dist = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../../console/dist");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", dist.display());
    let mut files = Vec::new();
    if dist.is_dir() {
        collect(&dist, &dist, &mut files)?;
    }
    files.sort();
    let mut table = String::from("&[\n");
    for (path, file) in files.iter().filter(|(path, _)| !is_compressed(path)) {
        let bytes = |suffix: &str| {
            let compressed = files.iter().find(|(other, _)| *other == format!("{path}{suffix}"));
            compressed.map_or("None".to_owned(), |(_, file)| format!("Some(include_bytes!({file:?}))"))
        };
        let (br, gz) = (bytes(".br"), bytes(".gz"));
        writeln!(
            table,
            "    File {{ path: {path:?}, bytes: include_bytes!({file:?}), br: {br}, gz: {gz} }},"
        )?;
    }
    table.push(']');
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("console.rs"), table)?;
    Ok(())
}

/// The files under `folder`, by their path from `root`; none of those that are hidden.
fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, String)>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or(".");
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            collect(root, &path, files)?;
        } else if let (Some(from_root), Some(file)) =
            (path.strip_prefix(root)?.to_str(), fs::canonicalize(&path)?.to_str())
        {
            files.push((from_root.replace('\\', "/"), file.to_owned()));
        }
    }
    Ok(())
}

fn is_compressed(path: &str) -> bool {
    path.ends_with(".br") || path.ends_with(".gz")
}
