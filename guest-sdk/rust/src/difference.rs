//! The difference of two values that should be equal, as text for people.

use std::fmt::Debug;

/// How many lines are shown before and after one that differs.
const LINES_AROUND: usize = 3;

/// Comparing needs memory for each pair of lines: this many pairs are 4 MiB. Values that are larger are
/// shown whole.
const MOST_PAIRS: usize = 1 << 20;

/// Returns both values, one below the other. Of values with several lines, returns only those that differ, with a
/// few lines of context.
pub(crate) fn difference(left: &dyn Debug, right: &dyn Debug) -> String {
    let (left, right) = (text(left), text(right));
    let (left_lines, right_lines) = (left.lines().count(), right.lines().count());
    if left_lines.max(right_lines) < 2 || left_lines * right_lines > MOST_PAIRS {
        return format!("   left: {left}\n  right: {right}");
    }
    format!("- left\n+ right\n{}", by_line(&diff::lines(&left, &right)))
}

fn by_line(lines: &[diff::Result<&str>]) -> String {
    let differs = |line: &diff::Result<&str>| !matches!(line, diff::Result::Both(..));
    let mut shown = String::new();
    let mut skips = false;
    for (index, line) in lines.iter().enumerate() {
        let around = index.saturating_sub(LINES_AROUND)..lines.len().min(index + LINES_AROUND + 1);
        if !lines[around].iter().any(differs) {
            skips = true;
            continue;
        }
        if std::mem::take(&mut skips) {
            shown.push_str("  …\n");
        }
        let (sign, line) = match line {
            diff::Result::Left(line) => ('-', line),
            diff::Result::Both(line, _) => (' ', line),
            diff::Result::Right(line) => ('+', line),
        };
        shown.extend([sign, ' ']);
        shown.push_str(line);
        shown.push('\n');
    }
    shown
}

/// Returns a value as `Debug` shows it, but with real line breaks in strings.
fn text(value: &dyn Debug) -> String {
    let text = format!("{value:#?}");
    if text.starts_with('"') && !text.contains('\n') { text.replace("\\n", "\n") } else { text }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn short_values_are_shown_whole() {
        assert_eq!(difference(&json!(false), &true), "   left: Bool(false)\n  right: true");
    }

    #[test]
    fn of_long_values_what_differs_is_shown() {
        let left: Vec<_> = (0..20).collect();
        let mut right = left.clone();
        right[10] = 99;
        let expected = "- left\n+ right\n  …\n      7,\n      8,\n      9,\n-     10,\n+     99,\n      11,\n      12,\n      13,\n";
        assert_eq!(difference(&left, &right), expected);
    }

    #[test]
    fn texts_are_compared_by_line() {
        assert_eq!(difference(&"a\nb", &"a\nc"), "- left\n+ right\n  \"a\n- b\"\n+ c\"\n");
    }

    #[test]
    fn what_is_too_long_to_compare_is_shown_whole() {
        let long = vec![0; 2000];
        assert!(difference(&long, &[1; 2000]).starts_with("   left: [\n"));
    }
}
