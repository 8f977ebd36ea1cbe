//! The path patterns of profiles.

use std::cmp::Reverse;

/// The placeholder for the secret in a pattern.
const SECRET: &str = "{secret}";

/// A single path, or a path and everything below it. One segment may be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PathPattern {
    text: String,
    before: String,
    /// The part after the secret segment, if there is one.
    after: Option<String>,
    /// Whether more segments may follow.
    open: bool,
}

/// A path that a pattern matches.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Match<'a> {
    /// The segment in the position of `{secret}`.
    pub(super) secret: Option<&'a str>,
    before: &'a str,
    after: &'a str,
}

impl PathPattern {
    /// Parses a pattern such as `/hooks/crm`, `/hooks/*` or `/hooks/{secret}/crm`.
    ///
    /// # Errors
    /// If the text is not a valid pattern.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if !text.starts_with('/') {
            return Err(format!("`{text}` does not start with `/`"));
        }
        let (path, open) = text.strip_suffix("/*").map_or((text, false), |path| (path, true));
        if path.contains(['*', '?', '#']) {
            return Err(format!("`{text}` may have a `*` only as its last segment, and neither `?` nor `#`"));
        }
        let (before, after) = match path.split_once(SECRET) {
            Some((before, after)) => (before, Some(after)),
            None => (path, None),
        };
        let whole_segment = |after: &str| {
            before.ends_with('/') && (after.is_empty() || after.starts_with('/')) && !after.contains(SECRET)
        };
        if !after.is_none_or(whole_segment) {
            return Err(format!("`{text}` must have `{SECRET}` once, as a whole segment"));
        }
        let (before, after) = (before.to_owned(), after.map(str::to_owned));
        Ok(Self { text: text.to_owned(), before, after, open })
    }

    /// Returns whether a segment is a secret.
    pub(super) fn has_secret(&self) -> bool {
        self.after.is_some()
    }

    /// Returns the pattern as it was written.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Returns the pattern in lower case.
    pub(super) fn in_lower_case(&self) -> Self {
        let (before, after) = (self.before.to_lowercase(), self.after.as_deref().map(str::to_lowercase));
        Self { text: self.text.clone(), before, after, open: self.open }
    }

    /// Returns a sort key, smaller for more specific patterns: exact paths come before open ones, then longer patterns
    /// before shorter ones.
    pub(super) fn rank(&self) -> (bool, Reverse<usize>) {
        let said = self.before.len() + self.after.as_ref().map_or(0, String::len);
        (self.open, Reverse(said))
    }

    /// Matches a path, as it was sent, against the pattern. The secret segment may have any value.
    pub(super) fn find<'a>(&self, path: &'a str) -> Option<Match<'a>> {
        let behind = path.strip_prefix(&*self.before)?;
        let (secret, rest, expected) = match &self.after {
            None => (None, behind, ""),
            Some(after) => {
                let end = behind.find('/').unwrap_or(behind.len());
                (Some(&behind[..end]), &behind[end..], after.as_str())
            }
        };
        let more = rest.strip_prefix(expected)?;
        let fits = more.is_empty() || self.open && more.starts_with('/');
        fits.then(|| Match { secret, before: &path[..self.before.len()], after: rest })
    }
}

impl Match<'_> {
    /// Returns the path with its secret masked.
    pub(super) fn masked(&self) -> String {
        let secret = self.secret.map_or("", |_| orbital_model::sensitive::MASK);
        format!("{}{secret}{}", self.before, self.after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, path: &str) -> Option<String> {
        PathPattern::parse(pattern).unwrap().find(path).map(|found| found.masked())
    }

    #[test]
    fn a_pattern_is_a_path_or_one_with_everything_below_it() {
        for (pattern, path) in [
            ("/hooks", "/hooks"),
            ("/hooks/", "/hooks/"),
            ("/hooks/*", "/hooks"),
            ("/hooks/*", "/hooks/"),
            ("/hooks/*", "/hooks/a/b"),
            ("/*", "/"),
            ("/*", "/a"),
        ] {
            assert_eq!(matches(pattern, path).as_deref(), Some(path), "{pattern}");
        }
        for (pattern, path) in
            [("/hooks", "/hooks/"), ("/hooks/*", "/hooksy"), ("/hooks/*", "/HOOKS/a"), ("/*", "*"), ("/", "")]
        {
            assert_eq!(matches(pattern, path), None, "{pattern} {path}");
        }
    }

    #[test]
    fn a_secret_is_one_segment_and_is_masked() {
        assert_eq!(matches("/h/{secret}", "/h/abc").as_deref(), Some("/h/***"));
        assert_eq!(matches("/h/{secret}/*", "/h/abc/d/e").as_deref(), Some("/h/***/d/e"));
        assert_eq!(matches("/h/{secret}/d", "/h/abc/d").as_deref(), Some("/h/***/d"));
        assert_eq!(matches("/h/{secret}", "/h/abc/d"), None);
        assert_eq!(matches("/h/{secret}/*", "/h/abc").as_deref(), Some("/h/***"));
        assert_eq!(matches("/h/{secret}/d/*", "/h/abc/d/e").as_deref(), Some("/h/***/d/e"));
        assert_eq!(matches("/h/{secret}/d/*", "/h/abc/de"), None);
        assert_eq!(matches("/h/{secret}/d", "/h/abc/e"), None);
    }

    #[test]
    fn the_most_specific_comes_first() {
        let mut patterns = ["/*", "/a/*", "/a/{secret}/*", "/a/b/*", "/a/{secret}", "/a/b"]
            .map(|text| PathPattern::parse(text).unwrap());
        patterns.sort_by_key(PathPattern::rank);
        let order = patterns.map(|pattern| pattern.text);
        assert_eq!(order, ["/a/b", "/a/{secret}", "/a/b/*", "/a/{secret}/*", "/a/*", "/*"]);
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for bad in ["", "hooks", "*", "/a*", "/*/b", "/a{secret}", "/{secret}b", "/{secret}/{secret}", "/a?b"]
        {
            assert!(PathPattern::parse(bad).is_err(), "{bad}");
        }
    }
}
