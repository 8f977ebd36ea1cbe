//! Calls of Go's own packages that fail in every component. They are reported when the component is built.

use std::path::{Path, PathBuf};

use crate::build::BuildError;

/// A package whose calls cannot work, with what to use in their place.
struct Refused {
    /// The import path of the package.
    package: &'static str,
    /// The functions and variables, as they are written in Go.
    names: &'static [&'static str],
    /// The reason and the fix.
    advice: &'static str,
}

const NO_SOCKETS: &str = "fails to connect, as a component has no sockets; send with `t.SendEvent` or `t.Request`, or with a \
                          client of the SDK's package `orbitalhttp`";

const REFUSED: [Refused; 3] = [
    Refused {
        package: "\"net/http\"",
        names: &[
            "http.Get",
            "http.Head",
            "http.Post",
            "http.PostForm",
            "http.DefaultClient",
            "http.DefaultTransport",
        ],
        advice: NO_SOCKETS,
    },
    Refused {
        package: "\"net\"",
        names: &["net.Dial", "net.DialTimeout", "net.LookupHost", "net.LookupIP"],
        advice: NO_SOCKETS,
    },
    Refused {
        package: "\"os\"",
        names: &["os.Exit"],
        advice: "ends the run as `error`, with whatever code; return from the case, or end it with `t.Fatal`",
    },
];

/// Returns a warning for each such call in the files of the author's module.
///
/// # Errors
/// If a file cannot be read.
pub(super) fn warnings(directory: &Path, files: &[PathBuf]) -> Result<Vec<String>, BuildError> {
    let mut warnings = Vec::new();
    for file in files {
        let text = super::read(file)?;
        let shown = file.strip_prefix(directory).unwrap_or(file).display().to_string();
        warnings.extend(warnings_of(&shown, &String::from_utf8_lossy(&text)));
    }
    Ok(warnings)
}

fn warnings_of(file: &str, text: &str) -> Vec<String> {
    let imported = REFUSED.iter().filter(|refused| text.contains(refused.package)).collect::<Vec<_>>();
    let mut warnings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        // Only the part before `//` is checked, which begins a comment or is in a URL within a text.
        let code = line.split("//").next().unwrap_or_default();
        for refused in &imported {
            for name in refused.names.iter().filter(|name| has_word(code, name)) {
                warnings.push(format!("{file}:{}: `{name}` {}", index + 1, refused.advice));
            }
        }
    }
    warnings
}

/// Returns whether a line has this name, but not as a part of another one.
fn has_word(line: &str, name: &str) -> bool {
    let is_part = |character: char| character.is_alphanumeric() || character == '_' || character == '.';
    line.match_indices(name).any(|(start, _)| {
        let (before, after) = (&line[..start], &line[start + name.len()..]);
        !before.ends_with(is_part) && !after.starts_with(|next: char| is_part(next) && next != '.')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_that_cannot_work_are_found_in_the_files_that_import_their_packages() {
        let text = "import (\n\t\"net/http\"\n\t\"os\"\n)\n\nfunc f() {\n\thttp.Get(\"http://api\") // http.Post\n\t\
                    my.http.Get(1)\n\thttp.GetAll()\n\tclient := http.DefaultClient.Timeout\n\tos.Exit(2)\n\tnet.Dial()\n}\n";
        let warnings = warnings_of("main.go", text);
        let beginnings =
            ["main.go:7: `http.Get` ", "main.go:10: `http.DefaultClient` ", "main.go:11: `os.Exit` "];
        assert_eq!(warnings.len(), beginnings.len(), "{warnings:?}");
        for (warning, beginning) in warnings.iter().zip(beginnings) {
            assert!(warning.starts_with(beginning), "{warning}");
        }
        assert!(warnings_of("main.go", "func f() { http.Get(1) }").is_empty());
    }
}
