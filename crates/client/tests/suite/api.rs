//! The public API as it was last agreed on. Rustdoc's JSON, by which tools compare APIs, needs a nightly compiler, and
//! their baseline a published version; but `unreachable_pub` is denied, so that what is `pub` in the source is what programs
//! see. `TOUSU_ACCEPT=1` writes it anew: a line that goes or changes may break a program, one that comes does not.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use quote::ToTokens;
use syn::{Fields, ImplItem, Item, Type, Visibility};

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// Whether an item is there for tests alone.
fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg") && attribute.to_token_stream().to_string().contains("test")
    })
}

/// Source text as one line, spaced as tokens are.
fn line(tokens: impl ToTokens) -> String {
    let mut text = tokens.to_token_stream().to_string().split_whitespace().collect::<Vec<_>>().join(" ");
    for (wide, narrow) in [
        (" :: ", "::"),
        ("& ", "&"),
        (" < ", "<"),
        (" > ", "> "),
        (" >", ">"),
        ("< ", "<"),
        (" ,", ","),
        (" (", "("),
        ("( ", "("),
        (" )", ")"),
        (" :", ":"),
        ("> (", ">("),
        ("> ,", ">,"),
        ("> )", ">)"),
        (" ;", ";"),
        ("' ", "'"),
        (",)", ")"),
        (", )", ")"),
        ("> >", ">>"),
        ("# [", "#["),
        ("{ ", "{"),
        (" }", "}"),
        ("=(", "= ("),
        ("- >", "->"),
        (")->", ") ->"),
        (" ! ", "!"),
    ] {
        text = text.replace(wide, narrow);
    }
    text.trim().to_owned()
}

/// The derives and other attributes that programs can tell.
fn marks(attributes: &[syn::Attribute]) -> String {
    let told = attributes.iter().filter(|attribute| {
        ["derive", "non_exhaustive", "must_use"].iter().any(|name| attribute.path().is_ident(name))
    });
    told.map(|attribute| format!("{} ", line(attribute))).collect()
}

fn fields(of: &str, fields: &Fields, all_public: bool, out: &mut Vec<String>) {
    for (number, field) in fields.iter().enumerate() {
        if all_public || is_public(&field.vis) {
            let name = field.ident.as_ref().map_or_else(|| number.to_string(), ToString::to_string);
            out.push(format!("{of}.{name}: {}", line(&field.ty)));
        }
    }
}

fn item(module: &str, item: Item, out: &mut Vec<String>) {
    match item {
        Item::Struct(item) if is_public(&item.vis) => {
            let name = format!("{module}{}", item.ident);
            out.push(format!("{}struct {name}{}", marks(&item.attrs), line(&item.generics)));
            fields(&name, &item.fields, false, out);
        }
        Item::Enum(item) if is_public(&item.vis) => {
            let name = format!("{module}{}", item.ident);
            out.push(format!("{}enum {name}", marks(&item.attrs)));
            for variant in item.variants {
                let name = format!("{name}::{}", variant.ident);
                out.push(name.clone());
                fields(&name, &variant.fields, true, out);
            }
        }
        Item::Trait(item) if is_public(&item.vis) => {
            let name = format!("{module}{}", item.ident);
            out.push(format!("trait {name}: {}", line(&item.supertraits)));
            for part in item.items {
                if let syn::TraitItem::Fn(function) = part {
                    out.push(format!("{name}::{}", line(&function.sig)));
                }
            }
        }
        Item::Type(item) if is_public(&item.vis) => {
            out.push(format!("type {module}{}{} = {}", item.ident, line(&item.generics), line(&item.ty)));
        }
        Item::Fn(item) if is_public(&item.vis) => out.push(format!("{module}{}", line(&item.sig))),
        Item::Use(item) if is_public(&item.vis) => out.push(format!("{module}{}", line(&item))),
        Item::Mod(item) if is_public(&item.vis) => out.push(format!("mod {module}{}", item.ident)),
        Item::Impl(item) if !is_for_tests(&item.attrs) => implementation(module, item, out),
        _ => {}
    }
}

fn implementation(module: &str, item: syn::ItemImpl, out: &mut Vec<String>) {
    let Type::Path(of) = &*item.self_ty else { return };
    let of = format!("{module}{}", line(of));
    if let Some((_, of_trait, _)) = &item.trait_ {
        out.push(format!("impl {} for {of}", line(of_trait)));
        return;
    }
    for part in item.items {
        match part {
            ImplItem::Fn(function) if is_public(&function.vis) => {
                out.push(format!("{of}::{}", line(&function.sig)));
            }
            ImplItem::Const(constant) if is_public(&constant.vis) => {
                out.push(format!("{of}::const {}: {}", constant.ident, line(&constant.ty)));
            }
            _ => {}
        }
    }
}

#[test]
fn the_public_api_is_as_agreed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(&root.join("src"), &mut files);
    files.sort();
    let mut lines = Vec::new();
    for file in files.iter().filter(|file| file.file_name().is_none_or(|name| name != "tests.rs")) {
        let text = std::fs::read_to_string(file).unwrap();
        // The one module that programs name.
        let module = if file.ends_with("blocking.rs") { "blocking::" } else { "" };
        for part in syn::parse_file(&text).unwrap().items {
            item(module, part, &mut lines);
        }
    }
    // What the crate keeps to itself has implementations, too.
    let named: Vec<String> = lines
        .iter()
        .filter_map(|line| {
            line.split(['{', '<']).next()?.rsplit_once("struct ").or(line.rsplit_once("enum "))
        })
        .map(|(_, name)| name.split('<').next().unwrap_or_default().to_owned())
        .collect();
    lines.retain(|line| match line.rsplit_once(" for ") {
        Some((before, of)) if before.starts_with("impl ") => {
            named.iter().any(|name| name == of.split('<').next().unwrap_or_default())
        }
        _ => true,
    });
    lines.sort();
    let now = lines.iter().fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "{line}");
        text
    });
    let path = root.join("tests/api.txt");
    if std::env::var_os("TOUSU_ACCEPT").is_some() {
        std::fs::write(&path, &now).unwrap();
    }
    let agreed = std::fs::read_to_string(&path).unwrap_or_default();
    let gone: Vec<_> = agreed.lines().filter(|line| !now.lines().any(|now| now == *line)).collect();
    let come: Vec<_> = now.lines().filter(|line| !agreed.lines().any(|agreed| agreed == *line)).collect();
    assert!(
        gone.is_empty() && come.is_empty(),
        "gone: {gone:#?}\ncome: {come:#?}\nTOUSU_ACCEPT=1 writes tests/api.txt anew"
    );
}
