//! The structure of the host: modules of a crate import each other in one direction only. Between crates, the compiler
//! checks that.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::workspace;

/// The path of a module within its crate.
type Module = Vec<String>;

/// Modules that lie in one module, each with those next to it that it imports from.
type Imports = BTreeMap<String, BTreeSet<String>>;

#[test]
fn no_modules_of_the_host_import_each_other_in_a_circle() {
    let mut circles = Vec::new();
    for directory in std::fs::read_dir(workspace::path("host")).unwrap() {
        let root = directory.unwrap().path().join("src");
        let modules = read(&root);
        assert!(modules.contains_key(&Module::new()), "{} has a root", root.display());
        for (parent, imports) in imports(&modules) {
            let name = |module: &String| format!("{}::{module}", parent.join("::"));
            let circle = imports.keys().filter(|module| reaches(&imports, module, module)).map(name);
            let circle: Vec<String> = circle.collect();
            if !circle.is_empty() {
                circles.push(format!("{}: {}", root.display(), circle.join(", ")));
            }
        }
    }
    assert!(circles.is_empty(), "move what they share to a module of its own: {circles:#?}");
}

#[test]
fn a_circle_is_found_however_it_is_imported() {
    let module = |path: &str| path.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect();
    let sources = [
        ("", "mod a; mod b; mod c;"),
        ("a", "use crate::{c, b::{self, x}}; // crate::d\n"),
        ("a::deep", "use super::super::b::y;"),
        ("b", "fn f() { crate::c::g() }"),
        ("c", "#[cfg(test)]\nmod tests { use crate::a; }"),
    ];
    let mut modules: BTreeMap<Module, String> =
        sources.into_iter().map(|(path, source)| (module(path), source.to_owned())).collect();
    let found = imports(&modules);
    let all = &found[&Module::new()];
    assert_eq!(all["a"], BTreeSet::from(["b".to_owned(), "c".to_owned()]));
    assert!(["a", "b", "c"].iter().all(|module| !reaches(all, module, module)));
    modules.insert(module("c"), "use crate::a::deep;".to_owned());
    let found = imports(&modules);
    assert!(["a", "b", "c"].iter().all(|module| reaches(&found[&Module::new()], module, module)));
}

/// Reads the modules of a crate, without comments and tests.
fn read(root: &Path) -> BTreeMap<Module, String> {
    let mut modules = BTreeMap::new();
    let mut directories = vec![root.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let parts = path.strip_prefix(root).unwrap().with_extension("");
                let mut module: Module = parts.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
                module.pop_if(|last| ["mod", "lib", "main"].contains(&last.as_str()));
                modules.insert(module, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    modules
}

/// Returns the imports between modules that lie in the same module, by that module.
fn imports(modules: &BTreeMap<Module, String>) -> BTreeMap<Module, Imports> {
    let mut all: BTreeMap<Module, Imports> = BTreeMap::new();
    for (module, source) in modules {
        for path in paths(source) {
            let mut target = if path[0] == "crate" { Module::new() } else { module.clone() };
            for part in &path {
                match part.as_str() {
                    "crate" | "self" => {}
                    "super" => drop(target.pop()),
                    name => target.push(name.to_owned()),
                }
            }
            while !modules.contains_key(&target) {
                target.pop();
            }
            let common = module.iter().zip(&target).take_while(|(one, other)| one == other).count();
            if let (Some(from), Some(to)) = (module.get(common), target.get(common)) {
                let imports = all.entry(module[..common].to_vec()).or_default();
                imports.entry(from.clone()).or_default().insert(to.clone());
            }
        }
    }
    all
}

/// Returns the paths in a source that begin with `crate`, `super` or `self`.
fn paths(source: &str) -> Vec<Module> {
    let code: Vec<&str> = source.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
    let code = code.join("\n");
    let code = code.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let is_name = |character: char| character.is_alphanumeric() || character == '_';
    let mut paths = Vec::new();
    for keyword in ["crate::", "super::", "self::"] {
        for (at, _) in code.match_indices(keyword) {
            if !code[..at].ends_with(|before| is_name(before) || before == ':') {
                expand(&mut Module::new(), &code[at..], &mut paths);
            }
        }
    }
    paths
}

/// Adds the paths of a path with groups, such as `a::{b, c::d}`, and returns the rest of the code.
fn expand<'a>(path: &mut Module, code: &'a str, paths: &mut Vec<Module>) -> &'a str {
    let length = path.len();
    let mut rest = code;
    loop {
        let end = rest.find(|character: char| !(character.is_alphanumeric() || character == '_'));
        let (name, behind) = rest.split_at(end.unwrap_or(rest.len()));
        path.push(name.to_owned());
        rest = behind;
        match rest.strip_prefix("::") {
            Some(behind) if behind.starts_with('{') => {
                rest = &behind[1..];
                while !rest.trim_start().starts_with('}') {
                    rest = expand(path, rest.trim_start(), paths);
                    rest = rest.find([',', '}']).map_or("", |end| &rest[end..]);
                    rest = rest.strip_prefix(',').unwrap_or(rest);
                    if rest.is_empty() {
                        break;
                    }
                }
                rest = rest.trim_start().strip_prefix('}').unwrap_or_default();
                break;
            }
            Some(behind) if behind.starts_with(|first: char| first.is_alphabetic()) => rest = behind,
            _ => {
                paths.push(path.clone());
                break;
            }
        }
    }
    path.truncate(length);
    rest
}

/// Returns whether a module imports from another one, directly or through others.
fn reaches(imports: &Imports, from: &str, to: &str) -> bool {
    let mut seen = BTreeSet::new();
    let mut next = vec![from];
    while let Some(module) = next.pop() {
        for imported in imports.get(module).into_iter().flatten() {
            if imported == to {
                return true;
            }
            if seen.insert(imported) {
                next.push(imported);
            }
        }
    }
    false
}
