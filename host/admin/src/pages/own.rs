//! Targets of redirects: pages of this host only.

use axum::response::Redirect;

/// Returns the target of a redirect if it is a path of this host, and the overview otherwise. All redirects use this
/// function, so that no link to this host leads anywhere else.
pub(super) fn own(target: &str) -> &str {
    let is_visible = target.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    // `//`, and what a browser treats like it, begins the name of another host.
    let is_path = target.starts_with('/') && !target.starts_with("//");
    if is_visible && is_path { target } else { "/" }
}

/// Redirects to a page of this host.
pub(super) fn lead_to(target: &str) -> Redirect {
    Redirect::to(own(target))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_host_are_its_own() {
        for path in ["/", "/cases/a/b?window=1h", "/cases/a/%F0%9F%98%80", "/a//b", "/?next=//evil.example"] {
            assert_eq!(own(path), path);
        }
        for other in [
            "",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "/a\\b",
            "https://evil.example",
            "javascript:alert(1)",
            "/\t/evil.example",
            "/\u{1}",
            "/\u{7f}",
            "/ x",
            "/é",
            "\n/",
            "x",
        ] {
            assert_eq!(own(other), "/", "{other:?}");
        }
    }
}
